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
    return shown(schema.FINDINGS, findings, {"Where": [_link(finding.where) for finding in findings]})


def _link(where: str) -> str:
    """To a cell, or to a sheet as a whole; "" where it is neither."""
    if "!" in where:
        return link(where)
    return link(where, f"{where}!A1") if where in _SHEETS else ""


_SHEETS = {sheet.name for sheet in schema.SHEETS}
