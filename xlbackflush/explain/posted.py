"""What a posted value rests on. Posted values are constants, so that they never drift; each is explained by a formula.

Most have their live proof in the same row; others follow from the figures beside them, or from a part of the proof.
"""

import re

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.explain.evaluate import number, text
from xlbackflush.explain.reader import Grid, Place
from xlbackflush.ooxml.formula import Binary, Call, Cell, FormulaError, Literal, Node, Unary

_OTHER_SIDE = {"Debit": "Credit", "Credit": "Debit"}


@dataclass(frozen=True)
class Basis:
    """Formula of a posted value (None: nothing is worked out) and the sentence that introduces it.

    run: of an amount that was taken back, the run that posted it: its inputs on record say the rest.
    """

    tree: Node | None
    sentence: str
    run: str = ""


@dataclass(frozen=True)
class Posted:
    """A posted value, a constant of an output table, and the cells beside it."""

    grid: Grid
    cell: Cell
    place: Place

    def basis(self) -> Basis:
        """What it rests on."""
        table, column = schema.TABLES[self.place.table], self.place.column
        if table.name == "Journal" and (taken_back := self._taken_back()):
            return Basis(None, column.recorded) if column.recorded else taken_back
        proof = table.proof_of(column.name)
        formula = column.rests_on or (f"{{{proof}}}" if proof else "")
        if formula and (table.name != "Runs" or (self._beside("Run"),) in self.grid.rows("Journal", "Run")):
            return Basis(
                self._formula(formula), "Posted, and recomputed by its proof." if f"{{{proof}}}" in formula else ""
            )
        try:
            special = self._special()
        except (FormulaError, KeyError):
            special = None  # a proof that is not of the usual form: a user's own formula
        if special:
            return special
        if recorded := column.recorded or table.recorded:
            return Basis(None, recorded)
        if not self.grid.value(self.cell):
            return Basis(None, "Nothing of it in this row, under the policy on Setup: the run writes 0.")
        return Basis(None, "Recorded by the run.")

    def _special(self) -> Basis | None:
        """Columns of which each row, or each kind of row, rests on something else."""
        match self.place.table, self.place.column.name:
            case "Journal", "Posting date":
                return self._posting_date()
            case "Ledger", "Opening":  # the proof is ROUND(ROUND(opening) + movements)
                movements = self._inner(self._proof())
                if not isinstance(movements, Binary):
                    raise FormulaError("the proof has no opening balance")
                return Basis(movements.left, "")
            case "Relief", "Standard cost":
                quantity = self.place.beside(self.cell, "Quantity proof")
                return Basis(Binary("/", self._inner(self._proof()), quantity), "Average of the units.")
            case "Variances", "Standard" | "Actual" as column:
                name = self._text("Variance")
                of_item = name in (schema.MATERIAL_PRICE, schema.MATERIAL_USAGE, schema.COUNT_VARIANCE)
                return self._variance_of_item(name, column) if of_item else self._variance(column)
        return None

    def _beside(self, column: str) -> object:
        return self.grid.beside(self.cell, self.place, column)

    def _text(self, column: str) -> str:
        return text(self.grid.beside(self.cell, self.place, column))

    def _formula(self, formula: str) -> Node:
        """A formula over the {columns} of the same row."""
        letters = self.place.source.letters
        return self.grid.parse(
            re.sub(r"\{([^}]+)\}", lambda m: f"{letters[m[1]]}{self.cell.row}", formula), self.cell.sheet
        )

    def _proof(self) -> Node:
        tree = self.grid.tree(self.place.beside(self.cell, "Proof"))
        if tree is None:
            raise FormulaError("the row has no proof")
        return tree

    def _inner(self, proof: Node) -> Node:
        """What the outermost function of a proof is of."""
        if not isinstance(proof, Call):
            raise FormulaError("the proof is no function")
        return proof.arguments[0]

    def _taken_back(self) -> Basis | None:
        """A line that another one takes back, or that takes back another one, which is its only proof; None for others."""
        run, is_amount = self._text("Run"), self.place.column.name in _OTHER_SIDE
        if by := self._text("Reversed by"):
            return Basis(None, f"Posted by {run}, and taken back by entry {by}: the two cancel out.", run * is_amount)
        if of := self._text("Reverses"):
            sentence = f"Takes back entry {of}, as posted then: the two cancel out."
            return Basis(self._reversed() if is_amount else None, sentence)
        return None

    def _reversed(self) -> Cell | None:
        """The amount that an amount takes back: the same line of the other entry, on the other side."""
        wanted, side = (self._beside("Reverses"), self._beside("Line")), _OTHER_SIDE[self.place.column.name]
        for row, (*line, amount) in self.grid.numbered_rows("Journal", "Entry", "Line", side):
            if tuple(line) == wanted and amount is not None:
                return self.grid.cell("Journal", side, row)
        return None

    def _posting_date(self) -> Basis | None:
        end = self.grid.setting("Period end")
        if end is None:
            return None
        days_after = number(self.grid.value(self.cell)) - number(self.grid.value(end))
        if self._text("Event") == schema.REVERSAL and days_after == 1:
            return Basis(Binary("+", end, Literal(1.0)), "A reversal is dated the day after the period.")
        if not days_after:
            return Basis(end, "Entries are dated the last day of the period.")
        return Basis(None, "Dated when it was posted.")

    def _variance(self, column: str) -> Basis:
        """Standard and actual of a variance of no item. The proof is ABS(ROUND(actual - standard))."""
        outer = self._proof()
        if not (isinstance(outer, Call) and outer.name == "ABS" and isinstance(outer.arguments[0], Call)):
            raise FormulaError("the proof is not that of a variance")
        inner, digits = outer.arguments[0].arguments
        actual: Node = inner
        standard: Node = Literal(0.0)
        if isinstance(inner, Binary) and inner.operator == "-":
            actual, standard = inner.left, inner.right
        elif isinstance(inner, Binary) and inner.operator == "+":  # incurred + (minus allocated)
            actual, standard = inner.left, Unary("-", inner.right)
        chosen = actual if column == "Actual" else standard
        return Basis(chosen if chosen == Literal(0.0) else Call("ROUND", (chosen, digits)), "")

    def _variance_of_item(self, name: str, column: str) -> Basis:
        """Standard: what was received, or used by the bill, at standard. Actual: that and the variance."""
        if column == "Actual":
            return Basis(
                self._formula("{Standard}+{Amount}" if self._text("F/U") == "U" else "{Standard}-{Amount}"), ""
            )
        subject = self._text("Subject").casefold()
        items = self.grid.numbered_rows("Reconciliation", "Item")
        row = next(row for row, (item,) in items if text(item).casefold() == subject)
        exact: Node = self.grid.cell("Reconciliation", "Received amount", row)
        if name != schema.MATERIAL_PRICE:
            exact = Binary("*", *(self.grid.cell("Reconciliation", c, row) for c in ("Relieved", "Standard cost")))
        rounded = self._inner(self._proof())
        assert isinstance(rounded, Call)
        return Basis(Call("ROUND", (exact, rounded.arguments[1])), "")
