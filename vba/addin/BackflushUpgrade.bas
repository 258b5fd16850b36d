Attribute VB_Name = "BackflushUpgrade"
'@Folder("Backflush")
'Adds to a workbook what a later version asks for. Python does it to the file, so the workbook is saved and closed before, and
'opened again after, whatever came of it. Only the add-in's own code is at work meanwhile, never the workbook's.
Option Explicit
Option Private Module

Private Const Refused As Long = vbObjectError + 4221

Public Sub UpgradeBook(ByVal bookName As String)
    Dim quiet As BackflushQuiet
    Dim path As String
    Dim sentence As String
    On Error GoTo CleanFail
    Set quiet = New BackflushQuiet
    CheckUpgradable Workbooks(bookName)
    quiet.Begin "Backflush: upgrade ..."
    'a workbook has to be active for this, and there may be none later
    Connect
    Workbooks(bookName).Save
    path = Workbooks(bookName).FullName
    ForgetBook bookName
    Workbooks(bookName).Close False
    sentence = CallEngine("upgrade_workbook", Array(path))
CleanExit:
    If Not quiet Is Nothing Then quiet.Restore
    OpenAgain path
    MsgBox sentence, IIf(sentence Like "Done: *", vbInformation, vbExclamation), "Backflush"
    Exit Sub
CleanFail:
    sentence = "Stopped: " & Err.Description
    Resume CleanExit
End Sub

Private Sub CheckUpgradable(ByVal book As Workbook)
    Dim reason As String
    If OnMac() Then
        reason = "On a Mac, close the workbook, and in a terminal, type: xlbackflush upgrade"
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
