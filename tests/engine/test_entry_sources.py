"""Where every line of the journal says that its amount comes from, in words (source) and as data (basis): by hand, of one
small plant. Entries of a flush begin with their debit, which takes what remains; the others end with it.
"""

import pytest
from april import april
from plant import RECORDED, plant
from support import Row, posted

from xlbackflush import schema
from xlbackflush.engine.period import Period
from xlbackflush.model.basis import Basis, Closing, Flow, Invoices, Rest, Total
from xlbackflush.schema.entries import EntryKind

ABOVE = "Journal, lines above"
MIP, FG, CCC, LOSS = schema.MIP, schema.FINISHED_GOODS, schema.CCC, schema.ABNORMAL_SCRAP
COUNTED = april(Relief_basis=schema.PHYSICAL_COUNT, Conversion_costs=schema.EXPENSE_THEN_ADJUST)


def named(result: Period) -> dict[EntryKind, list[str]]:
    """Kind of entry -> sources of its lines, each once."""
    return {entry.kind: list(dict.fromkeys(line.source for line in entry.lines)) for entry in result.entries}


def test_of_a_plant_that_posts_by_bill_of_materials():
    _, result = posted(RECORDED, plant())
    assert named(result) == {
        EntryKind.RECEIPT: ["Purchases!D7:D7"],
        EntryKind.CONVERSION_INCURRED: ["Actuals!E7:E7, Labor", "Actuals!E7:E7"],
        EntryKind.SUBASSEMBLIES_COMPLETED: ["Counts!E7:E9"],
        EntryKind.UNITS_COMPLETED: ["Counts!E7:E9"],
        EntryKind.UNITS_SOLD: ["Counts!E7:E9"],
        EntryKind.NORMAL_SCRAP: ["Scrap!D7:D8", "Scrap!G7:G8"],
        EntryKind.ABNORMAL_SCRAP: ["Scrap!D7:D8", "Scrap!G7:G8"],
        EntryKind.STOCK_ADJUSTED: ["Stock!C7:C9"],
        EntryKind.MADE_ITEMS_ADJUSTED: ["Stock!C7:C9"],
        EntryKind.VARIANCES_PRORATED: [ABOVE, "Disposition"],
        EntryKind.UNITS_IN_PROCESS: ["WIP!A7:D7"],
        EntryKind.UNITS_IN_PROCESS_REVERSED: ["WIP!A7:D7"],
    }


@pytest.mark.parametrize(
    ("rows", "cells"),
    [
        ([], ("Stock!C7:C9", "Stock")),
        (
            [{"Role": role, "Opening amount": 0, "Counted amount": 90, "Counted conversion": 9} for role in (MIP, FG)],
            ("Inventory Count!D7:D8", "Inventory Count"),
        ),
    ],
)
def test_of_a_plant_that_counts_its_stock(rows: list[Row], cells: tuple[str, str]):
    _, result = posted(COUNTED, plant() | {"InventoryCount": rows, "WIP": []})
    sources = named(result)
    assert sources[EntryKind.MATERIAL_USED_BY_COUNT] == [cells[0]]
    assert sources[EntryKind.UNITS_SOLD_BY_COUNT] == [cells[0]]
    assert sources[EntryKind.VARIANCES_TO_COGS] == [ABOVE]
    assert sources[EntryKind.INVENTORIES_ADJUSTED] == [cells[1], "Count Method"]


def bases(result: Period) -> dict[EntryKind, list[Basis]]:
    """Kind of entry -> what its lines rest on, in their order."""
    return {entry.kind: [line.basis for line in entry.lines] for entry in result.entries}


def test_the_bases_of_a_plant_that_posts_by_bill_of_materials():
    _, result = posted(RECORDED, plant())

    def flow(event: str, charged_to: str, relieved_from: str = "") -> Flow:
        return Flow(-1, "Amount" if relieved_from else "Conversion", event, charged_to, relieved_from)

    def salvage(kind: str) -> Total:
        return Total(1, "Scrap", "Salvage value", (("Kind", kind),))

    def adjusted(kind: str) -> Total:
        return Total(1, "Reconciliation", "Posted", (("Account role", MIP), ("Type", kind)))

    invoiced = Total(-1, "Reconciliation", "Invoiced", (("Account role", MIP),))
    cleared = (schema.CCA, CCC, schema.PRICE_VARIANCE, schema.USAGE_VARIANCE, schema.COUNT_DIFFERENCE)
    assert bases(result) == {
        EntryKind.RECEIPT: [Flow(1, "Amount", schema.PURCHASE, MIP, schema.ACCOUNTS_PAYABLE), invoiced, Rest()],
        EntryKind.CONVERSION_INCURRED: [Total(1, "Actuals", "Amount", (("Cost type", "Labor"),)), Rest()],
        EntryKind.SUBASSEMBLIES_COMPLETED: [Rest(), flow("Completion", MIP, MIP), flow("Completion", MIP)],
        EntryKind.UNITS_COMPLETED: [Rest(), flow("Completion", FG, MIP), flow("Completion", FG)],
        EntryKind.UNITS_SOLD: [Rest(), flow("Sale", schema.COGS, FG)],
        EntryKind.NORMAL_SCRAP: [Rest(), flow("Scrap", CCC, MIP), salvage("Normal")],
        EntryKind.ABNORMAL_SCRAP: [Rest(), flow("Scrap", LOSS, MIP), salvage("Abnormal")],
        EntryKind.STOCK_ADJUSTED: [adjusted(schema.BUY), Rest()],
        EntryKind.MADE_ITEMS_ADJUSTED: [adjusted(schema.SUBASSEMBLY), Rest()],
        EntryKind.VARIANCES_PRORATED: [
            *map(Closing, cleared),
            *(Total(1, "Disposition", "Posted", (("Role", role),)) for role in (MIP, FG, LOSS)),
            Rest(),
        ],
        EntryKind.UNITS_IN_PROCESS: [
            Rest(),
            Total(-1, "PeriodEndWip", "Material"),
            Total(-1, "PeriodEndWip", "Conversion"),
        ],
        EntryKind.UNITS_IN_PROCESS_REVERSED: [
            Rest(),
            Total(1, "PeriodEndWip", "Material"),
            Total(1, "PeriodEndWip", "Conversion"),
        ],
    }


def test_the_bases_of_a_plant_that_counts_its_stock():
    _, result = posted(COUNTED, plant() | {"WIP": []})
    lines = bases(result)
    assert lines[EntryKind.MATERIAL_USED_BY_COUNT] == [Rest(), Total(-1, "CountMethod", "Relieved", (("Role", MIP),))]
    assert lines[EntryKind.UNITS_SOLD_BY_COUNT] == [Rest(), Total(-1, "CountMethod", "Relieved", (("Role", FG),))]
    put_back = [Total(1, "CountMethod", "Adjustment", (("Role", role),)) for role in (MIP, FG)]
    assert lines[EntryKind.INVENTORIES_ADJUSTED] == [*put_back, Rest()]


def test_the_bases_of_entries_per_product_name_the_product():
    _, result = posted(april(Journal_detail=schema.PER_PRODUCT), plant())
    lines = bases(result)
    receipt = Flow(1, "Amount", schema.PURCHASE, MIP, schema.ACCOUNTS_PAYABLE, (0, 0))
    assert lines[EntryKind.RECEIPT] == [receipt, Invoices(-1, "Ore"), Rest()]
    assert lines[EntryKind.NORMAL_SCRAP][-1] == Total(
        1, "Scrap", "Salvage value", (("Kind", "Normal"), ("Item", "Ore"))
    )
