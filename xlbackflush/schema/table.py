"""What a column, a table, a sheet and a setting are, and where tables stand on their sheets."""

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import KW_ONLY
from functools import cache, cached_property, partial
from string import Formatter
from typing import Any, Literal

from xlbackflush.dataclass import dataclass

DAY_0 = dt.date(1899, 12, 30)  # Excel's
HEADER_ROW = 6  # of every table; units stand one row above, data starts one row below

Kind = Literal["text", "item", "choice", "date", "quantity", "price", "money", "percent", "hours", "integer", "any"]
Role = Literal["Input", "Calculation", "Output", "Control"]
Look = Literal["input", "calculation", "posted", "check", "link", "packed"]  # what a cell is, as its style shows it
Mark = Literal["bad", "warn", "note", "good", "head", "entry"]  # colours that say something

#: what the cells of a sheet are, where that is not posted
_LOOKS: dict[Role, Look] = {"Input": "input", "Calculation": "calculation"}

FIRST_VERSION = 2  # of the schema that workbooks state; those that state none may lack anything

LIVE_FORMULA, POSTED_LESS_PROOF = "live formula", "posted - proof"  # units of proofs, and of what they leave

#: kinds whose cells hold numbers
NUMERIC: frozenset[str] = frozenset({"quantity", "price", "money", "percent", "hours", "integer"})


@cache
def identifier(name: str) -> str:
    """A name on the sheet as Python writes it: `Qty per` is qty_per, `Scrap %` scrap_percent, `Class` class_."""
    word = name.replace("%", "percent").replace(" ", "_").replace("-", "_").lower()
    return f"{word}_" if word == "class" else word


@dataclass(frozen=True)
class Column:
    """One table column. `unit` stands above the header; `help` is the input message and the documentation.

    wrap: its texts may be long, and are broken into lines within its width.
    look: where it is not that of its sheet. field: of the record that a row shows, where the cell is simply that; on
    Journal, of the entry or of its line.
    indent: the column whose number says by how many steps the text is indented.
    marks: colour and test, in which {} is the cell.
    item: the column with the item that its figure counts, where that is neither Component nor Item.
    since: the version of the schema that brought it.

    Of a posted figure, for those who ask what it rests on:
    proves: the columns that this one recomputes. rests_on: a formula over {Columns} of the same row, where no proof says it.
    recorded: why the figure is what it is, where nothing is worked out.
    """

    name: str
    help: str
    _: KW_ONLY
    kind: Kind = "text"
    unit: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None  # exclusive, for percentages that divide by 1 - p
    width: float = 14
    wrap: bool = False
    look: Look | None = None
    field: str = ""
    indent: str = ""
    marks: tuple[tuple[Mark, str], ...] = ()
    item: str = ""
    since: int = FIRST_VERSION
    proves: tuple[str, ...] = ()
    rests_on: str = ""
    recorded: str = ""


# what usually goes together in a column
text = partial(Column, kind="text")
item = partial(Column, kind="item", required=True, width=18)
choice = partial(Column, kind="choice")
date = partial(Column, kind="date", width=12)
integer = partial(Column, kind="integer")
quantity = partial(Column, kind="quantity", unit="units")
hours = partial(Column, kind="hours", unit="hours")
percent = partial(Column, kind="percent")
price = partial(Column, kind="price", unit="money per unit")
money = partial(Column, kind="money", unit="money", width=16)


@dataclass(frozen=True)
class Highlight:
    """A colour of whole rows. In the test, {Column} is a cell of the row; last: the last column in colour, blank: of all."""

    mark: Mark
    test: str
    last: str = ""

    @property
    def columns(self) -> set[str]:
        """The columns without which there is nothing to look at."""
        return {column for _, column, _, _ in Formatter().parse(f"{self.test}{{{self.last}}}") if column}


@dataclass(frozen=True)
class Table:
    """One Excel Table: its name, its columns, and the sheet column (1 = A) where it starts.

    row_name: what people call a row, from its {Columns}. named_by_row: its rows differ more than its columns do, so that a
    cell is called by its row. recorded: as that of a column, for all of its columns. former: the columns of an output table
    that earlier versions wrote, and that make way for others in an upgrade. comparison_only: an input table that rules
    compare with, and that moves no amount.
    """

    name: str
    columns: tuple[Column, ...]
    first_col: int = 1
    _: KW_ONLY
    row_name: str
    named_by_row: bool = False
    highlights: tuple[Highlight, ...] = ()
    recorded: str = ""
    former: tuple[str, ...] = ()
    comparison_only: bool = False

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)

    @property
    def names(self) -> list[str]:
        return [c.name for c in self.columns]

    def call(self, text: Callable[[str], str]) -> str:
        """What people call a row, from the text of its cell in each column. Words before a blank cell are left out."""
        name = ""
        for number, (words, column, _, _) in enumerate(Formatter().parse(self.row_name)):
            if column and (shown := text(column)):
                name += f"{words if name or not number else ''}{shown}"
        return name

    def proof_of(self, column: str) -> str:
        """The column that recomputes a column, "" where none does."""
        return next((proof.name for proof in self.columns if column in proof.proves), "")

    @property
    def since(self) -> int:
        """The version of the schema that brought it."""
        return min(column.since for column in self.columns)

    @property
    def differences(self) -> list[str]:
        """The columns of what is left between posted figures and their proofs."""
        return [c.name for c in self.columns if c.unit == POSTED_LESS_PROOF]

    def lacking(self, names: Collection[str]) -> list[str]:
        """The columns without which the table cannot be used, and which are not among these."""
        return [c.name for c in self.columns if (c.required or c.name == "Value") and c.name not in names]


def table(name: str, row_name: str, *columns: Column, **facts: Any) -> Table:
    """A table, its columns one after the other; facts: what else there is to say of it."""
    return Table(name, columns, row_name=row_name, **facts)


@dataclass(frozen=True)
class Sheet:
    """One sheet: what it is for, its tables, how it prints."""

    name: str
    role: Role
    tables: tuple[Table, ...]
    purpose: str
    hint: str = ""
    freeze_cols: int = 0
    outlined: bool = False  # groups of its rows open and close

    def look(self, column: Column) -> Look:
        """What the cells of one of its columns are."""
        return column.look or _LOOKS.get(self.role, "posted")


@dataclass(frozen=True)
class Setting:
    """One row of the Setup table. since: as of a column."""

    name: str
    kind: Kind
    default: object
    meaning: str
    choices: tuple[str, ...] = ()
    required: bool = False
    minimum: float | None = None
    since: int = FIRST_VERSION

    @cached_property
    def column(self) -> Column:
        """Its value as a column of one cell."""
        return Column(
            "Value", self.meaning, kind=self.kind, required=self.required, choices=self.choices, minimum=self.minimum
        )

    @cached_property
    def field(self) -> str:
        """Its name in `tables.Settings`."""
        return identifier(self.name.removesuffix(" %"))
