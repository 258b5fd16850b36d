"""Taking: the rows of one file, by its plan, as typed columns of a table; what is left out, and why.

    rows of the file = rows taken + rows left out, and so do their sums

1 blank lines, repeated headings, totals   2 cells by kind   3 words, filters   4 units, packs, signs   5 rows that do not belong
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, field, replace
from xlbackflush.engine.inputs.typed import Reading
from xlbackflush.imports import cells, names, rules
from xlbackflush.imports.mapping import FILL_DOWN, LEAVE_OUT, Expression
from xlbackflush.imports.recognise import Plan
from xlbackflush.model.arrays import where_true
from xlbackflush.model.finding import Finding
from xlbackflush.model.tables import CellError, Source, number_in
from xlbackflush.model.words import day, listed, number, several, short_text

_SUMMED = ("quantity", "money", "hours")
#: quantities without which a row says nothing
_NEEDED = ("Quantity", "Qty per", "Amount")
_LINE_TOTAL = schema.money(names.LINE_TOTAL, "")
_NAMED = 8
#: what the number of a row without a document is made of
NUMBERED_BY = ("Date", "Event", "Cost type", "Item", "Stage", "Kind")


@dataclass(frozen=True)
class BookFacts:
    """What of the workbook an import asks: its period, as days of Excel (0: not known), its currency, its items."""

    start: int
    end: int
    currency: str
    items: Collection[str]


@dataclass
class Left:
    """Rows of the file that were left out: why, which, and what they sum up to by column."""

    reason: str
    rows: list[int]
    sums: dict[str, float] = field(default_factory=dict)


@dataclass
class Taken:
    """The rows of a file for a table. columns: of the table, and helpers; numbers: their lines in the
    file; numbered: its documents are not those of the file."""

    plan: Plan
    numbers: list[int]
    columns: dict[str, Any]
    left: list[Left] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    rows_read: int = 0
    numbered: bool = False

    @property
    def summed(self) -> list[str]:
        """The columns of which sums say something."""
        table = self.plan.table
        return [c.name for c in table.columns if c.kind in _SUMMED and c.name in self.columns]

    def sums(self, mask: Any = None) -> dict[str, float]:
        """Control totals of the rows, all or some."""
        parts = {name: self.columns[name] if mask is None else self.columns[name][mask] for name in self.summed}
        return {name: float(np.nansum(values)) for name, values in parts.items()}

    def where(self, column: str, row: int) -> str:
        """The cell of the file that a column was taken from."""
        taken = self.plan.columns.get(column)
        return f"{self.plan.grid.label}!{taken.letter if taken else 'A'}{row}"

    def drop(self, mask: Any, reason: str) -> list[int]:
        """Leave rows out; gives their lines."""
        if not np.count_nonzero(mask):
            return []
        lines = np.array(self.numbers)
        gone = lines[mask].tolist()
        self.left.append(Left(reason, gone, self.sums(mask)))
        self.keep(~mask)
        return list(gone)

    def keep(self, mask: Any) -> None:
        """Only some rows, without a word on the others."""
        self.numbers = np.array(self.numbers, dtype=np.int64)[mask].tolist()
        self.columns = {name: values[mask] for name, values in self.columns.items()}


def take(plan: Plan, book: BookFacts) -> Taken:
    """The rows of a file for a table; errors among the findings mean that nothing is to be written."""
    taken = _typed(plan, book)
    _words(taken)
    _only(taken)
    _prices(taken, book)
    _shares(taken)
    _blanks(taken)
    _period(taken, book)
    _check_line_totals(taken)
    _signs(taken)
    _codes(taken, book)
    lines = set(taken.numbers)
    taken.findings = plan.findings + [f for f in taken.findings if _line(f) is None or _line(f) in lines]
    forms = {
        e.letter: cells.form_fix(e, plan.table.column(name))
        for name, e in plan.columns.items()
        if name in plan.table.names
    }
    taken.findings = list(rules.together(taken.findings, forms))
    return taken


def _line(finding: Finding) -> int | None:
    """The line of the file that a finding of a cell names."""
    digits = re.fullmatch(r".*![A-Z]+(\d+)", finding.where)
    return int(digits[1]) if digits and finding.code.startswith("C") else None


# ---------------------------------------------------------------------------------------------------- cells


def _typed(plan: Plan, book: BookFacts) -> Taken:
    """Every row with content, its columns typed; headings that are repeated and totals are left out."""
    grid = plan.grid
    body = list(zip(grid.rows[plan.header + 1 :], grid.numbers[plan.header + 1 :], strict=True))
    filled = [(row, line) for row, line in body if any(not cells.is_blank(cell) for cell in row)]
    head = [cells_text(cell) for cell in grid.rows[plan.header]] if plan.header >= 0 else None
    rows = [row for row, _ in filled]
    raw = {name: _raw(rows, e) for name, e in plan.columns.items()}
    taken = Taken(plan, [line for _, line in filled], {}, notes=list(plan.notes), rows_read=len(filled))
    repeated = np.array(
        [bool(head) and row[0] == grid.rows[plan.header][0] and [cells_text(c) for c in row] == head for row in rows],
        dtype=bool,
    )
    if grid.broken:
        what = f"{several(len(grid.broken), 'line')} of {grid.label} {'has' if len(grid.broken) == 1 else 'have'} a quotation "
        what += f"mark that does not close: {_lines(grid.broken)}. The mark was read as nothing."
        taken.findings.append(rules.BROKEN_QUOTES(f"{grid.label}!A{grid.broken[0]}", what))
    totals = _totals(plan, rows, raw, book)
    _type_columns(taken, raw, book)
    _check_totals(taken, totals & ~repeated)
    taken.drop(repeated, "headings repeated")
    taken.drop(totals[~repeated], "total rows")
    return taken


def cells_text(cell: object) -> str:
    """A cell as text, to compare headings."""
    return str(cell).strip()


def _raw(rows: Sequence[Sequence[object]], taken: Expression) -> list[object]:
    """The cells of a column as the file has them."""
    if taken.constant is not None:
        return [taken.constant] * len(rows)
    if len(taken.columns) == 1:
        at = taken.columns[0]
        return [row[at] if at < len(row) else "" for row in rows]
    return [
        " ".join(cells_text(row[at]) for at in taken.columns if at < len(row) and not cells.is_blank(row[at]))
        for row in rows
    ]


def _totals(plan: Plan, rows: Sequence[Sequence[object]], raw: Mapping[str, list[object]], book: BookFacts) -> Any:
    """Which rows are totals: called so in some cell, or without anything but numbers at the end of the file."""
    mask = np.zeros(len(rows), dtype=bool)
    width = max(map(len, rows), default=0)
    known = set(book.items)
    for at in range(width):
        texts = {row[at] for row in rows if at < len(row)}
        words = {text for text in texts if text not in known and names.is_total_word(text)}
        if words:
            mask |= np.array([at < len(row) and row[at] in words for row in rows], dtype=bool)
    keys = [
        values
        for name, values in raw.items()
        if name in plan.table.names
        and plan.columns[name].constant is None
        and plan.table.column(name).kind not in schema.NUMERIC
    ]
    for i in range(len(rows) - 1, -1, -1):  # at the end of the file
        if not keys or not all(cells.is_blank(values[i]) for values in keys):
            break
        mask[i] = True
    return mask


def _type_columns(taken: Taken, raw: dict[str, list[object]], book: BookFacts) -> None:
    """The columns by their kinds; helpers that are texts stay as they are."""
    plan = taken.plan
    known = {column.name: column for column in plan.table.columns} | {names.LINE_TOTAL: _LINE_TOTAL}
    kinds = {name: known[name].kind if name in known else "" for name in raw}
    for name in ("Actual price", "Material price"):
        if name in raw and names.PRICE_PER not in raw and (both := cells.apart(raw[name])):
            raw[name], raw[names.PRICE_PER] = both
            kinds[names.PRICE_PER] = "quantity"
    way = cells.ways(raw, kinds, book.currency)
    letters = {name: plan.columns[name].letter if name in plan.columns else "A" for name in raw}
    source = Source(plan.table.name, plan.grid.label, letters, 1, len(raw))
    source.misnamed = {name: plan.heading(name) for name in plan.columns}
    reading = Reading(taken.findings, currency=book.currency)
    for name, values in raw.items():
        column, e = known.get(name), plan.columns.get(name, Expression())
        if column is None or column.choices:
            taken.columns[name] = np.array([None if cells.is_blank(cell) else cell for cell in values], dtype=object)
            continue
        plain: Sequence[object] = values
        if column.kind == "date" or column.kind in schema.NUMERIC:
            plain = cells.decided(values, column.kind, e.form, way, book.currency)
        elif column.kind == "item":
            plain = cells.codes(values)
        else:
            plain = cells.stripped(values)
        typed = cells.typed(plain, column, source, taken.numbers, reading)
        taken.columns[name] = _times(typed, e.factor) if column.kind in schema.NUMERIC else typed


def _times(values: Any, factor: float) -> Any:
    """Numbers times a factor; 2,500 * 0.001 is divided by 1,000, which gives 2.5 exactly."""
    if factor == 1:
        return values
    inverse = round(1 / factor) if factor else 0
    return values / inverse if inverse and abs(inverse * factor - 1) < 1e-12 else values * factor


def _check_totals(taken: Taken, totals: Any) -> None:
    """A total row that states another sum than that of the rows above it, all or those since the total before."""
    for name in taken.summed:
        values, since, overall = taken.columns[name], 0.0, 0.0
        if not np.count_nonzero(totals):
            return
        for i in where_true(totals).tolist():
            start = 1 + max((k for k in where_true(totals).tolist() if k < i), default=-1)
            since = float(np.nansum(values[start:i]))
            overall = float(np.nansum(values[:i][~totals[:i]]))
            stated = float(values[i])
            if stated == stated and min(abs(stated - since), abs(stated - overall)) > 0.005:
                what = f"The total states {number(stated)}; the rows above it add up to {number(overall)}."
                taken.findings.append(rules.TOTAL_DIFFERS(taken.where(name, taken.numbers[i]), what))


# ---------------------------------------------------------------------------------------------------- words


def _words(taken: Taken) -> None:
    """Theirs to ours; a minus before ours is a row that takes back. Words without a meaning are left out, or asked."""
    for column in taken.plan.table.columns:
        if not column.choices or column.name not in taken.columns:
            continue
        e = taken.plan.columns[column.name]
        values = taken.columns[column.name].tolist()
        own = {names.plain(choice): choice for choice in column.choices}
        meanings = {**own, **names.MEANINGS.get(column.name, {}), **e.meanings}
        others = meanings.get("*", "")
        said = {
            value: meanings.get(names.plain(_word(value)) or _word(value), others)
            for value in sorted(set(values) - {None}, key=str)
        }
        taken.columns[column.name] = np.array(["" if v is None else said[v] for v in values], dtype=object)
        unknown = {value for value, ours in said.items() if not ours}
        if unknown and names.ONLY not in taken.plan.columns:
            taken.findings.append(_unknown(taken, column, values, unknown))
        for value in sorted((value for value, ours in said.items() if ours == LEAVE_OUT), key=str):
            reason = f'{taken.plan.heading(column.name)} "{_word(value)}"'
            gone = np.array([v == value for v in values], dtype=bool)
            taken.drop(gone, reason)
            values = [v for v in values if v != value]
        if e.constant is None:
            used = {_word(value): ours for value, ours in said.items() if ours and ours != others}
            kept = {"*": others} if others else {}
            taken.plan.columns[column.name] = replace(e, meanings=used | kept)


def _word(value: object) -> str:
    if isinstance(value, CellError):
        return value.text
    number = number_in(value)
    return str(int(number)) if number is not None and number.is_integer() else str(value).strip()


def _unknown(taken: Taken, column: schema.Column, values: Sequence[object], unknown: set[object]) -> Finding:
    """Words of a column that mean none of ours."""
    heading = taken.plan.heading(column.name)
    counts = Counter(value for value in values if value in unknown)
    shown = [f'"{_word(value)}" ({several(count, "row")})' for value, count in counts.most_common()]
    first = counts.most_common(1)[0][0]
    what = f'"{heading}" has words that mean no {column.name}: {listed(shown, _NAMED)}.'
    fix = f'Say what each means: --map "{_word(first)}={column.choices[0]}"'
    good = list(dict.fromkeys(_word(v) for v in values if v is not None and v not in unknown))
    if good:
        fix += f'; or take only what counts: --only "{heading}={", ".join(good[:4])}"'
    where = taken.where(column.name, taken.numbers[values.index(first)])
    return rules.UNKNOWN_WORD(where, what, fix=f"{fix}.")


def _only(taken: Taken) -> None:
    """Rows that a filter lets through."""
    e = taken.plan.columns.get(names.ONLY)
    if not e:
        return
    values = taken.columns.pop(names.ONLY)
    wanted = set(e.meanings)
    passes = [value is not None and (names.plain(_word(value)) or _word(value)) in wanted for value in values.tolist()]
    others = Counter(
        _word(v) if v is not None else "blank" for v, p in zip(values.tolist(), passes, strict=True) if not p
    )
    shown = listed([f"{word} ({count:,})" for word, count in others.most_common()], 4)
    gone = ~np.array(passes, dtype=bool)
    taken.drop(gone, f"{taken.plan.heading(names.ONLY)}: {shown}")
    for column in taken.plan.table.columns:
        if column.choices and column.name in taken.columns and column.name in taken.plan.columns:
            blank = taken.columns[column.name] == ""
            if np.count_nonzero(blank) and column.required:
                at = int(where_true(blank)[0])
                what = (
                    f"{column.name} is blank, or holds a word without a meaning, in {several(int(blank.sum()), 'row')}."
                )
                taken.findings.append(rules.UNKNOWN_WORD(taken.where(column.name, taken.numbers[at]), what))


def _signs(taken: Taken) -> None:
    """What takes back is negative; sales that a stock ledger writes as negative issues are sales."""
    event = taken.columns.get("Event")
    if event is None or "Quantity" not in taken.columns:
        return
    quantity = taken.columns["Quantity"].copy()
    words = event.tolist()
    back = np.array([word.startswith("-") for word in words], dtype=bool)
    if np.count_nonzero(back):
        quantity = np.where(back, -np.abs(quantity), np.abs(quantity))
        taken.notes.append(f"{several(int(back.sum()), 'row')} that take back a count are negative.")
    taken.columns["Event"] = np.array([word.removeprefix("-") for word in words], dtype=object)
    sold = taken.columns["Event"] == schema.SOLD
    if not np.count_nonzero(back) and np.count_nonzero(sold) and (quantity[sold] < 0).all():
        quantity[sold] = -quantity[sold]
        taken.notes.append("Sales are negative in the file, as issues from stock; they were read as units sold.")
    taken.columns["Quantity"] = quantity


# --------------------------------------------------------------------------------------------- amounts, codes


def _prices(taken: Taken, book: BookFacts) -> None:
    """Prices are those of the workbook's currency; a line total without a price is divided by its quantity."""
    columns = taken.columns
    currency = columns.pop(names.CURRENCY, None)
    if currency is not None:
        others = Counter(
            str(v).strip() for v in currency.tolist() if v is not None and str(v).strip().upper() != book.currency
        )
        if others:
            count, heading = several(sum(others.values()), "row"), taken.plan.heading(names.CURRENCY)
            what = f"The currency of {count} is {listed(list(others))}; that of the workbook is {book.currency}."
            fix = f'Export them in {book.currency}; or leave them out: --only "{heading}={book.currency}".'
            taken.findings.append(rules.OTHER_CURRENCY(taken.plan.where, what, fix=fix))
    total = columns.get(names.LINE_TOTAL)
    quantity = columns.get("Quantity")
    if total is not None and quantity is not None and "Actual price" not in columns:
        with np.errstate(divide="ignore", invalid="ignore"):
            columns["Actual price"] = np.where(quantity != 0, np.abs(total / quantity) * _price_per(taken), np.nan)
        of = ", per Price per" if names.PRICE_PER in columns else ""
        taken.notes.append(f'Actual price is "{taken.plan.heading(names.LINE_TOTAL)}" divided by the quantity{of}.')


def _price_per(taken: Taken) -> Any:
    """Units that each price is for: 1 where that is blank."""
    per = taken.columns.get(names.PRICE_PER)
    return 1 if per is None else np.where(per > 0, per, 1)


def _check_line_totals(taken: Taken) -> None:
    """Line totals that are not quantity x price: the price is for a pack, or one of the three is wrong."""
    total = taken.columns.pop(names.LINE_TOTAL, None)
    price, quantity = taken.columns.get("Actual price"), taken.columns.get("Quantity")
    if total is None or price is None or quantity is None:
        return
    per = np.broadcast_to(_price_per(taken), price.shape)
    worth = quantity * price / per
    unlike = np.abs(np.abs(worth) - np.abs(total)) > 0.05 + 0.01 * np.abs(total)
    if np.count_nonzero(unlike):
        at = int(where_true(unlike)[0])
        what = (
            f"{several(int(unlike.sum()), 'row')} with a line total that is not quantity x price: "
            f"{number(float(quantity[at]))} x {number(float(price[at]))}"
            f"{f' / {number(float(per[at]))}' if per[at] != 1 else ''} is not {number(float(total[at]))}."
        )
        fix = 'If the price is for a pack, name the column that says so: --map "Pack=Price per". Else correct the file.'
        taken.findings.append(rules.TOTAL_DIFFERS(taken.where("Actual price", taken.numbers[at]), what, fix=fix))


def _shares(taken: Taken) -> None:
    """Percentages and factors as shares."""
    for column in taken.plan.table.columns:
        if column.kind == "percent" and column.name in taken.columns and column.name in taken.plan.columns:
            values = taken.columns[column.name]
            heading = taken.plan.heading(column.name)
            less, times, why = cells.as_shares(values.tolist(), heading, column.maximum is not None)
            if why:
                taken.notes.append(why)
                taken.columns[column.name] = np.round(np.where(values == 0, 0, (values - less) * times), 12)
            shares = taken.columns[column.name]
            bad = where_true((shares < 0) | (shares >= (column.maximum or np.inf)))
            if len(bad):
                row = taken.numbers[int(bad[0])]
                count = several(len(bad), "row")
                what = f'"{heading}" is {number(float(values[bad[0]]))}, neither a share nor a percentage: {count}.'
                fix = f'Say what it is: --map "{heading} * 0.01={column.name}".'
                taken.findings.append(rules.UNKNOWN_WORD(taken.where(column.name, row), what, fix=fix))


def _blanks(taken: Taken) -> None:
    """Rows without an item or a quantity say nothing; a parent may stand in the first row of its block only."""
    table = taken.plan.table
    for column in table.columns:
        name = column.name
        if not column.required or name not in taken.columns:
            continue
        values = taken.columns[name]
        blank = (
            np.isnan(values) if values.dtype == np.float64 else np.array([not v for v in values.tolist()], dtype=bool)
        )
        if not np.count_nonzero(blank):
            continue
        form, count = (
            taken.plan.columns[name].form if name in taken.plan.columns else "",
            several(int(blank.sum()), "row"),
        )
        first = taken.where(name, taken.numbers[int(where_true(blank)[0])])
        if form == FILL_DOWN:
            taken.columns[name] = _filled_down(values)
            taken.notes.append(f"{name} was filled down in {count}.")
        elif name in _NEEDED:
            taken.drop(blank, f"no {name[0].lower()}{name[1:]} (blank or -)")
        elif form == LEAVE_OUT:
            taken.drop(blank, f"{name} is blank")
        elif column.kind == "item" and not (table.name == "BOM" and name == "Parent"):
            lines = taken.drop(blank, f"no {name.lower()}")
            what = f"{count} without {name.lower()} {'was' if len(lines) == 1 else 'were'} left out: {_lines(lines)}."
            taken.findings.append(rules.WITHOUT_CODE(first, what))
        elif name in ("Parent", "Date"):
            what = f"{name} is blank in {count}."
            fix = f'If the one above holds: --form "{name}={FILL_DOWN}"; to leave these rows out: --form "{name}={LEAVE_OUT}".'
            taken.findings.append(rules.BLANK_CELL(first, what, fix=fix))


def _filled_down(values: Any) -> Any:
    last: object = values[0]
    filled = []
    for value in values.tolist():
        last = value if value and value == value else last
        filled.append(last)
    return np.array(filled, dtype=values.dtype)


def _period(taken: Taken, book: BookFacts) -> None:
    """Rows of other periods stay in the file."""
    days = taken.columns.get("Date")
    if days is None or not book.start or not len(days):
        return
    outside = (days < book.start) | (days > book.end)
    if not np.count_nonzero(outside):
        return
    months = Counter(day(number)[:7] for number in days[outside].tolist())
    shown = listed([f"{month} ({count:,})" for month, count in sorted(months.items())], 6)
    if outside.all():
        what = f"No row is dated within {day(book.start)} to {day(book.end)}; the file has {shown}."
        taken.findings.append(rules.OTHER_PERIOD(taken.where("Date", taken.numbers[0]), what))
    taken.drop(outside, f"another period: {shown}")


def _codes(taken: Taken, book: BookFacts) -> None:
    """Codes that lost their leading zeros, or have more, as the workbook writes them."""
    if taken.plan.table.name == "StandardCost":
        return
    for column in taken.plan.table.columns:
        if column.kind == "item" and column.name in taken.columns:
            values = taken.columns[column.name]
            others = cells.known_codes(values.tolist(), book.items)
            if others:
                taken.columns[column.name] = np.array([others.get(v, v) for v in values.tolist()], dtype=object)
                shown = listed([f"{short_text(was)} as {now}" for was, now in sorted(others.items())])
                taken.notes.append(f"Leading zeros as on Standard Cost: {shown}.")


def numbered(columns: Mapping[str, Any]) -> list[str]:
    """Documents for rows that have none: the same day, item and event give the same number at every import.

    Rows that are alike in these are told apart by their order among themselves.
    """
    keys = [name for name in NUMBERED_BY if name in columns]
    seen: dict[tuple[object, ...], int] = defaultdict(int)
    documents = []
    for key in zip(*(columns[name].tolist() for name in keys), strict=True):
        seen[key] += 1
        digits = hashlib.sha256(repr((*key, seen[key])).encode()).hexdigest()[:6].upper()
        date = day(key[0])[2:].replace("-", "") if "Date" in keys and key[0] == key[0] else "undated"
        documents.append(f"{date}-{digits}")
    return documents


def _lines(lines: Iterable[int]) -> str:
    """Lines of a file in a sentence."""
    every = [f"{line:,}" for line in lines]
    return f"line{'s' if len(every) > 1 else ''} {listed(every, _NAMED)}"
