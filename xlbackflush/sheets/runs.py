"""Sheet Runs: every run of the workbook."""

from collections.abc import Sequence

from xlbackflush import schema
from xlbackflush.model.journal import Run
from xlbackflush.sheets.body import Body, RunView, shown


def body(run: RunView) -> Body:
    """The posted runs, then this one."""
    return rows_of(run.result.runs)


def rows_of(runs: Sequence[Run]) -> Body:
    """One row per run."""
    return shown(schema.RUNS, runs)
