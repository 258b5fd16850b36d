"""Formulas of ours outside of the tables that a run writes: in title rows, on About, on sheet Functions.

They keep the values with which the file was saved, so that a run says what they show from now on. Formulas of the user's are
left to Excel.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from xlbackflush import schema
from xlbackflush.engine.answers import Answers
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
from xlbackflush.workbook import examples
from xlbackflush.workbook.cells import FileReader

#: formula -> what it shows
Values = dict[str, Shown]


@dataclass(frozen=True)
class Elsewhere:
    """See the module. `cells` and `table` read the workbook as it was opened."""

    package: Package
    cells: FileReader
    table: Callable[[str], Source]

    def after_run(self, result: RunResult, blocks: Mapping[str, Block], standing: title_rows.Standing) -> Values:
        """What the formulas show after a run, which has written these tables."""
        period = result.period
        answers = Answers(period.bill, period.unit_costs, period.settings)
        return self.values(blocks, standing, answers)

    def after_check(self, result: RunResult, standing: title_rows.Standing) -> tuple[title_rows.Standing, Values]:
        """The same after a check of the inputs: the run before it stands, and its sheet Checks counts the errors.

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
        """What the formulas show where these tables are written and the title rows say this."""
        shown: Values = {
            title_rows.STATUS: title_rows.status_text(standing.ran, standing.failed),
            title_rows.MASTER: standing.failed,
            **self._company(),
        }
        page = help_sheet.SHEET.name
        if page in self.package.sheets:
            with suppress(UnusableError):  # a page of help that cannot be read keeps no run from its end
                typed = {cell: self.cells.value(page, cell.replace("$", "")) for cell in help_sheet.TYPED}
                shown |= examples.Examples(typed, answers, blocks, standing).shown()
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
        known = {title_rows.STATUS, *self._company(), *examples.FORMULAS}
        plain = {formula: value for formula, value in values.items() if formula not in examples.FORMULAS}
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
