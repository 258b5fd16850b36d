Attribute VB_Name = "BackflushValues"
'@Folder("Backflush")
'Plain values of cells: codes, quantities, elements, and ranges laid beside one another.
'Part of the workbook and of the add-in, so that both read a cell in the same way.
Option Explicit
Option Private Module

'Columns of an item's costs, as the engine hands them over; the elements follow UnitCost in the order of ElementNames.
Public Const FlushedCost As Long = 2
Public Const UnitCost As Long = 3

'What a function was given, as a value or a two-dimensional array of values; #VALUE! where it is no block of cells.
Public Function PlainValue(ByVal given As Variant) As Variant
    If Not IsObject(given) Then
        PlainValue = AsBlock(given)
    ElseIf TypeName(given) <> "Range" Then
        PlainValue = CVErr(xlErrValue)
    ElseIf given.Areas.Count > 1 Then
        PlainValue = CVErr(xlErrValue)
    Else
        PlainValue = AsBlock(given.Value2)
    End If
End Function

'A block of one cell is its value; a list such as {"A","B"} is a row.
Private Function AsBlock(ByVal given As Variant) As Variant
    Dim block() As Variant
    Dim i As Long
    If Not IsArray(given) Then
        AsBlock = given
    ElseIf HasColumns(given) Then
        AsBlock = given
        If UBound(given, 1) = LBound(given, 1) And UBound(given, 2) = LBound(given, 2) Then
            AsBlock = given(LBound(given, 1), LBound(given, 2))
        End If
    Else
        ReDim block(1 To 1, 1 To UBound(given) - LBound(given) + 1)
        For i = LBound(given) To UBound(given)
            block(1, i - LBound(given) + 1) = given(i)
        Next i
        AsBlock = AsBlock(block)
    End If
End Function

'ByRef, like every array here: ByVal would copy it for each of its cells.
Private Function HasColumns(ByRef given As Variant) As Boolean
    Dim last As Long
    On Error GoTo OneDimension
    last = UBound(given, 2)
    HasColumns = True
OneDimension:
End Function

'source.AnswerOne(question, ...) for every cell of up to three arguments: single values serve every cell of a block, and
'blocks must have one shape, or the answer is #VALUE!.
Public Function AnswerEach(ByVal source As Object, ByVal question As String, _
        ByRef first As Variant, ByRef second As Variant, ByRef third As Variant) As Variant
    Dim rows As Long
    Dim columns As Long
    Dim r As Long
    Dim c As Long
    Dim answers() As Variant
    If Not (FitsShape(first, rows, columns) And FitsShape(second, rows, columns) And FitsShape(third, rows, columns)) Then
        AnswerEach = CVErr(xlErrValue)
    ElseIf rows = 0 Then
        AnswerEach = source.AnswerOne(question, first, second, third)
    Else
        ReDim answers(1 To rows, 1 To columns)
        For r = 1 To rows
            For c = 1 To columns
                answers(r, c) = source.AnswerOne(question, CellAt(first, r, c), CellAt(second, r, c), CellAt(third, r, c))
            Next c
        Next r
        AnswerEach = answers
    End If
End Function

'Whether an argument fits the blocks before it; the first block sets the shape.
Private Function FitsShape(ByRef given As Variant, ByRef rows As Long, ByRef columns As Long) As Boolean
    FitsShape = True
    If Not IsArray(given) Then Exit Function
    If rows = 0 Then
        rows = UBound(given, 1) - LBound(given, 1) + 1
        columns = UBound(given, 2) - LBound(given, 2) + 1
    Else
        FitsShape = (UBound(given, 1) - LBound(given, 1) + 1 = rows) And (UBound(given, 2) - LBound(given, 2) + 1 = columns)
    End If
End Function

Private Function CellAt(ByRef given As Variant, ByVal r As Long, ByVal c As Long) As Variant
    If IsArray(given) Then
        CellAt = given(LBound(given, 1) + r - 1, LBound(given, 2) + c - 1)
    Else
        CellAt = given
    End If
End Function

'Code of an item as codes are compared: without regard to case, a number as Excel shows it.
Public Function CodeKey(ByVal code As Variant) As String
    CodeKey = LCase$(Trim$(CellText(code)))
End Function

'A value as text, with a point in numbers whatever the country; nothing for a blank.
Public Function CellText(ByVal value As Variant) As String
    Select Case VarType(value)
    Case vbString
        CellText = value
    Case vbBoolean
        CellText = IIf(value, "TRUE", "FALSE")
    Case vbEmpty, vbNull, vbError
        CellText = vbNullString
    Case Else
        If Abs(value) < 1000000000000000# And value = Fix(value) Then
            CellText = Format$(value, "0")
        Else
            CellText = Replace(CStr(value), Mid$(CStr(1.5), 2, 1), ".")
        End If
    End Select
End Function

'Money for so many units: an error that was given comes back, a quantity that is no number gives #VALUE!.
Public Function TimesQuantity(ByVal perUnit As Variant, ByVal quantity As Variant) As Variant
    If IsError(perUnit) Then
        TimesQuantity = perUnit
    ElseIf IsError(quantity) Then
        TimesQuantity = quantity
    ElseIf IsEmpty(quantity) Then
        TimesQuantity = 0#
    ElseIf IsCellNumber(quantity) Then
        TimesQuantity = Multiplied(CDbl(perUnit), CDbl(quantity))
    Else
        TimesQuantity = CVErr(xlErrValue)
    End If
End Function

Private Function Multiplied(ByVal perUnit As Double, ByVal quantity As Double) As Variant
    On Error GoTo TooLarge
    Multiplied = perUnit * quantity
    Exit Function
TooLarge:
    Multiplied = CVErr(xlErrNum)
End Function

'A number proper: neither text that looks like one, nor TRUE, nor a blank.
Public Function IsCellNumber(ByVal value As Variant) As Boolean
    Select Case VarType(value)
    Case vbDouble, vbSingle, vbInteger, vbLong, vbByte, vbCurrency, vbDecimal, vbDate
        IsCellNumber = True
    End Select
End Function

Public Function ElementNames() As Variant
    ElementNames = Array("Material", "Labor", "Variable overhead", "Fixed overhead", "Other conversion")
End Function

'Column of a cost element by its name: the whole unit cost where it is left out, 0 where there is no such element.
Public Function ElementColumn(ByVal element As Variant) As Long
    Dim i As Long
    Dim names As Variant
    If IsEmpty(element) Then
        ElementColumn = UnitCost
    ElseIf VarType(element) = vbString Then
        If Len(Trim$(element)) = 0 Then ElementColumn = UnitCost
        names = ElementNames()
        For i = LBound(names) To UBound(names)
            If LCase$(Trim$(element)) = LCase$(names(i)) Then ElementColumn = UnitCost + 1 + i - LBound(names)
        Next i
    End If
End Function

'BACKFLUSH_COST and STANDARD_COST of one cell; `source.CostOf(key, column)` knows the costs, #N/A where it knows no item.
Public Function CostAnswer(ByVal source As Object, ByVal item As Variant, ByVal quantity As Variant) As Variant
    If IsError(item) Then
        CostAnswer = item
    Else
        CostAnswer = TimesQuantity(source.CostOf(CodeKey(item), FlushedCost), quantity)
    End If
End Function

Public Function StandardAnswer(ByVal source As Object, ByVal item As Variant, ByVal element As Variant) As Variant
    If IsError(item) Then
        StandardAnswer = item
    ElseIf IsError(element) Then
        StandardAnswer = element
    ElseIf ElementColumn(element) = 0 Then
        StandardAnswer = CVErr(xlErrValue)
    Else
        StandardAnswer = source.CostOf(CodeKey(item), ElementColumn(element))
    End If
End Function
