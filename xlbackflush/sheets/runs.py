"""Sheet Runs: every run of the workbook."""

from __future__ import annotations

from collections.abc import Sequence

from xlbackflush import schema
from xlbackflush.model.journal import Run
from xlbackflush.sheets.body import Body, RunView

TABLE = schema.RUNS


def body(run: RunView) -> Body:
    """The posted runs, then this one."""
    return rows_of(run.result.runs)


def rows_of(runs: Sequence[Run]) -> Body:
    """One row per run."""
    return {
        "Run": ([r.run for r in runs], None),
        "Status": ([r.status for r in runs], None),
        "Started": ([r.started for r in runs], None),
        "User": ([r.user for r in runs], None),
        "Version": ([r.version for r in runs], None),
        "Input hash": ([r.input_hash for r in runs], None),
        "Entries": ([r.entries for r in runs], None),
        "Debits": ([r.debits for r in runs], None),
        "Credits": ([r.credits for r in runs], None),
        "Approved by": ([r.approved_by for r in runs], None),
        "Posted": ([r.posted for r in runs], None),
        "Link": ([r.link for r in runs], None),
        "Goes on in": ([r.goes_on for r in runs], None),
    }
