"""What the examples on sheet Functions show after a run: the answers of the engine to what is typed there.

A cell function is asked by Excel alone; until it is, its cell shows what is stored. The answers are those of the add-in
(see `vba/addin`): costs from `Answers`, all else from the rows that the run leaves.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xlbackflush import schema
from xlbackflush.engine.answers import Answers, UnknownItemError
from xlbackflush.model.tables import CellError
from xlbackflush.ooxml.cells import Block
from xlbackflush.ooxml.stored import Shown
from xlbackflush.ooxml.values import stored
from xlbackflush.sheets.help_sheet import EXAMPLES, RAN, SPILLED, TYPED, Example, guarded
from xlbackflush.sheets.title_rows import NOT_RUN, Standing

#: formulas of the examples
FORMULAS = frozenset(guarded(example) for example in (*EXAMPLES, SPILLED))

_NOT_AVAILABLE, _NO_VALUE, _TOO_LARGE = CellError("#N/A"), CellError("#VALUE!"), CellError("#NUM!")


@dataclass(frozen=True)
class Examples:
    """Answers to the examples.

    typed: cell of the sheet, as formulas name it -> what it holds, as a reader of files gives it. answers: of the inputs as
    they are; None where nobody has read them. blocks: the tables that are written.
    """

    typed: Mapping[str, object]
    answers: Answers | None
    blocks: Mapping[str, Block]
    standing: Standing

    def shown(self) -> dict[str, Shown]:
        """Formula -> what it shows, where that is known.

        The table of BACKFLUSH_EXPLODE is not among them: Excel gives it cells when it asks for it.
        """
        asked = {guarded(example): self._asked(example) for example in EXAMPLES}
        return {formula: value for formula, value in asked.items() if value is not None}

    def _asked(self, example: Example) -> Shown:
        blank = [cell for cell in TYPED if cell in example.condition and self.typed.get(cell, "") in ("", None)]
        if blank or (example.condition == RAN and not self.standing.ran):
            return example.otherwise
        functions: dict[str, Callable[..., Shown]] = {
            "BACKFLUSH_COST": self._cost,
            "BACKFLUSH_QTY": self._quantity,
            "STANDARD_COST": self._standard_cost,
            "BACKFLUSH_VARIANCE": self._variance,
            "BACKFLUSH_BALANCE": self._balance,
            "BACKFLUSH_STATUS": self._status,
        }
        texts = re.findall(r"[^,()]+", example.formula)[1:]
        given = [self.typed.get(text, "") if text in TYPED else text.strip('"') for text in texts]
        wrong = next((value for value in given if isinstance(value, CellError)), None)
        try:
            return wrong or functions[example.function](*given)
        except UnknownItemError:
            return _NOT_AVAILABLE

    # ------------------------------------------------------------------------------------ of the inputs

    def _cost(self, item: object, quantity: object) -> Shown:
        return _times(self.answers.cost(_code(item)), quantity) if self.answers else None

    def _quantity(self, item: object, component: object, quantity: object) -> Shown:
        return _times(self.answers.quantity(_code(item), _code(component)), quantity) if self.answers else None

    def _standard_cost(self, item: object, element: str | None = None) -> Shown:
        return self.answers.standard_cost(_code(item), element) if self.answers else None

    # ------------------------------------------------------------------------------------ of the last run

    def _variance(self, name: str) -> Shown:
        """Unfavorable positive; 0 where the run has none of the name."""
        rows = self._rows("Variances", "Variance", "Amount", "F/U")
        if rows is None:
            return None
        amounts = [-amount if sign == "F" else amount for text, amount, sign in rows if text == name]
        return round(float(sum(amounts)), 6)

    def _balance(self, role: str) -> Shown:
        rows = self._rows("Ledger", "Role", "Closing")
        if rows is None:
            return None
        return next((closing for text, closing in rows if text == role), _NOT_AVAILABLE)

    def _status(self, _: str) -> Shown:
        if not self.standing.ran:
            return NOT_RUN
        return "Stale: inputs changed after the last run" if self.standing.failed else "Ready"

    def _rows(self, table: str, *columns: str) -> list[tuple[Any, ...]] | None:
        """The cells of some columns of a table, row by row; None where it is not written."""
        if table not in self.blocks:
            return None
        names, block = schema.TABLES[table].names, self.blocks[table]
        return list(zip(*(block.columns[names.index(column)].values for column in columns), strict=True))


def _code(value: object) -> str:
    """A code as typed: a number loses its decimal point."""
    return str(stored(value) or "").strip()


def _times(per_unit: float, quantity: object) -> Shown:
    """So many units; a blank cell is none."""
    if quantity in ("", None):
        return 0.0
    if isinstance(quantity, bool) or not isinstance(quantity, int | float):
        return _NO_VALUE
    amount = per_unit * quantity
    return amount if math.isfinite(amount) else _TOO_LARGE
