"""The mapping of a file: which of its columns fills which column of ours, and what its words mean.

It is said on the command line, or on sheet Import Map, or found by names; what was used is written to Import Map, so that the
next file of the same kind needs nothing said.
"""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, field
from xlbackflush.imports import names
from xlbackflush.imports.files import Grid
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.tables import Source
from xlbackflush.ooxml.address import column_letter, column_number

DAY_FIRST, MONTH_FIRST, DECIMAL_COMMA, DECIMAL_POINT = "day first", "month first", "decimal comma", "decimal point"
FILL_DOWN, LEAVE_OUT, INDENTED, ABOVE = "fill down", "leave out", "indented", "above headings"
FORMS = (DAY_FIRST, MONTH_FIRST, DECIMAL_COMMA, DECIMAL_POINT, FILL_DOWN, LEAVE_OUT, INDENTED, ABOVE)

#: of a file's name: its month, its day, its number; not the 51 of MB51
_CHANGING = re.compile(
    r"[\W_]*(?:(?<![^\W_])\d|\d(?=\d{3})|(?<![^\W_])(?:jan|feb|m[aä]r|apr|ma[yi]|ju[nl]|aug|sep|o[ck]t|nov|de[cz])[a-z]*(?![^\W\d_]))"
    r"[\d\W_]*",
    re.I,
)
_POSITION = re.compile(r"column ([A-Za-z]{1,3})", re.I)
_TIMES = re.compile(r"(?P<name>.+?)\s*(?P<sign>[*/])\s*(?P<number>\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Line:
    """A row of sheet Import Map."""

    source: str
    sheet: str
    table: str
    source_column: str
    column: str
    form: str = ""
    values: str = ""

    def suits(self, grid: Grid) -> bool:
        """Whether it is about a file or sheet."""
        pattern = self.source.strip().casefold()
        return fnmatchcase(grid.path.name.casefold(), pattern) and self.sheet.strip() in ("", grid.sheet)

    @property
    def meanings(self) -> dict[str, str]:
        """What words mean: theirs in plain letters -> ours."""
        pairs = (part.partition("=") for part in self.values.split(";") if part.strip())
        return {names.plain(word) or word.strip(): ours.strip() for word, _, ours in pairs}


@dataclass(frozen=True)
class Options:
    """What is said on the command line: columns and words (maps), constants (sets), forms, filters (only)."""

    to: str = ""
    sheet: str = ""
    maps: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """The table that is named, or "". UnusableError where there is none of that name."""
        if not self.to:
            return ""
        for name in schema.IMPORTED:
            if self.to.casefold() in (name.casefold(), schema.SHEET_OF[name].name.casefold()):
                return name
        raise UnusableError(f"--to {self.to}: there is no such table; choose {', '.join(schema.IMPORTED)}.")

    def lines(self, grid: Grid, table: str) -> list[Line]:
        """What it says, as lines of the Import Map of a table."""
        targets = {name.casefold(): name for name in (*schema.TABLES[table].names, *names.HELPERS)}
        words: dict[str, list[str]] = {}
        lines = [*self._columns(grid, table, targets, words), *self._constants(grid, table, targets)]
        for said in self.only:
            column, values = _halves("--only", said, "Plant=1000")
            lines.append(
                Line(pattern(grid.path), grid.sheet, table, column, names.ONLY, values=values.replace(",", ";"))
            )
        forms = dict(_halves("--form", said, "Date=day first") for said in self.forms)
        for name, form in forms.items():
            if name.casefold() in targets and form.casefold() not in FORMS:
                raise UnusableError(f"--form {name}={form}: say {', '.join(FORMS[:-1])} or {FORMS[-1]}.")
            known = [line for line in lines if line.column.casefold() == name.casefold()]
            target = targets.get(name.casefold())
            if target and not known:
                lines.append(Line(pattern(grid.path), grid.sheet, table, "", target, form.casefold()))
            lines = [_with_form(line, form) if line in known else line for line in lines]
        return lines + [
            Line(pattern(grid.path), grid.sheet, table, "", column, values="; ".join(pairs))
            for column, pairs in words.items()
        ]

    def _columns(self, grid: Grid, table: str, targets: dict[str, str], words: dict[str, list[str]]) -> Iterable[Line]:
        for said in self.maps:
            theirs, ours = _halves("--map", said, "Menge=Quantity")
            if ours.casefold() in targets:
                yield Line(pattern(grid.path), grid.sheet, table, theirs, targets[ours.casefold()])
                continue
            choices = {
                choice.casefold(): column.name for column in schema.TABLES[table].columns for choice in column.choices
            }
            column = choices.get(ours.removeprefix("-").casefold())
            if column:
                words.setdefault(column, []).append(f"{theirs} = {ours}")
            elif not self._known_elsewhere(ours):
                raise UnusableError(f'--map "{said}": {table} has no column and no word {ours}.')

    def _known_elsewhere(self, name: str) -> bool:
        """Whether a name is meant for another table: several files are imported with one command."""
        return not self.to and any(
            name.removeprefix("-").casefold() in map(str.casefold, (*column.choices, column.name))
            for table in schema.IMPORTED
            for column in schema.TABLES[table].columns
        )

    def _constants(self, grid: Grid, table: str, targets: dict[str, str]) -> Iterable[Line]:
        for said in self.sets:
            column, value = _halves("--set", said, "Event=Completed")
            if column.casefold() in targets:
                yield Line(pattern(grid.path), grid.sheet, table, "", targets[column.casefold()], values=value)
            elif not self._known_elsewhere(column):
                raise UnusableError(f'--set "{said}": {table} has no column {column}.')


def _with_form(line: Line, form: str) -> Line:
    return Line(line.source, line.sheet, line.table, line.source_column, line.column, form.casefold(), line.values)


def _halves(option: str, said: str, example: str) -> tuple[str, str]:
    left, mark, right = said.rpartition("=")
    if not mark or not left.strip() or not right.strip():
        raise UnusableError(f'{option} "{said}": write it as {option} "{example}".')
    return left.strip(), right.strip()


def pattern(path: Path) -> str:
    """The name of a file with * for its numbers: counts_2026-04.csv is counts*.csv."""
    return f"{_CHANGING.sub('*', path.stem) or '*'}{path.suffix}"


def lines_of(source: Source) -> list[Line]:
    """The rows of sheet Import Map."""
    text = {name: name for name in schema.IMPORT_MAP.names}
    return [
        Line(*(str(row.get(name, "") if row.get(name) is not None else "").strip() for name in text))
        for _, row in source.named_rows()
        if row.get("Source") and row.get("Table") and row.get("Column")
    ]


@dataclass(frozen=True)
class Expression:
    """What fills a column: columns of the file by their numbers from 0, joined, times a factor; or a constant."""

    columns: tuple[int, ...] = ()
    factor: float = 1.0
    constant: str | None = None
    form: str = ""
    meanings: dict[str, str] = field(default_factory=dict)

    @property
    def letter(self) -> str:
        return column_letter(self.columns[0] + 1) if self.columns else "A"


def expression(source_column: str, headings: Sequence[str]) -> tuple[tuple[int, ...], float] | None:
    """The columns and the factor that a source column names; None where the file has no such column."""
    text = source_column.strip()
    if (at := position(text, headings)) is not None:
        return (at,), 1.0
    if (times := _TIMES.fullmatch(text)) and (at := position(times["name"], headings)) is not None:
        number = float(times["number"])
        return (at,), number if times["sign"] == "*" else 1 / number
    if text.startswith("-") and (inner := expression(text[1:], headings)):
        return inner[0], -inner[1]
    places = [position(part, headings) for part in text.split("+")]
    found = tuple(at for at in places if at is not None)
    return (found, 1.0) if len(places) > 1 and len(found) == len(places) else None


def position(name: str, headings: Sequence[str]) -> int | None:
    """The number from 0 of the column of this heading, or at this place; None where there is none."""
    name = name.strip()
    if name in headings:
        return headings.index(name)
    wanted = names.plain(name)
    plain = [names.plain(heading) for heading in headings]
    if wanted and wanted in plain:
        return plain.index(wanted)
    letters = _POSITION.fullmatch(name)
    if letters and (at := column_number(letters[1].upper()) - 1) < len(headings):
        return at
    return None
