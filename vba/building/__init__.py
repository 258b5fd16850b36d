"""Builds `vba/built/` from the VBA sources: the same sources give the same bytes, on every computer.

Needs pyOpenVBA and the xlwings that the add-in is made for; a user needs neither to have what is built here.
"""
