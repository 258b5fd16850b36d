Attribute VB_Name = "BackflushRibbon"
'@Folder("Backflush")
'Callbacks of the ribbon tab. They act on the active workbook.
Option Explicit

'@EntryPoint
Public Sub BackflushRibbonRun(ByVal control As IRibbonControl)
    RunOnActive "run"
End Sub

'@EntryPoint
Public Sub BackflushRibbonCheck(ByVal control As IRibbonControl)
    RunOnActive "check"
End Sub

'@EntryPoint
Public Sub BackflushRibbonExplain(ByVal control As IRibbonControl)
    RunOnActive "explain"
End Sub

'@EntryPoint
Public Sub BackflushRibbonPost(ByVal control As IRibbonControl)
    RunOnActive "post"
End Sub

'@EntryPoint
Public Sub BackflushRibbonRestore(ByVal control As IRibbonControl)
    RunOnActive "restore"
End Sub

'@EntryPoint
Public Sub BackflushRibbonExport(ByVal control As IRibbonControl)
    RunOnActive "export", control.Tag
End Sub

'@EntryPoint
Public Sub BackflushRibbonNew(ByVal control As IRibbonControl)
    Dim quiet As BackflushQuiet
    Dim path As Variant
    Dim sentence As String
    On Error GoTo CleanFail
    AllowProbe
    If OnMac() Then
        Tell "On a Mac, Excel cannot make a workbook. In a terminal, type: xlbackflush new"
        Exit Sub
    End If
    path = Application.GetSaveAsFilename("Backflush.xlsm", "Excel workbook with macros (*.xlsm), *.xlsm", , _
        "New backflush workbook")
    If VarType(path) = vbBoolean Then Exit Sub
    Set quiet = New BackflushQuiet
    quiet.Begin "Backflush: new workbook ..."
    sentence = NewWorkbook(path)
CleanExit:
    If Not quiet Is Nothing Then quiet.Restore
    If sentence Like "Done: *" Then
        Workbooks.Open path
    Else
        Tell sentence
    End If
    Exit Sub
CleanFail:
    sentence = "Stopped: " & Err.Description
    Resume CleanExit
End Sub

'@EntryPoint
Public Sub BackflushRibbonUpgrade(ByVal control As IRibbonControl)
    UpgradeActive
End Sub

'@EntryPoint
Public Sub BackflushRibbonImport(ByVal control As IRibbonControl)
    ImportIntoActive
End Sub

'@EntryPoint
Public Sub BackflushRibbonHelp(ByVal control As IRibbonControl)
    On Error GoTo CleanFail
    If ActiveWorkbook Is Nothing Then
        Tell "Open a backflush workbook first, or make one with New workbook."
    Else
        AllowProbe
        RetryAnswers True
        ShowHelp ActiveWorkbook
    End If
CleanExit:
    Exit Sub
CleanFail:
    Tell "Stopped: " & Err.Description
    Resume CleanExit
End Sub

Private Sub RunOnActive(ByVal verb As String, Optional ByVal argument As String = "")
    If ActiveWorkbook Is Nothing Then
        Tell "Open a backflush workbook first."
    Else
        BackflushMacro ActiveWorkbook.Name, verb, argument
    End If
End Sub

Private Sub ImportIntoActive()
    Dim files As Variant
    If ActiveWorkbook Is Nothing Then
        Tell "Open a backflush workbook first."
        Exit Sub
    End If
    AllowProbe
    files = Application.GetOpenFilename("Files of other systems, *.csv;*.txt;*.tsv;*.xlsx;*.xlsm;*.xls;*.xlsb;*.ods", , _
        "Files to import", , True)
    If IsArray(files) Then ImportIntoBook ActiveWorkbook.Name, Join(files, "|")
End Sub

Private Sub UpgradeActive()
    If ActiveWorkbook Is Nothing Then
        Tell "Open a backflush workbook first."
    Else
        AllowProbe
        UpgradeBook ActiveWorkbook.Name
    End If
End Sub

'xlwings needs an active workbook to start Python; where there is none, an empty one serves meanwhile.
Private Function NewWorkbook(ByVal path As String) As String
    Dim stopgap As Workbook
    If ActiveWorkbook Is Nothing Then Set stopgap = Workbooks.Add
    On Error GoTo NoEngine
    NewWorkbook = CallEngine("new_workbook", Array(path))
CloseStopgap:
    If Not stopgap Is Nothing Then stopgap.Close False
    Exit Function
NoEngine:
    NewWorkbook = "Stopped: " & Err.Description
    Resume CloseStopgap
End Function

Private Sub ShowHelp(ByVal book As Workbook)
    Dim name As Variant
    Dim sheet As Worksheet
    For Each name In Array(HelpPage, "About")
        For Each sheet In book.Worksheets
            If sheet.Name = name Then
                sheet.Activate
                Exit Sub
            End If
        Next sheet
    Next name
    Tell book.Name & " is not a backflush workbook: it has no sheet Functions or About."
End Sub

Private Sub Tell(ByVal sentence As String)
    MsgBox sentence, vbExclamation, "Backflush"
End Sub
