Attribute VB_Name = "BackflushTables"
'@Folder("Backflush")
'Tables of a workbook, found by name on whatever sheet they stand.
'Part of the workbook and of the add-in.
Option Explicit
Option Private Module

'The sheet with help on the cell functions, and live examples of them.
Public Const HelpPage As String = "Functions"

'Tables that unit costs are made of.
Public Function InputTableNames() As Variant
    InputTableNames = Array("Setup", "StandardCost", "BOM", "Units")
End Function

'Decided while it runs, so that there is one source for every system.
Public Function OnMac() As Boolean
    OnMac = InStr(1, Application.OperatingSystem, "Mac", vbTextCompare) > 0
End Function

'The table of that name; Nothing where the workbook has none.
Public Function TableNamed(ByVal book As Workbook, ByVal tableName As String) As Object
    Dim sheet As Worksheet
    Dim table As Object
    For Each sheet In book.Worksheets
        For Each table In sheet.ListObjects
            If StrComp(table.Name, tableName, vbTextCompare) = 0 Then
                Set TableNamed = table
                Exit Function
            End If
        Next table
    Next sheet
End Function

'Values of a range, always as a two-dimensional array that starts at 1.
Public Function CellBlock(ByVal cells As Object) As Variant
    Dim one(1 To 1, 1 To 1) As Variant
    If cells.Count > 1 Then
        CellBlock = cells.Value2
    Else
        one(1, 1) = cells.Value2
        CellBlock = one
    End If
End Function
