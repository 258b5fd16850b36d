"""A new workbook."""
