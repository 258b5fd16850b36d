Attribute VB_Name = "BackflushProbe"
'@Folder("Backflush")
'Whether Python starts and has what the functions need. Asked before the server of xlwings is, which would keep Excel waiting
'for two minutes where Python cannot start. The probe is the command line of that server, hidden, which loads the functions
'instead of serving, and leaves a file with what came of it. Excel waits for the file a few seconds in all of a session; a
'Python that is slower is asked for when it has come up. A failure is remembered.
Option Explicit
Option Private Module

#If Mac Then
#Else
    Private Declare PtrSafe Sub Sleep Lib "kernel32" (ByVal milliseconds As Long)
#End If

'The last line of the file where all is well.
Private Const Ready As String = "ready"
'All waiting of a session: so many pauses of so many milliseconds.
Private Const MostPauses As Long = 80
Private Const PauseLength As Long = 100
'After so long a failed or silent probe may be followed by another.
Private Const MinutesToNextProbe As Long = 5
Private Const TemporaryFolder As Long = 2
Private Const HiddenWindow As Long = 0

Private isReady As Boolean
'What stands in the way; nothing before the first probe.
Private complaint As String
'Whether that lasts until Excel ends.
Private isFinal As Boolean
'When the last probe was started, and the file that it will leave; nothing where none is under way.
Private probed As Date
Private answerFile As String
Private pauses As Long

'Whether Python can be asked. If not, `PythonComplaint` says why, and `IsProbing` whether it may come up yet.
Public Function IsPythonReady(ByVal mayWait As Boolean) As Boolean
    #If Mac Then
        complaint = "On a Mac, cells and new workbooks cannot reach Python."
    #Else
        AwaitAnswer mayWait
        If IsProbeDue() Then
            StartProbe
            AwaitAnswer mayWait
        End If
        IsPythonReady = isReady
    #End If
End Function

Public Function PythonComplaint() As String
    PythonComplaint = complaint
End Function

'Whether a probe is under way, or its file not read yet.
Public Function IsProbing() As Boolean
    IsProbing = Len(answerFile) > 0
End Function

'Whether there is no use in asking again now.
Public Function IsPythonComing() As Boolean
    If IsProbing() Then IsPythonComing = Not Files().FileExists(answerFile)
End Function

'The server was ready and then failed. One that kept Excel waiting is not asked again in this session.
Public Sub RememberFailure(ByVal reason As String, ByVal keptWaiting As Boolean)
    isReady = False
    isFinal = keptWaiting
    complaint = reason
    probed = Now
End Sub

'The user asks for something that needs Python: a failure may be forgotten.
Public Sub AllowProbe()
    If Len(answerFile) = 0 And Not isFinal Then complaint = vbNullString
End Sub

'The server has ended: whether Python still starts must be learned anew.
Public Sub ForgetServer()
    isReady = False
    AllowProbe
End Sub

'That the interpreter of the configuration is not there; nothing where it is, or is to be searched for.
Public Function MissingInterpreter() As String
    #If Mac Then
    #Else
        Dim interpreter As String
        interpreter = GetConfig("INTERPRETER_WIN", "")
        If InStr(interpreter, "\") = 0 Then Exit Function
        If Not FileExists(interpreter) Then MissingInterpreter = "There is no " & interpreter & " any more."
    #End If
End Function

Private Function IsProbeDue() As Boolean
    If isReady Or isFinal Then Exit Function
    IsProbeDue = (Len(complaint) = 0) Or (DateDiff("n", probed, Now) >= MinutesToNextProbe)
End Function

#If Mac Then
#Else
Private Sub StartProbe()
    Dim folder As String
    Dim name As String
    On Error GoTo Refused
    probed = Now
    answerFile = vbNullString
    complaint = MissingInterpreter()
    If Len(complaint) > 0 Then Exit Sub
    complaint = "Python is slow to start, or it cannot. Try again in a minute; cells do so when you select another cell."
    folder = Files().GetSpecialFolder(TemporaryFolder).Path
    name = "xlbackflush-" & CreateGUID()
    WScript.Run ProbeCommand(folder & "\" & name, name), HiddenWindow, False
    answerFile = folder & "\" & name & ".txt"
    Exit Sub
Refused:
    complaint = "Excel could not start Python: " & Err.Description
End Sub

'The file gets its name when it is complete. The whole command stands in quotes, of which cmd takes off the first and the last.
Private Function ProbeCommand(ByVal path As String, ByVal name As String) As String
    Dim command As String
    command = Replace(XLPyCommand(), " /K ", " /C ", 1, 1)
    command = Replace(command, "xlwings.serve('$(CLSID)')", "import xlbackflush.addin.functions; print('" & Ready & "')")
    ProbeCommand = Left$(command, Len(command) - 1) & " > """ & path & ".new"" 2>&1 & ren """ & path & ".new"" """ & _
        name & ".txt"""""
End Function

Private Sub AwaitAnswer(ByVal mayWait As Boolean)
    Dim text As String
    If Len(answerFile) = 0 Then Exit Sub
    Do Until HasAnswered(text)
        If pauses >= MostPauses Or Not mayWait Then Exit Sub
        Sleep PauseLength
        pauses = pauses + 1
    Loop
    answerFile = vbNullString
    probed = Now
    isReady = (Right$(Replace(Replace(text, vbCr, vbNullString), vbLf, vbNullString), Len(Ready)) = Ready)
    complaint = IIf(isReady, vbNullString, text)
    If Not isReady And Len(complaint) = 0 Then complaint = "Python stopped without saying why."
End Sub

'Takes the file away when it is read. One that is not there, or that another program looks at, is for the next time.
Private Function HasAnswered(ByRef text As String) As Boolean
    On Error GoTo NotYet
    If Files().GetFile(answerFile).Size > 0 Then text = Files().OpenTextFile(answerFile).ReadAll
    Files().DeleteFile answerFile
    HasAnswered = True
NotYet:
End Function
#End If

Private Function Files() As Object
    Set Files = CreateObject("Scripting.FileSystemObject")
End Function
