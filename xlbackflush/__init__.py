"""Backflush costing in an Excel workbook: posted, provable, cell by cell."""

__version__ = "0.1.0"
