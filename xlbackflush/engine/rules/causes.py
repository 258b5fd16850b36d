"""Findings by cause: what one mistake leaves in many cells is one finding, with the number of cells, the first few, one remedy.

    typed total row     a row that adds up the rows above it: one finding, not one for each of its cells
    refused cells       a price that is a text is one finding; that the item then has no price is none
    renamed column      the same of a whole column
    alike               cells of one column that break one rule in one way

    Counts!A7:A5006   Date is the text "3/4/2026", not a date. The same in 4,999 more cells: A8, A9, A10 and 4,996 more.

What several rows have in common beyond that, such as codes without their leading zeros, their own rules know.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence

from xlbackflush import schema
from xlbackflush.dataclass import replace
from xlbackflush.model import finding as f
from xlbackflush.model.addresses import address, the_same_in, together
from xlbackflush.model.finding import Finding
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.tables import Source, number_in
from xlbackflush.model.text import is_total
from xlbackflush.model.words import listed, number

#: rules that many cells of a column break in one way
_ALIKE = {
    rule.code
    for rule in (
        f.ERROR_VALUE, f.NOT_CALCULATED, f.BLANK, f.TEXT_NUMBER, f.WRONG_TYPE, f.OUT_OF_RANGE, f.STRAY_SPACES,
        f.BELOW_TABLE, f.TOO_LONG, f.UNWRITABLE, f.DUPLICATE_ITEM, f.DATES_REVERSED, f.OVERLAP, f.TWICE,
        f.BOUGHT_WITH_BOM, f.UOM, f.ZERO_QUANTITY, f.NOTHING_EFFECTIVE, f.NO_PRICE, f.NO_COST, f.PRICE_IGNORED,
        f.PRICE_WITHOUT_BOM, f.CONVERSION_IGNORED, f.HOURS_WITHOUT_RATE, f.CORRECTS_NOTHING, f.NOT_COUNTABLE,
        f.DUPLICATE_ROW, f.NO_COUNT, f.COUNT_UNUSED, f.OVER_COMPLETE, f.NEVER_COMPLETED, f.NOTHING_PER,
        f.BILL_NOT_CHOSEN, f.OVERHEAD_IGNORED, f.SETUP_OF_EACH, f.FACTOR,
    )
}  # fmt: skip
#: rules of what a blank cell would mean, which say nothing of a cell that could not be read
_OF_BLANKS = {
    rule.code
    for rule in (
        f.NO_PRICE, f.NO_COST, f.PRICE_IGNORED, f.PRICE_WITHOUT_BOM, f.CONVERSION_IGNORED, f.HOURS_WITHOUT_RATE,
        f.NO_COUNT, f.CORRECTS_NOTHING, f.COUNT_UNUSED, f.DUPLICATE_ROW,
    )
}  # fmt: skip
#: rules whose sentence says the cause: a choice that there is not, the type of an item
_BY_WORDS = {f.UNKNOWN_CHOICE.code, f.NOT_COUNTABLE.code}
_IS_BLANK = " is blank."
_SPELLINGS = 5  # sentences of a column that are said one by one
_ROWS_LOOKED_AT = 500  # of a table, for totals
_ADDED_UP = ("quantity", "money", "hours")  # kinds of columns that a total adds up


# ------------------------------------------------------------------------------------------- of the inputs


def of_inputs(inputs: Inputs, cells: Sequence[Finding], rows: Sequence[Finding]) -> list[Finding]:
    """What is wrong with the inputs, without what only follows from it. cells: as they were read; rows: the rules of rows."""
    errors = [each for each in cells if each.severity == schema.ERROR]
    if not errors:
        return _without_totals(inputs, [*cells, *rows])
    from xlbackflush.engine.rules import other_rows

    refused = {each.where for each in errors}
    at = [cell for each in errors if (cell := address(each.where))]
    refused_rows = {(cell.sheet, cell.row) for cell in at}
    renamed = {where.sheet for each in errors if each.code == f.RENAMED_COLUMN.code and (where := address(each.where))}
    standing = [each for each in rows if not _follows(each, refused, refused_rows, renamed)]
    unread = sum(1 for each in errors if _of_item_column(inputs, each))
    unknown = [each for each in standing if each.code == f.UNKNOWN_ITEM.code]
    if 0 < len(unknown) <= unread:  # items whose own rows could not be read
        standing = [each for each in standing if each.code != f.UNKNOWN_ITEM.code]
    return _without_totals(inputs, [*other_rows.told(inputs, cells), *standing])


def _follows(each: Finding, refused: set[str], rows: set[tuple[str, int]], renamed: set[str]) -> bool:
    """Whether a finding only follows from a cell or a column that could not be read."""
    if each.where in refused:
        return True
    cell = address(each.where)
    return each.code in _OF_BLANKS and cell is not None and ((cell.sheet, cell.row) in rows or cell.sheet in renamed)


def _of_item_column(inputs: Inputs, each: Finding) -> bool:
    """Whether a finding is about the code of an item on Standard Cost."""
    source, cell = inputs.sources["StandardCost"], address(each.where)
    return cell is not None and cell.sheet == source.sheet and cell.letters == source.letters.get("Item")


# ------------------------------------------------------------------------------------------ typed total rows


def _without_totals(inputs: Inputs, findings: list[Finding]) -> list[Finding]:
    """The findings, those of a row that adds up others as one."""
    codes = (f.BLANK.code, f.WRONG_TYPE.code, f.UNKNOWN_CHOICE.code, f.UNKNOWN_ITEM.code)
    odd = {(cell.sheet, cell.row) for each in findings if each.code in codes and (cell := address(each.where))}
    if not odd:
        return findings
    rows: dict[tuple[str, int], Finding] = {}
    for name, source in inputs.sources.items():
        numbers = sorted(row for sheet, row in odd if sheet == source.sheet)[-_ROWS_LOOKED_AT:]
        if numbers and name not in ("Setup", "Accounts"):
            rows |= {(source.sheet, row): each for row, each in _totals(source, schema.TABLES[name], numbers)}
    if not rows:
        return findings
    others = [e for e in findings if not ((cell := address(e.where)) and (cell.sheet, cell.row) in rows)]
    return [*rows.values(), *others]


def _totals(source: Source, table: schema.Table, numbers: Sequence[int]) -> Iterator[tuple[int, Finding]]:
    """The rows among some that look like totals of the rows above them, each with its finding."""
    at = {row: place for place, row in enumerate(source.row_numbers)}
    top = 0  # the first row below the last total
    for row in numbers:
        if (place := at.get(row)) is None:
            continue
        cells = dict(zip(source.columns, source.rows[place], strict=True))
        word = next((name for name, value in cells.items() if is_total(value)), "")
        sums = _sums(source, table, place, top) or _sums(source, table, place, 0)
        keys = [c.name for c in table.columns if c.kind in ("date", "item", "choice")]
        if not word and (not sums or any(cells.get(name) not in ("", None) for name in keys)):
            continue
        top = place + 1
        column = word or sums[0]
        typed = f'its {word} is "{str(cells[word]).strip()}"' if word else ""
        adds = f"its {sums[0]} of {number(float(str(cells[sums[0]])))} is the sum of the rows above" if sums else ""
        what = (
            f"Row {row} of table {source.name} looks like a typed total: {', and '.join(filter(None, (typed, adds)))}."
        )
        yield row, f.TOTAL_ROW(source.cell(column, row), what)


def _sums(source: Source, table: schema.Table, place: int, top: int) -> list[str]:
    """The columns whose number in a row is the sum of those in the rows from top on, if that holds for all of them."""
    columns = []
    for column in table.columns:
        if column.kind not in _ADDED_UP or column.name not in source.columns:
            continue
        k = source.columns.index(column.name)
        total = number_in(source.rows[place][k])
        above = [n for row in source.rows[top:place] if (n := number_in(row[k])) is not None]
        if total is None or not total:
            continue
        if len(above) < 2 or not math.isclose(math.fsum(above), total, rel_tol=1e-9):
            return []
        columns.append(column.name)
    return columns


# ----------------------------------------------------------------------------------------------------- alike


def grouped(findings: Sequence[Finding]) -> list[Finding]:
    """The findings, those of one cause as one, where the first of them stands."""
    if len(findings) < 2:
        return list(findings)
    spellings = Counter(column for column, _ in {(_column_of(each), each.what) for each in findings})
    findings = _blanks_of_rows(findings)
    groups: dict[Hashable, list[Finding]] = defaultdict(list)
    for place, each in enumerate(findings):
        groups[_cause(each, spellings) or place].append(each)
    return [_as_one(group) if len(group) > 1 else group[0] for group in groups.values()]


def _blanks_of_rows(findings: Sequence[Finding]) -> list[Finding]:
    """The findings, several blank cells of a row as one at the first of them."""
    rows: dict[Hashable, list[Finding]] = defaultdict(list)
    for each in findings:
        cell = address(each.where)
        if each.code == f.BLANK.code and cell and each.what.endswith(_IS_BLANK) and cell.sheet != "Setup":
            rows[cell.sheet, cell.row].append(each)
    others: set[int] = set()
    firsts: dict[int, Finding] = {}
    for blanks in rows.values():
        if len(blanks) > 1:
            names = [each.what.removesuffix(_IS_BLANK) for each in blanks]
            firsts[id(blanks[0])] = replace(blanks[0], what=f"{listed(names, len(names))} are blank.")
            others |= {id(each) for each in blanks[1:]}
    return [firsts.get(id(each), each) for each in findings if id(each) not in others]


def _column_of(each: Finding) -> Hashable:
    """The rule and the column of a finding, None where it names no cell."""
    cell = address(each.where)
    return (each.code, cell.sheet, cell.letters) if cell else None


def _cause(each: Finding, spellings: Counter[Hashable]) -> Hashable:
    """What findings of one cause have in common; None where a finding stands alone."""
    column = _column_of(each)
    if column is None or each.where.startswith("Setup!"):
        return None
    if each.code in _BY_WORDS:
        return (column, each.fix, "" if spellings[column] > _SPELLINGS else each.what)
    if each.code == f.BLANK.code:
        return (column, each.what)
    return (column, each.fix, each.severity) if each.code in _ALIKE else None


def _as_one(group: Sequence[Finding]) -> Finding:
    """Findings of one cause and column as one."""
    first, wheres = group[0], [each.where for each in group]
    effects = [each.effect for each in group if each.effect is not None]
    what, effect = first.what + the_same_in(wheres), math.fsum(effects) if effects else None
    return replace(first, where=together(wheres), what=what, effect=effect)
