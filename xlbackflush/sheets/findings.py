"""Sheet Findings: what is wrong with the inputs, each finding with a link to its cell."""

from __future__ import annotations

from collections.abc import Sequence

from xlbackflush import schema
from xlbackflush.model.finding import Finding
from xlbackflush.sheets.body import Body, RunView
from xlbackflush.sheets.formulas import link

TABLE = schema.FINDINGS


def body(run: RunView) -> Body:
    """The findings of a run."""
    return rows_of(run.result.findings)


def rows_of(findings: Sequence[Finding]) -> Body:
    """One row per finding, also of inputs that cannot be run."""
    return {
        "Severity": ([f.severity for f in findings], None),
        "Code": ([f.code for f in findings], None),
        "Where": ([f.where for f in findings], [link(f.where) if "!" in f.where else "" for f in findings]),
        "What": ([f.what for f in findings], None),
        "How to fix": ([f.fix for f in findings], None),
        "Effect": ([f.effect for f in findings], None),
    }
