"""Tie-out: the ledger balance of every inventory account against its quantities at standard cost."""

from collections.abc import Iterator, Mapping, Sequence

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.posting.flush import Ledger
from xlbackflush.engine.stock.counted import CountedAccount, charges_everything, of_role
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import Floats, total
from xlbackflush.model.inputs import Inputs, Settings
from xlbackflush.model.journal import PostedEntry
from xlbackflush.model.money import from_minor

INVENTORIES = (*schema.STOCK_ROLES, schema.WORK_IN_PROCESS)
#: events that move an inventory account by more than quantities at standard
TRUE_UP = (schema.CLOSE, schema.PERIOD_END_WIP)


@dataclass(frozen=True)
class Tie:
    """One inventory account, in money: at_standard + true_up + unfollowed = expected, against closing.

    allowed: what rounding of its journal lines can leave.
    compared: False where nothing says what it should hold. elsewhere: receipts that other journals recorded.
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
    elsewhere: float

    @property
    def expected(self) -> float:
        return self.at_standard + self.true_up + self.unfollowed

    @property
    def difference(self) -> float:
        return round(self.closing - self.expected, 6)

    @property
    def holds(self) -> bool:
        return not self.compared or abs(self.difference) <= self.allowed


def tie_out(
    inputs: Inputs,
    book: StockBook,
    accounts: list[CountedAccount],
    entries: Sequence[PostedEntry],
    ledger: Ledger,
    standard: Mapping[str, int],
    carried: Mapping[str, int],
) -> Iterator[Tie]:
    """One row per inventory account of the ledger. standard, carried: balances of `opening`."""
    places, settings = inputs.places, inputs.settings
    # the debit of a completion is the sum of its rounded credits: it holds what rounding each of them leaves
    completions = sum(len(entry.lines) for entry in entries if entry.event == schema.COMPLETION)
    of_period = [entry for entry in entries if entry.event != schema.REVERSAL]
    elsewhere = ledger.by_role(ledger.elsewhere)
    for role, closing in ledger.closing_by_role.items():
        if role not in INVENTORIES:
            continue
        held, counted = book.role == role, of_role(accounts, role)
        lines = [(entry.event, line.minor) for entry in of_period for line in entry.lines if line.role == role]
        unrevalued = book.unrevalued[held]
        unfollowed = total(unrevalued)
        if role in carried:
            unfollowed += from_minor(carried[role] - standard.get(role, 0), places)
        compared = not settings.by_count or counted is not None or role == schema.WORK_IN_PROCESS
        yield Tie(
            role, _at_standard(settings, book.ending_amount[held], counted),
            from_minor(sum(minor for event, minor in lines if event in TRUE_UP), places), unfollowed,
            from_minor(closing, places), len(lines), (1 + len(lines) + completions) * 0.5 / 10**places, compared,
            _words(role, settings, compared, bool(unrevalued.any()), role in carried),
            from_minor(elsewhere[role], places),
        )  # fmt: skip


def _at_standard(settings: Settings, stock: Floats, counted: CountedAccount | None) -> float:
    """What an account holds at standard: its stock, or as counted; conversion in it where the close adjusts that."""
    if counted is None or not settings.by_count:
        return total(stock) + (counted.opening_conversion if counted else 0.0)
    if charges_everything(settings):  # everything relieved: the close brings back the count
        return counted.ledger_opening
    return counted.counted + counted.opening_conversion * settings.conversion_expensed


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
