"""Sheet Run Inputs: what each run was made from, a digest of every input table, and all inputs, packed."""

from xlbackflush import schema
from xlbackflush.model.journal import RunInputs
from xlbackflush.sheets.body import Body, RunView


def body(run: RunView) -> Body:
    """One row for each input table of a run, and one for each piece of all of them together."""
    nothing, on_record = RunInputs({}, {}, []), run.result.run_inputs
    rows = [row for one in run.result.runs for row in on_record.get(one.run, nothing).cells(one.run)]
    return {name: ([row[i] for row in rows], None) for i, name in enumerate(schema.RUN_INPUTS.names)}
