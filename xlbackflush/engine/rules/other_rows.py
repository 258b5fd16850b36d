"""What the other rows of an item say of a cell that could not be taken as it is: of a planned loss, of a price.

BOM!E17         Scrap % is 115 %; ... The other bill line of P-4410 (in PH-410) has 2 %.
Purchases!E12   Actual price is the text "€ 0.59"; amounts are in USD. 0.59 is near the standard of P-4430, 0.58.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from xlbackflush.dataclass import replace
from xlbackflush.engine.inputs.percentages import factor_meant
from xlbackflush.engine.standards.bill import code_key
from xlbackflush.model import finding as f
from xlbackflush.model.addresses import Address, address
from xlbackflush.model.arrays import Bools, Texts, median, where_true
from xlbackflush.model.finding import Finding
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.tables import Source, number_in
from xlbackflush.model.words import NAMED, listed, number, price, share


def told(inputs: Inputs, findings: Sequence[Finding]) -> list[Finding]:
    """Findings of cells, those of a few cells of a column with what other rows say; many have one cause of their own."""
    kinds: dict[tuple[str, str, str], Callable[[Inputs, Finding, int], Finding]] = {}
    for rule, table, column, tell in _TOLD:
        source = inputs.sources[table]
        kinds[rule.code, source.sheet, source.letters.get(column, "")] = tell
    cells = [(each, cell) for each in findings if (cell := address(each.where))]
    count = Counter(_key(each, cell) for each, cell in cells if _key(each, cell) in kinds)
    said = {
        id(each): kinds[_key(each, cell)](inputs, each, cell.row)
        for each, cell in cells
        if 0 < count[_key(each, cell)] <= NAMED
    }
    return [said.get(id(each), each) for each in findings]


def _key(each: Finding, cell: Address) -> tuple[str, str, str]:
    return each.code, cell.sheet, cell.letters


def _typed(source: Source, column: str, row: int) -> object:
    return source.rows[source.row_numbers.index(row)][source.columns.index(column)]


def _alike(codes: Texts, at: int) -> Bools:
    """Rows with the code of one row, without itself."""
    wanted = code_key(codes[at])
    rows = np.array([code_key(code) == wanted != "" for code in codes.tolist()], dtype=bool)
    rows[at] = False
    return rows


def _planned_loss(inputs: Inputs, finding: Finding, row: int) -> Finding:
    """A planned loss out of range, with that of the component in other bills, and which figure is then meant."""
    bom, value = inputs.bom, number_in(_typed(inputs.sources["BOM"], "Scrap %", row))
    at = int(np.flatnonzero(bom.row == row)[0])
    others = where_true(_alike(bom.component, at) & ~np.isnan(bom.scrap_percent))
    if value is None or not len(others):
        return finding
    losses = sorted(set(bom.scrap_percent[others].tolist()))
    parents = listed(list(dict.fromkeys(bom.parent[others].tolist())))
    lines, have = ("line", "has") if len(others) == 1 else ("lines", "have")
    spread = " to ".join(share(each, 4) for each in dict.fromkeys((losses[0], losses[-1])))
    what = f"{finding.what} The other bill {lines} of {bom.component[at]} (in {parents}) {have} {spread}."
    meant = factor_meant(value)
    if len(losses) > 1 or meant is None:
        return replace(finding, what=what)
    there = share(losses[0], 4)
    fix = f"Type {there} if it is as there, {share(meant, 4)} if {number(value)} was meant as a factor."
    if share(meant, 4) == there:
        fix = f"Type {there}, as there."
    return replace(finding, what=what, fix=fix)


def _price(inputs: Inputs, finding: Finding, row: int) -> Finding:
    """A price with the sign of another currency, where its figure fits the item in the currency of the workbook."""
    from xlbackflush.engine.inputs.readings import amounts_of_any_currency, other_currency

    purchases, currency = inputs.purchases, inputs.settings.currency
    text = _typed(inputs.sources["Purchases"], "Actual price", row)
    at = int(np.flatnonzero(purchases.row == row)[0])
    if not isinstance(text, str) or not other_currency(text, currency) or at in inputs.converted.purchases:
        return finding
    item, each = str(purchases.item[at]), float(np.nan_to_num(purchases.price_per[at], nan=1.0)) or 1.0
    standards = inputs.standard_cost
    standard = standards.material_price[[code_key(code) == code_key(item) for code in standards.item.tolist()]]
    receipts = purchases.actual_price[_alike(purchases.item, at)]
    for what_costs, prices in ((f"the standard of {item}", standard), (f"the other receipts of {item}", receipts)):
        usual = median(prices[prices > 0])
        for amount in amounts_of_any_currency(text):
            if abs(amount / each / usual - 1) <= _NEAR:  # of no prices the median is NaN, near to nothing
                what = f"{finding.what} {price(amount)} is near {what_costs}, {price(usual)}{' each' * (each != 1)}."
                fix = f"Type {price(amount)} if the price is in {currency}; else convert it to {currency}."
                return replace(finding, what=what, fix=fix)
    return finding


_NEAR = 0.1  # of what an item costs: nearer than most currencies are to one another

_TOLD = (
    (f.OUT_OF_RANGE, "BOM", "Scrap %", _planned_loss),
    (f.TEXT_NUMBER, "Purchases", "Actual price", _price),
)
