"""VBA sources: `workbook/` goes into every workbook, `addin/` into the add-in, `common/` into both.

Installed as `xlbackflush.vba`.
"""
