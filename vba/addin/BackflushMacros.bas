Attribute VB_Name = "BackflushMacros"
'@Folder("Backflush")
'Runs a verb in Python on a workbook, from a button of the workbook or from the ribbon, and says what came of it.
Option Explicit

Private Const Verbs As String = " run check post restore explain clear export "
Private Const Refused As Long = vbObjectError + 4211
'So often in a session a Python that is slow to start is waited for.
Private Const MostPlans As Long = 60

Private plans As Long

'Never fails: whatever happens ends in a sentence. Python leaves its own in the status bar.
'@EntryPoint
Public Sub BackflushMacro(ByVal bookName As String, ByVal verb As String, Optional ByVal argument As String = "")
    Dim quiet As BackflushQuiet
    Dim sentence As String
    On Error GoTo CleanFail
    AllowProbe
    Set quiet = New BackflushQuiet
    sentence = Performed(bookName, verb, argument, quiet)
CleanExit:
    If Not quiet Is Nothing Then quiet.Restore
    RenewAnswers bookName
    PlanWarmUp
    If Len(sentence) > 0 Then Tell sentence
    Exit Sub
CleanFail:
    sentence = "Stopped: " & Err.Description
    Resume CleanExit
End Sub

'Has Python ready before it is needed, as soon as Excel has nothing else to do: never while a workbook opens.
Public Sub PlanWarmUp()
    #If Mac Then
    #Else
        On Error GoTo NotPlanned
        Application.OnTime Now + TimeSerial(0, 0, 1), "xlbackflush.xlam!BackflushWarmUp"
    #End If
NotPlanned:
End Sub

'Nobody asked for this, so that it ends quietly; cells and buttons say what is wrong when they need Python.
'@EntryPoint
Public Sub BackflushWarmUp()
    On Error GoTo CleanFail
    If WarmUp() And plans < MostPlans Then
        plans = plans + 1
        PlanWarmUp
    End If
    RetryAnswers False
CleanExit:
    Exit Sub
CleanFail:
    Resume CleanExit
End Sub

'On a Mac the last act of Python, which works on by itself there.
'@EntryPoint
Public Sub BackflushFinished(ByVal bookName As String, ByVal sentence As String)
    On Error GoTo CleanFail
    RenewAnswers bookName
    Tell sentence
CleanExit:
    Exit Sub
CleanFail:
    Resume CleanExit
End Sub

'The sentence that Python leaves; none on a Mac, where Python works on by itself.
Private Function Performed(ByVal bookName As String, ByVal verb As String, ByVal argument As String, _
        ByVal quiet As BackflushQuiet) As String
    If InStr(Verbs, " " & verb & " ") = 0 Then Err.Raise Refused, "BackflushMacros", "There is no macro " & verb & "."
    CheckUsable bookName
    If argument Like "*[!a-z0-9]*" Then Err.Raise Refused, "BackflushMacros", "There is no " & verb & " " & argument & "."
    #If Mac Then
        RunEngine Workbooks(bookName), verb, argument
    #Else
        quiet.Begin "Backflush: " & verb & " ..."
        quiet.LeaveEscToPython
        RunEngine Workbooks(bookName), verb, argument
        Performed = CellText(Application.StatusBar)
        If Not (Performed Like "Done: *" Or Performed Like "Findings: *" Or Performed Like "Stopped: *") Then
            Err.Raise Refused, "BackflushMacros", "Python did not say what it did. Run: xlbackflush doctor"
        End If
    #End If
End Function

'xlwings hands the name to Python on a command line, which not every name survives, and takes a sheet whose name ends in .py
'for a program.
Private Sub CheckUsable(ByVal bookName As String)
    Dim letter As Variant
    Dim sheet As Worksheet
    If Not IsOpen(bookName) Then Err.Raise Refused, "BackflushMacros", bookName & " is not open."
    If Workbooks(bookName).ReadOnly Then
        Err.Raise Refused, "BackflushMacros", bookName & " is open for reading only; save it under another name first."
    End If
    For Each letter In Array("=", "%", """", "'")
        If InStr(bookName, letter) > 0 And (letter <> "'" Or OnMac()) Then
            Err.Raise Refused, "BackflushMacros", "A workbook with " & letter & " in its name cannot be run from Excel. " & _
                "Save it under another name, or close it and use: xlbackflush run"
        End If
    Next letter
    For Each sheet In Workbooks(bookName).Worksheets
        If Right$(sheet.Name, 3) = ".py" Then
            Err.Raise Refused, "BackflushMacros", "A workbook with a sheet whose name ends in .py cannot be run from Excel. " & _
                "Give sheet " & sheet.Name & " another name, or close the workbook and use: xlbackflush run"
        End If
    Next sheet
End Sub

Private Function IsOpen(ByVal bookName As String) As Boolean
    On Error GoTo NotOpen
    IsOpen = Not Workbooks(bookName) Is Nothing
NotOpen:
End Function

Private Sub Tell(ByVal sentence As String)
    MsgBox sentence, IIf(sentence Like "Done: *", vbInformation, vbExclamation), "Backflush"
End Sub
