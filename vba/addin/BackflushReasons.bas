Attribute VB_Name = "BackflushReasons"
'@Folder("Backflush")
'What Python or Windows complain of, as one sentence that a user can read.
Option Explicit
Option Private Module

'How a line of a traceback starts that tells of a place.
Private Const Place As String = "  File """

'A message as it is; of a traceback, the exception. Python prints the exception last, after the traceback; an error that comes
'over COM has it first, with the traceback behind it.
Public Function PlainReason(ByVal text As String) As String
    Dim lines() As String
    Dim i As Long
    lines = Split(Replace(Replace(text, vbCr, vbLf), "Unexpected Python Error: ", vbNullString), vbLf)
    For i = FirstLine(lines, InStr(text, "Traceback (most recent call last)") > 0) To UBound(lines)
        If Left$(lines(i), Len(Place)) = Place Then Exit For
        If Len(Trim$(lines(i))) > 0 Then PlainReason = PlainReason & " " & Trim$(lines(i))
    Next i
    If Len(PlainReason) = 0 Then PlainReason = "Python did not answer."
    PlainReason = WithoutException(Trim$(PlainReason)) & " Run: xlbackflush doctor"
End Function

'Where the exception stands: after the last place and what is indented below it, or at once.
Private Function FirstLine(ByRef lines() As String, ByVal exceptionIsLast As Boolean) As Long
    Dim i As Long
    If Not exceptionIsLast Then Exit Function
    For i = 0 To UBound(lines)
        If Left$(lines(i), Len(Place)) = Place Then FirstLine = i + 1
    Next i
    For i = FirstLine To UBound(lines)
        If Left$(lines(i), 1) <> " " Then Exit For
        FirstLine = i + 1
    Next i
End Function

Private Function WithoutException(ByVal sentence As String) As String
    Dim colon As Long
    WithoutException = sentence
    colon = InStr(sentence, ": ")
    If colon > 1 Then
        If LCase$(Left$(sentence, colon - 1)) Like "*error" And InStr(Left$(sentence, colon), " ") = 0 Then
            WithoutException = Mid$(sentence, colon + 2)
        End If
    End If
    If Right$(WithoutException, 1) <> "." Then WithoutException = WithoutException & "."
End Function
