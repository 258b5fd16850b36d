"""What a run came to, ready to be written into its workbook."""

from functools import cached_property

from xlbackflush.dataclass import dataclass
from xlbackflush.engine.period import Period
from xlbackflush.engine.record.corrections import Draft
from xlbackflush.model.finding import Finding, has_errors
from xlbackflush.model.journal import Run, RunInputs


@dataclass(frozen=True)
class RunResult:
    """Findings always; the line of the run on sheet Runs and the journal as it leaves it, unless errors stopped it.

    A check of the inputs has neither. Where a finding is an error, stages of the period may not be asked for.
    """

    period: Period
    findings: list[Finding]
    run: Run | None = None
    journal: Draft | None = None

    @property
    def failed(self) -> bool:
        return has_errors(self.findings)

    @property
    def posts_nothing(self) -> bool:
        """Is there no entry, neither on the books nor new? Such a run is not posted."""
        return not self.failed and not self.period.draft.entries

    @property
    def ready(self) -> str:
        """What a check of inputs without errors says at its end."""
        return "There is nothing to post." if self.posts_nothing else "Ready to run."

    @property
    def runs(self) -> list[Run]:
        """Sheet Runs after this run: those that were posted before, and its own line."""
        assert self.run
        return [*(run for run in self.period.record.posted_runs if run.run != self.run.run), self.run]

    @cached_property
    def run_inputs(self) -> dict[str, RunInputs]:
        """Inputs of every run on record, this one included; packed when they are written, not before."""
        assert self.run
        record, snapshot = self.period.record, self.period.snapshot
        earlier = {run.run: record.inputs[run.run] for run in record.posted_runs if run.run in record.inputs}
        if self.run.run in earlier:
            return earlier
        return {self.run.run: snapshot.recorded(snapshot.pieces)} | earlier
