"""April 2026, in which the cases of textbooks are restated: a few words for their accounts and rows."""

import datetime as dt

from support import Row

from xlbackflush import schema

AP, COGS, CCA, CCC, FG, IC, MIP = (
    schema.ACCOUNTS_PAYABLE,
    schema.COGS,
    schema.CCA,
    schema.CCC,
    schema.FINISHED_GOODS,
    schema.INVENTORY_CONTROL,
    schema.MIP,
)


def april(**changes: object) -> dict[str, object]:
    """Settings of April 2026; a change names its setting with underscores for spaces."""
    period: dict[str, object] = {"Period start": dt.date(2026, 4, 1), "Period end": dt.date(2026, 4, 30)}
    return period | {name.replace("_", " "): value for name, value in changes.items()}


def day(number: int) -> dt.date:
    return dt.date(2026, 4, number)


def buy(item: str, price: float) -> Row:
    return {"Item": item, "Type": "Buy", "Material price": price}


def made(item: str, kind: str = "Finished", **costs: object) -> Row:
    return {"Item": item, "Type": kind} | {name.replace("_", " "): value for name, value in costs.items()}


def line(parent: str, component: str, quantity: float, **cells: object) -> Row:
    given = {name.replace("_", " "): value for name, value in cells.items()}
    return {"Parent": parent, "Component": component, "Qty per": quantity} | given


def count(event: str, item: str, quantity: float, on: int = 10, document: str = "C-1", note: str = "") -> Row:
    cells = {"Date": day(on), "Document": document, "Event": event, "Item": item, "Quantity": quantity}
    return cells | {"Note": note}


def completed(item: str, quantity: float, on: int = 10) -> Row:
    return count("Completed", item, quantity, on)
