"""What a posted value rests on. Posted values are constants, so that they never drift; each is explained by a formula.

Most have their live proof in the same row; others follow from the figures beside them, or from a part of the proof.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from xlbackflush import schema
from xlbackflush.explain.evaluate import number, text
from xlbackflush.explain.reader import Grid, Place
from xlbackflush.ooxml.formula import Binary, Call, Cell, FormulaError, Literal, Node, Unary

AVERAGE = "Relief", "Standard cost"
_OTHER_SIDE = {"Debit": "Credit", "Credit": "Debit"}


@dataclass(frozen=True)
class Basis:
    """Formula of a posted value (None: nothing is worked out) and the sentence that introduces it.

    run: of an amount that was taken back, the run that posted it: its inputs on record say the rest.
    """

    tree: Node | None
    sentence: str
    run: str = ""


def basis(grid: Grid, cell: Cell, place: Place) -> Basis:
    """What a constant of an output table rests on."""
    table, column = schema.TABLES[place.table], place.column
    if place.table == "Journal" and (taken_back := _taken_back(grid, cell, place)):
        return Basis(None, column.recorded) if column.recorded else taken_back
    proof = table.proof_of(column.name)
    formula = column.rests_on or (f"{{{proof}}}" if proof else "")
    if formula and (place.table != "Runs" or _is_in_journal(grid, cell, place)):
        sentence = "Posted, and recomputed by its proof." if f"{{{proof}}}" in formula else ""
        return Basis(_beside(grid, cell, place, formula), sentence)
    try:
        special = _special(grid, cell, place)
    except (FormulaError, KeyError):
        special = None  # a proof that is not of the usual form: a user's own formula
    if special:
        return special
    if recorded := column.recorded or table.recorded:
        return Basis(None, recorded)
    if not grid.value(cell):
        return Basis(None, "Nothing of it in this row, under the policy on Setup: the run writes 0.")
    return Basis(None, "Recorded by the run.")


def _special(grid: Grid, cell: Cell, place: Place) -> Basis | None:
    key = (place.table, place.column.name)
    if key == ("Journal", "Posting date"):
        return _posting_date(grid, cell, place)
    if key == ("Ledger", "Opening"):
        return Basis(_opening(_proof(grid, cell, place)), "")
    if key == AVERAGE:
        amount = _proof(grid, cell, place)
        assert isinstance(amount, Call)
        return Basis(Binary("/", amount.arguments[0], _sibling(cell, place, "Quantity proof")), "Average of the units.")
    if place.table == "Variances" and key[1] in ("Standard", "Actual"):
        return _variance(grid, cell, place)
    return None


def _is_in_journal(grid: Grid, cell: Cell, place: Place) -> bool:
    return (grid.beside(cell, place, "Run"),) in grid.rows("Journal", "Run")


def _taken_back(grid: Grid, cell: Cell, place: Place) -> Basis | None:
    """A line that another one takes back, or that takes back another one, which is its only proof; None for all others."""
    run, is_amount = text(grid.beside(cell, place, "Run")), place.column.name in _OTHER_SIDE
    if by := grid.beside(cell, place, "Reversed by"):
        return Basis(None, f"Posted by {run}, and taken back by entry {text(by)}: the two cancel out.", run * is_amount)
    if of := grid.beside(cell, place, "Reverses"):
        sentence = f"Takes back entry {text(of)}, as posted then: the two cancel out."
        return Basis(_reversed(grid, cell, place) if is_amount else None, sentence)
    return None


def _reversed(grid: Grid, cell: Cell, place: Place) -> Cell | None:
    """The amount that an amount takes back: the same line of the other entry, on the other side."""
    wanted = grid.beside(cell, place, "Reverses"), grid.beside(cell, place, "Line")
    letter = place.source.letters[_OTHER_SIDE[place.column.name]]
    for row, line in enumerate(grid.rows("Journal", "Entry", "Line"), place.source.first_row):
        if line == wanted and grid.value(there := Cell(cell.sheet, letter, row)) is not None:
            return there
    return None


def _sibling(cell: Cell, place: Place, column: str) -> Cell:
    return Cell(cell.sheet, place.source.letters[column], cell.row)


def _beside(grid: Grid, cell: Cell, place: Place, formula: str) -> Node:
    """A formula over the cells of the same row."""
    letters = place.source.letters
    return grid.parse(re.sub(r"\{([^}]+)\}", lambda m: f"{letters[m[1]]}{cell.row}", formula), cell.sheet)


def _proof(grid: Grid, cell: Cell, place: Place) -> Node:
    tree = grid.tree(_sibling(cell, place, "Proof"))
    if tree is None:
        raise FormulaError("the row has no proof")
    return tree


def _posting_date(grid: Grid, cell: Cell, place: Place) -> Basis | None:
    end = grid.setting("Period end")
    if end is None:
        return None
    dated = number(grid.value(cell)) - number(grid.value(end))
    if text(grid.beside(cell, place, "Event")) == schema.REVERSAL and dated == 1:
        return Basis(Binary("+", end, Literal(1.0)), "A reversal is dated the day after the period.")
    if not dated:
        return Basis(end, "Entries are dated the last day of the period.")
    return Basis(None, "Dated when it was posted.")


def _opening(proof: Node) -> Node:
    """The proof of a balance is ROUND(ROUND(opening) + movements): its first part."""
    if isinstance(proof, Call) and isinstance(sum_ := proof.arguments[0], Binary):
        return sum_.left
    raise FormulaError("the proof has no opening balance")


def _variance(grid: Grid, cell: Cell, place: Place) -> Basis:
    """Standard and actual of a variance. The proof is ABS(ROUND(actual - standard)) where it is of no item."""
    name = text(grid.beside(cell, place, "Variance"))
    if name in (schema.MATERIAL_PRICE, schema.MATERIAL_USAGE):
        return _of_item(grid, cell, place, name)
    outer = _proof(grid, cell, place)
    if not (isinstance(outer, Call) and outer.name == "ABS" and isinstance(outer.arguments[0], Call)):
        raise FormulaError("the proof is not that of a variance")
    rounded = outer.arguments[0]
    inner, digits = rounded.arguments
    actual: Node = inner
    standard: Node = Literal(0.0)
    if isinstance(inner, Binary) and inner.operator == "-":
        actual, standard = inner.left, inner.right
    elif isinstance(inner, Binary) and inner.operator == "+":  # incurred + (minus allocated)
        actual, standard = inner.left, Unary("-", inner.right)
    chosen = actual if place.column.name == "Actual" else standard
    return Basis(chosen if chosen == Literal(0.0) else Call("ROUND", (chosen, digits)), "")


def _of_item(grid: Grid, cell: Cell, place: Place, name: str) -> Basis:
    """Standard: what was received, or used by the bill, at standard. Actual: that and the variance."""
    if place.column.name == "Actual":
        unfavorable = text(grid.beside(cell, place, "F/U")) == "U"
        return Basis(_beside(grid, cell, place, "{Standard}+{Amount}" if unfavorable else "{Standard}-{Amount}"), "")
    subject = text(grid.beside(cell, place, "Subject")).casefold()
    book = grid.tables["Reconciliation"]
    row = next(r for r, (item,) in enumerate(grid.rows("Reconciliation", "Item"), book.first_row)
               if text(item).casefold() == subject)  # fmt: skip
    at = {column: Cell(book.sheet, letter, row) for column, letter in book.letters.items()}
    exact: Node = at["Received amount"]
    if name == schema.MATERIAL_USAGE:
        exact = Binary("*", at["Relieved"], at["Standard cost"])
    return Basis(Call("ROUND", (exact, _places(grid, cell, place))), "")


def _places(grid: Grid, cell: Cell, place: Place) -> Node:
    proof = _proof(grid, cell, place)
    assert isinstance(proof, Call) and isinstance(proof.arguments[0], Call)
    return proof.arguments[0].arguments[1]
