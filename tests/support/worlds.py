"""Random small worlds for property tests: a factory of a few items, one month of it, and a policy.

Items are numbered so that an item contains only items of lower numbers; the first is bought, the last is finished.
Where this module leaves something out, so that engine and oracle need not agree on it, the docstring says so.
"""

import datetime as dt
import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from unittest import mock

import independent
import independent_close
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from support import Row

from xlbackflush import schema
from xlbackflush.engine.posting.disposition import NO_BASE

FIRST, LAST = dt.date(2026, 4, 1), dt.date(2026, 4, 30)
HALF, TOO_NEAR, TOO_LARGE = Fraction(1, 2), Fraction(1, 10**4), 10**10
PLACES = {"USD": 2, "JPY": 0, "KWD": 3}
COMPLETION_TRIGGERS = (schema.PCS, schema.CS)

days = st.integers(0, 29).map(lambda n: FIRST + dt.timedelta(days=n))
quantities = st.integers(1, 99_999).map(lambda n: n / 100)
few = st.integers(1, 999).map(lambda n: n / 100)
prices = st.integers(1, 49_999).map(lambda n: n / 1000)
shares = st.one_of(st.none(), st.integers(1, 40).map(lambda n: n / 100))
cents = st.integers(-9_999, 9_999_999).map(lambda n: n / 100)
bases = st.sampled_from([None, schema.OUTPUT, schema.INPUT])


@dataclass(frozen=True, eq=False)
class World:
    """Settings by name, and tables as rows by column. Each is itself alone, so that results can be kept for it."""

    settings: dict[str, object]
    tables: dict[str, list[Row]]

    @property
    def places(self) -> int:
        return PLACES[str(self.settings["Currency"])]

    def with_tables(self, **tables: list[Row]) -> "World":
        return replace(self, tables=self.tables | tables)

    def with_setting(self, name: str, value: object) -> "World":
        return replace(self, settings=self.settings | {name: value})


POOL = 100


@functools.cache
def pool() -> list[World]:
    """Worlds with a period end, drawn once, the same every time."""
    drawn: list[World] = []

    @settings(max_examples=POOL, phases=[Phase.generate])
    @given(closings())
    def draw(world: World) -> None:
        drawn.append(world)

    draw()
    return drawn


def pooled(where: Callable[[World], bool] = lambda world: True) -> st.SearchStrategy[World]:
    """One of the pool, so that what is posted for a world is worked out once for all laws; many examples are drawn anew.

    where: what the law asks of a world. `pool` has to be called before the first example.
    """
    if settings().max_examples > POOL:
        return closings().filter(where)
    return st.deferred(lambda: st.sampled_from([world for world in pool() if where(world)]))


def expected(world: World) -> independent_close.Close:
    """The oracle's result. Gives the example up where an amount is so near half a minor unit that float64 cannot tell.

    What happens on the exact half has its own tests. The larger an amount, the less of its fraction float64 can hold. A base
    to prorate by of less than `NO_BASE` may be what float64 leaves of equal amounts, and is none for the engine.
    """
    with mock.patch.object(independent, "rounded", wraps=independent.rounded) as rounded:
        result = independent_close.compute(world.settings, world.tables)
    for call in rounded.call_args_list:
        amount, places = call.args
        minor = abs(amount) * 10**places
        assume(minor < TOO_LARGE and abs(minor % 1 - HALF) > TOO_NEAR)
    bases = (sum(parts) for parts in zip(*result.contents.values(), strict=True))
    assume(all(base == 0 or base > NO_BASE for base in bases))
    return result


# ------------------------------------------------------------------------------------------------- factory


@st.composite
def factories(draw: st.DrawFn) -> dict[str, list[Row]]:
    """Standard costs and a bill of materials without circles; some lines change within the month."""
    last = draw(st.integers(1, 7))
    kinds = [schema.BUY, *draw(st.lists(st.sampled_from(schema.TYPES), min_size=last - 1, max_size=last - 1))]
    kinds.append(schema.FINISHED)
    costs, bom = [], []
    for i, kind in enumerate(kinds):
        costs.append({"Item": f"I{i}", "Type": kind, **draw(_prices() if kind == schema.BUY else _conversion())})
        if kind != schema.BUY:
            for component in sorted(draw(st.sets(st.integers(0, i - 1), min_size=1, max_size=3))):
                bom += draw(_lines(f"I{i}", f"I{component}"))
    if draw(st.booleans()):
        return draw(_as_erps_have_it(costs, bom))
    return {"StandardCost": costs, "BOM": bom}


def _prices() -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries({"Material price": prices})


def _conversion() -> st.SearchStrategy[Row]:
    columns = ("Labor rate", "Variable overhead rate", "Fixed overhead rate", "Other conversion")
    money = dict.fromkeys(columns, st.one_of(st.none(), prices))
    return st.fixed_dictionaries({**money, "Labor hours": st.one_of(st.none(), few), "Assembly scrap %": shares})


#: unit of an item -> units that lines and receipts of it may be in
OTHER_UNITS = {
    "kg": ("kg", "g", "KGS", "lb", None),
    "each": ("ea", "box", "case", None),
    "m": ("mm", "M", "roll", None),
}
UNITS: list[Row] = [
    {"From": "box", "To": "each", "Factor": 12},
    {"Item": "I0", "From": "box", "To": "pcs", "Factor": 10},
    {"From": "case", "To": "box", "Factor": 4},
    {"From": "m", "To": "roll", "Factor": 0.02},
]
hundreds = st.sampled_from([None, 1, 10, 100, 7])


@st.composite
def _as_erps_have_it(draw: st.DrawFn, costs: list[Row], bom: list[Row]) -> dict[str, list[Row]]:
    """Prices and quantities per so many, units, alternatives, setup and machine hours, material overhead."""
    bought = {"Price per": hundreds, "Material overhead %": shares}
    made = {
        "Machine hours": st.one_of(st.none(), few),
        "Setup hours": st.one_of(st.none(), few),
        "Lot size": hundreds,
        "Bill": st.sampled_from([None, None, "A"]),
    }
    units = {}
    for row in costs:
        row.update(draw(st.fixed_dictionaries(bought if row["Type"] == schema.BUY else made)))
        row["UoM"] = units[row["Item"]] = draw(st.sampled_from(sorted(OTHER_UNITS)))
    bills, lines = {str(row["Item"]).lower(): row.get("Bill") for row in costs}, []
    for row in bom:
        uom = draw(st.sampled_from(OTHER_UNITS[units[str(row["Component"]).upper()]]))
        lines.append(row | {"Per": draw(hundreds), "UoM": uom, "Alternative": bills[str(row["Parent"]).lower()]})
        if draw(st.integers(0, 3)) == 0:
            lines.append(row | {"Qty per": 99, "Alternative": "not in force"})
    return {"StandardCost": costs, "BOM": lines, "Units": UNITS}


@st.composite
def _lines(draw: st.DrawFn, parent: str, component: str) -> list[Row]:
    """One line, or an older and a newer one with a change of day between (and perhaps a gap)."""
    ends = {"Parent": draw(_spelled(parent)), "Component": draw(_spelled(component))}
    amounts = st.fixed_dictionaries({"Qty per": few, "Scrap %": shares, "Scrap basis": bases})
    dated = draw(st.sampled_from(["always", "always", "until", "from", "both"]))
    if dated == "always":
        return [ends | draw(amounts)]
    change, gap = draw(days), dt.timedelta(days=draw(st.integers(1, 3)))
    until = ends | draw(amounts) | {"Effective to": change}
    since = ends | draw(amounts) | {"Effective from": change + gap}
    return {"until": [until], "from": [since], "both": [until, since]}[dated]


def _spelled(code: str) -> st.SearchStrategy[str]:
    """Codes do not differ by case."""
    return st.sampled_from([code, code.lower()])


# --------------------------------------------------------------------------------------------------- month


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A factory and a month of it.

    Bought items are sold as such only where completion is a trigger, phantoms never (whether Relief shows such a sale
    is a matter of taste), and conversion is incurred in whole minor units: the oracle does not round by cost type.
    """
    settings: dict[str, object] = {
        "Currency": draw(st.sampled_from(sorted(PLACES))),
        "Period start": FIRST,
        "Period end": LAST,
        "Trigger points": draw(st.sampled_from(schema.TRIGGERS)),
        "Variance disposition": draw(st.sampled_from([schema.TO_COGS, schema.CARRY_FORWARD])),
        "Default scrap basis": draw(st.sampled_from([schema.OUTPUT, schema.INPUT])),
        "Purchases are": draw(st.sampled_from([schema.RECORDED_HERE, schema.IN_THE_LEDGER])),
        "Conversion incurred is": draw(st.sampled_from([schema.RECORDED_HERE, schema.IN_THE_LEDGER])),
    }
    factory = draw(factories())
    if len(factory["StandardCost"]) % 2:  # every other factory sorts its items into classes
        for number, row in enumerate(factory["StandardCost"]):
            row["Class"] = (None, "Pumps", "pumps", "007", None)[number % 5]
    kinds = {str(row["Item"]): str(row["Type"]) for row in factory["StandardCost"]}

    def of(*types: str) -> list[str]:
        return [item for item, kind in kinds.items() if kind in types]

    stocked = [schema.BUY]
    if settings["Trigger points"] in COMPLETION_TRIGGERS:
        stocked += [schema.SUBASSEMBLY, schema.FINISHED]
    made_stock = of(schema.SUBASSEMBLY, schema.FINISHED)
    sellable = of(*stocked) if len(stocked) > 1 else made_stock
    counts = draw(_rows(made_stock, Event=st.just(schema.COMPLETED)))
    counts += draw(_rows(sellable, Event=st.just(schema.SOLD)))
    scrap = draw(_rows(list(kinds), Stage=st.just(schema.COMPONENT), **_scrapped()))
    scrap += draw(_rows(of(*schema.TYPES[1:]), Stage=st.just(schema.FINISHED_UNIT), **_scrapped()))
    purchases = draw(_rows(of(*stocked), **{"Actual price": prices}))
    if "Units" in factory:
        units = {str(row["Item"]): str(row["UoM"]) for row in factory["StandardCost"]}
        purchases = [row | draw(_received_so(units[str(row["Item"]).upper()])) for row in purchases]
    cells = {
        "Opening qty": st.one_of(st.none(), quantities),
        "Counted qty": st.one_of(st.none(), st.just(0), quantities),
    }
    owners = sorted(draw(st.sets(st.sampled_from(sorted(kinds)))))
    stock = [{"Item": item} | draw(st.fixed_dictionaries(cells)) for item in owners]
    actuals = draw(
        st.lists(
            st.fixed_dictionaries(
                {"Date": days, "Cost type": st.sampled_from(schema.COST_TYPES), "Amount": st.integers(-99, 99_999)}
            ),
            max_size=3,
        )
    )
    tables = factory | {
        "Counts": _numbered(counts),
        "Scrap": _numbered(scrap),
        "Purchases": _numbered(purchases),
        "Actuals": _numbered(actuals),
        "Stock": stock,
    }
    return World(settings, tables)


@st.composite
def _rows(draw: st.DrawFn, items: list[str], **cells: st.SearchStrategy[object]) -> list[Row]:
    """Up to three transactions of some items, each perhaps followed by the correction of a part of it."""
    rows: list[Row] = []
    for item in draw(st.lists(st.sampled_from(items), max_size=3)) if items else ():
        row = {"Date": draw(days), "Item": draw(_spelled(item)), "Quantity": draw(quantities)}
        row |= draw(st.fixed_dictionaries(cells))
        rows.append(row)
        if draw(st.integers(0, 4)) == 0:
            rows.append(row | {"Date": draw(days), "Quantity": -draw(quantities)})
    return rows


def _received_so(uom: str) -> st.SearchStrategy[Row]:
    """In what unit, at a price per how many, with what freight, from whom."""
    return st.fixed_dictionaries(
        {
            "UoM": st.sampled_from(OTHER_UNITS[uom]),
            "Price per": hundreds,
            "Other cost": st.one_of(st.none(), cents),
            "Vendor": st.sampled_from([None, "Acme", "ACME", "Bolts Ltd"]),
        }
    )


def _scrapped() -> dict[str, st.SearchStrategy[object]]:
    return {
        "Kind": st.sampled_from([schema.NORMAL, schema.ABNORMAL]),
        "Salvage value": st.one_of(st.none(), st.integers(0, 999)),
    }


def _numbered(rows: list[Row]) -> list[Row]:
    """A correction repeats the document of the row before it."""
    numbered: list[Row] = []
    for row in rows:
        correction = float(str(row.get("Quantity", 1))) < 0
        document = numbered[-1]["Document"] if correction else f"D-{len(numbered) + 1}"
        numbered.append(row | {"Document": document})
    return numbered


# ---------------------------------------------------------------------------------------------- period end

percentages = st.one_of(st.none(), st.integers(0, 100).map(lambda n: n / 100))


@st.composite
def closings(draw: st.DrawFn) -> World:
    """A world with everything that the period end looks at: hours, a budget, counts in money, units in process."""
    world = draw(worlds())
    points = world.settings["Trigger points"]
    by_count, expensed = draw(st.booleans()), draw(st.booleans())
    policies: dict[str, object] = {
        "Variance disposition": draw(st.sampled_from([schema.TO_COGS, schema.PRORATE, schema.CARRY_FORWARD])),
        "Period-end WIP": draw(st.sampled_from([schema.RECORD, schema.SHOW_ONLY])),
        "Stock count includes units in process": draw(st.sampled_from([schema.YES, schema.NO])),
        "Budgeted fixed overhead": draw(st.one_of(st.none(), st.integers(0, 99_999))),
        "Relief basis": schema.PHYSICAL_COUNT if by_count else schema.BILL_OF_MATERIALS,
        "Conversion costs": schema.EXPENSE_THEN_ADJUST
        if expensed or (by_count and points == schema.S)
        else schema.AT_STANDARD,
    }
    world = replace(world, settings=world.settings | policies)
    tables = {"Actuals": _numbered(draw(st.lists(_actuals(), max_size=5))), "WIP": draw(_in_process(world))}
    if by_count or expensed:
        tables |= draw(_counted(world, by_count))
    return world.with_tables(**tables)


def _actuals() -> st.SearchStrategy[Row]:
    """Hours stand on any row, but only those of labor count; amounts are large enough to need no correction."""
    cells = {
        "Date": days,
        "Cost type": st.sampled_from(schema.COST_TYPES),
        "Hours": st.one_of(st.none(), quantities),
        "Amount": cents,
    }
    return st.fixed_dictionaries(cells)


@st.composite
def _in_process(draw: st.DrawFn, world: World) -> list[Row]:
    items = [str(row["Item"]) for row in world.tables["StandardCost"]]
    cells = {
        "Item": st.sampled_from(items),
        "Quantity": quantities,
        "Material %": percentages,
        "Conversion %": percentages,
    }
    return draw(st.lists(st.fixed_dictionaries(cells), max_size=3))


@st.composite
def _counted(draw: st.DrawFn, world: World, by_count: bool) -> dict[str, list[Row]]:
    """Each account counted in money, or from Stock; finished goods perhaps not at all.

    Where the count relieves, every item of an account that is counted on Stock is counted.
    """
    points, kinds = world.settings["Trigger points"], _kinds(world)
    money = {
        name: st.one_of(st.none(), cents.map(abs))
        for name in ("Opening amount", "Opening conversion", "Counted conversion")
    } | {"Counted amount": cents.map(abs)}
    rows = []
    stock = {str(row["Item"]): row for row in world.tables["Stock"]}
    for roles, types in (
        ((schema.MIP, schema.INVENTORY_CONTROL), (schema.BUY, schema.SUBASSEMBLY)),
        ((schema.FINISHED_GOODS,), (schema.FINISHED,)),
    ):
        how = draw(st.sampled_from(["money", "stock", "none"]))
        if how == "none" and (not by_count or types == (schema.FINISHED,)):
            stock = {item: row | {"Counted qty": None} if kinds[item] in types else row for item, row in stock.items()}
        elif how == "money":
            rows.append({"Role": draw(st.sampled_from(roles))} | draw(st.fixed_dictionaries(money)))
        elif by_count:
            for item in (item for item, kind in kinds.items() if kind in types):
                cells = {"Item": item, "Opening qty": draw(st.one_of(st.none(), quantities))}
                stock[item] = cells | {"Counted qty": draw(quantities)}
    if by_count and points not in COMPLETION_TRIGGERS:
        stock = {item: row for item, row in stock.items() if kinds[item] not in (schema.SUBASSEMBLY, schema.FINISHED)}
    return {"InventoryCount": rows, "Stock": list(stock.values())}


def _kinds(world: World) -> dict[str, str]:
    return {str(row["Item"]): str(row["Type"]) for row in world.tables["StandardCost"]}
