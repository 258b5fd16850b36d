Attribute VB_Name = "BackflushBooks"
'@Folder("Backflush")
'The workbooks whose cells have asked. What is known of each is kept until its inputs change.
Option Explicit
Option Private Module

'One BackflushBook for every workbook that has asked.
Private books As Collection
'The events of Excel, which tell when inputs change.
Private listener As BackflushEvents

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

'Another chance for cells that were told that Python is not there yet; after something that the user does, for all that found
'no way to it.
Public Sub RetryAnswers(ByVal afterFailure As Boolean)
    Dim book As BackflushBook
    If books Is Nothing Or IsPythonComing() Then Exit Sub
    For Each book In books
        If book.IsWaiting Or (afterFailure And book.HasFailed) Then book.Renew
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
