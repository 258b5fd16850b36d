"""Adapters: a workbook as a file, and a workbook open in Excel."""
