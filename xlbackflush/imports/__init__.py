"""Import: files of other systems into the input tables, by a mapping that the workbook remembers."""
