"""Sheet Dashboard: the rows that its charts draw, as live formulas over Variances and Ledger."""

from collections.abc import Mapping, Sequence

from xlbackflush import schema
from xlbackflush.engine.measures import dashboard as charts
from xlbackflush.engine.measures.dashboard import Bar, FlowBand
from xlbackflush.engine.measures.variances import NOT_POSTED
from xlbackflush.engine.posting.flush import ledger
from xlbackflush.model.inputs import Settings
from xlbackflush.model.money import from_minor, to_minor
from xlbackflush.sheets.body import Body, RunView, shown
from xlbackflush.sheets.formulas import ledger_sum, literal

_NBSP = "\u00a0"  # an amount and its U or F stay on one line under the bar

#: where each chart's rows stand in the table, from 0
STEPS = range(len(charts.CLASSES) + 2)
CUT = STEPS.stop
LARGEST = range(CUT + 1, CUT + 2 + charts.LARGEST)
STREAMS = range(LARGEST.stop, LARGEST.stop + len(charts.STREAMS))


def labels() -> list[dict[str, object]]:
    """The rows of a workbook that has not been run: what the bars will stand for."""
    return [{"Chart": bar.chart, "Label": bar.name} for bar in charts.dashboard([], ledger([], {}), Settings(), 0)]


def body(run: RunView) -> Body:
    """One row per bar. What a chart does not use is blank, so that it draws nothing there."""
    bars = run.period.dashboard
    formulas = _Rows(run).formulas(bars)
    live = {c.name: [f.get(c.name, "") for f in formulas] for c in schema.DASHBOARD.columns if c.kind in schema.NUMERIC}
    columns = shown(schema.DASHBOARD, bars, money=run.money)
    for name, drawn in live.items():
        columns[name] = ([v if f else None for v, f in zip(columns[name][0], drawn, strict=True)], drawn)
    captions = [caption(bar, run.period.places) for bar in bars]
    return columns | {"Label": (captions, [f.get("Label", "") for f in formulas])}


def caption(bar: Bar, places: int) -> str:
    """What stands under a bar: its name and, unless nil, its amount in whole money; variances with U or F."""
    if not bar.amount:
        return bar.name
    amount = abs(bar.amount) if bar.up or bar.down else bar.amount
    side = f"{_NBSP}U" if bar.up else f"{_NBSP}F" if bar.down else ""
    return f"{bar.name}: {to_minor(from_minor(amount, places), 0):,}{side}"


def _caption(name: str, amount: str, side: str = "") -> str:
    """`caption` as a formula. FIXED, not TEXT, whose patterns are written differently from country to country."""
    return f'{name}&IF({amount}=0,"",": "&FIXED(ROUND({amount},0),0){"&" + side if side else ""})'


def _net(**wanted: str) -> str:
    """Sum of the variances whose columns have these values, unfavorable positive."""
    where = "".join(f",Variances[{column}],{literal(value)}" for column, value in wanted.items())
    u, f = (f'SUMIFS(Variances[Amount],Variances[[F/U]],"{side}"{where})' for side in "UF")
    return f"{u}-{f}"


class _Rows:
    """Formulas of the rows, by column."""

    def __init__(self, run: RunView) -> None:
        self.at, self.rows = run.letters("Dashboard"), run.rows("Dashboard", STREAMS.stop)
        self.run, self.digits = run, run.period.places
        self.cut = self._cell("Amount", self.rows[CUT])

    def formulas(self, bars: list[Bar]) -> list[Mapping[str, str]]:
        """Of all rows, from top to bottom."""
        rows = dict(zip(self.rows, bars, strict=True))
        return [
            *(self._step(rows[r].name, r) for r in self.rows[STEPS.start : STEPS.stop]),
            self._cut(),
            *(self._largest(rows[r], r) for r in self.rows[LARGEST.start : LARGEST.stop]),
            *(self._stream(s, r) for s, r in zip(charts.STREAMS, self.rows[STREAMS.start :], strict=True)),
        ]

    def _cell(self, column: str, row: int) -> str:
        return f"{self.at[column]}{row}"

    def _span(self, column: str, rows: range) -> str:
        """Cells of a column, fixed: `P$20:P$30`."""
        letter = self.at[column]
        return f"{letter}${self.rows[rows.start]}:{letter}${self.rows[rows.stop - 1]}"

    def _round(self, formula: str) -> str:
        return f"ROUND({formula},{self.digits})"

    def _step(self, name: str, row: int) -> dict[str, str]:
        """A row of the waterfall."""
        amount, level, above = (self._cell("Amount", row), self._cell("Level", row), self._cell("Level", row - 1))
        if name in (charts.STANDARD, charts.ACTUAL):
            return {
                "Label": _caption(literal(name), amount),
                "Amount": self._standard() if name == charts.STANDARD else above,
                "Level": amount,
                "Total": self._round(f"{level}-{self.cut}"),
            }
        return {
            "Label": _caption(literal(name), f"ABS({amount})", f'IF({amount}>0,"{_NBSP}U","{_NBSP}F")'),
            "Amount": self._round("+".join(_net(Variance=each) for each in charts.CLASSES[name])),
            "Level": self._round(f"{above}+{amount}"),
            "Base": self._round(f"MIN({above},{level})-{self.cut}"),
            "Up": f"MAX({amount},0)",
            "Down": f"MAX(-{amount},0)",
        }

    def _standard(self) -> str:
        """What the ledger was charged with and what it does not hold, less all variances."""
        spent = self._movement("Credits", "Debits", charts.SPENDING)
        outside = charts.outside_ledger(self.run.inputs.settings)
        unheld = "+".join(_net(Variance=name, Disposition=NOT_POSTED) for name in outside)
        return self._round(f"{spent}+{unheld}-SUM({self._span('Amount', STEPS[1:-1])})")

    def _movement(self, plus: str, minus: str, roles: Sequence[str]) -> str:
        """Net movement of roles, what other journals recorded included; credit or debit positive, as `plus` says."""
        others = ledger_sum("Recorded elsewhere", roles) if self.run.in_other_journals.intersection(roles) else ""
        sign = "+" if plus == "Debits" else "-"
        return f"{ledger_sum(plus, roles)}-{ledger_sum(minus, roles)}{others and sign + others}"

    def _cut(self) -> dict[str, str]:
        levels = self._span("Level", STEPS)
        low, high = f"MIN({levels})", f"MAX({levels})"
        return {
            "Label": _caption(literal(charts.CUT), self.cut),
            "Amount": self._round(f"MAX(MIN(0,{low}),{low}-MAX({high}-{low},{high}/50))"),
        }

    def _largest(self, bar: Bar, row: int) -> dict[str, str]:
        """A row of the Pareto: a row of the variances, all others, or blank."""
        amount, total = self._cell("Amount", row), f"SUM({self._span('Amount', LARGEST)})"
        so_far = f"SUM({self.at['Amount']}${self.rows[LARGEST.start]}:{amount})"
        share = {"Cumulative %": f"IF({total}=0,0,{so_far}/{total})"}
        if bar.source is None:
            return self._others(row) | share if bar.name else {}
        source = self.run.sheets.tables["Variances"].first_row + bar.source
        money, side = (self.run.sheets.ref("Variances", c, source) for c in ("Amount", "F/U"))
        name = '&" "&'.join(self.run.sheets.ref("Variances", c, source) for c in bar.named)
        return share | {
            "Label": _caption(name, amount, f'"{_NBSP}"&{side}'),
            "Amount": money,
            "Up": f'IF({side}="U",{amount},0)',
            "Down": f'IF({side}="F",{amount},0)',
        }

    def _others(self, row: int) -> dict[str, str]:
        """What the largest leave of all; the total Conversion allocation is not counted besides its parts."""
        amount = self._cell("Amount", row)
        largest = self._span("Amount", range(LARGEST.start, LARGEST.stop - 1))
        total = f"SUMIFS(Variances[Amount],Variances[Variance],{literal(schema.CONVERSION_ALLOCATION)})"
        return {
            "Label": _caption(literal(charts.OTHERS), amount),
            "Amount": self._round(f"SUM(Variances[Amount])-{total}-SUM({largest})"),
            "Total": amount,
        }

    def _stream(self, stream: FlowBand, row: int) -> dict[str, str]:
        """A row of the cost flow; what is negative stands on the other side."""
        amount = self._cell("Amount", row)
        plus, minus = ("Credits", "Debits") if stream.inward else ("Debits", "Credits")
        same, other = ("Cost in", "Cost out") if stream.inward else ("Cost out", "Cost in")
        return {
            "Label": _caption(literal(stream.name), amount),
            "Amount": self._round(
                ledger_sum(stream.column, stream.roles) if stream.column else self._movement(plus, minus, stream.roles)
            ),
            same: f"MAX({amount},0)",
            other: f"MAX(-{amount},0)",
        }
