"""What may happen to a workbook: run, check, undo, post, verify, compare, roll."""
