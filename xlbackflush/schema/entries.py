"""The words of entries: what a line of the journal says beside its codes and amounts.

Words may be improved at any time. An entry is known by its codes and amounts, never by its words; what is posted keeps the
words that it was posted with.
"""

from enum import Enum, auto


class EntryKind(Enum):
    """What an entry is about. A code of the program: it stands in no workbook."""

    RECEIPT = auto()
    RECEIPT_TO_STANDARD = auto()
    CONVERSION_INCURRED = auto()
    UNITS_COMPLETED = auto()
    SUBASSEMBLIES_COMPLETED = auto()
    SUBASSEMBLIES_CONVERTED = auto()
    UNITS_SOLD = auto()
    NORMAL_SCRAP = auto()
    ABNORMAL_SCRAP = auto()
    MATERIAL_USED_BY_COUNT = auto()
    UNITS_SOLD_BY_COUNT = auto()
    ALL_CHARGED_WHEN_SOLD = auto()
    STOCK_ADJUSTED = auto()
    MADE_ITEMS_ADJUSTED = auto()
    VARIANCES_TO_COGS = auto()
    VARIANCES_PRORATED = auto()
    INVENTORIES_ADJUSTED = auto()
    UNITS_IN_PROCESS = auto()
    UNITS_IN_PROCESS_REVERSED = auto()


DESCRIPTIONS: dict[EntryKind, str] = {
    EntryKind.RECEIPT: "Materials received at standard, payable at invoice price",
    EntryKind.RECEIPT_TO_STANDARD: "Receipts that are in the ledger at invoice price, brought to standard",
    EntryKind.CONVERSION_INCURRED: "Conversion costs incurred: payroll, overhead, other",
    EntryKind.UNITS_COMPLETED: "Completed units at standard: material and conversion flushed",
    EntryKind.SUBASSEMBLIES_COMPLETED: "Completed subassemblies at standard: material and conversion flushed",
    EntryKind.SUBASSEMBLIES_CONVERTED: "Completed subassemblies: conversion flushed, set off against what the count relieves",
    EntryKind.UNITS_SOLD: "Units sold at standard",
    EntryKind.NORMAL_SCRAP: "Normal scrap at standard, less salvage",
    EntryKind.ABNORMAL_SCRAP: "Abnormal scrap at standard, less salvage",
    EntryKind.MATERIAL_USED_BY_COUNT: "Material used by the physical count: opening + received - counted",
    EntryKind.UNITS_SOLD_BY_COUNT: "Units sold by the physical count: opening + completed - counted",
    EntryKind.ALL_CHARGED_WHEN_SOLD: "Everything received, charged to cost of goods sold",
    EntryKind.STOCK_ADJUSTED: "Book stock adjusted to the physical count, at standard",
    EntryKind.MADE_ITEMS_ADJUSTED: "Book stock of made items adjusted to the physical count, at standard",
    EntryKind.VARIANCES_TO_COGS: "Conversion costs and variances closed to cost of goods sold",
    EntryKind.VARIANCES_PRORATED: "Conversion costs and variances prorated over stock and cost of goods sold",
    EntryKind.INVENTORIES_ADJUSTED: "Inventories adjusted to the physical count, out of cost of goods sold",
    EntryKind.UNITS_IN_PROCESS: "Units in process recognised as inventory (ASC 330-10-20, IAS 2.6)",
    EntryKind.UNITS_IN_PROCESS_REVERSED: "Period-end WIP reversed on the first day of the next period",
}

OF_PRODUCT = "{description}: {product}"
CORRECTION = "Correction: "
CORRECTION_OF = "Correction of entry {number}: "
REVERSAL_OF = "Reversal of entry {number} of {run}: {description}"

#: where an amount comes from, where that is not a range of cells
LINES_ABOVE = "Journal, lines above"
LINES_OF_ENTRY = "Journal, entry {number}"
SHARES = "Disposition"
COUNTED_ACCOUNTS = "Count Method"


def description(kind: EntryKind, product: str) -> str:
    """What an entry says that is the first of its kind; `product` is "" where it stands for all products."""
    text = DESCRIPTIONS[kind]
    return OF_PRODUCT.format(description=text, product=product) if product else text


def correction(corrected: int | None) -> str:
    """How the description of an entry begins that comes after others were posted: in place of one of them, or added."""
    return CORRECTION if corrected is None else CORRECTION_OF.format(number=corrected)


def reversal(number: int, run: str, reversed_text: str, corrected: int | None) -> str:
    """What the reversal of an entry says: the entry's own words, without how a correction begins."""
    own = reversed_text.removeprefix(correction(corrected))
    return REVERSAL_OF.format(number=number, run=run, description=own)
