"""The workbook: a port for the pipeline, an adapter for files, and everything that is written into sheets.

package   parts of an .xlsx/.xlsm file       styles    named cell styles
sheet     cells to XML                       formulas  live formulas of the output tables
results   an outcome as table columns        template  a new workbook
file      a workbook file as a Book
"""
