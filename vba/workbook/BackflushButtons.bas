Attribute VB_Name = "BackflushButtons"
'@Folder("Backflush")
'The macros behind the buttons: each hands its verb to the add-in, which does the work in Python.
Option Explicit

'@EntryPoint
Public Sub BackflushRun()
    AskAddin "run"
End Sub

'@EntryPoint
Public Sub BackflushCheck()
    AskAddin "check"
End Sub

'@EntryPoint
Public Sub BackflushPost()
    AskAddin "post"
End Sub

'@EntryPoint
Public Sub BackflushRestore()
    AskAddin "restore"
End Sub

'@EntryPoint
Public Sub BackflushExplain()
    AskAddin "explain"
End Sub

'@EntryPoint
Public Sub BackflushClear()
    AskAddin "clear"
End Sub

'The add-in tells what came of it and never fails, so that an error here means that there is no add-in.
Private Sub AskAddin(ByVal verb As String)
    On Error GoTo CleanFail
    Application.Run "xlbackflush.xlam!BackflushMacro", ThisWorkbook.Name, verb
CleanExit:
    Exit Sub
CleanFail:
    MsgBox "The add-in xlbackflush.xlam is not loaded, so nothing was done." & vbCrLf & vbCrLf & _
        "To install it, type in a command window:" & vbCrLf & _
        "    pip install xlbackflush" & vbCrLf & _
        "    xlbackflush install" & vbCrLf & _
        "and start Excel again." & vbCrLf & vbCrLf & _
        "Without the add-in: save and close this workbook, and type" & vbCrLf & _
        "    xlbackflush run """ & ThisWorkbook.Name & """", vbExclamation, "Backflush"
    Resume CleanExit
End Sub
