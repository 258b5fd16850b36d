"""Sheet Findings: what is wrong with the inputs, each finding with a link to its cell."""

from collections.abc import Sequence

from xlbackflush import schema
from xlbackflush.model.finding import Finding
from xlbackflush.sheets.body import Body, RunView, shown
from xlbackflush.sheets.formulas import link


def body(run: RunView) -> Body:
    """The findings of a run."""
    return rows_of(run.result.findings)


def rows_of(findings: Sequence[Finding]) -> Body:
    """One row per finding, also of inputs that cannot be run."""
    return shown(schema.FINDINGS, findings, {"Where": [link(f.where) if "!" in f.where else "" for f in findings]})
