"""The words of entries: what a line of the journal says beside its codes and amounts.

Words may be improved at any time. An entry is known by its codes and amounts, never by its words; what is posted keeps the
words that it was posted with.
"""

from enum import Enum


class EntryKind(Enum):
    """What an entry is about, and the words for it. The names are codes of the program: they stand in no workbook."""

    RECEIPT = "Materials received at standard, payable at invoice price"
    CONVERSION_INCURRED = "Conversion costs incurred: payroll, overhead, other"
    UNITS_COMPLETED = "Completed units at standard: material and conversion flushed"
    SUBASSEMBLIES_COMPLETED = "Completed subassemblies at standard: material and conversion flushed"
    SUBASSEMBLIES_CONVERTED = "Completed subassemblies: conversion flushed, set off against what the count relieves"
    UNITS_SOLD = "Units sold at standard"
    NORMAL_SCRAP = "Normal scrap at standard, less salvage"
    ABNORMAL_SCRAP = "Abnormal scrap at standard, less salvage"
    MATERIAL_USED_BY_COUNT = "Material used by the physical count: opening + received - counted"
    UNITS_SOLD_BY_COUNT = "Units sold by the physical count: opening + completed - counted"
    ALL_CHARGED_WHEN_SOLD = "Everything received, charged to cost of goods sold"
    STOCK_ADJUSTED = "Book stock adjusted to the physical count, at standard"
    VARIANCES_TO_COGS = "Conversion costs and variances closed to cost of goods sold"
    VARIANCES_PRORATED = "Conversion costs and variances prorated over stock and cost of goods sold"
    INVENTORIES_ADJUSTED = "Inventories adjusted to the physical count, out of cost of goods sold"
    UNITS_IN_PROCESS = "Units in process recognised as inventory (ASC 330-10-20, IAS 2.6)"
    UNITS_IN_PROCESS_REVERSED = "Period-end WIP reversed on the first day of the next period"


#: where an amount comes from, where that is not a range of cells
LINES_ABOVE = "Journal, lines above"
LINES_OF_ENTRY = "Journal, entry {number}"
SHARES = "Disposition"
COUNTED_ACCOUNTS = "Count Method"


def description(kind: EntryKind, product: str) -> str:
    """What an entry says that is the first of its kind; `product` is "" where it stands for all products."""
    return f"{kind.value}: {product}" if product else kind.value


def correction(corrected: int | None) -> str:
    """How the description of an entry begins that comes after others were posted: in place of one of them, or added."""
    return "Correction: " if corrected is None else f"Correction of entry {corrected}: "


def reversal(number: int, run: str, reversed_text: str, corrected: int | None) -> str:
    """What the reversal of an entry says: the entry's own words, without how a correction begins."""
    return f"Reversal of entry {number} of {run}: {reversed_text.removeprefix(correction(corrected))}"
