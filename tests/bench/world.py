"""Worlds of any size: the same sizes give the same workbook, cell by cell.

A world of n BOM lines has n / 50 products. Below them stand three tiers of made items, in turn subassemblies and
phantoms, each tier as wide as the products, and below those the bought items, five to a product:

    product > tier 1 > tier 2 > tier 3 > bought item

A made item takes `NEXT` items of the next tier, and bought items up to 12 or 13 lines. So the explosion of a product
has about a hundred rows whatever the size, and all work should grow in proportion to n.

    python -m tests.bench.world BOOK LINES COUNTS CHANGES TRIGGERS    writes BOOK
"""

import sys
from datetime import date, timedelta
from pathlib import Path
from random import Random

from xlbackflush import schema
from xlbackflush.template.samples import Row, Sample

LINES_PER_PRODUCT = 50
TIERS = 3
NEXT = 3  # components of a made item that are of the next tier
START, END = date(2026, 10, 1), date(2026, 10, 31)
MIDDLE = date(2026, 10, 16)
PLENTY = 100_000  # opening stock that never runs out, so that findings do not crowd the picture


def world(lines: int, counts: int, changes: int = 0, triggers: str = schema.PCS) -> Sample:
    """A month of a maker with about `lines` BOM lines and `counts` counts.

    changes: products in which one component is replaced by another in mid-month. triggers: trigger points; without
    completion among them, subassemblies are exploded like phantoms, and every explosion goes to the bottom.
    """
    rng = Random(lines)
    products, tiers, bought = _codes(lines // LINES_PER_PRODUCT)
    bom = _bom(rng, [products, *tiers], bought)
    newer = [f"RN-{n:06}" for n in range(changes)]
    bom += _replaced(bom, newer)
    bought += newer
    subassemblies = [code for tier in tiers for code in tier if code.startswith("SA")]
    return Sample(
        title="Benchmark",
        about=f"{len(bom):,} BOM lines, {counts:,} counts.",
        settings={"Company": "Benchmark", "Period start": START, "Period end": END, "Trigger points": triggers},
        tables={
            "BOM": bom,
            "StandardCost": [*_made(rng, products, tiers), *_priced(rng, bought)],
            "Counts": _counts(rng, products, subassemblies, counts),
            "Scrap": _scrap(products, bought),
            "Purchases": _purchases(rng, bought),
            "Actuals": _actuals(),
            "Stock": [
                {"Item": code, "Opening qty": PLENTY, "Counted qty": PLENTY - 1_000}
                for code in [*products, *subassemblies, *bought]
            ],
        },
    )


def _codes(width: int) -> tuple[list[str], list[list[str]], list[str]]:
    """Item codes: products, three tiers of made items, bought items."""
    products = [f"FG-{n:06}" for n in range(width)]
    tiers = [[f"{'PH' if n % 2 else 'SA'}-{tier}{n:06}" for n in range(width)] for tier in range(1, TIERS + 1)]
    return products, tiers, [f"RM-{n:06}" for n in range(5 * width)]


def _bom(rng: Random, tiers: list[list[str]], bought: list[str]) -> list[Row]:
    """12 or 13 lines for every made item: some of the next tier, the rest bought."""
    rows: list[Row] = []
    for tier, below in zip(tiers, [*tiers[1:], []], strict=True):
        for n, parent in enumerate(tier):
            made = _pick(rng, below, min(NEXT, len(below)))
            parts = _pick(rng, bought, 12 + n % 2 - len(made))
            rows += [_line(rng, parent, component) for component in [*made, *parts]]
    return rows


def _pick(rng: Random, codes: list[str], count: int) -> list[str]:
    """Some codes, each at most once."""
    picked: dict[str, None] = {}
    while len(picked) < count:
        picked[codes[int(rng.random() * len(codes))]] = None
    return list(picked)


def _line(rng: Random, parent: str, component: str) -> Row:
    """One BOM line; every third plans scrap, every ninth of them on input."""
    row: Row = {"Parent": parent, "Component": component, "Qty per": int(1 + 12 * rng.random()) / 4, "UoM": "each"}
    scrap = int(9 * rng.random())
    if scrap < 3:
        row["Scrap %"] = (scrap + 1) / 100
    if scrap == 0:
        row["Scrap basis"] = "Input"
    return row


def _replaced(bom: list[Row], newer: list[str]) -> list[Row]:
    """Let the last line of the first products end in mid-month, and return the lines of the components that follow."""
    last = {row["Parent"]: row for row in bom}
    rows: list[Row] = []
    for (parent, row), component in zip(last.items(), newer, strict=False):
        row["Effective to"] = MIDDLE - timedelta(days=1)
        rows.append({"Parent": parent, "Component": component, "Qty per": 1.5, "UoM": "each", "Effective from": MIDDLE})
    return rows


def _made(rng: Random, products: list[str], tiers: list[list[str]]) -> list[Row]:
    """Made items with labor and overhead; phantoms have neither."""
    kinds = {"FG": "Finished", "SA": "Subassembly", "PH": "Phantom"}
    rows: list[Row] = []
    for code in [*products, *(code for tier in tiers for code in tier)]:
        kind = kinds[code[:2]]
        row: Row = {"Item": code, "Description": f"{kind} number {code[3:]}", "Type": kind, "UoM": "each"}
        if kind != "Phantom":
            row |= {"Labor hours": int(1 + 40 * rng.random()) / 100, "Labor rate": 24.5, "Other conversion": 0.15}
            row |= {"Variable overhead rate": 7.25, "Fixed overhead rate": 11.4}
        rows.append(row)
    return rows


def _priced(rng: Random, bought: list[str]) -> list[Row]:
    return [
        {
            "Item": code,
            "Description": f"Bought part number {code[3:]}",
            "Type": "Buy",
            "UoM": "each",
            "Material price": int(1 + 5000 * rng.random()) / 1000,
        }
        for code in bought
    ]


def _counts(rng: Random, products: list[str], subassemblies: list[str], count: int) -> list[Row]:
    """Completions and sales of the month in order of date; every product and subassembly takes its turn."""
    subjects = [("Completed", code) for code in [*products, *subassemblies]] + [("Sold", code) for code in products]
    days = (END - START).days + 1
    rows: list[Row] = []
    for n in range(count):
        event, code = subjects[n % len(subjects)]
        day = START + timedelta(days=n * days // count)
        document = f"{'PC' if event == 'Completed' else 'SH'}-{n:06}"
        quantity = int(10 + 90 * rng.random())
        rows.append({"Date": day, "Document": document, "Event": event, "Item": code, "Quantity": quantity})
    return rows


def _scrap(products: list[str], bought: list[str]) -> list[Row]:
    """A scrapped unit of every tenth product, and scrapped parts of every tenth bought item."""
    units = [("Finished unit", code) for code in products[::10]]
    parts = [("Component", code) for code in bought[::10]]
    return [
        {
            "Date": START + timedelta(days=n % 31),
            "Document": f"SC-{n:06}",
            "Item": code,
            "Quantity": 1 + n % 7,
            "Stage": stage,
            "Kind": "Abnormal" if n % 5 == 0 else "Normal",
        }
        for n, (stage, code) in enumerate([*units, *parts])
    ]


def _purchases(rng: Random, bought: list[str]) -> list[Row]:
    """One receipt of every bought item."""
    return [
        {
            "Date": START + timedelta(days=n % 31),
            "Document": f"PO-{n:06}",
            "Item": code,
            "Quantity": 1000,
            "Actual price": int(1 + 5000 * rng.random()) / 1000,
        }
        for n, code in enumerate(bought)
    ]


def _actuals() -> list[Row]:
    return [
        {"Date": START + timedelta(days=n), "Document": f"PR-{n}", "Cost type": "Labor", "Hours": 100, "Amount": 2_450}
        for n in range(31)
    ]


def main() -> None:
    """Write a world as a workbook."""
    from xlbackflush.template.build import build

    book, lines, counts, changes, triggers = sys.argv[1:]
    build(Path(book), (START, END), world(int(lines), int(counts), int(changes), triggers))


if __name__ == "__main__":
    main()
