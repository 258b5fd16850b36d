Attribute VB_Name = "BackflushGateway"
'@Folder("Backflush")
'The only way to Python: everything here goes through the xlwings module (RunPython, XLPy, ReadFile).
'Cells are answered by the server of xlwings, a Python that stays with Excel; so are buttons, once it is there, and else by a
'Python of their own. Errors are raised with one sentence that a user can read.
Option Explicit
Option Private Module

Public Const EngineFailed As Long = vbObjectError + 4201
Public Const EngineNotReady As Long = vbObjectError + 4202

Private Const Functions As String = "xlbackflush.addin.functions"
Private Const Service As String = "xlbackflush.addin.server"
Private Const MostSeconds As Long = 10

'Kept, because xlwings starts a server of its own for every path of the active workbook.
Private server As Object
'What Python or xlwings complained of last; see ShowError.
Private complaint As String
'Whether a macro waits for Python, and will tell of a complaint.
Private waiting As Boolean

'What a function of Python's functions module returns.
Public Function CallEngine(ByVal functionName As String, ByVal arguments As Variant) As Variant
    Dim result As Variant
    Connect
    If Not Asked(Functions, functionName, arguments, result) Then
        Err.Raise EngineFailed, "BackflushGateway", PlainReason(complaint)
    End If
    CallEngine = result
End Function

'Runs a macro of Python's macros module on a workbook and waits for it. xlwings works on the active workbook.
Public Sub RunEngine(ByVal book As Workbook, ByVal verb As String, Optional ByVal argument As String = "")
    book.Activate
    If HasServer() Then
        RunInServer book.Name, verb, argument
    Else
        RunApart verb, argument
    End If
End Sub

'What it was writing may be half done where the server is gone after this.
Private Sub RunInServer(ByVal bookName As String, ByVal verb As String, ByVal argument As String)
    Dim nothingElse As Variant
    If Asked(Service, "press", Array(bookName, Application.Hwnd, verb, argument), nothingElse) Then Exit Sub
    If HasServer() Then Err.Raise EngineFailed, "BackflushGateway", PlainReason(complaint)
    Err.Raise EngineFailed, "BackflushGateway", "Python ended before its work was done. If results look half written, close " & _
        "the workbook without saving it, and open it again."
End Sub

Private Sub RunApart(ByVal verb As String, ByVal argument As String)
    Dim failed As Boolean
    Dim given As String
    complaint = MissingInterpreter()
    If Len(complaint) > 0 Then Err.Raise EngineFailed, "BackflushGateway", PlainReason(complaint)
    If Len(argument) > 0 Then given = "'" & argument & "'"
    waiting = True
    failed = (RunPython("from xlbackflush.addin.macros import " & verb & "; " & verb & "(" & given & ")") = -1)
    waiting = False
    If failed Or Len(complaint) > 0 Then Err.Raise EngineFailed, "BackflushGateway", PlainReason(complaint)
End Sub

'In place of the message box of xlwings, which shows a traceback. The module of xlwings calls it by this name.
Public Sub ShowError(ByVal FileName As String, Optional ByVal Message As String = "")
    complaint = Message
    If Len(Message) = 0 Then complaint = ReadFile(FileName)
    If Len(complaint) = 0 Then complaint = "Python stopped without saying why."
    'on a Mac Python works on by itself, and complains when no macro waits any more
    If Not waiting Then MsgBox "Stopped: " & PlainReason(complaint), vbExclamation, "Backflush"
End Sub

'Has the server started, without waiting for Python to start: whether there is any use in another try in a second.
Public Function WarmUp() As Boolean
    Dim nothingElse As Variant
    If HasServer() Or ActiveWorkbook Is Nothing Then Exit Function
    If IsPythonReady(False) Then
        Connect
        Asked Service, "prepare", Array(), nothingElse
    Else
        WarmUp = IsProbing()
    End If
End Function

'xlwings needs an active workbook to start its server, and there may be none while Excel opens a file. A server that has died,
'or is older than what is installed, is replaced.
Public Sub Connect()
    Dim began As Date
    If HasServer() Then Exit Sub
    If ActiveWorkbook Is Nothing Then Err.Raise EngineNotReady, "BackflushGateway", "Excel has no active workbook yet."
    If Not IsPythonReady(True) Then
        Err.Raise IIf(IsProbing(), EngineNotReady, EngineFailed), "BackflushGateway", PlainReason(PythonComplaint())
    End If
    On Error GoTo NoServer
    began = Now
    Set server = XLPy()
    Exit Sub
NoServer:
    RememberFailure Err.Description, DateDiff("s", began, Now) > MostSeconds
    Err.Raise EngineFailed, "BackflushGateway", PlainReason(PythonComplaint())
End Sub

Private Function Asked(ByVal moduleName As String, ByVal functionName As String, ByVal arguments As Variant, _
        ByRef result As Variant) As Boolean
    On Error GoTo Failed
    result = server.Var(server.Call(server.Module(moduleName), functionName, server.TupleFromArray(arguments)))
    Asked = True
    Exit Function
Failed:
    complaint = Err.Description
End Function

'Whether there is a server that answers and runs the code that is installed. One that does not is let go.
Public Function HasServer() As Boolean
    Dim isCurrent As Variant
    Dim nothingElse As Variant
    If server Is Nothing Then Exit Function
    If Asked(Service, "is_current", Array(), isCurrent) Then
        HasServer = isCurrent
        If Not HasServer Then Asked "os", "_exit", Array(0), nothingElse
    End If
    If Not HasServer Then
        Set server = Nothing
        ForgetServer
    End If
End Function
