Attribute VB_Name = "BackflushUpgrade"
'@Folder("Backflush")
'Adds to a workbook what a later version asks for, or rows from files of other systems. Python does it to the file, so the
'workbook is saved and closed before, and opened again after, whatever came of it. Only the add-in's own code is at work
'meanwhile, never the workbook's.
Option Explicit
Option Private Module

Private Const Refused As Long = vbObjectError + 4221

Public Sub UpgradeBook(ByVal bookName As String)
    WorkOnFile bookName, "upgrade", ""
End Sub

'files: their paths, with | between them.
Public Sub ImportIntoBook(ByVal bookName As String, ByVal files As String)
    WorkOnFile bookName, "import", files
End Sub

Private Sub WorkOnFile(ByVal bookName As String, ByVal verb As String, ByVal files As String)
    Dim quiet As BackflushQuiet
    Dim path As String
    Dim sentence As String
    On Error GoTo CleanFail
    Set quiet = New BackflushQuiet
    CheckClosable Workbooks(bookName), verb
    quiet.Begin "Backflush: " & verb & " ..."
    'a workbook has to be active for this, and there may be none later
    Connect
    Workbooks(bookName).Save
    path = Workbooks(bookName).FullName
    ForgetBook bookName
    Workbooks(bookName).Close False
    If Len(files) = 0 Then
        sentence = CallEngine("upgrade_workbook", Array(path))
    Else
        sentence = CallEngine("import_into", Array(path, files))
    End If
CleanExit:
    If Not quiet Is Nothing Then quiet.Restore
    OpenAgain path
    MsgBox sentence, IIf(sentence Like "Done: *", vbInformation, vbExclamation), "Backflush"
    Exit Sub
CleanFail:
    sentence = "Stopped: " & Err.Description
    Resume CleanExit
End Sub

Private Sub CheckClosable(ByVal book As Workbook, ByVal verb As String)
    Dim reason As String
    If OnMac() Then
        reason = "On a Mac, close the workbook, and in a terminal, type: xlbackflush " & verb
    ElseIf TableNamed(book, "Setup") Is Nothing Then
        reason = book.Name & " is not a backflush workbook."
    ElseIf book.ReadOnly Then
        reason = book.Name & " is open for reading only; save it under another name first."
    ElseIf Len(book.Path) = 0 Or InStr(book.Path, "://") > 0 Then
        reason = "Save the workbook in a folder of this computer first."
    End If
    If Len(reason) > 0 Then Err.Raise Refused, "BackflushUpgrade", reason
End Sub

'The file as it is now: upgraded, or as it was saved.
Private Sub OpenAgain(ByVal path As String)
    If Len(path) = 0 Then Exit Sub
    On Error GoTo NotOpened
    Workbooks.Open path
NotOpened:
End Sub
