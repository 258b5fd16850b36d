"""What is typed per so many, per lot or in another unit, as what it is per one unit: exact, row by row.

    3 box per 100, 1 box = 12 each      Qty per 3 x 12 / 100
    800 per 100                         Material price 8
    1 h, setup 3 h for a lot of 100     Labor hours 1.03
    3 box at 97 per box                 Quantity 36, Actual price 97 / 12

It knows the physical units that the tests use, by hand. A unit is looked for along the rows of Units that are for the item
first, then along those too that are for every item; the first way found is taken.
"""

from collections import defaultdict
from fractions import Fraction

Row = dict[str, object]
Tables = dict[str, list[Row]]

#: unit -> its kind, and how many of the kind's smallest unit it is
PHYSICAL = {
    "g": ("mass", Fraction(1)), "kg": ("mass", Fraction(1000)), "lb": ("mass", Fraction("453.59237")),
    "mm": ("length", Fraction(1)), "m": ("length", Fraction(1000)), "in": ("length", Fraction("25.4")),
    "ml": ("volume", Fraction(1)), "l": ("volume", Fraction(1000)),
}  # fmt: skip
SPELLED = {"kgs": "kg", "gr": "g", "lbs": "lb", "mtr": "m", "ltr": "l", "pcs": "each", "pc": "each", "ea": "each"}


def number(value: object, blank: int) -> Fraction:
    return Fraction(blank) if value in (None, "") else Fraction(str(value))


def unit(text: object) -> str:
    small = str(text or "").strip().lower()
    return SPELLED.get(small, small)


def factor(rows: list[Row], item: str, one: object, other: object) -> Fraction:
    """How many of the other unit are in one. A unit that nothing leads to fails with LookupError."""
    start, end = unit(one), unit(other)
    if not start or not end:
        return Fraction(1)
    own = [row for row in rows if str(row.get("Item") or "").lower() == item.lower()]
    every = [row for row in rows if not row.get("Item")]
    for known in (own, [*own, *every]):
        ways: dict[str, list[tuple[str, Fraction]]] = defaultdict(list)
        for row in known:
            a, b, f = unit(row["From"]), unit(row["To"]), number(row["Factor"], 1)
            ways[a].append((b, f))
            ways[b].append((a, 1 / f))
        for physical in (False, True):
            found, waiting = {start: Fraction(1)}, [start]
            while waiting:
                at = waiting.pop(0)
                steps = list(ways[at])
                if physical and at in PHYSICAL:
                    steps += [(u, PHYSICAL[at][1] / s) for u, (kind, s) in PHYSICAL.items() if kind == PHYSICAL[at][0]]
                for there, each in steps:
                    if there not in found:
                        found[there] = found[at] * each
                        waiting.append(there)
            if end in found:
                return found[end]
    raise LookupError(f"{one} of {item} in {other}")


def costed_per_unit(given: Tables) -> Tables:
    """The tables with what the columns mean; those of a bill that is not in force are gone."""
    tables: Tables = defaultdict(list, given)
    units = given.get("Units", [])
    own = {str(row["Item"]).lower(): row.get("UoM") for row in given["StandardCost"]}
    bills = {str(row["Item"]).lower(): str(row.get("Bill") or "").lower() for row in given["StandardCost"]}

    def in_own(row: Row, item: str) -> Fraction:
        return factor(units, item, row.get("UoM"), own[item.lower()])

    tables["BOM"] = [
        row
        | {
            "Qty per": number(row["Qty per"], 0) / number(row.get("Per"), 1) * in_own(row, str(row["Component"])),
            "Alternative": "",
        }
        for row in given.get("BOM", [])
        if str(row.get("Alternative") or "").lower() == bills[str(row["Parent"]).lower()]
    ]
    tables["StandardCost"] = [
        row
        | {
            "Material price": number(row.get("Material price"), 0) / number(row.get("Price per"), 1),
            "Labor hours": number(row.get("Labor hours"), 0)
            + number(row.get("Setup hours"), 0) / number(row.get("Lot size"), 1),
        }
        for row in given["StandardCost"]
    ]
    tables["Purchases"] = [
        row
        | {
            "Quantity": number(row["Quantity"], 0) * in_own(row, str(row["Item"])),
            "Actual price": number(row["Actual price"], 0)
            / number(row.get("Price per"), 1)
            / in_own(row, str(row["Item"])),
        }
        for row in given.get("Purchases", [])
    ]
    return tables
