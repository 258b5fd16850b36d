"""The costing engine, in the order of the run: tables in, records out. No files, no Excel, no clock.

inputs      raw cells to typed inputs, and back      stock      what moved, and what is left
standards   what one unit is, and costs              posting    the entries
explosion   what the counts ask for                  measures   what the figures mean, and what must hold
record      what is on the books, what is added      rules      what is wrong with the inputs
period      all stages of one run, in one object     audit      where an auditor looks first
"""
