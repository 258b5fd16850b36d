"""What a run came to, ready to be written into its workbook."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from xlbackflush.engine.period import Period
from xlbackflush.engine.record import record as records
from xlbackflush.engine.record.corrections import Draft
from xlbackflush.engine.record.record import Run, RunInputs
from xlbackflush.model.finding import Finding, has_errors


@dataclass(frozen=True)
class RunResult:
    """Findings always; the line of the run on sheet Runs and the journal as it leaves it, unless errors stopped it.

    A check of the inputs has neither.
    """

    period: Period
    findings: list[Finding]
    run: Run | None = None
    journal: Draft | None = None

    @property
    def failed(self) -> bool:
        return has_errors(self.findings)

    @property
    def runs(self) -> list[Run]:
        """Sheet Runs after this run: those that were posted before, and its own line."""
        assert self.run
        return [*(run for run in self.period.record.posted_runs if run.run != self.run.run), self.run]

    @cached_property
    def run_inputs(self) -> dict[str, RunInputs]:
        """Inputs of every run on record, this one included; packed when they are written, not before."""
        assert self.run
        record = self.period.record
        earlier = {run.run: record.inputs[run.run] for run in record.posted_runs if run.run in record.inputs}
        own = {} if self.run.run in earlier else {self.run.run: records.inputs_of(self.period.inputs.sources)}
        return own | earlier

    # ---- until sheets and their readers use the period itself
    @property
    def inputs(self):  # type: ignore[no-untyped-def]
        return self.period.inputs

    @property
    def structure(self):  # type: ignore[no-untyped-def]
        return self.period.bill

    @property
    def posted(self):  # type: ignore[no-untyped-def]
        return Posted(self) if self.run else None


_OLD = {
    "rollup": "unit_costs", "trace": "explosion", "book": "stock", "method": "counted", "allowed": "conversion_allowed",
    "wip": "in_process", "measures": "materiality",
}  # fmt: skip


class Posted:
    def __init__(self, result: RunResult) -> None:
        self.result = result

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        special = {
            "draft": lambda: self.result.journal, "run": lambda: self.result.run,
            "sources": lambda: self.result.period.inputs.sources, "inputs": lambda: self.result.run_inputs,
        }  # fmt: skip
        if name in special:
            return special[name]()  # type: ignore[no-untyped-call]
        return getattr(self.result.period, _OLD.get(name, name))


Outcome = RunResult
