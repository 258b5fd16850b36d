Attribute VB_Name = "BackflushStubs"
'@Folder("Backflush")
'The cell functions. Each hands its arguments to the add-in, which answers for the workbook that asks; where there is no
'add-in, and on a Mac, the workbook's own output sheets answer. Arguments called depends_on are not looked at: they tell
'Excel when to ask again.
Option Explicit

'@EntryPoint
Public Function BACKFLUSH_COST(ByVal item As Variant, ByVal qty As Variant, ParamArray depends_on() As Variant) As Variant
    BACKFLUSH_COST = Answer("BACKFLUSH_COST", PlainValue(item), PlainValue(qty), Empty)
End Function

'@EntryPoint
Public Function BACKFLUSH_QTY(ByVal item As Variant, ByVal component As Variant, ByVal qty As Variant, _
        ParamArray depends_on() As Variant) As Variant
    BACKFLUSH_QTY = Answer("BACKFLUSH_QTY", PlainValue(item), PlainValue(component), PlainValue(qty))
End Function

'@EntryPoint
Public Function BACKFLUSH_EXPLODE(ByVal item As Variant, ByVal qty As Variant, ParamArray depends_on() As Variant) As Variant
    BACKFLUSH_EXPLODE = Answer("BACKFLUSH_EXPLODE", PlainValue(item), PlainValue(qty), Empty)
End Function

'VBA allows no ParamArray beside an optional argument, so this one counts its ranges.
'@EntryPoint
Public Function STANDARD_COST(ByVal item As Variant, Optional ByVal element As Variant, _
        Optional ByVal depends_on As Variant, Optional ByVal depends_on_2 As Variant, _
        Optional ByVal depends_on_3 As Variant) As Variant
    If IsMissing(element) Then element = Empty
    STANDARD_COST = Answer("STANDARD_COST", PlainValue(item), PlainValue(element), Empty)
End Function

'@EntryPoint
Public Function BACKFLUSH_VARIANCE(ByVal name As Variant, ParamArray depends_on() As Variant) As Variant
    BACKFLUSH_VARIANCE = Answer("BACKFLUSH_VARIANCE", PlainValue(name), Empty, Empty)
End Function

'@EntryPoint
Public Function BACKFLUSH_BALANCE(ByVal role As Variant, ParamArray depends_on() As Variant) As Variant
    BACKFLUSH_BALANCE = Answer("BACKFLUSH_BALANCE", PlainValue(role), Empty, Empty)
End Function

'@EntryPoint
Public Function BACKFLUSH_STATUS(ParamArray depends_on() As Variant) As Variant
    BACKFLUSH_STATUS = Answer("BACKFLUSH_STATUS", Empty, Empty, Empty)
End Function

Private Function Answer(ByVal question As String, _
        ByVal first As Variant, ByVal second As Variant, ByVal third As Variant) As Variant
    On Error GoTo NoAddin
    'an error does not survive the way through Application.Run
    If IsError(first) Then
        Answer = first
    ElseIf IsError(second) Then
        Answer = second
    ElseIf IsError(third) Then
        Answer = third
    ElseIf OnMac() Then
        Answer = AnswerWithoutAddin(question, first, second, third)
    Else
        Answer = Application.Run("xlbackflush.xlam!BackflushAnswer", ThisWorkbook.Name, CallingSheet(), question, _
            first, second, third)
    End If
    Exit Function
NoAddin:
    Answer = AnswerWithoutAddin(question, first, second, third)
End Function

'The sheet of the cell that asks, so that the add-in knows where to ask Excel to calculate again.
Private Function CallingSheet() As String
    If TypeName(Application.Caller) = "Range" Then CallingSheet = Application.Caller.Worksheet.Name
End Function

Private Function AnswerWithoutAddin(ByVal question As String, _
        ByVal first As Variant, ByVal second As Variant, ByVal third As Variant) As Variant
    Dim lastRun As BackflushLastRun
    On Error GoTo Unreadable
    Set lastRun = New BackflushLastRun
    lastRun.Init ThisWorkbook
    If question = "BACKFLUSH_STATUS" Then
        AnswerWithoutAddin = lastRun.StatusWithoutEngine(WhyNoEngine())
    Else
        AnswerWithoutAddin = AnswerEach(lastRun, question, first, second, third)
    End If
    Exit Function
Unreadable:
    AnswerWithoutAddin = CVErr(xlErrNA)
End Function

Private Function WhyNoEngine() As String
    WhyNoEngine = IIf(OnMac(), "cell functions reach Python on Windows only.", "the add-in xlbackflush.xlam is not loaded.")
End Function
