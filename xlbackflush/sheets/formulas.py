"""What live formulas are made of: plain native functions that recompute every posted amount from the input cells.

A journal line adds up Trace rows; a Trace row multiplies its parent's row by its BOM row and its cost row; a cost row adds
up Build-up rows; so Excel's own Trace Precedents walks from the journal to the cells that people typed.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.explosion.demand import RECEIPTS, Stream
from xlbackflush.late import pattern
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.tables import Source
from xlbackflush.model.text import FORMULA_MAX, LITERAL_MAX
from xlbackflush.ooxml.address import fixed, link_target, quoted
from xlbackflush.ooxml.patterns import Patterns

#: criteria that leave out what is posted from the close on
AFTER_CLOSE = "".join(f',Journal[Event],"<>{event}"' for event in schema.FROM_THE_CLOSE_ON)
#: criteria that leave out rows of the Trace that no entry posts
POSTED_ROWS = "".join(f',Trace[Event],"<>{event}"' for event in (*schema.ON_THE_SHELF, schema.UNITS_IN_PROCESS))
_DATE_LIKE = pattern(r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[\s.\-/]*\d", re.I)
#: what a formula in a file does not hold as it stands: characters of control, and what is read as one of them
_NOT_LITERAL = pattern(r"[\x00-\x1f]|_x[0-9A-Fa-f]{4}_")
_TOO_LONG = '"' + " " * FORMULA_MAX + '"'


def literal(text: str) -> str:
    """Text inside a formula: 5" pipe -> "5"" pipe".

    A text that no formula holds makes the formula longer than any that is written: its cell holds its value alone.
    """
    if len(text) > LITERAL_MAX // 2 and len(text.encode("utf-16-le", "surrogatepass")) > 2 * LITERAL_MAX:
        return _TOO_LONG
    return _TOO_LONG if _NOT_LITERAL.search(text) else '"' + text.replace('"', '""') + '"'


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
        """Formulas as they go into the workbook: without the tables that it does not have, none longer than Excel takes."""
        missing = self.missing
        if isinstance(formulas, Patterns):
            if missing:
                formulas = formulas.with_texts(lambda pattern: without_tables(pattern, missing))
            if formulas.longest <= FORMULA_MAX:
                return formulas
            formulas = list(formulas)
        elif missing:
            formulas = [without_tables(formula, missing) for formula in formulas]
        if max(map(len, formulas), default=0) > FORMULA_MAX:
            formulas = [formula if len(formula) <= FORMULA_MAX else "" for formula in formulas]
        return formulas

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


_SUMS = pattern(r"\b(?:SUMIFS|SUMPRODUCT|COUNTIFS|SUM|COUNT|COUNTA)\(")
_TOKENS = pattern(r'"(?:[^"]|"")*"|[()]')


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


#: column, comparison, and what it is compared with: a literal, a number, a cell, or what is worked out from cells
Test = tuple[str, str, str]


def item_sum(table: str, column: str, code: str, cell: str, tests: Sequence[Test] = ()) -> str:
    """Sum of a column over the rows of one item that pass all tests; column "": the number of these rows.

    code: that of the item; cell: where the formula finds it.
    """
    items, total = f"{table}[{'Component' if table == 'Trace' else 'Item'}]", f"{table}[{column}]"
    if plain(code):
        criteria = "".join(f",{table}[{name}],{_criterion(sign, value)}" for name, sign, value in tests)
        return f'SUMIFS({total},{items},"="&{cell}{criteria})' if column else f'COUNTIFS({items},"="&{cell}{criteria})'
    same = f"({items}={cell})" if table == "Trace" else f'({items}&""={cell})'
    # SUMPRODUCT takes truth values for nothing; a product of them is a number
    rows = same + ("".join(f"*({table}[{name}]{sign}{value})" for name, sign, value in tests) or "*1")
    return f"SUMPRODUCT({rows},{total})" if column else f"SUMPRODUCT({rows})"


def _criterion(sign: str, value: str) -> str:
    """A test as SUMIFS takes it."""
    if sign == "=":
        return value
    if value.startswith('"'):
        return f'"{sign}{value[1:]}'
    return f'"{sign}{value}"' if value.isdecimal() else f'"{sign}"&{value}'


def equal(pairs: Iterable[tuple[str, str]]) -> list[Test]:
    """Tests that columns hold these values."""
    return [(column, "=", literal(value)) for column, value in pairs]


def counted_units(stream: Stream, code: str, cell: str, first: str, last: str, has_receipts: bool = False) -> str:
    """Units of a root on the days of a row, added up from the transaction sheet, or from sheet Receipts where it has rows.

    first, last: the cells of these days.
    """
    tests = [*equal(stream.wanted), ("Date", ">=", first), ("Date", "<", f"{last}+1")]
    source = received(has_receipts) if stream == RECEIPTS else (stream.table, "Quantity")
    return item_sum(*source, code, cell, tests)


def received(has_receipts: bool) -> tuple[str, str]:
    """Table and column with the units received."""
    return ("Receipts", "Received") if has_receipts else ("Purchases", "Quantity")


def grown(sheets: Sheets, code: str, cell: str) -> str:
    """What the stock of a made item grew by, as `demand.GROWTH` has it: counted less opening, or what was sold of opening."""
    opening = item_sum("Stock", "Opening qty", code, cell) if sheets.has("Stock", "Opening qty") else "0"
    sold = item_sum("Counts", "Quantity", code, cell, equal([("Event", schema.SOLD)]))
    not_counted = f"-MIN(MAX({opening},0),MAX({sold},0))"
    if not sheets.has("Stock", "Counted qty"):
        return not_counted
    return f"IF({times_counted(cell)}=0,{not_counted},{item_sum('Stock', 'Counted qty', code, cell)}-{opening})"


def in_process(sheets: Sheets, cell: str) -> str:
    """Units in process of an item, as far as their material is in."""
    if not all(sheets.has("WIP", column) for column in ("Quantity", "Material %")):
        return "0"
    return f'SUMPRODUCT((WIP[Item]&""={cell})*1,WIP[Quantity],WIP[Material %])'


def times_counted(cell: str) -> str:
    """Number of rows of Stock on which an item was counted."""
    return f'SUMPRODUCT((Stock[Item]&""={cell})*(Stock[Counted qty]<>""))'


def invoiced(sheets: Sheets, item_cell: str, has_receipts: bool) -> str:
    """Purchases of one item at actual price, with other cost."""
    if has_receipts:
        return f'SUMPRODUCT((Receipts[Item]&""={item_cell})*1,Receipts[Payable])'
    rows, per = f'(Purchases[Item]&""={item_cell})', "Purchases[Price per]"
    once = f'/({per}+({per}=""))' if sheets.has("Purchases", "Price per") else "*1"  # blank is 1
    total = f"SUMPRODUCT({rows}{once},Purchases[Quantity],Purchases[Actual price])"
    return f"{total}+SUMPRODUCT({rows}*1,Purchases[Other cost])" if sheets.has("Purchases", "Other cost") else total


def ledger_sum(column: str, roles: Sequence[str]) -> str:
    """Sum of a column of the ledger over some roles. Not every spreadsheet adds up over a list of criteria."""
    sums = "+".join(f"SUMIFS(Ledger[{column}],Ledger[Role],{literal(role)})" for role in roles)
    return f"({sums})" if len(roles) > 1 else sums


def carried_over(role: str, item_class: str = "") -> str:
    """Balance of a role that sheet Opening carries over, or of a class of it; both: a cell or a literal."""
    columns = ("Closing balance", "Reversal")
    if item_class:
        rows = f'(Opening[Role]={role})*(TRIM(Opening[Class]&"")={item_class}&"")'
        return "+".join(f"SUMPRODUCT({rows},Opening[{column}])" for column in columns)
    return "+".join(f"SUMIFS(Opening[{column}],Opening[Role],{role})" for column in columns)
