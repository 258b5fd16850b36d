Attribute VB_Name = "BackflushAnswers"
'@Folder("Backflush")
'Answers the cell functions of every open workbook. What is known of a workbook is kept until its inputs change.
Option Explicit

'One BackflushBook for every workbook that has asked.
Private books As Collection
'The events of Excel, which tell when inputs change.
Private listener As BackflushEvents

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
        BackflushAnswer = AnswerEach(book, question, first, second, third)
    End Select
CleanExit:
    Exit Function
CleanFail:
    BackflushAnswer = CVErr(xlErrNA)
    Resume CleanExit
End Function

'Called when the add-in opens, and again before every answer: stopping a macro in the editor forgets the listener.
Public Sub Listen()
    If listener Is Nothing Then Set listener = New BackflushEvents
End Sub

'The inputs or results of a workbook have changed: forget what is known of it, and have its functions calculated again.
Public Sub RenewAnswers(ByVal bookName As String)
    Dim book As BackflushBook
    On Error GoTo CleanFail
    Set book = KnownBook(bookName)
    book.Renew
CleanExit:
    Exit Sub
CleanFail:
    'the workbook is gone or protected from us; its cells say so when they ask
    Resume CleanExit
End Sub

'Another chance for cells that found no way to Python.
Public Sub RetryAnswers(ByVal bookName As String)
    Dim book As BackflushBook
    If books Is Nothing Then Exit Sub
    For Each book In books
        If StrComp(book.Name, bookName, vbTextCompare) = 0 And book.AskedInVain Then book.Renew
    Next book
End Sub

Public Sub ForgetBook(ByVal bookName As String)
    Dim i As Long
    If books Is Nothing Then Exit Sub
    For i = books.Count To 1 Step -1
        If StrComp(books(i).Name, bookName, vbTextCompare) = 0 Then books.Remove i
    Next i
End Sub

Public Function KnownBook(ByVal bookName As String) As BackflushBook
    Dim book As BackflushBook
    If books Is Nothing Then Set books = New Collection
    For Each book In books
        If StrComp(book.Name, bookName, vbTextCompare) = 0 Then
            Set KnownBook = book
            Exit Function
        End If
    Next book
    Set book = New BackflushBook
    book.Init Workbooks(bookName)
    books.Add book
    Set KnownBook = book
End Function
