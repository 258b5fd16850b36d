"""Explain a cell: a derivation of any output cell down to the cells that people typed, and the way back up.

explanation  what is asked and answered   reader      what is read of a workbook
derive       the steps of a derivation    evaluate    the values of formulas, and the rows of sums
upward       what uses an input cell      words       cells, figures, conditions and sums in words
products     all costs of one product     expression  arithmetic in words and figures
posted       what constants rest on       onrecord    workbooks of earlier runs
"""
