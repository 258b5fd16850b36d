"""Sheet Trace: every count exploded, quantities from the parent's row, the BOM row and the cost row, row by row."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.explosion.demand import GROWTH, IN_PROCESS, Stream
from xlbackflush.engine.explosion.product_view import trace_columns
from xlbackflush.model.arrays import Bools
from xlbackflush.ooxml.patterns import Patterns, Shapes, slot
from xlbackflush.sheets.body import Body, RunView
from xlbackflush.sheets.formulas import counted_units, day_ref, grown, in_process, plain, scrap_basis, with_scrap
from xlbackflush.sheets.per_unit import of_alternative, qty_per, unit_factor

_LIVE = (
    "Parent", "Component", "Parent qty", "Qty per", "Scrap %", "Required qty", "Standard cost", "Amount", "Charged to",
    "Relieved from", "Conversion rate", "Conversion", "Scrap basis", "Units", "Started", "First day", "Last day",
    "Unit factor", "Class charged", "Class relieved",
)  # fmt: skip


def body(run: RunView) -> Body:
    """One row per root, item that is exploded, and component."""
    rows = run.period.explosion.rows
    values, formulas = trace_columns(rows, run.bill, run.period.demand), _Formulas(run).columns()
    factors = [*run.factors_of_lines[0], None]  # the last one stands for line -1
    values["Unit factor"] = [factors[line] for line in rows.line.tolist()]
    return {name: (column, formulas.get(name)) for name, column in values.items()}


class _Place(NamedTuple):
    """The rows of one shape: the slots of their own row, and of the rows of their parent, BOM line and unit cost.

    hangs: below a parent. product: code of an item counted. relieved: as itself, not exploded; carried: the column of Roll-up
    with what it then stands at in its account. split: its unit cost changes within the period. exploded: the test that its
    parent still has no account, where it is exploded for want of one. totals: it adds up rows; all_period: it is of every day.
    converted: its unit is not that of its component; handled: its component has material overhead.
    counted: its unit cost holds on its days and no others, so that units of them are counted here.
    """

    hangs: bool
    stream: Stream
    product: str
    relieved: bool
    carried: str
    split: bool
    exploded: str
    totals: bool
    all_period: bool
    converted: bool
    handled: bool
    counted: bool
    row: str = slot("row")
    parent: str = slot("parent")
    line: str = slot("line")
    cost: str = slot("cost")


class _Formulas:
    """Formulas of the Trace. Heads are rows at level 0, the others hang below their parent's row."""

    def __init__(self, run: RunView) -> None:
        self.run, explosion = run, run.period.explosion
        self.rows, self.by_line = explosion.rows, explosion.by_line
        self.by_class = len(run.bill.classes) > 1
        self.at, self.top = run.letters("Trace"), run.sheets.tables["Trace"].first_row
        self.factor_row = np.array([*run.factors_of_lines[1], 0])[self.rows.line]  # the last one stands for line -1
        self.bom, self.roll = run.sheets.heads("BOM"), run.sheets.heads("Rollup")
        self.bom_line = run.any_elsewhere("BOM", "line")
        self.start, self.end = day_ref(run.inputs, "Period start"), day_ref(run.inputs, "Period end")

    def columns(self) -> dict[str, Patterns]:
        """Formulas of each column; "" where a cell is a plain value or blank."""
        tests = self._tests()
        keys = np.zeros(len(self.rows), dtype=np.int64)
        for test in tests.values():
            keys = 2 * keys + test
        streams = self.run.period.demand.roots.stream[self.rows.root]
        _, first, shape = np.unique(
            len(self.run.period.demand.streams) * keys + streams, return_index=True, return_inverse=True
        )
        cells = [
            self._cells(self._place(k, {name: bool(test[k]) for name, test in tests.items()})) for k in first.tolist()
        ]
        shapes = Shapes(shape.tolist(), self._slots())
        return {name: Patterns(shapes, [formulas.get(name, "") for formulas in cells]) for name in _LIVE}

    def _tests(self) -> dict[str, Bools]:
        """What tells the shapes of rows apart, besides their streams."""
        rows, items, settings = self.rows, self.run.items, self.run.inputs.settings
        costs = self.run.period.unit_costs.rows
        own_days = (costs.first[rows.rollup_row] == rows.first) & (costs.last[rows.rollup_row] == rows.last)
        split = np.bincount(self.run.period.unit_costs.rows.item, minlength=len(items)) > 1
        hangs, has_role = rows.parent_row >= 0, items.role != ""
        products, product = np.unique(rows.product, return_inverse=True)
        return {
            "hangs": hangs,
            "relieved": rows.relieved,
            "stocked": items.stocked[rows.item],
            "split": rows.relieved & split[rows.item],
            "exploded": hangs & ~has_role[rows.item[rows.parent_row]],
            "plain": np.array([plain(self.run.codes[i]) for i in products.tolist()], dtype=bool)[product],
            "totals": rows.block_first >= 0,
            "converted": self.factor_row > 0,
            "handled": rows.relieved & (rows.rate != 0),
            "all_period": (rows.first == settings.period_start) & (rows.last == settings.period_end),
            "counted": own_days | np.bool_(not self.by_line),
        }

    def _place(self, k: int, tests: Mapping[str, bool]) -> _Place:
        """The shape of row k."""
        demand = self.run.period.demand
        return _Place(
            hangs=tests["hangs"],
            stream=demand.streams[int(demand.roots.stream[self.rows.root[k]])],
            product=self.run.codes[int(self.rows.product[k])],
            relieved=tests["relieved"],
            carried="Relief cost" if tests["stocked"] else "Material",
            split=tests["split"],
            exploded=f'{self.roll["Relieved from"]}{slot("parent cost")}=""' if tests["exploded"] else "",
            totals=tests["totals"],
            all_period=tests["all_period"],
            converted=tests["converted"],
            handled=tests["handled"],
            counted=tests["counted"],
        )

    def _slots(self) -> dict[str, list[int]]:
        """What goes into the formulas, row by row."""
        rows = self.rows
        cost = rows.rollup_row + self.run.rollup_top
        numbers = {
            "row": np.arange(len(rows)) + self.top,
            "parent": rows.parent_row + self.top,
            "line": self.run.lines.row[rows.line] if len(self.run.lines) else rows.line,
            "cost": cost,
            "parent cost": cost[rows.parent_row],
            "parent item": self.run.items.row[rows.item[rows.parent_row]],
            "factor": self.factor_row,
            "first": rows.block_first + self.top,
            "last": rows.block_last + self.top,
        }
        return {name: column.tolist() for name, column in numbers.items()}

    def _cells(self, t: _Place) -> dict[str, str]:
        """Formulas of one row: units counted, or a component; then what is relieved and flushed with it."""
        at, roll, r, u = self.at, self.roll, t.row, t.cost
        if t.hangs:
            cells = self._below_condensed(t) if self.by_line else self._below(t)
        else:
            cells = self._head(t)
        if t.hangs or t.relieved:  # the cost of what is exploded through is zero while its type stays what it is
            cells["Standard cost"] = (
                f"IF({roll['Item']}{u}={at['Component']}{r},{roll[t.carried if t.relieved else 'Relief cost']}{u},0)"
            )
            cells["Amount"] = f"{at['Required qty']}{r}*{at['Standard cost']}{r}"
            if t.stream.posts and (not t.relieved or t.stream.event != schema.PURCHASE):
                cells["Relieved from"] = f"{roll['Relieved from']}{u}"
        is_made = not t.relieved and not (
            t.hangs and self.by_line
        )  # there its own total row, further down, has the rest
        if is_made or t.handled:
            if t.relieved and self.by_class and self.run.inputs.settings.purchase_triggers:
                cells["Class relieved"] = f"{roll['Class']}{u}"
            elif t.relieved and self.by_class:  # payables are of no class
                account = f'{roll["Relieved from"]}{u}="{schema.ACCOUNTS_PAYABLE}"'
                cells["Class relieved"] = f'IF({account},"",{roll["Class"]}{u})'
        if not t.relieved and not (t.hangs and self.by_line):  # there its own total row, further down, has the rest
            above = f"{at['Started']}{t.parent}*{self._factor(t)}*" if t.hangs else ""
            cells["Conversion rate"] = f"{roll['Own conversion']}{u}"
            cells["Conversion"] = f"{at['Required qty']}{r}*{at['Conversion rate']}{r}"
        if is_made:
            above = f"{at['Started']}{t.parent}*{self._factor(t)}*" if t.hangs else ""
            cells["Started"] = f"{above}{roll['Units to start']}{u}"
        return cells

    def _head(self, t: _Place) -> dict[str, str]:
        """Level 0: the units counted in the period, on the days of their unit cost where that changes."""
        at, roll, r = self.at, self.roll, t.row
        first, last = f"{at['First day']}{r}", f"{at['Last day']}{r}"
        cells = {
            "Component": f"{at['Product']}{r}",
            "Required qty": f"{at['Units']}{r}",
            "Units": self._units(t, first, last),
            "First day": f"{roll['From']}{t.cost}" if t.split else self.start,
            "Last day": f"{roll['To']}{t.cost}" if t.split else self.end,
        }
        if self.by_line and not t.relieved:
            return cells | self._total(t, cells["Units"])
        if t.stream.posts and not t.stream.charged_to:
            cells["Charged to"] = f"{roll['Relieved from']}{t.cost}"
        if self._charges_class(t):
            cells["Class charged"] = f"{roll['Class']}{t.cost}"
        return cells

    def _charges_class(self, t: _Place) -> bool:
        """Whether the account debited is split by class."""
        charged_to = t.stream.charged_to or schema.FINISHED_GOODS  # the item's own, which is a stock account
        return self.by_class and t.stream.posts and charged_to in schema.BY_CLASS

    def _units(self, t: _Place, first: str, last: str) -> str:
        """Units of the product on some days, from the sheet that they are typed on."""
        product = f"{self.at['Product']}{t.row}"
        if t.stream.table not in (GROWTH.table, IN_PROCESS.table):
            return counted_units(t.stream, t.product, product, first, last, self.run.has_receipts)
        sheets = self.run.sheets
        at_end = grown(sheets, t.product, product) if t.stream == GROWTH else in_process(sheets, product)
        return f"IF(AND({first}<={self.end},{last}>={self.end}),{at_end},0)"

    def _below(self, t: _Place) -> dict[str, str]:
        """A component: parent's units to start x quantity per, scrap included, on the days that line and parent share."""
        at, bom, roll, r, p, b = self.at, self.bom, self.roll, t.row, t.parent, t.line
        first, last = [f"{at['First day']}{p}"], [f"{at['Last day']}{p}"]
        if "Effective from" in bom:
            first.append(f"INT({bom['Effective from']}{b})")
        if "Effective to" in bom:
            last.append(f'IF({bom["Effective to"]}{b}="",{at["Last day"]}{p},INT({bom["Effective to"]}{b}))')
        if t.split:
            first.append(f"{roll['From']}{t.cost}")
            last.append(f"{roll['To']}{t.cost}")
        first_cell, last_cell = f"{at['First day']}{r}", f"{at['Last day']}{r}"
        counted = self._units(t, first_cell, last_cell)
        same = f"AND({first_cell}={at['First day']}{p},{last_cell}={at['Last day']}{p})"
        tests = self._hangs(t)
        hangs = f"AND({','.join(tests)})" if len(tests) > 1 else tests[0]
        cells = self._line(t) | {
            "Parent qty": f"{at['Units']}{r}*{at['Started']}{p}",
            "Qty per": f"IF({hangs},{self._qty_per(t)},0)",
            "Required qty": f"{at['Parent qty']}{r}*{self._factor(t)}",
            "Units": f"IF({same},{at['Units']}{p},{counted})",
            "First day": f"MAX({','.join(first)})",
            "Last day": f"MIN({','.join(last)})",
        }
        if t.stream.posts and not t.stream.charged_to:
            cells["Charged to"] = f"{at['Charged to']}{p}"
        if self._charges_class(t):
            cells["Class charged"] = f"{at['Class charged']}{p}"
        return cells

    def _hangs(self, t: _Place) -> list[str]:
        """The tests that the BOM line is still one of the parent's bill in force."""
        of_parent = f'{self.bom["Parent"]}{t.line}&""={self.at["Parent"]}{t.row}'
        parent = self.run.any_elsewhere("StandardCost", "parent item")
        return [of_parent, *of_alternative(self.run, self.bom_line, parent), *filter(None, [t.exploded])]

    def _qty_per(self, t: _Place) -> str:
        """Quantity of the line for one parent, in the component's unit."""
        return qty_per(self.run, self.bom_line, f"{self.at['Unit factor']}{t.row}" if t.converted else "")

    def _line(self, t: _Place) -> dict[str, str]:
        """What every row of a BOM line has."""
        basis = f"{self.bom['Scrap basis']}{t.line}" if "Scrap basis" in self.bom else ""
        return {
            "Parent": f"{self.at['Component']}{t.parent}",
            "Component": f'{self.bom["Component"]}{t.line}&""',
            "Scrap %": f"{self.bom['Scrap %']}{t.line}" if "Scrap %" in self.bom else "",
            "Scrap basis": scrap_basis(basis, self.run.default_basis),
            "Unit factor": unit_factor(self.run, self.bom_line["UoM"]) if t.converted else "",
        }

    def _factor(self, t: _Place) -> str:
        at, r = self.at, t.row
        return with_scrap(f"{at['Qty per']}{r}", f"{at['Scrap %']}{r}", f"{at['Scrap basis']}{r}")

    # --------------------------------------------------------------------------------------- condensed

    def _total(self, t: _Place, units: str) -> dict[str, str]:
        """What is other in the total of an exploded item: units counted plus what the rows above it require.

        Units are counted with the products of their own days, and of their own class.
        """
        need, cells = self.at["Required qty"], {}
        if not t.counted:
            cells["Units"] = ""  # with the products of those days
        elif self._charges_class(t):
            cells["Units"] = f"IF({self.roll['Class']}{t.cost}={self.at['Class charged']}{t.row},{units},0)"
        if t.totals:
            cells["Required qty"] = f"{self.at['Units']}{t.row}+SUM({need}{slot('first')}:{need}{slot('last')})"
        if not t.all_period:
            cells["First day"] = cells["Last day"] = ""  # recorded: where the BOM changes within the period
        return cells

    def _below_condensed(self, t: _Place) -> dict[str, str]:
        """A BOM line: its parent's total x units to start x quantity per, while the line holds."""
        at, bom, r, p, b = self.at, self.bom, t.row, t.parent, t.line
        tests = self._hangs(t)
        if "Effective from" in bom:
            tests.append(f"INT({bom['Effective from']}{b})<={at['First day']}{r}")
        if "Effective to" in bom:
            tests.append(f'OR({bom["Effective to"]}{b}="",INT({bom["Effective to"]}{b})>={at["Last day"]}{r})')
        return self._line(t) | {
            "Parent qty": f"{at['Required qty']}{p}*{at['Started']}{p}",
            "Qty per": f"IF(AND({','.join(tests)}),{self._qty_per(t)},0)",
            "Required qty": f"{at['Parent qty']}{r}*{self._factor(t)}",
            "First day": f"{at['First day']}{p}",
            "Last day": f"{at['Last day']}{p}",
        }
