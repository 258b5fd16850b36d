"""Live formulas of the output tables: plain native functions that recompute every posted amount from the input cells.

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
from xlbackflush.engine.measures.checks import LENGTH_WEIGHT, PLACE_WEIGHTS, ROW_CYCLE
from xlbackflush.engine.measures.variances import NOT_POSTED
from xlbackflush.model.basis import Basis, Closing, Flow, Invoices, Rest, Schedule, Total
from xlbackflush.model.tables import Inputs, Source
from xlbackflush.ooxml.package import quoted

#: criteria that leave out what is posted from the close on
AFTER_CLOSE = "".join(f',Journal[Event],"<>{event}"' for event in schema.FROM_THE_CLOSE_ON)
_DATE_LIKE = re.compile(r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[\s.\-/]*\d", re.I)


def literal(text: str) -> str:
    """Text inside a formula: 5" pipe -> "5"" pipe"."""
    return '"' + text.replace('"', '""') + '"'


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

    places: dict[str, Source]

    @property
    def missing(self) -> list[str]:
        """Tables that the workbook does not have."""
        return [name for name, place in self.places.items() if not place.letters]

    def ref(self, table: str, column: str, row: int | str) -> str:
        """A cell; 0 for a column that the workbook does not have."""
        place = self.places[table]
        return f"{self.head(table, column)}{row}" if column in place.letters else "0"

    def head(self, table: str, column: str) -> str:
        """Sheet and column letter: `BOM!C`."""
        place = self.places[table]
        return f"{quoted(place.sheet)}!{place.letters[column]}"

    def has(self, table: str, column: str) -> bool:
        """True where the workbook has the column."""
        return column in self.places[table].letters

    def heads(self, table: str) -> dict[str, str]:
        """Sheet and column letter of every column that the workbook has."""
        return {column: self.head(table, column) for column in self.places[table].letters}


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
    match = re.fullmatch(r"([A-Z]+)([0-9]+)", cell)
    assert match, where
    return f"{quoted(sheet)}!${match[1]}${match[2]}"


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


def scrap_basis(bom: dict[str, str], row: int, default: str) -> str:
    """Scrap basis of a BOM line, the default where it is blank. `bom` are the heads of the BOM's columns."""
    if "Scrap basis" not in bom:
        return default
    return f'IF({bom["Scrap basis"]}{row}="",{default},{bom["Scrap basis"]}{row})'


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


def trace_sum(column: str, code: str, item_cell: str, role: str, event: str, below: bool = False) -> str:
    """Sum of a Trace column over the relieved rows of one component. event: a criterion such as <>Scrap."""
    if plain(code):
        deep = ',Trace[Level],">0"' if below else ""
        return (
            f'SUMIFS(Trace[{column}],Trace[Component],"="&{item_cell},Trace[Relieved from],{role},'
            f"Trace[Event],{literal(event)}{deep})"
        )
    deep = "*(Trace[Level]>0)" if below else ""
    test = f"Trace[Event]<>{literal(event[2:])}" if event.startswith("<>") else f"Trace[Event]={literal(event)}"
    return f"SUMPRODUCT((Trace[Component]={item_cell})*(Trace[Relieved from]={role})*({test}){deep},Trace[{column}])"


def ledger_sum(column: str, roles: Sequence[str]) -> str:
    """Sum of a column of the ledger over some roles. Not every spreadsheet adds up over a list of criteria."""
    sums = "+".join(f"SUMIFS(Ledger[{column}],Ledger[Role],{literal(role)})" for role in roles)
    return f"({sums})" if len(roles) > 1 else sums


def carried_over(role: str) -> str:
    """Balance of a role that sheet Opening carries over; role: a cell or a literal."""
    return f"SUMIFS(Opening[Closing balance],Opening[Role],{role})+SUMIFS(Opening[Reversal],Opening[Role],{role})"


@dataclass
class Proofs:
    """Proof formulas of journal lines. `row` is the line's row, `entry` the rows of its entry, `top` the first line.

    opened: roles whose balance was carried over.
    """

    sheets: Sheets
    places: int
    opened: frozenset[str] = frozenset()

    def formula(self, basis: Basis, row: int, entry: range, top: int) -> str:
        """The formula (without =) that recomputes a line's signed amount."""
        proof = self.sheets.places["Journal"].letters["Proof"]
        role = self.sheets.places["Journal"].letters["Role"]
        if isinstance(basis, Rest):
            others = [f"{proof}{r}" for r in entry if r != row]
            return f"-SUM({self._span(others, proof, entry, row)})"
        if isinstance(basis, Closing):
            above = entry.start - 1
            lines = f"SUMIFS({proof}${top}:{proof}${above},{role}${top}:{role}${above},{role}{row})"
            if basis.role in self.opened:
                return f"-({lines}+ROUND({carried_over(f'{role}{row}')},{self.places}))"
            return f"-{lines}"
        sign = "-" if basis.sign < 0 else ""
        return f"{sign}ROUND({self._exact(basis, row)},{self.places})"

    @staticmethod
    def _span(others: list[str], proof: str, entry: range, row: int) -> str:
        if row == entry.start:
            return f"{proof}{row + 1}:{proof}{entry.stop - 1}"
        if row == entry.stop - 1:
            return f"{proof}{entry.start}:{proof}{row - 1}"
        return ",".join(others)

    def _exact(self, basis: Flow | Total | Schedule | Invoices, row: int) -> str:
        journal = self.sheets.places["Journal"]
        product = f"{journal.letters['Product']}{row}"
        if isinstance(basis, Flow):
            return self._flow(basis)
        if isinstance(basis, Total):
            where = "".join(f",{basis.table}[{c}],{literal(v)}" for c, v in basis.where if c != "Item")
            items = [v for c, v in basis.where if c == "Item"]
            if items:
                return stock_sum(
                    basis.table, basis.column, items[0], product, tuple(w for w in basis.where if w[0] != "Item")
                )
            return f"SUMIFS({basis.table}[{basis.column}]{where})"
        if isinstance(basis, Invoices):
            return invoiced(product)
        cells = f"{basis.table}[{basis.column}]"
        if basis.where is None:
            return f"SUM({cells})"
        column, value = basis.where
        return f"SUMIFS({cells},{basis.table}[{column}],{literal(value)})"

    def _flow(self, basis: Flow) -> str:
        trace = self.sheets.places["Trace"]

        def column(name: str) -> str:
            if basis.block is None:
                return f"Trace[{name}]"
            first, last = (trace.first_row + position for position in basis.block)
            letter = trace.letters[name]
            return f"{quoted(trace.sheet)}!${letter}${first}:${letter}${last}"

        criteria = [("Event", basis.event), ("Charged to", basis.charged_to)]
        if basis.relieved_from:
            criteria.append(("Relieved from", basis.relieved_from))
        wanted = ",".join(f"{column(name)},{literal(value)}" for name, value in criteria)
        return f"SUMIFS({column(basis.column)},{wanted})"


#: live formulas of the checks, by key: (left, right)
CHECK_FORMULAS: dict[str, tuple[str, str]] = {
    "debits": ("SUM(Journal[Debit])", "SUM(Journal[Credit])"),
    "entries": (
        "SUMPRODUCT(--(ABS(SUMIFS(Journal[Debit],Journal[Entry],Journal[Entry])"
        "-SUMIFS(Journal[Credit],Journal[Entry],Journal[Entry]))>0.0001))",
        "",
    ),
    "Journal proofs": ('COUNTIFS(Journal[Difference],"<>0",Journal[Run],"?*")', ""),
    "Ledger proofs": ('COUNTIFS(Ledger[Difference],"<>0",Ledger[Role],"?*")', ""),
    "Relief proofs": (
        'COUNTIFS(Relief[Difference],"<>0",Relief[Item],"?*")+COUNTIFS(Relief[Quantity difference],"<>0",Relief[Item],"?*")',
        "",
    ),
    "Variances proofs": ('COUNTIFS(Variances[Difference],"<>0",Variances[Variance],"?*")', ""),
    "movements": ("SUM(Ledger[Debits])", f'SUMIFS(Journal[Debit],Journal[Event],"<>{schema.REVERSAL}")'),
    "balance": ("SUM(Ledger[Closing])", "SUM(Ledger[Opening])"),
    "clearing": (
        f'ABS(SUMIFS(Ledger[Closing],Ledger[Role],"{schema.CCC}"))+ABS(SUMIFS(Ledger[Closing],Ledger[Role],"{schema.CCA}"))',
        "",
    ),
    "rounding": (
        "SUM(Relief[Amount])",
        'SUMIFS(Trace[Amount],Trace[Level],">0",Trace[Event],"<>Scrap")',
    ),
    "parts": (
        f'SUMIFS(Variances[Actual],Variances[Part of],"{schema.CONVERSION_ALLOCATION}")'
        f'-SUMIFS(Variances[Standard],Variances[Part of],"{schema.CONVERSION_ALLOCATION}")',
        f'SUMIFS(Variances[Actual],Variances[Variance],"{schema.CONVERSION_ALLOCATION}")'
        f'-SUMIFS(Variances[Standard],Variances[Variance],"{schema.CONVERSION_ALLOCATION}")',
    ),
    "ties": ('COUNTIFS(TieOut[Result],"Fail")', ""),
    "items": ('SUMPRODUCT((Rollup[Recorded item]<>"")*(Rollup[Item]<>Rollup[Recorded item]))', ""),
    "errors": (f'COUNTIFS(Findings[Severity],"{schema.ERROR}")', ""),
}


def check_formulas(key: tuple[str, ...], inputs: Inputs, ledger: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Left and right formula of a check; "" where the value is a constant recorded at the run.

    ledger: the cells of role and account, for each row of Ledger.
    """
    what = key[0]
    if what == "accounts":
        return _as_mapped(inputs, ledger), 'COUNTIFS(Ledger[Role],"?*")'
    if what == "rows":
        return f"COUNTA({key[1]}[{key[2]}])", ""
    if what == "cell":
        return day_ref(inputs, key[1]), ""
    if what == "filled in":
        return f"COUNT({setting_ref(inputs, key[1])})", ""
    if what == "account":
        return _posted_variance(key[1]), _before_close(key[2])
    if what == "filled":
        cells = [f"{key[1]}[{column}]" for column in key[2:]]
        return f"COUNT({','.join(cells)})+" + "+".join(f'SUMPRODUCT(--({c}<>""))' for c in cells), ""
    if what == "text":
        return _text_total(key[1], key[2], int(key[3]), inputs), ""
    if what == "days":
        return f"SUMPRODUCT(INT({key[1]}[{key[2]}]))", ""
    if what == "total":
        return f"SUM({key[1]}[{key[2]}])", ""
    if what == "setting":
        cell, chosen = setting_ref(inputs, key[1]), literal(key[2])
        is_default = key[2] == next(s.default for s in schema.SETTINGS if s.name == key[1])
        test = f'OR({cell}={chosen},{cell}="")' if is_default else f"{cell}={chosen}"
        return (f"IF({test},0,1)" if cell else "0"), ""
    return CHECK_FORMULAS[what]


def _as_mapped(inputs: Inputs, ledger: Sequence[tuple[str, str]]) -> str:
    """Number of the rows of Ledger whose account is the one that Setup maps their role to.

    Compared cell by cell: COUNTIFS would read * ? ~ in an account as wildcards, and spreadsheets differ on what it makes of
    a column of criteria.
    """
    setup = inputs.sources["Accounts"].by_column()
    listed, typed = {str(role).strip() for role in setup["Role"]}, setup["Account"]
    text = "TRIM({})" if any(isinstance(a, str) and a != a.strip() for a in typed) else '{}&""'
    mapped = text.format("Accounts[Account]")
    rows = (f"(Accounts[Role]={role})*({mapped}={text.format(account)})" for role, account in ledger)
    mapped_rows = f"SUMPRODUCT({'+'.join(rows) or '0'})"
    if listed >= set(schema.ROLES):
        return mapped_rows
    return "+".join([mapped_rows, *(f"(COUNTIFS(Accounts[Role],{role})=0)" for role, _ in ledger)])  # has its default


def _posted_variance(name: str) -> str:
    """Actual less standard of the rows of one variance that were posted."""
    rows = f'Variances[Variance],{literal(name)},Variances[Disposition],"<>{NOT_POSTED}"'
    return f"SUMIFS(Variances[Actual],{rows})-SUMIFS(Variances[Standard],{rows})"


def _before_close(role: str) -> str:
    """Posted balance of a role before the close."""
    rows = f"Journal[Role],{literal(role)}{AFTER_CLOSE}"
    return f"SUMIFS(Journal[Debit],{rows})-SUMIFS(Journal[Credit],{rows})"


def _text_total(table: str, column: str, places: int, inputs: Inputs) -> str:
    """`verify.text_total` as a formula."""
    source, cells = inputs.sources[table], f"{table}[{column}]"
    above = f"{quoted(source.sheet)}!${source.letters[column]}${source.first_row - 1}"
    weight = f"(MOD(ROW({cells})-ROW({above}),{ROW_CYCLE})+1)"
    if not places:
        return f'SUMPRODUCT({weight}*({cells}<>""))*{LENGTH_WEIGHT}'
    text = f"UPPER({cells})" if schema.TABLES[table].column(column).kind == "choice" else cells
    each = ",".join(map(str, range(1, places + 1)))
    weights = ",".join(map(str, PLACE_WEIGHTS[:places]))
    return (
        f'SUMPRODUCT({weight}*(_xlfn.UNICODE(MID({text}&REPT(" ",{places}),{{{each}}},1))-32)*{{{weights}}})'
        f"+SUMPRODUCT({weight}*LEN({cells}))*{LENGTH_WEIGHT}"
    )
