"""Rows of input tables as findings name them: by their cells, codes and days."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import Bools, Ints, Texts, blank_as_zero, texts
from xlbackflush.model.inputs import Inputs


def cells(inputs: Inputs, table: str, column: str, rows: Bools | Ints) -> list[str]:
    """Addresses of a column in some rows of a table, chosen by a mask or by their positions."""
    chosen = inputs.table(table).row[rows].tolist()
    return [inputs.sources[table].cell(column, row) for row in chosen]


def text_cells(inputs: Inputs, table: str, column: str, rows: Bools | Ints) -> Iterator[tuple[str, str]]:
    """The same of a column of text, each with its text."""
    values: Texts = inputs.table(table).column(column)
    return zip(cells(inputs, table, column, rows), values[rows].tolist(), strict=True)


def home(inputs: Inputs, item: int) -> str:
    """The cell of an item on Standard Cost."""
    return inputs.sources["StandardCost"].cell("Item", int(inputs.standard_cost.row[item]))


def item_texts(values: Texts, item: Ints) -> Texts:
    """A text of each item, such as its type, for every row of a table; "" where the item is unknown."""
    return np.concatenate((values, _UNKNOWN))[item]


_UNKNOWN = texts([""])  # stands for item -1


def types(bill: Bill, table: str) -> Texts:
    """Type of the item in every row of a table."""
    return item_texts(bill.items.type, bill.of(table))


def shared(keys: Sequence[Hashable]) -> Ints:
    """The rows whose key another row has, too."""
    if len(set(keys)) == len(keys):
        return np.zeros(0, dtype=np.int64)
    times = Counter(keys)
    return np.array([row for row, key in enumerate(keys) if times[key] > 1], dtype=np.int64)


def repeats(keys: Sequence[Hashable]) -> Bools:
    """The rows whose key a row above has, too."""
    again = np.zeros(len(keys), dtype=bool)
    if len(set(keys)) < len(keys):
        first: dict[Hashable, int] = {}
        again[:] = [first.setdefault(key, row) != row for row, key in enumerate(keys)]
    return again


def listed_twice_in_a_bill(bill: Bill) -> set[int]:
    """Components that one parent lists more than once with dates that meet, so that another finding names them."""
    lines = bill.lines
    order = np.lexsort((lines.first, lines.component, lines.parent))
    parent, component = lines.parent[order], lines.component[order]
    again = (np.diff(parent) == 0) & (np.diff(component) == 0) & (lines.first[order][1:] <= lines.last[order][:-1])
    return set(component[1:][again].tolist())


def meant_by_phantom(bill: Bill, stock: StockBook) -> int:
    """The one stocked item that moved and has no row on Stock, where a phantom has one; else -1."""
    listed = bill.of("Stock")
    if not (types(bill, "Stock") == schema.PHANTOM).any():
        return -1
    lacking = stock.item[(stock.role != "") & (stock.received + stock.relieved > 0) & ~np.isin(stock.item, listed)]
    return int(lacking[0]) if len(lacking) == 1 else -1


def made_by_count(bill: Bill) -> Bools:
    """Items of type Buy that are completed, and have a bill or labor hours: their type is what looks wrong."""
    items, counts = bill.items, bill.inputs.counts
    completed, worked = (np.zeros(len(items) + 1, dtype=bool) for _ in range(2))  # the last one is for item -1
    completed[bill.of("Counts")[counts.event == schema.COMPLETED]] = True
    worked[bill.of("BOM", "Parent")] = True
    worked[bill.of("StandardCost")[blank_as_zero(bill.inputs.standard_cost.labor_hours) > 0]] = True
    made: Bools = (items.type == schema.BUY) & completed[:-1] & worked[:-1]
    return made
