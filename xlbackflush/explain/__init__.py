"""Explain a cell: a derivation of any output cell down to the cells that people typed, and the way back up.

formula    formulas as trees            evaluate   their values
reader     what is read of a workbook   words      cells, figures and conditions in words
sums       rows of a sum                expression arithmetic in words and figures
posted     what constants rest on       derive     the steps of a derivation
onrecord   workbooks of earlier runs    step       one line of an explanation
upward     what uses an input cell      products   all costs of one product
output     sheet and terminal
"""
