Attribute VB_Name = "BackflushReasons"
'@Folder("Backflush")
'What Python or Windows complain of, as one sentence that a user can read.
Option Explicit
Option Private Module

Private Const Heading As String = "Traceback (most recent call last)"
'How a line of a traceback starts that tells of a place.
Private Const Place As String = "  File """

'A message as it is; of a traceback, the exception. Python prints the exception last, after the traceback; an error that comes
'over COM has it first, with the lines of the traceback behind it in reverse.
Public Function PlainReason(ByVal text As String) As String
    Dim lines() As String
    Dim isFirst As Boolean
    Dim i As Long
    lines = Split(Replace(Replace(text, vbCr, vbLf), "Unexpected Python Error: ", vbNullString), vbLf)
    isFirst = IsExceptionFirst(text)
    For i = FirstLine(lines, Not isFirst And InStr(text, Heading) > 0) To UBound(lines)
        If isFirst And Left$(lines(i), 1) = " " Then Exit For
        If Len(Trim$(lines(i))) > 0 Then PlainReason = PlainReason & " " & Trim$(lines(i))
    Next i
    If Len(PlainReason) = 0 Then PlainReason = "Python did not answer."
    PlainReason = WithoutException(Trim$(PlainReason)) & " Run: xlbackflush doctor"
End Function

'Whether a traceback starts with its places: then what comes before them, and is not indented, is the exception.
Private Function IsExceptionFirst(ByVal text As String) As Boolean
    Dim placed As Long
    placed = InStr(text, Place)
    IsExceptionFirst = (placed > 0) And (InStr(text, Heading) = 0 Or InStr(text, Heading) > placed)
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
