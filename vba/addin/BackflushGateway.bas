Attribute VB_Name = "BackflushGateway"
'@Folder("Backflush")
'The only way to Python: everything here goes through the xlwings module (RunPython, XLPy, ReadFile).
'Errors are raised with one sentence that a user can read.
Option Explicit
Option Private Module

Public Const EngineFailed As Long = vbObjectError + 4201
Public Const EngineNotReady As Long = vbObjectError + 4202

Private Const Functions As String = "xlbackflush.excel.functions"
Private Const Advice As String = " Run: xlbackflush doctor"

'Kept, because xlwings starts a server of its own for every path of the active workbook.
Private server As Object
'What Python or xlwings complained of last; see ShowError.
Private complaint As String

'What a function of Python's functions module returns. Where the server has died it is started again, once.
Public Function CallEngine(ByVal functionName As String, ByVal arguments As Variant) As Variant
    Dim answered As Boolean
    Dim result As Variant
    #If Mac Then
        Err.Raise EngineFailed, "BackflushGateway", "On a Mac, cells and new workbooks cannot reach Python."
    #Else
        Connect
        answered = Asked(functionName, arguments, result)
        If Not answered And Not ServerAnswers() Then
            Set server = Nothing
            Connect
            answered = Asked(functionName, arguments, result)
        End If
        If Not answered Then Err.Raise EngineFailed, "BackflushGateway", PlainReason(complaint)
        CallEngine = result
    #End If
End Function

'Runs a macro of Python's macros module on a workbook and waits for it. xlwings works on the active workbook.
Public Sub RunEngine(ByVal book As Workbook, ByVal verb As String, Optional ByVal argument As String = "")
    Dim failed As Boolean
    Dim given As String
    complaint = vbNullString
    book.Activate
    If Len(argument) > 0 Then given = "'" & argument & "'"
    failed = (RunPython("from xlbackflush.excel.macros import " & verb & "; " & verb & "(" & given & ")") = -1)
    If failed Or Len(complaint) > 0 Then Err.Raise EngineFailed, "BackflushGateway", PlainReason(complaint)
End Sub

'In place of the message box of xlwings, which shows a traceback. The module of xlwings calls it by this name.
Public Sub ShowError(ByVal FileName As String, Optional ByVal Message As String = "")
    complaint = Message
    If Len(Message) = 0 Then complaint = ReadFile(FileName)
    If Len(complaint) = 0 Then complaint = "Python stopped without saying why."
End Sub

'xlwings needs an active workbook to start its server, and there may be none while Excel opens a file.
Private Sub Connect()
    If Not server Is Nothing Then Exit Sub
    If ActiveWorkbook Is Nothing Then Err.Raise EngineNotReady, "BackflushGateway", "Excel has no active workbook yet."
    On Error GoTo NoServer
    Set server = XLPy()
    Exit Sub
NoServer:
    Err.Raise EngineFailed, "BackflushGateway", PlainReason(Err.Description)
End Sub

Private Function Asked(ByVal functionName As String, ByVal arguments As Variant, ByRef result As Variant) As Boolean
    On Error GoTo Failed
    result = server.Var(server.Call(server.Module(Functions), functionName, server.TupleFromArray(arguments)))
    Asked = True
    Exit Function
Failed:
    complaint = Err.Description
End Function

Private Function ServerAnswers() As Boolean
    On Error GoTo Dead
    ServerAnswers = (server.Str("alive") = "alive")
Dead:
End Function

'The last line of a traceback or message, without the name of the exception.
Private Function PlainReason(ByVal text As String) As String
    Dim lines() As String
    Dim i As Long
    lines = Split(Replace(text, vbCr, vbLf), vbLf)
    For i = UBound(lines) To LBound(lines) Step -1
        If Len(Trim$(lines(i))) > 0 Then Exit For
    Next i
    If i < LBound(lines) Then
        PlainReason = "Python did not answer." & Advice
    Else
        PlainReason = WithoutException(Trim$(lines(i))) & Advice
    End If
End Function

Private Function WithoutException(ByVal line As String) As String
    Dim colon As Long
    colon = InStr(line, ": ")
    WithoutException = line
    If colon > 1 Then
        If Left$(line, colon - 1) Like "*Error" And InStr(Left$(line, colon), " ") = 0 Then
            WithoutException = Mid$(line, colon + 2)
        End If
    End If
    If Right$(WithoutException, 1) <> "." Then WithoutException = WithoutException & "."
End Function
