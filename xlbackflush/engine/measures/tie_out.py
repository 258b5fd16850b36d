"""Tie-out: the ledger balance of every inventory account against its quantities at standard cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xlbackflush import schema
from xlbackflush.engine.posting.flush import Ledger
from xlbackflush.engine.stock.counted import CountedAccount, charges_everything, of_role, opening_at_standard
from xlbackflush.engine.stock.opening import carried
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.journal import PostedEntry
from xlbackflush.model.money import from_minor
from xlbackflush.model.tables import Settings

INVENTORIES = (*schema.STOCK_ROLES, schema.WORK_IN_PROCESS)
#: events that move an inventory account by more than quantities at standard
TRUE_UP = (schema.CLOSE, schema.PERIOD_END_WIP)


@dataclass(frozen=True)
class Tie:
    """One inventory account, in money: at_standard + true_up + unfollowed = expected, against closing.

    allowed: what rounding of its journal lines can leave. compared: False where nothing says what it should hold.
    """

    role: str
    at_standard: float
    true_up: float
    unfollowed: float
    closing: float
    lines: int
    allowed: float
    compared: bool
    explanation: str

    @property
    def expected(self) -> float:
        return self.at_standard + self.true_up + self.unfollowed

    @property
    def left(self) -> float:
        return round(self.closing - self.expected, 6)

    @property
    def holds(self) -> bool:
        return not self.compared or abs(self.left) <= self.allowed


def tie_out(
    inputs: Inputs,
    book: StockBook,
    method: list[CountedAccount],
    entries: Sequence[PostedEntry],
    ledger: Ledger,
) -> list[Tie]:
    """One row per inventory account of the ledger."""
    places = inputs.places
    settings, found = inputs.settings, []
    opened, stocked = carried(inputs), opening_at_standard(method, book, places)
    # the debit of a completion is the sum of its rounded credits: it holds what rounding each of them left
    completions = sum(len(entry.lines) for entry in entries if entry.event == schema.COMPLETION)
    for role, closing in ledger.closing_by_role.items():
        if role not in INVENTORIES:
            continue
        stock, counted = book.of(book.role == role), of_role(method, role)
        lines = [
            line for entry in entries if entry.event != schema.REVERSAL for line in entry.lines if line.role == role
        ]
        moved = [line.minor for entry in entries if entry.event in TRUE_UP for line in entry.lines if line.role == role]
        at_standard, unfollowed = float(stock.ending_amount.sum()), float(stock.unrevalued.sum())
        if role in opened:
            unfollowed += from_minor(opened[role] - stocked.get(role, 0), places)
        if counted and settings.by_count:
            at_standard = counted.counted + counted.opening_conversion * settings.conversion_expensed
            if charges_everything(settings):  # everything relieved: the close brings back the count
                at_standard = counted.ledger_opening
        elif counted:
            at_standard += counted.opening_conversion
        compared = not settings.by_count or counted is not None or role == schema.WORK_IN_PROCESS
        found.append(
            Tie(
                role, at_standard, from_minor(sum(moved), places), unfollowed, from_minor(closing, places),
                len(lines), (1 + len(lines) + completions) * 0.5 / 10**places, compared,
                _words(role, settings, compared, bool(stock.unrevalued.any()), role in opened),
            )
        )  # fmt: skip
    return found


def _words(role: str, settings: Settings, compared: bool, unfollowed: bool, opened: bool) -> str:
    if not compared:
        return "Not counted: what was completed stays in the account."
    if role == schema.WORK_IN_PROCESS:
        return "Units in process at period end, reversed on the first day of the next period."
    text = "As counted" if settings.by_count else "Ending stock at the standard cost of period end"
    if unfollowed:
        text += "; stock is not revalued when a unit cost changes, nor made items recorded that were bought"
    if opened:
        text += "; what the balance carried over differs from opening stock"
    return f"{text}; shares of prorated variances and true-ups beside it."
