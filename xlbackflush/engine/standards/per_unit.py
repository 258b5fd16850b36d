"""Per unit: quantities in the units of their items and for one parent, prices for one unit, setup hours in each unit.

    BOM         3 box per 100, 1 box = 12 each        Qty per        3 / 100 x 12 = 0.36
    Standard    800 per 100; 1 h, setup 3 h / 100     Material price 8; Labor hours 1.03
    Purchases   3 box at 97                           Quantity 36, Actual price 97 / 12

The run works with these; the sheets, control totals and digests have what was typed (`Inputs.as_typed`). Where no column of
that kind is filled in and no unit differs, both are the same. Formulas divide and multiply in the same order.
"""

from collections.abc import Iterator

import numpy as np

from xlbackflush.dataclass import replace
from xlbackflush.engine.standards.bill import code_key
from xlbackflush.engine.standards.units import Converter, differ, product
from xlbackflush.model.arrays import Floats, Texts, blank_as_zero, where_true
from xlbackflush.model.inputs import (
    NONE_CONVERTED,
    Bom,
    Conversion,
    Conversions,
    Inputs,
    Purchases,
    StandardCost,
)


def per_unit(inputs: Inputs, before: Inputs | None = None) -> Inputs:
    """The inputs that a run works with.

    before: those of the same inputs with other numbers in one table; what is the same is taken from them.
    """
    same = before is not None and before.as_typed.units is inputs.units
    converted = before.converted if before is not None and same else conversions(inputs)
    fields = {}
    for name, of_table in (("bom", _bom), ("standard_cost", _standard_cost), ("purchases", _purchases)):
        typed = getattr(inputs, name)
        if before is not None and same and getattr(before.as_typed, name) is typed:
            fields[name] = getattr(before, name)
        else:
            fields[name] = of_table(typed, converted)
    if converted is NONE_CONVERTED and all(records is getattr(inputs, name) for name, records in fields.items()):
        return inputs
    return replace(inputs, **fields, converted=converted, typed=inputs)


def or_one(values: Floats) -> Floats:
    """Blank is 1; so is 0, which a rule refuses."""
    return np.where(values > 0, values, 1.0)


def given(values: Floats) -> bool:
    """Is any cell of a column filled in?"""
    return not bool(np.isnan(values).all())


def _bom(bom: Bom, converted: Conversions) -> Bom:
    quantity = bom.qty_per
    if given(bom.per):
        quantity = quantity / or_one(bom.per)
    if converted.bom:
        quantity = quantity * _factors(len(bom), converted, converted.bom)
    return bom if quantity is bom.qty_per else replace(bom, qty_per=quantity)


def _standard_cost(cost: StandardCost, converted: Conversions) -> StandardCost:
    if given(cost.price_per):
        cost = replace(cost, material_price=cost.material_price / or_one(cost.price_per))
    if given(cost.setup_hours):
        shared = cost.setup_hours / or_one(cost.lot_size)
        hours = np.where(np.isnan(shared), cost.labor_hours, blank_as_zero(cost.labor_hours) + shared)
        cost = replace(cost, labor_hours=hours)
    return cost


def _purchases(purchases: Purchases, converted: Conversions) -> Purchases:
    quantity, price = purchases.quantity, purchases.actual_price
    if given(purchases.price_per):
        price = price / or_one(purchases.price_per)
    if converted.purchases:
        factors = _factors(len(purchases), converted, converted.purchases)
        quantity, price = quantity * factors, price / factors
    if quantity is purchases.quantity and price is purchases.actual_price:
        return purchases
    return replace(purchases, quantity=quantity, actual_price=price)


def _factors(count: int, converted: Conversions, rows: dict[int, int]) -> Floats:
    factors = np.ones(count)
    factors[list(rows)] = [converted.all[each].factor for each in rows.values()]
    return factors


# ------------------------------------------------------------------------------------------------ which units differ


def conversions(inputs: Inputs) -> Conversions:
    """The conversions of all rows whose unit is not that of their item."""
    apart = {
        table: list(_apart(items, uoms, inputs.standard_cost))
        for table, items, uoms in (
            ("BOM", inputs.bom.component, inputs.bom.uom),
            ("Purchases", inputs.purchases.item, inputs.purchases.uom),
        )
    }
    if not any(apart.values()):
        return NONE_CONVERTED
    converter, codes, own = Converter(inputs.units), inputs.standard_cost.item, inputs.standard_cost.uom
    every: dict[tuple[int, str], Conversion] = {}
    number: dict[tuple[int, str], int] = {}
    found: dict[str, dict[int, int]] = {table: {} for table in apart}
    missing = {}
    for table, rows in apart.items():
        for at, item, typed in rows:
            key = (item, typed)
            if key not in number:
                steps = converter.steps(codes[item], typed, own[item])
                number[key] = -1 if steps is None else len(every)
                if steps is not None:
                    row = int(inputs.standard_cost.row[item])
                    every[key] = Conversion(codes[item], row, typed, own[item], steps, product(steps))
            if number[key] < 0:
                missing[table, at] = (typed.strip(), own[item].strip())
            else:
                found[table][at] = number[key]
    return Conversions(tuple(every.values()), found["BOM"], found["Purchases"], missing)


def _apart(items: Texts, uoms: Texts, cost: StandardCost) -> Iterator[tuple[int, int, str]]:
    """Rows in another unit than their item: position, position of the item, unit typed."""
    typed = set(uoms.tolist()) - {""}
    if not typed or not any(differ(one, other) for one in typed for other in set(cost.uom.tolist())):
        return
    own: dict[str, tuple[int, str]] = {}
    for at, (code, uom) in enumerate(zip(cost.item.tolist(), cost.uom.tolist(), strict=True)):
        own.setdefault(code_key(code), (at, uom))
    rows, unknown = where_true(uoms != ""), (-1, "")
    for at, code, uom in zip(rows.tolist(), items[rows].tolist(), uoms[rows].tolist(), strict=True):
        item, of_item = own.get(code_key(code), unknown)
        if uom != of_item and differ(uom, of_item):
            yield at, item, uom
