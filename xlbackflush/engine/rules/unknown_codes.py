"""Codes that are not on Standard Cost, by what became of them: one finding for each cause.

    lost zeros      101011 is not on Standard Cost; 0101011 is: codes lost their zeros when a CSV file was opened in Excel
    misspelt        Bulbs is not on Standard Cost; Bulb is
    not there       Chair is not on Standard Cost

Where the code on Standard Cost is the odd one, which no other sheet uses, the finding stands there.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.places import home, text_cells
from xlbackflush.engine.standards.bill import code_key
from xlbackflush.model import finding as f
from xlbackflush.model.addresses import short, together
from xlbackflush.model.arrays import where_true
from xlbackflush.model.words import listed, several

#: the columns that hold items
OF_ITEMS = [
    (table.name, column.name) for table in schema.INPUT_TABLES for column in table.columns if column.kind == "item"
]
_ONE_BY_ONE = 5  # unknown codes of a column that are named one by one
_NEAR_MOST = 20_000  # codes on Standard Cost among which a misspelt one is looked for
_SHORTEST = 4  # letters of a code that may be another one with one letter wrong

_AS_TEXT = "Format the {} as Text (Home > Number format > Text), then {}. Do not add {} to Standard Cost."
_FROM_CSV = "paste the codes again; Data > From Text/CSV with the column set to Text keeps the zeros of a CSV file"


@dataclass(frozen=True)
class _Use:
    """A cell with an unknown code."""

    table: str
    column: str
    cell: str
    code: str


def unknown_codes(period: Period) -> Iterator[f.Finding]:
    """What is wrong with the codes that are not on Standard Cost."""
    uses = _uses(period)
    if not uses or displaced(period):
        return
    known = _known(period)
    with_zeros = _with_zeros(known)
    lost = [use for use in uses if code_key(use.code) in with_zeros]
    yield from _lost_zeros(period, lost, with_zeros)
    others: dict[str, list[_Use]] = defaultdict(list)
    for use in uses:
        if code_key(use.code) not in with_zeros:
            others[code_key(use.code)].append(use)
    without = {key: known[key.lstrip("0")] for key in others if key[0] == "0" and key.lstrip("0") in known}
    if len(without) > 2:  # then it is Standard Cost that lost them
        yield _lost_on_standard_cost(period, without, [others.pop(key)[0] for key in without])
    near = _near(others, known) | {k: i for k, i in without.items() if k in others}
    yield from _others(period, others, _parents_meant(period, others) | near)


def displaced(period: Period) -> str:
    """The one code that other sheets use and Standard Cost lacks, where one item has two rows there; "" where it is not so."""
    cost, bill = period.inputs.standard_cost, period.bill
    if int((cost.item != "").sum()) != len(bill.number) + 1:
        return ""
    unknown, known = {code_key(use.code): use.code for use in _uses(period)}, _known(period)
    like_another = _near(unknown, known) or any(key in _with_zeros(known) for key in unknown)
    return next(iter(unknown.values())) if len(unknown) == 1 and not like_another else ""


def _uses(period: Period) -> list[_Use]:
    """The cells with codes that are not on Standard Cost."""
    return [
        _Use(table, column, cell, code)
        for table, column in OF_ITEMS
        for cell, code in text_cells(period.inputs, table, column, period.bill.of(table, column) < 0)
        if code
    ]


def _known(period: Period) -> dict[str, int]:
    """Key of a code on Standard Cost -> its item."""
    return {code_key(code): item for item, code in enumerate(period.bill.items.code.tolist()) if code}


def _with_zeros(known: Mapping[str, int]) -> dict[str, int]:
    """Key of a code without its leading zeros -> the item on Standard Cost that has them."""
    return {key.lstrip("0"): item for key, item in known.items() if key[0] == "0" and key.lstrip("0")}


# ---------------------------------------------------------------------------------------------- lost zeros


def _lost_zeros(period: Period, uses: Sequence[_Use], item: Mapping[str, int]) -> Iterator[f.Finding]:
    """Codes without the zeros that they have on Standard Cost: one finding for each column."""
    columns: dict[tuple[str, str], list[_Use]] = defaultdict(list)
    for use in uses:
        columns[use.table, use.column].append(use)
    for each in columns.values():
        first = each[0]
        whole = period.bill.items.code[item[code_key(first.code)]]
        start = f"{first.code} is not on Standard Cost; {whole} is: "
        if len(each) == 1:
            what = f"{start}the code lost its leading zeros, as when a CSV file is opened in Excel."
            yield f.UNKNOWN_ITEM(first.cell, what, fix=_AS_TEXT.format("cell", f"type {whole}", "the item"))
        else:
            codes, cells = len({use.code for use in each}), listed([short(use.cell) for use in each])
            what = (
                f"{start}{several(codes, 'code')} in {several(len(each), 'cell')} of column {first.column} lost their leading "
                f"zeros, as when a CSV file is opened in Excel: {cells}."
            )
            fix = _AS_TEXT.format("column", _FROM_CSV, "the items")
            yield f.UNKNOWN_ITEM(together([use.cell for use in each]), what, fix=fix)


def _lost_on_standard_cost(period: Period, without: Mapping[str, int], uses: Sequence[_Use]) -> f.Finding:
    """Standard Cost has codes without the zeros that they have elsewhere."""
    cells = sorted((home(period.inputs, item) for item in without.values()), key=lambda cell: (len(cell), cell))
    first = uses[0]
    bare = period.bill.items.code[without[code_key(first.code)]]
    what = (
        f"{first.cell} reads {first.code}, which is not on Standard Cost; {bare} is: {several(len(cells), 'code')} there lost "
        f"their leading zeros, as when a CSV file is opened in Excel: {listed([short(cell) for cell in cells])}."
    )
    return f.UNKNOWN_ITEM(together(cells), what, fix=_AS_TEXT.format("column", _FROM_CSV, "the other codes"))


# ------------------------------------------------------------------------------------------ all other codes


def _others(period: Period, unknown: Mapping[str, Sequence[_Use]], near: Mapping[str, int]) -> Iterator[f.Finding]:
    """One finding for each code; where many of a column are not there, and like none that is, one for all of them."""
    plain: dict[tuple[str, str], list[Sequence[_Use]]] = defaultdict(list)
    for key, uses in unknown.items():
        if key in near:
            yield _misspelt(period, uses, near[key])
        else:
            plain[uses[0].table, uses[0].column].append(uses)
    for codes in plain.values():
        if len(codes) <= _ONE_BY_ONE:
            yield from (f.UNKNOWN_ITEM(uses[0].cell, _not_there(uses)) for uses in codes)
        else:
            cells = [uses[0].cell for uses in codes]
            names = listed([f"{uses[0].code} ({short(uses[0].cell)})" for uses in codes])
            what = f"{len(codes):,} codes of column {codes[0][0].column} are not on Standard Cost: {names}."
            fix = "Add these items to Standard Cost, or correct the codes where they are those of items that are there."
            yield f.UNKNOWN_ITEM(cells[0], what, fix=fix)


def _not_there(uses: Sequence[_Use]) -> str:
    return f"{uses[0].code} is not on Standard Cost.{_also(uses)}"


def _also(uses: Sequence[_Use]) -> str:
    """The other cells with a code."""
    return f" It is also in {listed([use.cell for use in uses[1:]])}." if len(uses) > 1 else ""


def _misspelt(period: Period, uses: Sequence[_Use], item: int) -> f.Finding:
    """A code that is much like one that is there; the one that nothing else uses is the odd one."""
    right = str(period.bill.items.code[item])
    if len(uses) > 1 and not _is_used(period, item):
        code, used_in = uses[0].code, listed([use.cell for use in uses])
        what = f"{right} is used on no other sheet; {code}, which is in {used_in}, is not here."
        fix = f"Correct the code here to {code}; or, if both are items, add {code}."
        return f.UNKNOWN_ITEM(home(period.inputs, item), what, fix=fix)
    bare = ", and has no bill of materials" if uses[0].column == "Parent" and not period.bill.on_bom[item] else ""
    what = f"{uses[0].code} is not on Standard Cost; {right} is{bare}.{_also(uses)}"
    fix = f"Correct the code to {right}; or, if {uses[0].code} is an item of its own, add it to Standard Cost."
    return f.UNKNOWN_ITEM(uses[0].cell, what, fix=fix)


def _is_used(period: Period, item: int) -> bool:
    return any(
        bool((period.bill.of(table, column) == item).any()) for table, column in OF_ITEMS if table != "StandardCost"
    )


def _near(unknown: Mapping[str, object], known: Mapping[str, int]) -> dict[str, int]:
    """Key of an unknown code -> the item whose code has the same letters and digits, or one more, less or other, if just one."""
    if len(known) > _NEAR_MOST or len(unknown) > len(known) + _ONE_BY_ONE:
        return {}
    spelled: dict[str, set[int]] = defaultdict(set)
    for key, item in known.items():
        for form in _forms(key):
            spelled[form].add(item)
    near = {}
    for key in unknown:
        plain = _plain(key)
        items = spelled.get(plain) or set(chain.from_iterable(spelled.get(form, ()) for form in _forms(key)))
        if len(items) == 1:
            near[key] = next(iter(items))
    return near


def _parents_meant(period: Period, unknown: Mapping[str, Sequence[_Use]]) -> dict[str, int]:
    """Key of an unknown parent -> the one made item without a bill whose code has the same characters, or one more or less."""
    items, bill = period.bill.items, period.bill
    lacking = where_true(items.made & ~bill.on_bom).tolist()
    parents = {key for key, uses in unknown.items() if all(use.column == "Parent" for use in uses)}
    if not parents or len(lacking) * len(parents) > _NEAR_MOST:
        return {}
    meant = {}
    for key in parents:
        close = [item for item in lacking if _one_apart(_plain(key), _plain(code_key(str(items.code[item]))))]
        if len(close) == 1:
            meant[key] = close[0]
    return meant


def _one_apart(one: str, other: str) -> bool:
    """Whether two codes have the same characters, or one of them has one more."""
    short, long = sorted((one, other), key=len)
    return one == other or short in {long[:k] + long[k + 1 :] for k in range(len(long))}


def _plain(key: str) -> str:
    """Letters and digits alone; what looks alike is one."""
    return "".join(c for c in key if c.isalnum()).replace("o", "0").replace("i", "1").replace("l", "1")


def _forms(key: str) -> set[str]:
    """A code as `_plain` has it, and with each of its letters left out: two codes with one of them in common are near.

    Digits are not left out: W-100 and W-101 are two items.
    """
    plain = _plain(key)
    if len(plain) < _SHORTEST:
        return {plain}
    return {plain} | {plain[:k] + plain[k + 1 :] for k, letter in enumerate(plain) if not letter.isdigit()}
