"""What live formulas are made of: plain native functions that recompute every posted amount from the input cells.

A journal line adds up Trace rows; a Trace row multiplies its parent's row by its BOM row and its cost row; a cost row adds
up Build-up rows; so Excel's own Trace Precedents walks from the journal to the cells that people typed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from xlbackflush import schema
from xlbackflush.engine.explosion.demand import Stream
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.tables import Source
from xlbackflush.ooxml.address import fixed, link_target, quoted

#: criteria that leave out what is posted from the close on
AFTER_CLOSE = "".join(f',Journal[Event],"<>{event}"' for event in schema.FROM_THE_CLOSE_ON)
_DATE_LIKE = re.compile(r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[\s.\-/]*\d", re.I)


def literal(text: str) -> str:
    """Text inside a formula: 5" pipe -> "5"" pipe"."""
    return '"' + text.replace('"', '""') + '"'


def link(where: str, target: str = "") -> str:
    """A link that shows the address of a cell or of cells, as people write it, and goes there, or to a target."""
    return f'HYPERLINK("#{link_target(target or where)}",{literal(where)})'


@lru_cache(maxsize=100_000)
def plain(code: str) -> bool:
    """True where SUMIFS compares an item code as it stands.

    SUMIFS reads * ? ~ as wildcards and takes what looks like a number or date for one ("007" equals 7), so only codes
    that start with a letter and look like neither are left to it.
    """
    if not re.fullmatch(r"[A-Za-z_][^*?~]*", code) or code.casefold() in ("true", "false"):
        return False
    return not _DATE_LIKE.match(code)


@dataclass
class Sheets:
    """Where every table stands: `ref(table, column, row)` is a cell as formulas write it."""

    tables: dict[str, Source]

    @property
    def missing(self) -> list[str]:
        """Tables that the workbook does not have."""
        return [name for name, place in self.tables.items() if not place.letters]

    def written(self, formulas: Sequence[str]) -> Sequence[str]:
        """Formulas as they go into the workbook: without the tables that it does not have."""
        missing = self.missing
        return [without_tables(formula, missing) for formula in formulas] if missing else formulas

    def ref(self, table: str, column: str, row: int | str) -> str:
        """A cell; 0 for a column that the workbook does not have."""
        return f"{self.head(table, column)}{row}" if self.has(table, column) else "0"

    def head(self, table: str, column: str) -> str:
        """Sheet and column letter: `BOM!C`."""
        stands = self.tables[table]
        return f"{quoted(stands.sheet)}!{stands.letters[column]}"

    def has(self, table: str, column: str) -> bool:
        """True where the workbook has the column."""
        return column in self.tables[table].letters

    def heads(self, table: str) -> dict[str, str]:
        """Sheet and column letter of every column that the workbook has."""
        return {column: self.head(table, column) for column in self.tables[table].letters}


_SUMS = re.compile(r"\b(?:SUMIFS|SUMPRODUCT|COUNTIFS|SUM|COUNT|COUNTA)\(")
_TOKENS = re.compile(r'"(?:[^"]|"")*"|[()]')


def without_tables(formula: str, missing: Sequence[str]) -> str:
    """A formula without tables that the workbook does not have: what is added up or counted over one of them is 0."""
    wanted = re.compile(rf"\b(?:{'|'.join(missing)})\[")
    while missing and (found := wanted.search(formula)):
        start = max(
            m.start() for m in _SUMS.finditer(formula, 0, found.start()) if _end(formula, m.end()) > found.end()
        )
        formula = f"{formula[:start]}0{formula[_end(formula, formula.index('(', start) + 1) :]}"
    return formula


def _end(formula: str, start: int) -> int:
    """Where the call ends whose arguments start here."""
    depth = 1
    for token in _TOKENS.finditer(formula, start):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if not depth:
            return token.end()
    raise ValueError(formula)


def setting_ref(inputs: Inputs, name: str) -> str:
    """Absolute cell of a setting: Setup!$B$9; "" where the workbook does not have it."""
    where = inputs.setting_cells.get(name, "")
    if not where:
        return ""
    sheet, cell = where.rsplit("!", 1)
    return f"{quoted(sheet)}!{fixed(cell)}"


def day_ref(inputs: Inputs, name: str) -> str:
    """Day of a date setting, its time of day dropped; "" where the workbook does not have it."""
    cell = setting_ref(inputs, name)
    return f"INT({cell})" if cell else ""


def setting_value(inputs: Inputs, name: str) -> str:
    """A numeric setting inside a formula: its cell; the default where that is blank, or not in the workbook."""
    default = next(s.default for s in schema.SETTINGS if s.name == name) or 0
    cell = setting_ref(inputs, name)
    return f'IF({cell}="",{default},{cell})' if cell else str(default)


def default_scrap_basis(inputs: Inputs) -> str:
    """The cell of the setting; its value where that is blank, or not in the workbook."""
    setup, name = inputs.sources["Setup"].by_column(), "Default scrap basis"
    typed = dict(zip((str(s).strip() for s in setup["Setting"]), setup["Value"], strict=True)).get(name)
    return setting_ref(inputs, name) if typed not in (None, "") else literal(inputs.settings.default_scrap_basis)


def scrap_basis(cell: str, default: str) -> str:
    """Scrap basis of a BOM line, the default where it is blank. cell: "" where the workbook has no such column."""
    return f'IF({cell}="",{default},{cell})' if cell else default


def with_scrap(quantity: str, scrap: str, basis: str) -> str:
    """quantity / (1 - s) on input, quantity x (1 + s) on output."""
    return f'IF({basis}="{schema.INPUT}",{quantity}/(1-{scrap}),{quantity}*(1+{scrap}))'


def counted_units(stream: Stream, code: str, item_cell: str, first_cell: str, last_cell: str) -> str:
    """Units of a root on the days of a Trace row, added up from the transaction sheet."""
    table = stream.table
    if plain(code):
        wanted = "".join(f",{table}[{column}],{literal(value)}" for column, value in stream.wanted)
        return (
            f'SUMIFS({table}[Quantity],{table}[Item],"="&{item_cell}{wanted},'
            f'{table}[Date],">="&{first_cell},{table}[Date],"<"&{last_cell}+1)'
        )
    wanted = "".join(f"*({table}[{column}]={literal(value)})" for column, value in stream.wanted)
    return (
        f'SUMPRODUCT(({table}[Item]&""={item_cell}){wanted}*({table}[Date]>={first_cell})'
        f"*({table}[Date]<{last_cell}+1),{table}[Quantity])"
    )


def completion_counts(code: str, item_cell: str) -> str:
    """Number of counts that complete an item, corrections left out."""
    if plain(code):
        return f'COUNTIFS(Counts[Item],"="&{item_cell},Counts[Event],"{schema.COMPLETED}",Counts[Quantity],">0")'
    return f'SUMPRODUCT((Counts[Item]&""={item_cell})*(Counts[Event]="{schema.COMPLETED}")*(Counts[Quantity]>0))'


def stock_sum(table: str, column: str, code: str, item_cell: str, wanted: tuple[tuple[str, str], ...] = ()) -> str:
    """Sum of an input column over the rows of one item."""
    if plain(code):
        rest = "".join(f",{table}[{c}],{literal(v)}" for c, v in wanted)
        return f'SUMIFS({table}[{column}],{table}[Item],"="&{item_cell}{rest})'
    rest = "".join(f"*({table}[{c}]={literal(v)})" for c, v in wanted)
    # SUMPRODUCT takes truth values for nothing; a product of them is a number
    return f'SUMPRODUCT(({table}[Item]&""={item_cell}){rest or "*1"},{table}[{column}])'


def invoiced(item_cell: str) -> str:
    """Purchases of one item at actual price."""
    return f'SUMPRODUCT((Purchases[Item]&""={item_cell})*1,Purchases[Quantity],Purchases[Actual price])'


@dataclass(frozen=True)
class Relieved:
    """Rows of the Trace that take a component out of an account: its code and cell, the cell of the account's role.

    event: a criterion such as <>Scrap. below: without the rows at level 0.
    """

    code: str
    cell: str
    role: str
    event: str
    below: bool = False


def trace_sum(column: str, rows: Relieved) -> str:
    """Sum of a Trace column over the relieved rows of one component."""
    if plain(rows.code):
        deep = ',Trace[Level],">0"' if rows.below else ""
        return (
            f'SUMIFS(Trace[{column}],Trace[Component],"="&{rows.cell},Trace[Relieved from],{rows.role},'
            f"Trace[Event],{literal(rows.event)}{deep})"
        )
    deep = "*(Trace[Level]>0)" if rows.below else ""
    unequal, event = rows.event.startswith("<>"), literal(rows.event.removeprefix("<>"))
    test = f"Trace[Event]{'<>' if unequal else '='}{event}"
    return (
        f"SUMPRODUCT((Trace[Component]={rows.cell})*(Trace[Relieved from]={rows.role})*({test}){deep},Trace[{column}])"
    )


def ledger_sum(column: str, roles: Sequence[str]) -> str:
    """Sum of a column of the ledger over some roles. Not every spreadsheet adds up over a list of criteria."""
    sums = "+".join(f"SUMIFS(Ledger[{column}],Ledger[Role],{literal(role)})" for role in roles)
    return f"({sums})" if len(roles) > 1 else sums


def carried_over(role: str) -> str:
    """Balance of a role that sheet Opening carries over; role: a cell or a literal."""
    return f"SUMIFS(Opening[Closing balance],Opening[Role],{role})+SUMIFS(Opening[Reversal],Opening[Role],{role})"
