"""Sheet Explanation: one amount, taken apart step by step. Filled by a command; a run empties it."""

from collections.abc import Sequence

from xlbackflush import schema
from xlbackflush.model.step import Step
from xlbackflush.sheets.body import Body, RunView, empty, shown
from xlbackflush.sheets.formulas import link

_TEXT_MOST = 32_000  # characters of a cell; Excel takes 32,767


def body(run: RunView) -> Body:
    """Nothing: what stood there is of other amounts."""
    return empty(schema.EXPLANATION)


def rows_of(steps: Sequence[Step]) -> Body:
    """One row per step, each with a link to its cell; What is indented by level.

    Cells on record are packed and have no place of their own: the link goes to sheet Run Inputs.
    """
    on_record = f"{schema.SHEET_OF[schema.RUN_INPUTS.name].name}!A1"
    links = [link(s.where, on_record if s.run else "") for s in steps]
    columns = shown(schema.EXPLANATION, steps, {"Where": links}) | {
        "What": ([f"{'   ' * s.level}{s.what}" for s in steps], None),
        "Explanation": ([s.explanation[:_TEXT_MOST] for s in steps], None),
    }
    return {name: columns[name] for name in schema.EXPLANATION.names}
