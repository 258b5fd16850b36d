"""Rows of input tables as findings name them: by their cells, codes and days."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

import numpy as np

from xlbackflush.engine.standards.bill import Bill
from xlbackflush.model.arrays import Bools, Ints, Texts, texts
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
