"""VBA sources: `workbook/` goes into every workbook, `addin/` into the add-in. Installed as `xlbackflush.vba`."""
