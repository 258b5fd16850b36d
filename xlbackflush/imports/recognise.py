"""Recognise: which table a file belongs to, which row has its headings, and which column is what.

By what was said or is remembered, else by the names of columns, else by what stands in them: dates, items that the workbook
knows, words for events. What is left in doubt is a finding that says what to type. Nothing is guessed.
"""

import datetime as dt
import re
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, field, replace
from xlbackflush.engine.inputs.headers import alike
from xlbackflush.engine.inputs.readings import dates
from xlbackflush.imports import names, rules
from xlbackflush.imports.files import Grid
from xlbackflush.imports.mapping import ABOVE, INDENTED, Expression, Line, Options, expression
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.finding import Finding
from xlbackflush.model.tables import number_in
from xlbackflush.model.words import listed, short_text
from xlbackflush.ooxml.address import column_letter

_HEADINGS_WITHIN = 40  # rows from the top of a file
_LOOKED_AT = 400  # rows, for what stands in a column
_MOSTLY = 0.9
_MARGIN = 2  # by which a table must fit better than any other
_PATH = re.compile(r"\d+(?:\.\d+)*\.?")
_BY_TITLE = re.compile(r"\s*([^:]{2,40}?)\s*:\s*(\S.*)")
#: table -> required column -> what can stand in for it
_STAND_INS: dict[str, dict[str, tuple[str, ...]]] = {
    "BOM": {"Parent": (names.LEVEL, names.PATH), "Qty per": (names.DESIGNATORS,)},
    "Purchases": {"Actual price": (names.LINE_TOTAL,)},
}
_NUMBERED = "Document"  # is numbered, where the file has no documents


@dataclass
class Plan:
    """How one file, or one sheet of it, becomes rows of a table. header: index of the row with its headings, -1 for none.

    notes: what a person should know of it, in sentences; is_remembered: it comes from Import Map; said, absent: what the
    command names, with a column that the file has or has not, which may be meant for another file.
    """

    grid: Grid
    table: schema.Table
    header: int
    headings: list[str]
    columns: dict[str, Expression]
    is_remembered: bool
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    said: list[Line] = field(default_factory=list)
    absent: list[Line] = field(default_factory=list)

    @property
    def is_like(self) -> bool:
        """Whether the file has most of the columns that Import Map names, so that it is one of those that it knows."""
        return len(self.findings) <= len(self.columns)

    @property
    def used(self) -> set[int]:
        """The columns of the file that fill one of ours; a filter may look at them as well."""
        return {at for name, taken in self.columns.items() if name != names.ONLY for at in taken.columns}

    @property
    def where(self) -> str:
        """The cell that findings about the whole file name."""
        return f"{self.grid.label}!A{self.grid.numbers[max(self.header, 0)]}"

    def heading(self, column: str) -> str:
        """What a column was taken from, as a person says it."""
        taken = self.columns[column]
        if taken.constant is not None:
            return f'always "{short_text(taken.constant)}"'
        text = " + ".join(self.headings[at] for at in taken.columns)
        return text if taken.factor == 1 else f"-{text}" if taken.factor == -1 else f"{text} * {taken.factor:.10g}"


def plans(grid: Grid, memory: Sequence[Line], options: Options, codes: Collection[str]) -> list[Plan]:
    """How a file is imported: into the tables of Import Map that know it, else into the one it fits. [] where it fits none."""
    own = [line for line in memory if line.suits(grid) and line.table in schema.IMPORTED]
    wanted = options.table
    tables = [wanted] if wanted else list(dict.fromkeys(line.table for line in own))
    if tables:
        found = [_plan(grid, table, [line for line in own if line.table == table], options, codes) for table in tables]
        # files of one pattern may go to several tables: to those of which they have every column
        known = [plan for plan in found if not plan.findings] or [plan for plan in found if wanted or plan.is_like]
        if known:
            return known
    table = _fitting(grid, options)
    return [_plan(grid, table, [], options, codes)] if table else []


def _fitting(grid: Grid, options: Options) -> str:
    """The table that the headings of a file fit best, by a margin; "" where none does."""
    scores = sorted(((_score(grid, table, options), table) for table in names.HEADINGS), reverse=True)
    (best, table), (second, _) = scores[:2]
    return table if best >= _MARGIN and best >= second + _MARGIN else ""


def _score(grid: Grid, table: str, options: Options) -> float:
    """How well a table fits: what it needs and finds counts twice, what it needs and lacks against it."""
    try:
        lines = options.lines(grid, table)
    except UnusableError:  # what is said is meant for another table
        return -99.0
    _, headings = _headings(grid, table, [])
    said = {line.column for line in lines if not line.source_column or expression(line.source_column, headings)}
    found = _by_names(headings, table, said).keys() | said
    needed = [c.name for c in schema.TABLES[table].columns if c.required]
    lacking = [
        name
        for name in needed
        if name not in found and name != _NUMBERED and not _stands_in(table, name, found) and not _choice(table, name)
    ]
    words = set(names.plain(f"{grid.path.stem} {grid.sheet}").replace("_", " ").split())
    ours = sum(name in headings for name in found)
    hint = 4 if words & names.HINTS.get(table, frozenset()) else 0
    unsaid = sum(name not in found and _choice(table, name) for name in needed)
    fits = 2 * sum(name in found for name in needed) + len(found) + ours + 3 * len(said)
    return fits - 4 * len(lacking) - unsaid + hint


def _choice(table: str, name: str) -> bool:
    return bool(schema.TABLES[table].column(name).choices)


def _stands_in(table: str, name: str, found: Collection[str]) -> bool:
    return any(other in found for other in _STAND_INS.get(table, {}).get(name, ()))


# --------------------------------------------------------------------------------------------------- one plan


def _plan(grid: Grid, table: str, own: Sequence[Line], options: Options, codes: Collection[str]) -> Plan:
    said = options.lines(grid, table)
    spoken = {line.column for line in said if line.source_column or "=" not in line.values}
    lines = [line for line in own if line.column not in spoken] + said
    order = [*schema.TABLES[table].names, *names.HELPERS]
    unknown = [line for line in lines if line.column not in order]
    lines = [line for line in lines if line.column in order]
    header, headings = _headings(grid, table, lines)
    plan = Plan(grid, schema.TABLES[table], header, headings, {}, bool(own))
    for line in unknown:
        what = f'Import Map names a column "{short_text(line.column)}"; table {table} has none of that name.'
        fix = f"Correct it on sheet Import Map: {listed(order, len(order), 'or')}."
        plan.findings.append(rules.RENAMED_COLUMN(plan.where, what, fix=fix))
    for line in lines:
        if line in said and line.source_column:
            is_there = expression(line.source_column, headings) is not None
            (plan.said if is_there else plan.absent).append(line)
            if not is_there:
                continue
        _add(plan, line)
    if not own:
        _add_by_names(plan)
        _add_by_content(plan, codes)
        _add_indent(plan)
    if not own or any(line.form == ABOVE for line in own):
        _add_title(plan)
    for line in lines:
        if not line.source_column and ("=" in line.values or (line.form and not line.values)):
            _add_words(plan, line)
    _drop_what_is_no_path(plan)
    plan.findings += _missing(plan)
    plan.columns = dict(sorted(plan.columns.items(), key=lambda pair: order.index(pair[0])))
    return plan


def _add(plan: Plan, line: Line) -> None:
    """What a line of Import Map, or of the command, says of a column."""
    if line.source_column:
        found = expression(line.source_column, plan.headings)
        if found is None:
            plan.findings.append(not_there(plan, line, "Import Map"))
            return
        is_filter = line.column == names.ONLY
        words = (names.plain(word) or word.strip() for word in line.values.split(";"))
        meanings = dict.fromkeys(words, "") if is_filter else line.meanings
        known = plan.columns.get(line.column)
        if is_filter and known:  # a second filter
            plan.notes.append(f"Only one filter is kept; {plan.heading(names.ONLY)} makes way.")
        plan.columns[line.column] = Expression(found[0], found[1], None, line.form.casefold(), dict(meanings))
    elif line.values and "=" not in line.values:
        plan.columns[line.column] = Expression(constant=line.values, form=line.form.casefold())


def _add_words(plan: Plan, line: Line) -> None:
    """Words, or a form, that were said of a column without naming it."""
    taken = plan.columns.get(line.column)
    if taken:
        meanings = {**taken.meanings, **line.meanings}
        plan.columns[line.column] = replace(taken, meanings=meanings, form=line.form.casefold() or taken.form)


def not_there(plan: Plan, line: Line, who: str) -> Finding:
    """A column that somebody names and that is not in the file: renamed, perhaps."""
    ranks = names.RANKS[plan.table.name].get(line.column, {})
    used = plan.used
    free = [heading for at, heading in enumerate(plan.headings) if heading.strip() and at not in used]
    near = [h for h in free if alike(h, line.source_column) or any(name in ranks for name in names.names_of(h))]
    what = f'The file has no column "{line.source_column}", which {who} takes for {line.column}.'
    others = listed([f'"{heading}"' for heading in near or free], 6)
    if near:
        what += f" It has {others}."
    elif free:
        what += f" It has {others}, which nothing uses."
    fix = f'If it was renamed: --map "{(near or free or ["Menge"])[0]}={line.column}".'
    return rules.RENAMED_COLUMN(plan.where, what, fix=fix)


def _headings(grid: Grid, table: str, lines: Sequence[Line]) -> tuple[int, list[str]]:
    """The row with the headings, and these; where there is none, columns are called column A, column B."""
    said = {names.plain(part) for line in lines for part in re.split(r"[+*/-]", line.source_column) if part.strip()}
    known = {name for ranks in names.RANKS[table].values() for name in ranks} | said
    best, at = 1, -1
    for number, row in enumerate(grid.rows[:_HEADINGS_WITHIN]):
        texts = [cell for cell in row if isinstance(cell, str) and cell.strip()]
        if len(texts) < 2 and len(grid.rows[0]) > 1:
            continue
        count = len({name for text in texts for name in names.names_of(text)[:1] if name in known})
        if count > best or (count == best == 1 and len(texts) == 1):
            best, at = count, number
    if at < 0 and _is_head(grid.rows[0]):
        at = 0
    width = max((len(row) for row in grid.rows[: _LOOKED_AT + at + 1]), default=0)
    if at < 0:
        return -1, [f"column {column_letter(n + 1)}" for n in range(width)]
    row = [*grid.rows[at], *[""] * (width - len(grid.rows[at]))]
    return at, [str(cell).strip() or f"column {column_letter(n + 1)}" for n, cell in enumerate(row)]


def _is_head(row: Sequence[object]) -> bool:
    """Whether a row without a known heading can be one of headings: texts only, all different, none a number or a day."""
    texts = [cell.strip() for cell in row if isinstance(cell, str)]
    return (
        len(texts) == len(row) > 1
        and len(set(texts)) == len(texts)
        and all(text and not any(c.isdigit() for c in text) for text in texts)
    )


def _by_names(headings: Sequence[str], table: str, taken: Collection[str] = ()) -> dict[str, int]:
    """Column -> the column of the file with its name; the names that stand first come first."""
    pairs = sorted(
        (min(ranks[name] for name in known), at, column)
        for column, ranks in names.RANKS[table].items()
        if column not in taken
        for at, heading in enumerate(headings)
        if (known := [name for name in names.names_of(heading) if name in ranks])
    )
    found: dict[str, int] = {}
    for _, at, column in pairs:
        if column not in found and at not in found.values():
            found[column] = at
    return found


def _add_by_names(plan: Plan) -> None:
    """Columns by their names; a note where another one has as good a name."""
    used = plan.used
    headings = [heading if at not in used else "" for at, heading in enumerate(plan.headings)]
    found = _by_names(headings, plan.table.name, plan.columns.keys())
    for column, at in found.items():
        plan.columns[column] = Expression((at,))
    for column, at in found.items():
        ranks = names.RANKS[plan.table.name][column]
        others = [
            heading
            for other, heading in enumerate(headings)
            if other not in found.values() and any(name in ranks for name in names.names_of(heading))
        ]
        if others and column in plan.table.names and plan.table.column(column).kind != "text":
            plan.notes.append(
                f'{column} was taken from "{plan.headings[at]}", not from {listed([repr_(h) for h in others])}; '
                f'if that is wrong: --map "{others[0]}={column}".'
            )


def repr_(text: str) -> str:
    """A heading in quotation marks."""
    return f'"{short_text(text)}"'


def _cells(plan: Plan, at: int) -> list[object]:
    """Filled cells of a column of the file, from the first rows."""
    rows = plan.grid.rows[plan.header + 1 : plan.header + 1 + _LOOKED_AT]
    return [row[at] for row in rows if at < len(row) and row[at] not in ("", None)]


def _add_by_content(plan: Plan, codes: Collection[str]) -> None:
    """Columns that the table needs, by what stands in the file where only one column can be it."""
    used = plan.used
    known = {code.lstrip("0") for code in codes}
    tests: dict[str, Callable[[object, str], bool]] = {
        "date": lambda cell, _: isinstance(cell, dt.date) or (isinstance(cell, str) and bool(dates(cell.strip()))),
        "item": lambda cell, _: _code(cell).lstrip("0") in known,
        "choice": lambda cell, name: names.plain(cell) in names.MEANINGS.get(name, ()),
    }
    for column in plan.table.columns:
        test = tests.get(column.kind)
        if not column.required or column.name in plan.columns or test is None:
            continue
        fits = [
            at
            for at in range(len(plan.headings))
            if at not in used
            and (cells := _cells(plan, at))
            and sum(test(cell, column.name) for cell in cells) >= _MOSTLY * len(cells)
        ]
        if len(fits) == 1:
            plan.columns[column.name] = Expression((fits[0],))
            used.add(fits[0])


def _code(cell: object) -> str:
    number = number_in(cell)
    return str(int(number)) if number is not None and number.is_integer() else str(cell).strip()


def _add_title(plan: Plan) -> None:
    """The parent of an export of one level: it stands above the headings, behind a word for it."""
    if plan.table.name != "BOM" or "Parent" in plan.columns:
        return
    ranks = names.RANKS["BOM"]["Parent"]
    for row in plan.grid.rows[: max(plan.header, 0)]:
        cells = [str(cell).strip() for cell in row if cell not in ("", None)]
        pairs = list(pairwise(cells)) + [(match[1], match[2]) for cell in cells if (match := _BY_TITLE.fullmatch(cell))]
        for word, value in pairs:
            if names.plain(word) in ranks and names.plain(value) not in ranks:
                plan.columns["Parent"] = Expression(constant=value.strip(), form=ABOVE)
                return


def _add_indent(plan: Plan) -> None:
    """The level of a bill whose components are indented by spaces."""
    component = plan.columns.get("Component")
    if not component or not component.columns or plan.columns.keys() & {"Parent", names.LEVEL, names.PATH}:
        return
    indents = {len(cell) - len(cell.lstrip()) for cell in _cells(plan, component.columns[0]) if isinstance(cell, str)}
    if len(indents) > 1:
        plan.columns[names.LEVEL] = Expression(component.columns, form=INDENTED)


def _drop_what_is_no_path(plan: Plan) -> None:
    """Positions such as 10, 20, 30 are no path, and a path is not needed where each line has its parent."""
    path = plan.columns.get(names.PATH)
    if path and path.columns:
        texts = [str(cell).strip() for cell in _cells(plan, path.columns[0])]
        keys = {text.rstrip(".") for text in texts}
        is_path = bool(texts) and all(map(_PATH.fullmatch, texts)) and any("." in key for key in keys)
        if not is_path or ("Parent" in plan.columns and plan.columns["Parent"].constant is None):
            del plan.columns[names.PATH]


def _missing(plan: Plan) -> list[Finding]:
    """What the table needs and nothing gives, with what to type."""
    used = plan.used
    free = [heading for at, heading in enumerate(plan.headings) if at not in used]
    findings = []
    blamed = {f.what.rpartition(" takes for ")[2].split(".")[0] for f in plan.findings}
    for column in plan.table.columns:
        name = column.name
        if not column.required or name in plan.columns or name == _NUMBERED or name in blamed:
            continue
        if _stands_in(plan.table.name, name, plan.columns):
            continue
        what = f"No column of {plan.grid.label} is known as {name} of table {plan.table.name}."
        if free:
            what += f" Nothing uses {listed([repr_(heading) for heading in free], 8)}."
        fix = f'Name it: --map "{(free or ["Heading"])[0]}={name}"'
        fix += f', or say it for all rows: --set "{name}={column.choices[0] if column.choices else "..."}".'
        findings.append(rules.MISSING_COLUMN(plan.where, what, fix=fix))
    return findings
