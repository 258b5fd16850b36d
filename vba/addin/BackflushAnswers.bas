Attribute VB_Name = "BackflushAnswers"
'@Folder("Backflush")
'Answers the cell functions of every open workbook. Alone in its module: Excel lists public functions in its function wizard.
Option Explicit

'What a cell function gives; plain values in and out. bookName and sheetName are the caller's, never the active ones.
'@EntryPoint
Public Function BackflushAnswer(ByVal bookName As String, ByVal sheetName As String, ByVal question As String, _
        ByVal first As Variant, ByVal second As Variant, ByVal third As Variant) As Variant
    Dim book As BackflushBook
    On Error GoTo CleanFail
    Listen
    Set book = KnownBook(bookName)
    book.RememberCaller sheetName
    Select Case question
    Case "BACKFLUSH_STATUS"
        BackflushAnswer = book.Status
    Case "BACKFLUSH_EXPLODE"
        BackflushAnswer = book.Exploded(first, second)
    Case Else
        BackflushAnswer = AnswerEach(book.SourceOf(question), question, first, second, third)
    End Select
CleanExit:
    Exit Function
CleanFail:
    BackflushAnswer = CVErr(xlErrNA)
    Resume CleanExit
End Function
