"""Sheet Run Inputs: what each run was made from, a digest of every input table, and all inputs, packed."""

from xlbackflush import schema
from xlbackflush.model.journal import RunInputs
from xlbackflush.ooxml.cells import Value
from xlbackflush.sheets.body import Body, RunView


def body(run: RunView) -> Body:
    """One row for each input table of a run, and one for each piece of all of them together."""
    rows: list[tuple[Value, ...]] = []
    for one in run.result.runs:
        inputs = run.result.run_inputs.get(one.run, RunInputs({}, {}, []))
        rows += [(one.run, name, count, inputs.hashes.get(name), None) for name, count in inputs.rows.items()]
        rows += [
            (one.run, f"All inputs, {i} of {len(inputs.pieces)}", None, None, piece)
            for i, piece in enumerate(inputs.pieces, 1)
        ]
    return {name: ([row[i] for row in rows], None) for i, name in enumerate(schema.RUN_INPUTS.names)}
