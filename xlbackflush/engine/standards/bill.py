"""Structure: items and bill of materials as arrays, and the order in which to walk them.

    items   one row per item of Standard Cost, numbered 0, 1, 2 ...
    lines   one row per BOM line that can matter in the period, parent and component as item numbers

A line matters when its parent is made (not bought), both ends are known items, and its dates meet the period.
`levels` gives each item its low-level code: 0 for items that nothing contains, else one more than its highest parent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xlbackflush import schema
from xlbackflush.model.tables import Inputs

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FOREVER = 2_958_465.0  # 9999-12-31, Excel's last day


@dataclass
class Structure:
    """Items and lines of one set of inputs. `lines` is sorted by parent; `first_line[i]:first_line[i + 1]` are i's."""

    items: pd.DataFrame
    lines: pd.DataFrame
    number: dict[str, int]
    first_line: Ints
    level: Ints
    frames: dict[str, pd.DataFrame]
    known: dict[tuple[str, str], Ints] = field(default_factory=dict)

    def of(self, table: str, column: str = "Item") -> Ints:
        """Item number of every row of an input column, without regard to case; -1 where unknown."""
        if (table, column) not in self.known:
            self.known[table, column] = item_numbers(self.frames[table][column], self.number)
        return self.known[table, column]


def code_key(code: str) -> str:
    """What a spreadsheet compares: letters in lower case where each has one small and one capital form.

    Python's casefold goes further than a spreadsheet's `=` (it equates sharp s with ss); codes that only it equates are
    different items here, as they are in the formulas.
    """
    if code.isascii():
        return code.lower()
    return "".join(c.lower() if c.lower().upper() == c else c for c in code)


def item_numbers(codes: pd.Series, number: dict[str, int]) -> Ints:
    """Item numbers of codes, without regard to case; -1 where unknown."""
    spelled = codes.tolist()
    known = {code: number.get(code_key(code), -1) for code in set(spelled)}
    return np.fromiter(map(known.__getitem__, spelled), np.int64, len(spelled))


def scrap_factor(quantity: Floats, scrap: Floats, on_input: NDArray[np.bool_]) -> Floats:
    """Quantity with scrap: quantity x (1 + s) on output, quantity / (1 - s) on input.

    20 % on 100 units: 120 by the first, 125 by the second.
    """
    return np.where(on_input, quantity / (1 - scrap), quantity * (1 + scrap))


def item_table(inputs: Inputs) -> pd.DataFrame:
    """Standard Cost with blanks as zero, and the derived columns of one item.

    role         account role it is relieved from; "" where it is exploded through
    own_*        cost of this level alone, per unit, by element
    flushed      conversion of this level that is flushed with a unit; 0 where conversion is expensed
    to_start     units to start for one good unit (assembly scrap)
    """
    cost, settings = inputs.frames["StandardCost"], inputs.settings
    items = pd.DataFrame({"row": cost["row"], "code": cost["Item"], "type": cost["Type"]})
    items["description"], items["uom"] = cost["Description"], cost["UoM"]
    made = (cost["Type"] != schema.BUY).to_numpy()
    hours = _zero(cost["Labor hours"]) * made
    items["made"] = made
    items["role"] = cost["Type"].map({"": ""} | {t: settings.role_of(t) for t in schema.TYPES})
    items["hours"] = hours
    items["own_Material"] = _zero(cost["Material price"]) * ~made
    items["own_Labor"] = hours * _zero(cost["Labor rate"])
    items["own_Variable overhead"] = hours * _zero(cost["Variable overhead rate"])
    items["own_Fixed overhead"] = hours * _zero(cost["Fixed overhead rate"])
    items["own_Other conversion"] = _zero(cost["Other conversion"]) * made
    items["own_conversion"] = items[[f"own_{e}" for e in schema.ELEMENTS[1:]]].to_numpy().sum(axis=1)
    items["flushed"] = 0.0 if settings.conversion_expensed else items["own_conversion"]
    on_input = np.full(len(cost), settings.default_scrap_basis == schema.INPUT)
    items["to_start"] = scrap_factor(np.ones(len(cost)), _zero(cost["Assembly scrap %"]) * made, on_input)
    return items


def line_table(inputs: Inputs, parent: Ints, component: Ints, items: pd.DataFrame) -> pd.DataFrame:
    """BOM lines that can matter, sorted by parent, in the order of the sheet within a parent.

    factor is component units per parent unit to start; first and last are the effective days, clipped to the period.
    """
    bom, settings = inputs.frames["BOM"], inputs.settings
    first = np.fmax(np.nan_to_num(bom["Effective from"].to_numpy(), nan=0.0), settings.period_start)
    last = np.fmin(np.nan_to_num(bom["Effective to"].to_numpy(), nan=FOREVER), settings.period_end)
    basis = bom["Scrap basis"].where(bom["Scrap basis"] != "", settings.default_scrap_basis)
    on_input = (basis == schema.INPUT).to_numpy()
    quantity, scrap = _zero(bom["Qty per"]), _zero(bom["Scrap %"])
    lines = pd.DataFrame(
        {
            "row": bom["row"],
            "parent": parent,
            "component": component,
            "spelled": bom["Component"],
            "quantity": quantity,
            "scrap": scrap,
            "on_input": on_input,
            "factor": scrap_factor(quantity, scrap, on_input),
            "first": first,
            "last": last,
        }
    )
    made = np.append(items["made"].to_numpy(dtype=bool), False)  # the last one stands for item -1
    keep = made[parent] & (parent >= 0) & (component >= 0) & (first <= last)
    return lines[keep].sort_values("parent", kind="stable", ignore_index=True)


def structure(inputs: Inputs) -> Structure:
    """Number the items, sort the lines, level the items. Items on a BOM circle get level -1 (see `rules.cycles`)."""
    items = item_table(inputs)
    number: dict[str, int] = {}
    for i, code in enumerate(items["code"]):
        if code:
            number.setdefault(code_key(code), i)
    ends = {("BOM", end): item_numbers(inputs.frames["BOM"][end], number) for end in ("Parent", "Component")}
    lines = line_table(inputs, ends["BOM", "Parent"], ends["BOM", "Component"], items)
    parent = lines["parent"].to_numpy()
    first_line = np.searchsorted(parent, np.arange(len(items) + 1))
    level = levels(parent, lines["component"].to_numpy(), len(items))
    return Structure(items, lines, number, first_line, level, inputs.frames, ends)


def levels(parent: Ints, component: Ints, count: int) -> Ints:
    """Low-level codes by peeling: repeatedly take the items whose parents are all taken. -1 is left on a circle.

    A > B > C and A > C gives A 0, B 1, C 2.
    """
    level = np.full(count, -1, dtype=np.int64)
    waiting = np.bincount(component, minlength=count)
    ready = np.flatnonzero(waiting == 0)
    start = np.searchsorted(parent, np.arange(count + 1))
    depth = 0
    while len(ready):
        level[ready] = depth
        children = component[ranges(start[ready], start[ready + 1])]
        waiting -= np.bincount(children, minlength=count)
        ready = np.unique(children[waiting[children] == 0])
        depth += 1
    return level


def ranges(start: Ints, stop: Ints) -> Ints:
    """Concatenated ranges: starts [2, 7], stops [4, 8] gives 2, 3, 7."""
    length = stop - start
    total = int(length.sum())
    offset = (
        np.repeat(start - np.concatenate(([0], np.cumsum(length)[:-1])), length) if total else np.zeros(0, np.int64)
    )
    return offset + np.arange(total)


def _zero(column: pd.Series) -> Floats:
    """Blank money and blank percentages are zero."""
    values: Floats = np.nan_to_num(column.to_numpy(dtype=np.float64), nan=0.0)
    return values
