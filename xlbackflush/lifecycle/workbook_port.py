"""A workbook, as the lifecycle sees it: a file, or a book open in Excel."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from xlbackflush.engine.result import RunResult
from xlbackflush.model.inputs import Cleaned
from xlbackflush.model.journal import Problem, Run
from xlbackflush.model.tables import Source
from xlbackflush.sheets.body import Body


class Workbook(Protocol):
    """What is read of a workbook, and what is written back: whole, or not at all."""

    def read(self) -> dict[str, Source]:
        """Every input table as it stands."""

    def table(self, name: str) -> Source:
        """One table, input or output, as it stands."""

    def formulas(self, name: str) -> Iterator[dict[str, str]]:
        """The formulas of one table, row by row of its body: column -> formula without its =, in English."""

    def runs(self) -> list[Run]:
        """The Runs sheet."""

    def damaged(self) -> list[Problem]:
        """What of the file is not as it was written, among what nothing else reads."""

    def not_typed(self, cells: Sequence[Cleaned]) -> set[str]:
        """The addresses of those cells that hold a formula, so that a run must not write them."""

    def write(self, result: RunResult) -> None:
        """Write the results of a run back, and the inputs that were cleaned; of a run that errors stopped, and of a check, the
        findings alone.
        """

    def restore(self) -> list[Run]:
        """Put back the output tables as they stood before the last run, and return the runs that stand again."""

    def write_table(self, name: str, body: Body) -> None:
        """Replace the rows of one output table; all else stays as it is."""

    def clear(self, runs: list[Run]) -> None:
        """Empty the output tables; of the runs these stay."""
