Attribute VB_Name = "BackflushGateway"
'@Folder("Backflush")
'The only way to Python: everything here goes through the xlwings module (RunPython, XLPy, ReadFile).
'Errors are raised with one sentence that a user can read.
Option Explicit
Option Private Module

Public Const EngineFailed As Long = vbObjectError + 4201
Public Const EngineNotReady As Long = vbObjectError + 4202

Private Const Functions As String = "xlbackflush.addin.functions"
Private Const MostSeconds As Long = 10

'Kept, because xlwings starts a server of its own for every path of the active workbook.
Private server As Object
'What Python or xlwings complained of last; see ShowError.
Private complaint As String
'Whether a macro waits for Python, and will tell of a complaint.
Private waiting As Boolean

'What a function of Python's functions module returns. Where the server has died it is started again, once.
Public Function CallEngine(ByVal functionName As String, ByVal arguments As Variant) As Variant
    Dim answered As Boolean
    Dim result As Variant
    Connect
    answered = Asked(functionName, arguments, result)
    If Not answered And Not ServerAnswers() Then
        Set server = Nothing
        ForgetServer
        Connect
        answered = Asked(functionName, arguments, result)
    End If
    If Not answered Then Err.Raise EngineFailed, "BackflushGateway", PlainReason(complaint)
    CallEngine = result
End Function

'Runs a macro of Python's macros module on a workbook and waits for it. xlwings works on the active workbook.
Public Sub RunEngine(ByVal book As Workbook, ByVal verb As String, Optional ByVal argument As String = "")
    Dim failed As Boolean
    Dim given As String
    complaint = MissingInterpreter()
    If Len(complaint) > 0 Then Err.Raise EngineFailed, "BackflushGateway", PlainReason(complaint)
    book.Activate
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

'xlwings needs an active workbook to start its server, and there may be none while Excel opens a file.
Public Sub Connect()
    Dim began As Date
    If Not server Is Nothing Then Exit Sub
    If ActiveWorkbook Is Nothing Then Err.Raise EngineNotReady, "BackflushGateway", "Excel has no active workbook yet."
    If Not IsPythonReady() Then
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
