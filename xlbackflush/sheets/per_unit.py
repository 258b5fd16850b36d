"""Per unit, in formulas: the same steps as `engine/standards/per_unit.py`, in the same order."""

from xlbackflush.sheets.body import Row, RunView


def per(column: str, row: Row, there: bool) -> str:
    """Divided by a column, where that is filled in; "" where the workbook does not have it."""
    cell: str = row[column]
    return f'/IF({cell}="",1,{cell})' if there else ""


def unit_factor(run: RunView, uom: str) -> str:
    """The factor of a unit typed, from the row of Unit Conversions in slot "factor"; 0 where another unit stands there now."""
    row = run.any_elsewhere("UnitConversions", "factor")
    return f"IF({uom}={row['From']},{row['Factor']},0)"


def qty_per(run: RunView, line: Row, factor: str = "") -> str:
    """Qty per of a BOM line in the component's unit, for one parent; factor: the cell of its unit factor, if any."""
    quantity: str = line["Qty per"] + per("Per", line, run.sheets.has("BOM", "Per"))
    return f"{quantity}*{factor}" if factor else quantity


def of_alternative(run: RunView, line: Row, parent: Row) -> list[str]:
    """The test that a BOM line is of the alternative in force; parent: its row on Standard Cost."""
    if not run.sheets.has("BOM", "Alternative"):
        return []
    return [f'{line["Alternative"]}&""={parent["Bill"]}&""']


def material_price(run: RunView, cost: Row) -> str:
    """Material price of one unit."""
    price: str = cost["Material price"]
    return price + per("Price per", cost, run.sheets.has("StandardCost", "Price per"))


def labor_hours(run: RunView, cost: Row) -> str:
    """Labor hours of one unit, its share of the setup included."""
    hours: str = cost["Labor hours"]
    if not run.sheets.has("StandardCost", "Setup hours"):
        return hours
    shared = cost["Setup hours"] + per("Lot size", cost, run.sheets.has("StandardCost", "Lot size"))
    return f"({hours}+{shared})"


def overhead_hours(run: RunView, cost: Row, labor: str, units: str = "") -> str:
    """Machine hours of so many units (blank: of one) where they are given, else those of labor."""
    if not run.sheets.has("StandardCost", "Machine hours"):
        return labor
    machine = cost["Machine hours"]
    return f'IF({machine}="",{labor},{units}*{machine})' if units else f'IF({machine}="",{labor},{machine})'
