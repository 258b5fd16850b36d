"""Formulas of ours outside of the tables that a run writes: in title rows, on About, on sheet Functions.

They keep the values with which the file was saved, so that a run says what they show from now on. Formulas of the user's are
left to Excel.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.answers import Answers, UnknownItemError
from xlbackflush.engine.result import RunResult
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.tables import CellError, Source
from xlbackflush.ooxml.address import quoted
from xlbackflush.ooxml.cells import Block
from xlbackflush.ooxml.package import Package
from xlbackflush.ooxml.stored import Shown, has_others, patched
from xlbackflush.ooxml.values import stored
from xlbackflush.sheets import help_sheet, title_rows
from xlbackflush.sheets.checks import checks_after
from xlbackflush.sheets.help_sheet import EXAMPLES, RAN, SPILLED, TYPED, Example, guarded
from xlbackflush.workbook.cells import FileReader

#: formula -> what it shows
Values = dict[str, Shown]

#: formulas of the examples
_EXAMPLES = frozenset(guarded(example) for example in (*EXAMPLES, SPILLED))


@dataclass(frozen=True)
class Elsewhere:
    """See the module. `cells` and `table` read the workbook as it was opened."""

    package: Package
    cells: FileReader
    table: Callable[[str], Source]

    def after_check(self, result: RunResult, standing: title_rows.Standing) -> tuple[title_rows.Standing, Values]:
        """What the formulas show after a check of the inputs: the run before it stands, and its sheet Checks counts the errors.

        Nothing where there was no run, or where another program saved sheet Checks without what its formulas come to.
        """
        checks = self.table("Checks")
        if not standing.ran or any(isinstance(cell, CellError) for row in checks.rows for cell in row):
            return standing, {}
        errors = sum(finding.severity == schema.ERROR for finding in result.findings)
        shown, failed = checks_after(checks, errors)
        standing = replace(standing, failed=failed)
        return standing, shown | self.values({}, standing)

    def values(
        self, blocks: Mapping[str, Block], standing: title_rows.Standing, answers: Answers | None = None
    ) -> Values:
        """What the formulas show where these tables are written and the title rows say this; answers: after a run."""
        shown: Values = {
            title_rows.STATUS: title_rows.status_text(standing.ran, standing.failed),
            title_rows.MASTER: standing.failed,
            **self._company(),
        }
        page = help_sheet.SHEET.name
        if page in self.package.sheets:
            with suppress(UnusableError):  # a page of help that cannot be read keeps no run from its end
                typed = {cell: self.cells.value(page, cell.replace("$", "")) for cell in TYPED}
                shown |= Examples(typed, answers, blocks, standing).shown()
        return shown

    def _company(self) -> Values:
        """The name of the company on About."""
        setup = self.table("Setup")
        columns, letter = setup.by_column(), setup.letters["Value"]
        for row, name, value in zip(setup.row_numbers, columns["Setting"], columns["Value"], strict=True):
            if name == "Company":
                cell = f"{quoted(setup.sheet)}!{letter}{row}"
                # the cell alone is how earlier workbooks show it
                return {title_rows.company_name(cell): stored(value) or "", cell: stored(value)}
        return {}

    def show(self, values: Values, written: Collection[str]) -> bool:
        """Put the values into the package. True where the workbook has formulas of the user's.

        written: sheets that are as they should be. The user's formulas on sheets of output tables are not looked for here.
        """
        tables = self.package.tables
        outputs = {tables[table.name].sheet for table in schema.OUTPUT_TABLES}
        inputs = {table.sheet for name, table in tables.items() if name in schema.TABLES} - outputs
        ours = inputs | {schema.ABOUT, help_sheet.SHEET.name}
        known = {title_rows.STATUS, *self._company(), *_EXAMPLES}
        plain = {formula: value for formula, value in values.items() if formula not in _EXAMPLES}
        others = False
        for sheet, part in self.package.sheets.items():
            if sheet in written:
                continue
            xml = self.package.read(part)
            foreign = sheet not in outputs and has_others(xml, known)
            others |= foreign
            # a copy of a sheet of ours is ours, too; a sheet of the user's stays byte for byte
            if sheet in outputs or sheet in ours or not foreign:
                new = patched(xml, plain if sheet in outputs else values)
                if new != xml:
                    self.package.replace(part, new)
        return others


# ------------------------------------------------------------------------------- examples on sheet Functions

_NOT_AVAILABLE, _NO_VALUE, _TOO_LARGE = CellError("#N/A"), CellError("#VALUE!"), CellError("#NUM!")


@dataclass(frozen=True)
class Examples:
    """Answers to the examples, as those of the add-in (see `vba/addin`): costs from `Answers`, all else from what the run leaves.

    typed: cell of the sheet, as formulas name it -> what it holds, as a reader of files gives it. answers: of the inputs as
    they are; None where nobody has read them. blocks: the tables that are written.
    """

    typed: Mapping[str, object]
    answers: Answers | None
    blocks: Mapping[str, Block]
    standing: title_rows.Standing

    def shown(self) -> dict[str, Shown]:
        """Formula -> what it shows, where that is known.

        The table of BACKFLUSH_EXPLODE is not among them: Excel gives it cells when it asks for it.
        """
        answers = {guarded(example): self._answer(example) for example in EXAMPLES}
        return {formula: value for formula, value in answers.items() if value is not None}

    def _answer(self, example: Example) -> Shown:
        blank = [cell for cell in TYPED if cell in example.condition and self.typed.get(cell, "") in ("", None)]
        if blank or (example.condition == RAN and not self.standing.ran):
            return example.otherwise
        texts = re.findall(r"[^,()]+", example.formula)[1:]
        given = [self.typed.get(text, "") if text in TYPED else text.strip('"') for text in texts]
        wrong = next((value for value in given if isinstance(value, CellError)), None)
        try:
            return wrong or self._worked_out(example.function, *given)
        except UnknownItemError:
            return _NOT_AVAILABLE

    def _worked_out(self, *call: object) -> Shown:
        """What a function answers; None where nobody has read what it answers from."""
        match call:
            case "BACKFLUSH_COST", item, quantity:
                return _times(self.answers.cost(_code(item)), quantity) if self.answers else None
            case "BACKFLUSH_QTY", item, component, quantity:
                return _times(self.answers.quantity(_code(item), _code(component)), quantity) if self.answers else None
            case "STANDARD_COST", item, *element:
                return self.answers.standard_cost(_code(item), *map(str, element)) if self.answers else None
            case "BACKFLUSH_VARIANCE", name:  # unfavorable positive; 0 where the run has none of the name
                rows = self._rows("Variances", "Variance", "Amount", "F/U")
                net = sum(-amount if sign == "F" else amount for text, amount, sign in rows if text == name)
                return round(float(net), 6) if rows else None
            case "BACKFLUSH_BALANCE", role:
                rows = self._rows("Ledger", "Role", "Closing")
                return next((closing for text, closing in rows if text == role), _NOT_AVAILABLE) if rows else None
        if not self.standing.ran:  # BACKFLUSH_STATUS
            return title_rows.NOT_RUN
        return "Stale: inputs changed after the last run" if self.standing.failed else "Ready"

    def _rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        """The cells of some columns of a table, row by row (a table has one at least); none where it is not written."""
        if table not in self.blocks:
            return []
        names, block = schema.TABLES[table].names, self.blocks[table]
        return list(zip(*(block.columns[names.index(column)].values for column in columns), strict=True))


def _code(value: object) -> str:
    """A code as typed: a number loses its decimal point."""
    return str(stored(value) or "").strip()


def _times(per_unit: float, quantity: object) -> Shown:
    """So many units; a blank cell is none."""
    if quantity in ("", None):
        return 0.0
    if isinstance(quantity, bool) or not isinstance(quantity, int | float):
        return _NO_VALUE
    amount = per_unit * quantity
    return amount if math.isfinite(amount) else _TOO_LARGE
