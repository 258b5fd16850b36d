"""What the cell functions answer: what a run relieves, what the exact oracle works out, and what a book says."""

import copy
import datetime as dt
from collections import defaultdict
from dataclasses import replace
from functools import partial
from unittest import mock

import independent
import pytest
from april import april, buy, day, line, made
from hypothesis import given
from hypothesis import strategies as st
from live_books import BOOKS, CONDENSED, PERIOD, PERIOD_ENDS, POLICIES, trace_limit, world
from per_unit import costed_per_unit
from support import Row, Settings, Tables, compute, frame, journal, posted, relief, rollup, sources
from test_findings import CASES, clean
from worlds import LAST, World, closings, worlds

from xlbackflush import schema
from xlbackflush.engine import answers as module
from xlbackflush.engine.answers import CONVERSION_COSTS, Answers, UnknownElementError, UnknownItemError, answers
from xlbackflush.engine.result import RunResult
from xlbackflush.schema import CS, PCS, PS, S
from xlbackflush.template.samples import SAMPLES, Sample

Parts = dict[str, float]  # by code: quantity, or amount


def ready(settings: Settings, tables: Tables) -> Answers:
    """The answers of a world that has them."""
    loaded, errors = answers(sources(settings, tables))
    assert loaded is not None, errors
    return loaded


def quantities(loaded: Answers, item: str, qty: float = 1.0) -> Parts:
    return {part.code: part.quantity for part in loaded.explode(item, qty) if part.key}


def conversion(loaded: Answers, item: str) -> float:
    """Conversion flushed with one unit of a made item."""
    (part,) = (part for part in loaded.explode(item) if not part.key)
    assert part.amount == part.unit_cost
    assert (part.code, part.quantity) == (CONVERSION_COSTS, 1)
    return part.amount


def near(parts: Parts) -> object:
    return pytest.approx(parts, rel=1e-9, abs=1e-9)


def some(parts: Parts) -> Parts:
    """Without nothing: a line that is not in force on the day of a count has a row of 0 in a run's results."""
    return {code: quantity for code, quantity in parts.items() if quantity}


# ------------------------------------------------------------------------------------------- against a run


def counted_at_period_end(sample: Sample, items: dict[str, int]) -> Sample:
    """The world in which nothing happens but that these items are completed (sold, if that is what triggers)."""
    event = "Completed" if sample.settings["Trigger points"] in (PCS, CS) else "Sold"
    last = sample.settings["Period end"]
    counts: list[Row] = [
        {"Date": last, "Document": f"C-{n}", "Event": event, "Item": item, "Quantity": n} for item, n in items.items()
    ]
    standing = ("BOM", "StandardCost", "Stock", "InventoryCount")
    kept = {name: rows for name, rows in sample.tables.items() if name in standing}
    return replace(sample, tables={**kept, "Counts": counts})


def completable(sample: Sample) -> list[str]:
    """Codes that a run can complete or sell; where the count relieves, those that are on Stock or need not be."""
    made_items = [
        str(row["Item"]) for row in sample.tables["StandardCost"] if row["Type"] in ("Subassembly", "Finished")
    ]
    by_count = sample.settings.get("Relief basis") == schema.PHYSICAL_COUNT
    stock = {str(row["Item"]) for row in sample.tables.get("Stock", ())}
    return [code for code in made_items if not by_count or code in stock or not stock & set(made_items)]


def traced(outcome: RunResult) -> tuple[dict[str, Parts], dict[str, Parts], Parts]:
    """What the run's Trace holds by product, of rows that are posted: quantities and amounts by component, and conversion."""
    assert outcome.run
    codes = outcome.period.bill.items.code.tolist()
    used: dict[str, Parts] = defaultdict(lambda: defaultdict(float))
    amounts: dict[str, Parts] = defaultdict(lambda: defaultdict(float))
    flushed: Parts = defaultdict(float)
    rows = outcome.period.explosion.rows
    for row in frame(rows.of(outcome.period.demand.posts[rows.root])).itertuples():
        if row.relieved:
            used[codes[row.product]][codes[row.item]] += row.required
            amounts[codes[row.product]][codes[row.item]] += row.amount
        flushed[codes[row.product]] += row.conversion
    return used, amounts, flushed


@pytest.mark.parametrize("policy", [p for p in POLICIES + PERIOD_ENDS if not p.condensed], ids=str)
def test_the_answers_are_what_a_run_relieves_for_a_count_at_period_end(policy):
    """Component by component and product by product, under every policy."""
    sample = world(policy)
    items = {code: 3 + 4 * n for n, code in enumerate(completable(sample))}
    assert len(items) >= 5
    sample = counted_at_period_end(sample, items)
    outcome, result = posted(sample.settings, sample.tables)
    used, amounts, flushed = traced(outcome)
    loaded = ready(sample.settings, sample.tables)
    total: Parts = defaultdict(float)
    for code, n in items.items():
        in_force = some(used[code])
        assert quantities(loaded, code, n) == near(in_force)
        assert {p.code: p.amount for p in loaded.explode(code, n) if p.key} == near(
            {part: amounts[code][part] for part in in_force}
        )
        assert n * conversion(loaded, code) == pytest.approx(flushed[code], rel=1e-9)
        assert loaded.cost(code, n) == pytest.approx(sum(amounts[code].values()) + flushed[code], rel=1e-9)
        for part, quantity in in_force.items():
            total[part] += quantity
    assert some(relief(outcome)) == near(total)
    allocated = sum(n * conversion(loaded, code) for code, n in items.items())
    lines = [line for entry in result.entries for line in entry.lines if entry.event in ("Completion", "Sale")]
    credit = -sum(line.minor for line in lines if line.role == schema.CCA) / 10**result.places
    assert credit == pytest.approx(allocated, abs=len(items) * 0.5 / 10**result.places)


@pytest.mark.parametrize("name", ["widgets", "codes in other case", *(f"computers, {t}" for t in schema.TRIGGERS)])
def test_one_counted_item_is_relieved_as_the_functions_say(name):
    sample = BOOKS[name]()
    loaded = ready(sample.settings, sample.tables)
    for code in completable(sample):
        one = counted_at_period_end(sample, {code: 40})
        outcome, result = posted(one.settings, one.tables)
        assert some(relief(outcome)) == near(quantities(loaded, code, 40))
        (entry,) = (entry for entry in result.entries if entry.event in ("Completion", "Sale"))
        credits = {line.role: -line.minor for line in entry.lines if line.minor < 0}
        assert credits.get(schema.CCA, 0) == round(40 * conversion(loaded, code) * 10**result.places)
        assert sum(credits.values()) == pytest.approx(loaded.cost(code, 40) * 10**result.places, abs=len(credits) / 2)


@pytest.mark.parametrize("name", BOOKS)
def test_standard_costs_are_those_of_the_roll_up_at_period_end(name):
    sample = BOOKS[name]()
    with trace_limit(name):
        outcome, _ = posted(sample.settings, sample.tables)
    loaded = ready(sample.settings, sample.tables)
    costs = rollup(outcome)
    assert [standard.code for standard in loaded.standards.values()] == list(costs)
    for code, cost in costs.items():
        assert loaded.standard_cost(code) == cost["Unit cost"]
        assert {e: loaded.standard_cost(code, e) for e in schema.ELEMENTS} == {e: cost[e] for e in schema.ELEMENTS}


@pytest.mark.parametrize("name", sorted(set(BOOKS) - CONDENSED))
def test_every_explosion_adds_up_to_the_cost_flushed(name):
    """Every item of every book, phantoms and bought items too; amounts are quantity x unit cost."""
    sample = BOOKS[name]()
    loaded = ready(sample.settings, sample.tables)
    for standard in loaded.standards.values():
        parts = loaded.explode(standard.code, 7)
        assert sum(part.amount for part in parts) == pytest.approx(loaded.cost(standard.code, 7), rel=1e-12)
        for part in parts:
            assert part.amount == pytest.approx(part.quantity * part.unit_cost, rel=1e-12)
            if part.key:
                assert part.unit_cost == loaded.cost(part.code)


# --------------------------------------------------------------------------------------- against the oracle


def oracle(world: World) -> independent.Standards:
    """Exact standards of a world."""
    basis = str(world.settings["Default scrap basis"])
    given = costed_per_unit(independent.spelled_alike({**world.tables}))
    items, bom = independent.read_items(given["StandardCost"], basis), independent.read_bom(given["BOM"], basis)
    return independent.Standards(items, bom, independent.STOCK_ROLES[str(world.settings["Trigger points"])])


@given(st.one_of(worlds(), closings()))
def test_the_oracle_relieves_the_same(world):
    standards, loaded = oracle(world), ready(world.settings, world.tables)
    expensed = world.settings.get("Conversion costs") == schema.EXPENSE_THEN_ADJUST
    for item, read in standards.items.items():
        cost = standards.cost(item, LAST)
        taken = standards.relieve(item, LAST) if read.type == "Buy" else standards.explode(item, LAST)
        assert quantities(loaded, item) == near({code: float(n) for code, n in taken.components.items()})
        assert loaded.cost(item) == pytest.approx(float(cost["Material" if expensed else "Unit cost"]), rel=1e-9)
        if read.type != "Buy":
            assert conversion(loaded, item) == pytest.approx(0 if expensed else float(taken.conversion), rel=1e-9)
        assert {e: loaded.standard_cost(item, e) for e in schema.ELEMENTS} == near(
            {e: float(cost[e]) for e in schema.ELEMENTS}
        )


@given(worlds(), st.floats(-1e6, 1e6), st.data())
def test_answers_are_linear_in_the_quantity(world, qty, data):
    loaded = ready(world.settings, world.tables)
    item = data.draw(st.sampled_from(sorted(loaded.standards)))
    assert loaded.cost(item, qty) == loaded.cost(item) * qty
    one, many = loaded.explode(item), loaded.explode(item, qty)
    assert [(p.quantity * qty, p.amount * qty) for p in one] == [(p.quantity, p.amount) for p in many]
    assert sum(p.amount for p in many) == pytest.approx(loaded.cost(item, qty), rel=1e-9, abs=1e-9)
    for other in loaded.standards:
        alone = [p.quantity for p in many if p.key == other]
        assert loaded.quantity(item, other, qty) == (alone[0] if alone else 0)


@given(worlds())
def test_large_bills_and_small_blocks_give_the_same_answers(world):
    """Exploded per BOM line, as the engine does with bills beyond a sheet; and one item at a time."""
    loaded = ready(world.settings, world.tables)
    for target, name, value in ((schema, "TRACE_ROWS_MAX", 0), (module, "BLOCK", 1)):
        with mock.patch.object(target, name, value):
            other = ready(world.settings, world.tables)
            for code in loaded.standards:
                assert quantities(other, code) == near(quantities(loaded, code))
                assert sum(p.amount for p in other.explode(code)) == pytest.approx(loaded.cost(code), rel=1e-9)


@pytest.mark.parametrize(
    ("asked", "most", "together"),
    [
        ("Set", 200_000, ["Set"]),  # its 2 rows end the first block of 5
        ("Frame", 200_000, ["Chair", "Frame", "Steel", "Screw"]),
        ("Frame", 2, ["Set", "Frame"]),  # the chair has 3 rows: too large to be one of a block, it counts for none
        ("Chair", 2, ["Chair"]),
    ],
)
def test_an_item_is_exploded_with_its_neighbours_of_one_block(asked, most, together):
    """Rows of set, chair, frame, steel and screw: 2, 3, 2, 1 and 1."""
    loaded, items = ready(april(), chair()), []

    def explode(exploding, *arguments):
        items.extend(loaded.bill.items.code[arguments[1].roots.item].tolist())
        return exploding(*arguments)

    each = {name: partial(explode, getattr(module, name)) for name in ("explosion", "explosion_by_line")}
    with (
        mock.patch.multiple(module, BLOCK=5, **each),
        mock.patch.object(schema, "TRACE_ROWS_MAX", most),
    ):
        loaded.explode(asked)
        loaded.explode(asked)  # kept, and not exploded again
    assert items == together


def test_a_bill_that_no_list_could_hold_is_exploded_all_the_same():
    """40 levels, each twice in the one above: 2 ** 40 ways down to a screw, and as many rows of a Trace by product."""
    levels = [f"P{n}" for n in range(40)]
    pairs = list(zip(levels, [*levels[1:], "Screw"], strict=True))
    tables = {
        "StandardCost": [*(made(code, "Phantom", Other_conversion=1) for code in levels), buy("Screw", 0.5)],
        "BOM": [line(parent, below, 1) for parent, below in pairs for _ in range(2)],
    }
    loaded = ready(april(), tables)
    assert loaded.quantity("P0", "Screw") == 2**40
    assert conversion(loaded, "P0") == 2**40 - 1
    assert loaded.cost("P0") == 2**39 + 2**40 - 1
    assert quantities(loaded, "P39", 3) == {"Screw": 6}


# ------------------------------------------------------------------------------------------------ by the book


def test_a_computer_of_the_textbook_flushes_19_of_material_and_12_of_conversion():
    """Horngren, Silicon Valley Computer: 100,000 completed flush 1,900,000 and 1,200,000."""
    tables = {
        "StandardCost": [buy("Kit", 19), made("Computer", Other_conversion=12)],
        "BOM": [line("Computer", "Kit", 1)],
    }
    for triggers in schema.TRIGGERS:
        loaded = ready(april(Trigger_points=triggers), tables)
        assert loaded.cost("Computer", 100_000) == 3_100_000
        assert [(p.code, p.quantity, p.unit_cost, p.amount) for p in loaded.explode("Computer", 100_000)] == [
            ("Kit", 100_000, 19, 1_900_000),
            ("Conversion costs", 100_000, 12, 1_200_000),
        ]


def test_the_abc_lamp_explodes_through_its_phantoms():
    """SAS/OR User's Guide, BOM procedure: LA01 takes 1400 in two places, 4 + 2; its base B100 costs 16.35."""
    parts = {"1200": 9.25, "1300": 5, "1400": 0.2, "1600": 3.5, "2100": 0.05, "2200": 0.35, "2300": 0.5, "S100": 4.1}
    phantoms = ("B100", "A100", "1100", "1500", "1700")
    bom = "LA01 B100 1, LA01 S100 1, LA01 A100 1, B100 1100 1, B100 1200 1, B100 1300 1, B100 1400 4, A100 1500 1, "
    bom += "A100 1600 1, A100 1700 1, 1100 2100 26, 1500 1400 2, 1700 2200 12, 1700 2300 1"
    tables = {
        "StandardCost": [
            made("LA01"), *(made(code, "Phantom") for code in phantoms), *(buy(code, price) for code, price in parts.items())
        ],
        "BOM": [line(parent, part, int(n)) for parent, part, n in (text.split() for text in bom.split(", "))],
    }  # fmt: skip
    loaded = ready(april(), tables)
    assert quantities(loaded, "LA01") == {
        "2100": 26, "1200": 1, "1300": 1, "1400": 6, "S100": 1, "1600": 1, "2200": 12, "2300": 1
    }  # fmt: skip
    assert list(quantities(loaded, "LA01"))[:4] == ["2100", "1200", "1300", "1400"]  # in the order of the BOM
    assert loaded.cost("LA01", 1_000) == pytest.approx(29_050)
    assert loaded.quantity("la01", "1400", 1_000) == 6_000
    assert quantities(loaded, "B100") == {"2100": 26, "1200": 1, "1300": 1, "1400": 4}
    assert loaded.cost("B100") == pytest.approx(16.35)


@pytest.mark.parametrize(("basis", "kilograms"), [("Output", 120), ("Input", 125)])
def test_twenty_percent_scrap_takes_120_on_output_and_125_on_input(basis, kilograms):
    tables = {
        "StandardCost": [made("Gadget"), buy("Resin", 2)],
        "BOM": [line("Gadget", "Resin", 1, **{"Scrap %": 0.2})],
    }
    loaded = ready(april(Default_scrap_basis=basis), tables)
    assert loaded.quantity("Gadget", "Resin", 100) == pytest.approx(kilograms)
    assert loaded.cost("Gadget", 100) == pytest.approx(2 * kilograms)


def chair() -> dict[str, list[Row]]:
    """A set of two chairs; a chair of a frame (3 kg of steel, 5 of labor) and 4 screws; a tenth of all frames is lost."""
    return {
        "StandardCost": [
            made("Set", Other_conversion=1),
            made("Chair", Other_conversion=2),
            made("Frame", "Subassembly", Labor_hours=0.25, Labor_rate=20, **{"Assembly_scrap_%": 0.1}),
            buy("Steel", 4),
            buy("Screw", 0.5),
        ],
        "BOM": [
            line("Set", "Chair", 2), line("Chair", "Frame", 1), line("Chair", "Screw", 4), line("Frame", "Steel", 3)
        ],
    }  # fmt: skip


@pytest.mark.parametrize("triggers", [PCS, CS])
def test_where_completion_is_recorded_what_is_stocked_is_taken_whole(triggers):
    """A frame costs 1.1 x 3 x 4 + 5 = 18.20, a chair 18.20 + 2 + 2 = 22.20, a set 45.40."""
    loaded = ready(april(Trigger_points=triggers), chair())
    assert quantities(loaded, "Set") == {"Chair": 2}
    assert [p.unit_cost for p in loaded.explode("Set")] == pytest.approx([22.2, 1])
    assert quantities(loaded, "Chair") == {"Frame": 1, "Screw": 4}
    assert quantities(loaded, "Frame") == pytest.approx({"Steel": 3.3})
    assert conversion(loaded, "Set") == 1
    assert loaded.quantity("Set", "Steel") == 0


@pytest.mark.parametrize("triggers", [PS, S])
def test_where_it_is_not_everything_is_exploded_to_what_is_bought(triggers):
    loaded = ready(april(Trigger_points=triggers), chair())
    assert quantities(loaded, "Set") == pytest.approx({"Steel": 6.6, "Screw": 8})
    assert conversion(loaded, "Set") == 1 + 2 * (2 + 5)
    assert loaded.quantity("Set", "Frame") == 0


@pytest.mark.parametrize("triggers", schema.TRIGGERS)
def test_trigger_points_do_not_change_what_a_unit_costs(triggers):
    loaded = ready(april(Trigger_points=triggers), chair())
    assert [loaded.cost(code) for code in ("Set", "Chair", "Frame")] == pytest.approx([45.4, 22.2, 18.2])


def test_where_conversion_is_expensed_material_alone_is_flushed():
    settings = april(Conversion_costs=schema.EXPENSE_THEN_ADJUST, Relief_basis=schema.PHYSICAL_COUNT)
    loaded = ready(settings, chair())
    assert loaded.cost("Set") == pytest.approx(2 * (13.2 + 2))
    assert [(p.code, p.amount) for p in loaded.explode("Set")] == [
        ("Chair", pytest.approx(30.4)),
        (CONVERSION_COSTS, 0),
    ]
    assert loaded.standard_cost("Set") == pytest.approx(45.4)
    assert loaded.standard_cost("Set", "labor") == 10


def test_a_bought_item_is_flushed_as_itself():
    loaded = ready(april(), chair())
    (part,) = loaded.explode("STEEL", 2.5)
    assert part == ("steel", "Steel", "", "", 2.5, 4, 10)
    assert loaded.quantity("Steel", "steel", 2.5) == 2.5


@pytest.mark.parametrize(
    ("last", "taken"), [(15, {"Old": 1}), (16, {"New": 1, "Clip": 2}), (30, {"New": 1, "Clip": 3})]
)
def test_lines_in_force_at_period_end_count(last, taken):
    """The old bulb holds to the 15th, the new one from the 16th; it needs two clips, three from the 20th on."""
    tables = {
        "StandardCost": [made("Lamp"), buy("Old", 1), buy("New", 0.7), buy("Clip", 0.1)],
        "BOM": [
            line("Lamp", "Old", 1, Effective_to=day(15)),
            line("Lamp", "New", 1, Effective_from=day(16)),
            line("Lamp", "Clip", 2, Effective_from=day(16), Effective_to=day(19)),
            line("Lamp", "Clip", 3, Effective_from=day(20)),
        ],
    }
    settings = april() | {"Period end": day(last)}
    loaded = ready(settings, tables)
    assert quantities(loaded, "Lamp") == taken
    prices = {"Old": 1, "New": 0.7, "Clip": 0.1}
    assert loaded.cost("Lamp") == pytest.approx(sum(n * prices[code] for code, n in taken.items()))


def test_codes_of_one_case_or_another_are_one_item():
    sample = SAMPLES["widgets"]()
    loaded = ready(sample.settings, sample.tables)
    for standard in loaded.standards.values():
        assert loaded.cost(standard.code.swapcase(), 3) == loaded.cost(standard.code, 3)
        assert loaded.explode(standard.code.upper()) == loaded.explode(standard.code.lower())


# ---------------------------------------------------------------------------------------- what has no answer


def test_unknown_items_and_elements_are_refused():
    loaded = ready(april(), chair())
    for ask in (loaded.cost, loaded.explode, loaded.standard_cost):
        with pytest.raises(UnknownItemError, match="Table"):
            ask("Table")
    for item, component in (("Set", "Table"), ("Table", "Set"), ("Set", "")):
        with pytest.raises(UnknownItemError):
            loaded.quantity(item, component)
    with pytest.raises(UnknownElementError, match="Other conversion"):
        loaded.standard_cost("Set", "Energy")
    assert issubclass(UnknownItemError, KeyError)


OWN_SHEETS = ("BOM", "Standard Cost", "Units", "Setup")


@pytest.mark.parametrize(("code", "change", "where"), CASES, ids=[f"{code}-{where}" for code, _, where in CASES])
def test_errors_of_setup_standard_cost_and_bom_stand_in_the_way_and_no_others(code, change, where):
    """Every broken rule there is: where the run has errors on those sheets, and only there, there are no answers.

    Missing counts are reported on Setup or Standard Cost as well, and accounts stand on Setup: both are of no matter here.
    """
    read = clean()
    change(read)
    errors = [f for f in compute(copy.deepcopy(read)).findings if f.severity == schema.ERROR]
    own = [f for f in errors if f.where.split("!")[0] in OWN_SHEETS and f.code not in ("P01", "S07", "S08")]
    loaded, found = answers(read)
    assert found == own
    assert (loaded is None) == bool(own)


def test_the_other_tables_are_not_looked_at():
    tables = {**chair(), "Counts": [{"Date": "soon", "Item": "Table", "Quantity": "many"}], "Accounts": [{"Role": "?"}]}
    read = sources(april(), tables)
    assert compute(copy.deepcopy(read)).failed
    loaded, found = answers({name: read[name] for name in ("Setup", "StandardCost", "BOM")})
    assert found == []
    assert loaded is not None
    assert loaded.cost("Set") == answers(read)[0].cost("Set")


def test_a_cost_beyond_all_digits_is_a_finding_with_its_cell():
    tables = {
        "StandardCost": [made("Set"), made("Box", "Phantom"), buy("Part", 1e14)],
        "BOM": [line("Set", "Box", 1e14), line("Box", "Part", 1e14)],
    }
    loaded, (first, second) = answers(sources(april(), tables))
    assert loaded is None
    assert [(f.code, f.severity, f.where) for f in (first, second)] == [
        ("Z03", "Error", "Standard Cost!A7"),
        ("Z03", "Error", "Standard Cost!A8"),
    ]
    assert "Set" in first.what


@pytest.mark.parametrize(("boxes", "where"), [(9, []), (10, ["Standard Cost!A7"])])
def test_fifteen_digits_can_be_held_and_sixteen_cannot(boxes, where):
    tables = {"StandardCost": [made("Set"), buy("Box", 1e14)], "BOM": [line("Set", "Box", boxes)]}
    assert [f.where for f in answers(sources(april(), tables))[1]] == where


def test_without_items_there_is_nothing_to_answer():
    loaded = ready(april(), {})
    assert loaded.standards == {}
    with pytest.raises(UnknownItemError):
        loaded.cost("Set")


def test_the_period_is_that_of_setup():
    """The world's period ends in March; a line from April on is not in force."""
    sample = world(POLICIES[0])
    late = {"Parent": "SUB-B", "Component": "007", "Qty per": 1, "Effective from": PERIOD[1] + dt.timedelta(days=1)}
    tables = {**sample.tables, "BOM": [*sample.tables["BOM"], late]}
    assert ready(sample.settings, tables).quantity("SUB-B", "007") == 0
    assert journal(posted(sample.settings, tables)[1]) == journal(posted(sample.settings, sample.tables)[1])
