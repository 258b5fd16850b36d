"""Sheet Trace: every count exploded, quantities from the parent's row, the BOM row and the cost row, row by row."""

from __future__ import annotations

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.explosion.demand import Stream
from xlbackflush.engine.explosion.product_view import trace_columns
from xlbackflush.sheets.body import Body, RunView
from xlbackflush.sheets.formulas import counted_units, day_ref, scrap_basis, with_scrap

TABLE = schema.TRACE

_LIVE = (
    "Parent", "Component", "Parent qty", "Qty per", "Scrap %", "Required qty", "Standard cost", "Amount", "Charged to",
    "Relieved from", "Conversion rate", "Conversion", "Scrap basis", "Units", "Started", "First day", "Last day",
)  # fmt: skip


def body(run: RunView) -> Body:
    """One row per root, item that is exploded, and component."""
    values, formulas = trace_columns(run.period.explosion.rows, run.bill, run.period.demand), _Formulas(run).columns()
    return {name: (column, formulas.get(name)) for name, column in values.items()}


class _Formulas:
    """Formulas of the Trace. Heads are rows at level 0, the others hang below their parent's row."""

    def __init__(self, run: RunView) -> None:
        self.run, demand, explosion = run, run.period.demand, run.period.explosion
        self.rows, self.by_line = explosion.rows, explosion.by_line
        self.streams = [demand.streams[s] for s in demand.roots.stream.tolist()]  # of each root
        self.at, self.top = run.letters(TABLE.name), run.sheets.tables[TABLE.name].first_row
        self.bom, self.roll = run.sheets.heads("BOM"), run.sheets.heads("Rollup")
        self.start, self.end = day_ref(run.inputs, "Period start"), day_ref(run.inputs, "Period end")

    def columns(self) -> dict[str, list[str]]:
        """Formulas of each column, row by row; "" where a cell is a plain value or blank."""
        out: dict[str, list[str]] = {name: [] for name in _LIVE}
        several = np.bincount(self.run.period.unit_costs.rows.item, minlength=len(self.run.items)) > 1
        bom_rows, split, exploded = self.run.lines.row.tolist(), several.tolist(), self._tests_of_exploding()
        columns = (
            getattr(self.rows, c).tolist()
            for c in ("root", "product", "parent_row", "item", "line", "rollup_row", "relieved")
        )
        for k, (root, product, parent, item, line, rollup_row, relieved) in enumerate(zip(*columns, strict=True)):
            row, cost_row, stream = self.top + k, self.run.rollup_top + rollup_row, self.streams[root]
            if parent >= 0:
                below = self._below_condensed if self.by_line else self._below
                cells = below(
                    row,
                    self.top + parent,
                    bom_rows[line],
                    cost_row,
                    stream,
                    self.run.codes[product],
                    relieved and split[item],
                    exploded[parent],
                )
                cells |= (
                    self._relieved(row, cost_row, stream)
                    if relieved
                    else self._through(row, self.top + parent, cost_row)
                )
            elif relieved:
                cells = self._head_relieved(row, cost_row, stream, self.run.codes[product], split[item])
            elif self.by_line:
                cells = self._total(k, cost_row, stream, self.run.codes[product])
            else:
                cells = self._head_exploded(row, cost_row, stream, self.run.codes[product])
            for name, formulas in out.items():
                formulas.append(cells.get(name, ""))
        return out

    def _tests_of_exploding(self) -> list[str]:
        """Of each row that is exploded for want of an account: that it has none. Its components hang on its type."""
        roles = self.run.items.role.tolist()
        up = (self.rows.rollup_row + self.run.rollup_top).tolist()
        accounts = [f'{self.roll["Relieved from"]}{u}=""' for u in up]
        return [test if not roles[i] else "" for i, test in zip(self.rows.item.tolist(), accounts, strict=True)]

    def _head(self, r: int, u: int, stream: Stream, code: str) -> dict[str, str]:
        """Level 0: the units counted in the period."""
        at = self.at
        cells = {
            "Component": f"{at['Product']}{r}",
            "Required qty": f"{at['Units']}{r}",
            "Units": counted_units(
                stream, code, f"{at['Product']}{r}", f"{at['First day']}{r}", f"{at['Last day']}{r}"
            ),
            "First day": self.start,
            "Last day": self.end,
        }
        if not stream.charged_to:
            cells["Charged to"] = f"{self.roll['Relieved from']}{u}"
        return cells

    def _head_relieved(self, r: int, u: int, stream: Stream, code: str, split: bool) -> dict[str, str]:
        """Units that are relieved as themselves: sold from stock, received, scrapped as a component."""
        cells = self._head(r, u, stream, code) | self._relieved(r, u, stream)
        if split:
            cells |= {"First day": f"{self.roll['From']}{u}", "Last day": f"{self.roll['To']}{u}"}
        return cells

    def _head_exploded(self, r: int, u: int, stream: Stream, code: str) -> dict[str, str]:
        """Units whose components follow; their own conversion is flushed here."""
        return (
            self._head(r, u, stream, code) | self._conversion(r, u) | {"Started": f"{self.roll['Units to start']}{u}"}
        )

    def _conversion(self, r: int, u: int) -> dict[str, str]:
        return {
            "Conversion rate": f"{self.roll['Own conversion']}{u}",
            "Conversion": f"{self.at['Required qty']}{r}*{self.at['Conversion rate']}{r}",
        }

    def _relieved(self, r: int, u: int, stream: Stream) -> dict[str, str]:
        """A row that is relieved as itself: at its relief cost, from its account."""
        cells = self._cost(r, u)
        if stream.event != schema.PURCHASE:
            cells["Relieved from"] = f"{self.roll['Relieved from']}{u}"
        return cells

    def _cost(self, r: int, u: int) -> dict[str, str]:
        at, roll = self.at, self.roll
        return {
            "Standard cost": f"IF({roll['Item']}{u}={at['Component']}{r},{roll['Relief cost']}{u},0)",
            "Amount": f"{at['Required qty']}{r}*{at['Standard cost']}{r}",
        }

    def _through(self, r: int, p: int, u: int) -> dict[str, str]:
        """A row that is exploded through. Its cost is zero while its type stays what it is."""
        cells = self._cost(r, u) | {"Relieved from": f"{self.roll['Relieved from']}{u}"}
        if self.by_line:  # its own total row, further down, has the rest
            return cells
        started = f"{self.at['Started']}{p}*{self._factor(r)}*{self.roll['Units to start']}{u}"
        return cells | self._conversion(r, u) | {"Started": started}

    def _below(
        self, r: int, p: int, b: int, u: int, stream: Stream, product: str, split: bool, exploded: str
    ) -> dict[str, str]:
        """A component: parent's units to start x quantity per, scrap included, on the days that line and parent share."""
        at, bom, roll = self.at, self.bom, self.roll
        first, last = [f"{at['First day']}{p}"], [f"{at['Last day']}{p}"]
        if "Effective from" in bom:
            first.append(f"INT({bom['Effective from']}{b})")
        if "Effective to" in bom:
            last.append(f'IF({bom["Effective to"]}{b}="",{at["Last day"]}{p},INT({bom["Effective to"]}{b}))')
        if split:
            first.append(f"{roll['From']}{u}")
            last.append(f"{roll['To']}{u}")
        first_cell, last_cell = f"{at['First day']}{r}", f"{at['Last day']}{r}"
        counted = counted_units(stream, product, f"{at['Product']}{r}", first_cell, last_cell)
        same = f"AND({first_cell}={at['First day']}{p},{last_cell}={at['Last day']}{p})"
        hangs = f'{bom["Parent"]}{b}&""={at["Parent"]}{r}'
        hangs = f"AND({hangs},{exploded})" if exploded else hangs
        cells = self._line(r, p, b) | {
            "Parent qty": f"{at['Units']}{r}*{at['Started']}{p}",
            "Qty per": f"IF({hangs},{bom['Qty per']}{b},0)",
            "Required qty": f"{at['Parent qty']}{r}*{self._factor(r)}",
            "Units": f"IF({same},{at['Units']}{p},{counted})",
            "First day": f"MAX({','.join(first)})",
            "Last day": f"MIN({','.join(last)})",
        }
        if not stream.charged_to:
            cells["Charged to"] = f"{at['Charged to']}{p}"
        return cells

    def _line(self, r: int, p: int, b: int) -> dict[str, str]:
        """What every row of a BOM line has."""
        return {
            "Parent": f"{self.at['Component']}{p}",
            "Component": f'{self.bom["Component"]}{b}&""',
            "Scrap %": f"{self.bom['Scrap %']}{b}" if "Scrap %" in self.bom else "",
            "Scrap basis": scrap_basis(self.bom, b, self.run.default_basis),
        }

    def _factor(self, r: int) -> str:
        at = self.at
        return with_scrap(f"{at['Qty per']}{r}", f"{at['Scrap %']}{r}", f"{at['Scrap basis']}{r}")

    # --------------------------------------------------------------------------------------- condensed

    def _total(self, k: int, u: int, stream: Stream, code: str) -> dict[str, str]:
        """Total of an exploded item: units counted plus what the rows above it require."""
        r, at = self.top + k, self.at
        first, last = int(self.rows.block_first[k]), int(self.rows.block_last[k])
        cells = self._head_exploded(r, u, stream, code)
        if first >= 0:
            need = at["Required qty"]
            cells["Required qty"] = f"{at['Units']}{r}+SUM({need}{self.top + first}:{need}{self.top + last})"
        settings = self.run.inputs.settings
        if (self.rows.first[k], self.rows.last[k]) != (settings.period_start, settings.period_end):
            cells["First day"] = cells["Last day"] = ""  # recorded: where the BOM changes within the period
        cells.pop("Charged to", None)
        return cells

    def _below_condensed(
        self, r: int, p: int, b: int, u: int, stream: Stream, product: str, split: bool, exploded: str
    ) -> dict[str, str]:
        """A BOM line: its parent's total x units to start x quantity per, while the line holds."""
        at, bom = self.at, self.bom
        tests = [f'{bom["Parent"]}{b}&""={at["Parent"]}{r}', *filter(None, [exploded])]
        if "Effective from" in bom:
            tests.append(f"INT({bom['Effective from']}{b})<={at['First day']}{r}")
        if "Effective to" in bom:
            tests.append(f'OR({bom["Effective to"]}{b}="",INT({bom["Effective to"]}{b})>={at["Last day"]}{r})')
        return self._line(r, p, b) | {
            "Parent qty": f"{at['Required qty']}{p}*{at['Started']}{p}",
            "Qty per": f"IF(AND({','.join(tests)}),{bom['Qty per']}{b},0)",
            "Required qty": f"{at['Parent qty']}{r}*{self._factor(r)}",
            "First day": f"{at['First day']}{p}",
            "Last day": f"{at['Last day']}{p}",
        }
