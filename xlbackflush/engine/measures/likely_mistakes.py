"""Likely mistakes: the single cells whose correction makes counts and records agree.

    lamps      50 completed, 5 counted                       difference -45
    bulbs      100 relieved, 90 more counted than the book   difference +90
    PC-2 says 50 lamps; 5 would explain both: a power of ten

Each item whose count lies outside the noise points at the levers that move it (`levers`). For every cell of these the right
number follows from the differences; it is plausible as far as a slip of the hand would turn it into what was typed (`slips`),
as it is like the other rows of its item (`own_rows`), and as it leaves nothing of the differences, of all items that it moves.
The best is taken as corrected, and the search goes on with what remains.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.measures import own_rows as own
from xlbackflush.engine.measures import slips
from xlbackflush.engine.measures.day_by_day import DayByDay
from xlbackflush.engine.measures.levers import COUNTED, OPENING, PER, Effects, Key, Lever, Levers, loss_of, multiplier
from xlbackflush.engine.measures.slips import FREE, TEN, Slip
from xlbackflush.engine.measures.typed_digits import HIGH_LOSS, TypedDigits, unlikely
from xlbackflush.engine.measures.unit_balance import UnitBalance
from xlbackflush.model.arrays import blank_as_zero, distinct, where_true

MISTAKES_MAX = 12
ITEMS_MAX = 25  # with a difference, that are looked into at a time, the largest in money first
ROWS_MAX = 60  # of one lever that are looked into
CHANGE_MIN = 0.03  # of what was typed: what is nearer is no mistake in typing
NOTICED = 5.0  # noises: what is nearer is left to chance
ODDS = math.log(0.008)  # that one column of one item holds a mistake
AGAIN, EXCHANGED, REMOVED, CHOICE, OTHER_ITEM, EMPTY, SIGN, HIGH, LOT, MISSING = (
    "again", "exchanged", "removed", "choice", "other item", "zero or blank", "sign", "high", "lot", "missing line",
)  # fmt: skip
_LOG_ODDS = {
    kind: math.log(odds)
    for kind, odds in {
        AGAIN: 0.3, REMOVED: 0.01, CHOICE: 0.05, EXCHANGED: 0.1, EMPTY: 0.2, SIGN: 0.5, HIGH: 0.4, LOT: 0.2,
    }.items()
}  # fmt: skip
_FREE_ODDS = math.log(0.1)
_SHARED_ODDS = -2.0  # that it is this cell, where there are others like it


@dataclass(frozen=True)
class Mistake:
    """A cell with what was typed, and what it should be by the counts and records.

    at: position in the table. weight: logarithm of the odds. effects: item -> units that it moved in counted less book.
    amount: what it moved, in money. rival: the best mistake in another cell that explains the same. other: position of a
    second cell, and other_item its item, else -1; the other cell of an exchange says what this one should.
    """

    lever: Lever
    at: int
    typed: float
    slip: Slip
    weight: float
    effects: Effects
    amount: float = 0.0
    other: int = -1
    other_item: int = -1
    rival: Mistake | None = None

    @property
    def key(self) -> Key:
        return self.lever.key

    @property
    def right(self) -> float:
        return self.slip.right

    @property
    def lead(self) -> float:
        """Logarithm of the odds against its rival."""
        return self.weight - self.rival.weight if self.rival else math.inf

    @property
    def is_free(self) -> bool:
        """No slip is known that gives what was typed; the counts alone ask for another number."""
        return self.slip.kind == FREE


@dataclass(frozen=True)
class LikelyMistakes:
    """The mistakes, the likeliest first, and the differences of counted items that none of them explains, in units."""

    mistakes: list[Mistake]
    unexplained: dict[int, float]


@dataclass
class _State:
    """Units of every item as corrected so far. difference: NaN where nothing speaks; the book where nobody counted."""

    used: list[float]
    book: list[float]
    counted: list[float]
    difference: list[float]
    is_counted: list[bool]
    least: list[float]
    loss: list[float]
    cost: list[float]
    noise: float

    def noise_of(self, item: int, used: float = 0.0, book: float = 0.0, counted: float = 0.0) -> float:
        """Noise of the difference of an item, where so many units more were used, in the book and counted."""
        used += self.used[item]
        shelf = max(abs(self.book[item] + book), self.counted[item] + counted)
        return math.hypot(self.noise * used, self.noise * shelf, self.least[item], self.loss[item] * used)


class _Search:
    def __init__(self, balance: UnitBalance, levers: Levers, outlying: dict[Key, set[int]], least: float) -> None:
        """outlying: positions of rows unlike the others of their lever. least: money; what is less is left alone."""
        self.outlying, self.corrected = outlying, set[tuple[str, int]]()
        units = balance.units
        difference = np.where(units.is_counted | ~units.recorded, units.difference, units.book)
        self.levers, self.least = levers, least
        self.state = _State(
            units.used.tolist(), units.book.tolist(), np.nan_to_num(units.counted).tolist(), difference.tolist(),
            units.is_counted.tolist(), units.least.tolist(), units.loss_share.tolist(), units.cost.tolist(), balance.noise,
        )  # fmt: skip
        self._losses: dict[int, float] = {}  # as corrected so far
        self.digits = TypedDigits(levers.bill)
        self.days = DayByDay(levers, units, self.noticed())
        for item, each in levers.parts_by_count():
            noise = balance.noise * max(self.state.counted[item], 1.0)
            for part, units_of in each.items():
                self.state.least[part] = math.hypot(self.state.least[part], noise * units_of)

    # ----------------------------------------------------------------------------------------------- evidence

    def loss(self, item: int) -> float:
        """How unlikely the difference of an item is."""
        state, difference = self.state, self.state.difference[item]
        if math.isnan(difference):
            return 0.0
        noise = state.noise_of(item)
        if state.is_counted[item]:
            return math.log(noise) + unlikely(difference / noise)
        return unlikely(difference / noise) if difference < 0 else 0.0

    def loss_without(self, item: int, unit: float, lever: Lever) -> float:
        """The same once so many units that a lever made of it are taken back."""
        state, difference = self.state, self.state.difference[item]
        if math.isnan(difference):
            return 0.0
        of_itself = item == lever.item
        if of_itself and lever.key[0] == COUNTED:
            noise = state.noise_of(item, counted=-unit)
        else:
            noise = state.noise_of(item, used=0.0 if of_itself else -unit, book=unit)
        if state.is_counted[item]:
            return math.log(noise) + unlikely((difference - unit) / noise)
        book = difference + unit
        return unlikely(book / noise) if book < 0 else 0.0

    def gain(self, lever: Lever, units: float, at: int = -1) -> float:
        """How much likelier differences and days become once so many units are taken back; at: of the row in its table."""
        return self.gain_of_counts(lever, units) + self.days.gain(lever, units, at)

    def gain_of_counts(self, lever: Lever, units: float) -> float:
        """How much likelier all differences become."""
        gain = 0.0
        for item, each in lever.effects.items():
            if item not in self._losses:
                self._losses[item] = self.loss(item)
            gain += self._losses[item] - self.loss_without(item, each * units, lever)
        return gain

    def noticed(self) -> list[int]:
        """Items whose difference is no chance, the largest in money first."""
        state, found = self.state, []
        for item, difference in enumerate(state.difference):
            if math.isnan(difference) or (difference > 0 and not state.is_counted[item]):
                continue
            worth = abs(difference) * state.cost[item]
            if worth > self.least and abs(difference) > NOTICED * state.noise_of(item):
                found.append((-worth, item))
        return [item for _, item in sorted(found)[:ITEMS_MAX]]

    # ---------------------------------------------------------------------------------------------- candidates

    def implied(self, lever: Lever) -> tuple[float, float] | None:
        """Units too many by the differences of counted items, and how exactly they say so; None where none was counted."""
        state, votes = self.state, []
        for item, units in lever.effects.items():
            if state.is_counted[item] and not math.isnan(state.difference[item]):
                exact = state.noise_of(item) / abs(units)
                votes.append((state.difference[item] / units, exact))
        if not votes:
            return None
        votes.sort()
        half = sum(1 / exact for _, exact in votes) / 2
        for units, exact in votes:
            half -= 1 / exact
            if half <= 0:
                return units, exact
        return None

    def of_lever(self, lever: Lever) -> Iterator[Mistake]:
        """Mistakes in the cells of a lever that would explain the differences."""
        implied, strange = self.implied(lever), self.outlying.get(lever.key, ())
        if implied is not None and abs(implied[0]) > NOTICED / 2 * implied[1]:
            too_many, exact = implied
            for row in self.rows(lever, too_many):
                typed = float(lever.typed[row])
                yield from self.of_row(lever, row, self.slips_of(lever, row, typed, typed - too_many, exact))
            return
        rows = range(min(len(lever.at), ROWS_MAX)) if implied is None and self.is_short(lever) else ()
        for row in {*rows, *(n for n, at in enumerate(lever.at.tolist() if strange else ()) if at in strange)}:
            typed = float(lever.typed[row])
            if typed > 0 and not lever.removal:
                meant = self.whole(lever, [*slips.multiples(typed, _TENS), *slips.shortened(typed)])
                yield from (m for m in self.of_row(lever, row, meant) if row not in rows or self.fits_shortage(m))

    def whole(self, lever: Lever, meant: list[Slip]) -> list[Slip]:
        """Where all quantities of a lever are whole, so is the right one."""
        if lever.line >= 0 or lever.is_loss or not (lever.typed == np.floor(lever.typed)).all():
            return meant
        return [slip for slip in meant if slip.right == math.floor(slip.right)]

    def fits_shortage(self, mistake: Mistake) -> bool:
        """Does it move about what is missing? Ten times too much, where one is missing of fifty, explains nothing."""
        short = ((item, units) for item, units in mistake.effects.items() if self.state.difference[item] < 0)
        return any(0 < units < _SHORTAGES_MAX * -self.state.difference[item] for item, units in short)

    def is_short(self, lever: Lever) -> bool:
        """Does a lever move an item whose book is below zero, as far as nobody counted it?"""
        return any(self.loss(item) > 0 for item in lever.effects if not self.state.is_counted[item])

    def slips_of(self, lever: Lever, row: int, typed: float, right: float, exact: float) -> list[Slip]:
        """What a cell may have been meant to say, where the counts ask for about `right`."""
        if abs(right) <= (3 if lever.removal or self.twin(lever, row) < 0 else 6) * exact:
            kind = CHOICE if lever.removal else AGAIN if self.twin(lever, row) >= 0 else REMOVED
            if kind != REMOVED or lever.key[0] in (own.COMPLETION, own.SALE, own.RECEIPT, own.SCRAP, own.SCRAP_WHOLE):
                tiny = [
                    s for s in slips.multiples(typed, _TENS) if s.factor >= 100 and s.right >= 1 and kind == REMOVED
                ]
                odds = _CUT_OFF if self.is_late(lever, row) else _LOG_ODDS[kind]
                return [Slip(0.0, kind, odds), *tiny]
        if typed <= 0 and lever.key[0] in (COUNTED, OPENING) and right > 0:
            kind = EMPTY if typed == 0 else SIGN
            odds = _LOG_ODDS[kind]
            if typed == 0 and lever.key[0] == OPENING:
                odds += math.log(min(2.5 * exact / (3 * right), 1.0) / self.opens_with_nothing)
            return [Slip(_rounded(right, exact, typed), kind, odds)]
        if lever.removal or right <= 0 or typed <= 0:
            return []
        if lever.is_loss:
            return self.losses(lever, typed, right, exact)
        factors = slips.OF_BILLS if lever.line >= 0 else slips.OF_QUANTITIES
        found = self.whole(lever, slips.nearest(typed, right, exact, factors, lever.line >= 0))
        if lever.line >= 0 and typed in _OFTEN:  # 2 for 3, where a bill counts pieces
            near = [n for n in _OFTEN if n != typed and abs(n - right) <= 3 * exact]
            found += [Slip(float(n), FREE, math.log(0.05 if abs(n - typed) == 1 else 0.02)) for n in near]
        if lever.key[0] == own.RECEIPT:
            found += self.lots(lever, row, typed, right, exact)
        size = max(right, typed)
        odds = _FREE_ODDS + math.log(min(2.5 * exact / (3 * size), 1.0)) - abs(math.log(right / typed)) / 2
        if (lever.line >= 0 and self.shared(lever)) or lever.key[0] in (own.RECEIPT, own.SALE):
            odds += _SHARED_ODDS
        return [*found, Slip(_rounded(right, exact, typed), FREE, odds)]

    @cached_property
    def opens_with_nothing(self) -> float:
        """Share of the items on Stock without an opening quantity; at least one of them may well have one."""
        opening = blank_as_zero(self.levers.inputs.stock.opening_qty)
        return float(np.count_nonzero(opening == 0) + 1) / (len(opening) + 1)

    def is_late(self, lever: Lever, row: int) -> bool:
        """Is it the last receipt of an item? Goods that come in around the count are often counted with another period."""
        if lever.key[0] != own.RECEIPT or self.twin(lever, row) >= 0:
            return False
        day = self.levers.inputs.purchases.date[lever.at]
        return bool(day[row] == day.max())

    def losses(self, lever: Lever, typed: float, right: float, exact: float) -> list[Slip]:
        """A planned loss that was meant to be a tenth, a hundredth, or what is left of it; or was none, where it is high."""
        share = loss_of(typed, lever.on_input)
        meant = [(share / 10, 0.4 if share >= HIGH_LOSS else 0.15), (share / 100, 0.05)]
        if share > 0.5:
            meant.append((1 - share, 0.3))
        found = []
        for each, odds in meant:
            factor = multiplier(each, lever.on_input)
            off = abs(factor - right) / exact
            if off <= 4:
                found.append((math.log(odds) - off**2 / 2, Slip(factor, TEN, math.log(odds), share / each)))
        found.sort(key=lambda pair: -pair[0])
        if not found and share >= HIGH_LOSS and loss_of(right, lever.on_input) < share / 3 and right > 1 - 4 * exact:
            likely = multiplier(round(max(loss_of(right, lever.on_input), 0.0), 3), lever.on_input)
            return [Slip(likely, HIGH, _LOG_ODDS[HIGH])]
        return [slip for _, slip in found[:1]]

    def lots(self, lever: Lever, row: int, typed: float, right: float, exact: float) -> list[Slip]:
        """A receipt entered as one lot at the price of the whole, or with quantity and price in each other's place."""
        levers, at = self.levers, int(lever.at[row])
        price, cost = float(levers.inputs.purchases.actual_price[at]), self.state.cost[lever.item]
        is_quantity = price == math.floor(price) or not self.digits.pieces(lever.item)
        meant = [price] if is_quantity and price != typed and cost / 2 < typed < 2 * cost else []
        if cost > 0 and price > 2 * cost:
            meant.append(float(round(typed * price / cost)))
        near = (each for each in meant if abs(each - right) <= max(4 * exact, 0.15 * each * (typed == 1)))
        return [
            Slip(each if each == price else _rounded(right, 3 * exact, typed), LOT, _LOG_ODDS[LOT]) for each in near
        ]

    def shared(self, lever: Lever) -> bool:
        """Do other lines use a good part of the component of a line?"""
        use = self.levers.use_of_line
        of_component = use[self.levers.lines_of(int(self.levers.bill.lines.component[lever.line]))]
        return bool(use[lever.line] < 0.8 * of_component.sum())

    def of_row(self, lever: Lever, row: int, meant: Sequence[Slip]) -> Iterator[Mistake]:
        """The mistakes that a cell would be, by what it may have been meant to say."""
        typed, several, at = float(lever.typed[row]), len(lever.at), int(lever.at[row])
        for slip in meant:
            units = typed - slip.right
            if abs(units) < CHANGE_MIN * abs(typed) or typed == slip.right:
                continue
            days = self.days.gain(lever, units, at)
            weight = self.gain_of_counts(lever, units) + days + slip.log_odds + ODDS - _ROWS_SHARE * math.log(several)
            weight += self.digits.odds(lever, typed, slip.right) - _STANDING * (lever.table in ("BOM", "StandardCost"))
            if lever.several >= own.ROWS_MIN and not lever.removal:
                weight += _unlike(lever, typed) - (_unlike(lever, slip.right) if slip.right > 0 else 0.0)
            if weight > -self.days.most(lever):
                weight += days  # for the second time: the odds were measured so
            if weight > 0:
                yield Mistake(
                    lever, at, typed, slip, weight,
                    {item: each * units for item, each in lever.effects.items()},
                    other=self.twin(lever, row) if slip.kind == AGAIN else -1,
                )  # fmt: skip

    def rows(self, lever: Lever, too_many: float) -> list[int]:
        """The cells of a lever that are looked into: where there are many, those that a slip would explain best."""
        count = len(lever.at)
        if count <= ROWS_MAX:
            return list(range(count))
        right = lever.typed - too_many
        ratio = np.where(right > 0, np.log10(lever.typed / np.where(right > 0, right, 1.0)), 0.5)
        simple = np.where(
            right > 0, np.abs(ratio - np.round(ratio)) + (np.abs(ratio) < 0.5), np.abs(right) / lever.typed
        )
        away = -np.abs(np.log(lever.typed) - lever.middle)
        chosen = np.concatenate(
            (simple.argsort(kind="stable")[: ROWS_MAX // 2], away.argsort(kind="stable")[: ROWS_MAX // 2])
        )
        rows: list[int] = distinct(chosen).tolist()
        return rows

    def twin(self, lever: Lever, row: int) -> int:
        """Position of an earlier row of another document with the same quantity within two days, or -1."""
        if lever.table not in ("Purchases", "Counts", "Scrap") or lever.removal:
            return -1
        table = self.levers.inputs.table(lever.table)
        day, document = table.column("Date"), table.column("Document")
        at = int(lever.at[row])
        for other in lever.at[lever.typed == lever.typed[row]].tolist():
            earlier = (day[other], other) < (day[at], at)
            if earlier and day[at] - day[other] <= TWIN_DAYS and document[other] != document[at]:
                return int(other)
        return -1

    # ------------------------------------------------------------------------------------------------ exchanges

    def exchanged(self, noticed: list[int]) -> Iterator[Mistake]:
        """Two rows of Stock with each other's quantity."""
        stock, of_stock = self.levers.inputs.stock, self.levers.bill.of("Stock")
        difference = np.append(self.state.difference, np.nan)[of_stock]
        known = np.append(self.state.is_counted, False)[of_stock]
        for kind, column, sign in ((COUNTED, stock.counted_qty, 1.0), (OPENING, stock.opening_qty, -1.0)):
            for item in noticed:
                lever = self.levers.lever((kind, item, -1))
                if lever is None or lever.effects.keys() != {item}:
                    continue
                typed, own_difference = float(lever.typed[0]), self.state.difference[item]
                apart = np.abs(column - typed)
                close = (np.abs(sign * (typed - column) - own_difference) < apart / 3) & known & (apart > 0)
                close &= np.abs(sign * (column - typed) - difference) < apart / 3
                for at in where_true(close)[:_EXCHANGES_MAX].tolist():
                    yield from self._exchange(lever, int(of_stock[at]), kind, len(noticed))

    def exchanged_columns(self, noticed: list[int]) -> Iterator[Mistake]:
        """A row of Stock with opening and counted quantity in each other's place."""
        for item in noticed:
            first, second = (self.levers.lever((kind, item, -1)) for kind in (OPENING, COUNTED))
            if not (first and second and first.effects.keys() == second.effects.keys() == {item}):
                continue
            opening, counted = float(first.typed[0]), float(second.typed[0])
            effects = {item: 2 * (counted - opening)}
            gain = self.loss(item) - self.loss_without(item, effects[item], first)
            weight = gain + ODDS + _LOG_ODDS[EXCHANGED]
            if weight > 0 and abs(counted - opening) > CHANGE_MIN * max(counted, opening):
                at = int(first.at[0])
                slip = Slip(counted, EXCHANGED, 0.0)
                yield Mistake(first, at, opening, slip, weight, effects, other=at, other_item=item)

    def exchanged_lines(self, noticed: list[int]) -> Iterator[Mistake]:
        """Two lines of one bill with each other's quantity."""
        lines, first_line = self.levers.bill.lines, self.levers.bill.first_line
        for item in noticed:
            for line in self.levers.lines_of(item):
                first = self.levers.lever((PER, line, -1))
                if not first or not (implied := self.implied(first)):
                    continue
                right, parent = float(first.typed[0]) - implied[0], int(lines.parent[line])
                of_parent = slice(*first_line[parent : parent + 2].tolist())
                close = np.abs(lines.quantity[of_parent] - right) <= 4 * implied[1] + 0.05 * abs(right)
                for other in (where_true(close) + of_parent.start).tolist():
                    yield from self._exchanged_lines(first, other, of_parent.stop - of_parent.start)

    def _exchanged_lines(self, first: Lever, other: int, among: int) -> Iterator[Mistake]:
        """One pair of lines."""
        second = self.levers.lever((PER, other, -1))
        if not second or second.key == first.key:
            return
        units = float(first.typed[0] - second.typed[0])
        weight = self.gain(first, units) + self.gain(second, -units) + ODDS + _LOG_ODDS[EXCHANGED] - math.log(among)
        if weight > 0 and abs(units) >= CHANGE_MIN * float(first.typed[0]):
            lever, partner = (first, second) if first.at[0] < second.at[0] else (second, first)
            typed, right = float(lever.typed[0]), float(partner.typed[0])
            effects = _together(lever.effects, partner.effects, typed - right)
            slip = Slip(right, EXCHANGED, 0.0)
            yield Mistake(lever, int(lever.at[0]), typed, slip, weight, effects, other=int(partner.at[0]))

    def missing_lines(self, noticed: list[int]) -> Iterator[Mistake]:
        """A component that more was used of than the bills ask for: the bill of something made lacks it."""
        levers, state = self.levers, self.state
        for item in noticed:
            used = -state.difference[item]
            if used <= 0 or not state.is_counted[item] or levers.is_finished(item):
                continue
            noise = state.noise_of(item)
            best = _FREE_ODDS + math.log(min(2.5 * noise / (3 * used), 1.0)), used, -1, 1.0
            for parent, made, among in levers.made_without(item):
                each = used / made
                near = min(_OFTEN, key=lambda n: abs(n - each))
                lost = min(max(each - near, 0.0), _LOST * near)  # what its bill would plan to lose
                off = abs(near + lost - each) * made / noise + (lost * made > noise)
                odds = math.log(_OFTEN[near] / among) - off**2 / 2
                if off < 4 and odds > best[0]:
                    best = odds, (near + lost) * made, parent, float(near)
            odds, units, parent, each = best
            at = np.array([item])
            lever = Lever((MISSING, item, -1), "StandardCost", "Item", item, at, np.zeros(1), {item: 1.0})
            weight = self.gain(lever, -units) + ODDS + odds
            weight += _ZERO_LINE if item in levers.on_a_line_of_nothing else 0.0
            weight += _NO_BILL if levers.lever((own.RECEIPT, item, -1)) and not levers.lines_of(item) else -_STANDING
            if weight > 0:
                slip = Slip(each, MISSING, odds)
                yield Mistake(lever, item, 0.0, slip, weight, {item: -units}, other_item=parent)

    def _exchange(self, lever: Lever, other: int, kind: str, among: int) -> Iterator[Mistake]:
        """One pair of rows of Stock."""
        second = self.levers.lever((kind, other, -1))
        if second is None or second.effects.keys() != {other}:
            return
        if second.at[0] < lever.at[0]:
            lever, second, other = second, lever, lever.item
        typed, right = float(lever.typed[0]), float(second.typed[0])
        gain = self.gain(lever, typed - right) + self.gain(second, right - typed)
        weight = gain + ODDS + _LOG_ODDS[EXCHANGED] - math.log(among)
        if weight > 0:
            effects = _together(lever.effects, second.effects, typed - right)
            slip = Slip(right, EXCHANGED, 0.0)
            yield Mistake(
                lever, int(lever.at[0]), typed, slip, weight, effects, other=int(second.at[0]), other_item=other
            )

    def of_other_item(self, noticed: list[int]) -> Iterator[Mistake]:
        """A receipt or a sale of another item than the row says."""
        for kind in (own.RECEIPT, own.SALE, own.COMPLETION):
            keys = [key for item in noticed for key in self.levers.of_kind(kind, item)]
            of_kind = [
                (lever, implied)
                for key in keys
                if (lever := self.levers.bare(key)) and (implied := self.implied(lever))
            ]
            for lever, (too_many, exact) in of_kind:
                for row in where_true(np.abs(lever.typed - too_many) <= 4 * exact)[:5].tolist():
                    units = float(lever.typed[row])
                    for second, (too_few, exactly) in of_kind:
                        if second.item == lever.item or abs(too_few + units) > 4 * exactly:
                            continue
                        at = int(lever.at[row])
                        gain = self.gain(lever, units, at) + self.gain(second, -units, at)
                        weight = gain + ODDS - math.log(len(lever.at) * len(of_kind)) + _LOG_ODDS[CHOICE]
                        if weight > 0:
                            effects = _together(lever.effects, second.effects, units)
                            slip = Slip(0.0, OTHER_ITEM, 0.0)
                            other = second.item
                            yield Mistake(lever, int(lever.at[row]), units, slip, weight, effects, other_item=other)

    # --------------------------------------------------------------------------------------------------- search

    def best(self, noticed: list[int]) -> Mistake | None:
        """The likeliest mistake."""
        keys = dict.fromkeys(self.outlying)
        for item in noticed:
            keys |= dict.fromkeys(self.levers.touching(item))
        every = [m for key in keys if (lever := self.levers.lever(key)) for m in self.of_lever(lever)]
        every += [
            *self.exchanged(noticed),
            *self.exchanged_columns(noticed),
            *self.missing_lines(noticed),
            *self.exchanged_lines(noticed),
            *self.of_other_item(noticed),
        ]
        every = [m for m in every if (m.lever.table, m.at) not in self.corrected]
        best = max(every, key=lambda m: m.weight, default=None)
        if best is None:
            return None
        cell = (best.lever.table, best.at)
        others = (m for m in every if (m.lever.table, m.at) != cell and m.effects.keys() & best.effects.keys())
        return replace(best, rival=max(others, key=lambda m: m.weight, default=None))

    def run(self) -> LikelyMistakes:
        """Mistakes, one after the other, each looked for after those before it are corrected; and what remains."""
        mistakes, noticed = list[Mistake](), self.noticed()
        while (noticed or self.outlying) and len(mistakes) < MISTAKES_MAX and (found := self.best(noticed)):
            self.corrected.add((found.lever.table, found.at))
            self.correct(found)
            amount = self.amount(found)
            if amount > self.least:
                mistakes.append(replace(found, amount=amount))
            noticed = self.noticed()
        state = self.state
        return LikelyMistakes(mistakes, {item: state.difference[item] for item in noticed if state.is_counted[item]})

    def amount(self, mistake: Mistake) -> float:
        """What a mistake moved, in money: the largest one of what came in, of what went out, and of the units themselves."""
        worth = [units * self.state.cost[item] for item, units in mistake.effects.items()]
        of_units = 0.0
        if mistake.lever.line < 0 and mistake.lever.table in ("Purchases", "Counts", "Scrap"):
            levers = self.levers
            cost = float(levers.unit_costs.rows.unit_cost[levers.at_end(mistake.lever.item)])
            if mistake.key[0] == own.RECEIPT:
                cost = max(cost, float(levers.inputs.purchases.actual_price[mistake.at]) * (mistake.slip.kind != LOT))
            of_units = abs(mistake.typed - mistake.right) * cost
        return max(sum(w for w in worth if w > 0), -sum(w for w in worth if w < 0), of_units)

    def correct(self, mistake: Mistake) -> None:
        """Take a mistake out of the differences."""
        state = self.state
        self._losses.clear()
        self.days.correct(mistake.lever, mistake.effects, mistake.at)
        for item, units in mistake.effects.items():
            if state.is_counted[item]:
                state.difference[item] -= units
            else:
                state.difference[item] += units
            if item != mistake.lever.item:
                state.used[item] -= units
            if item == mistake.lever.item and mistake.key[0] == COUNTED:
                state.counted[item] -= units
            else:
                state.book[item] += units


TWIN_DAYS = 2
_CUT_OFF = math.log(0.15)  # that the last receipt of an item is of another period than its count
_OFTEN = {1: 0.25, 2: 0.1, 3: 0.03, 4: 0.04, 6: 0.02, 8: 0.01, 10: 0.01, 12: 0.01}  # quantities per unit, how often
_LOST = 0.06
_NO_BILL = 2.0  # for a missing line, where no bill has the component, and more of it was bought
_ZERO_LINE = 6.0  # where a bill has the component with a quantity of 0: nobody means that
_STANDING = 0.7  # against bills: they stay as they are, counts and receipts are typed every month
_ROWS_SHARE = 0.6  # more rows, more mistakes, but not in proportion
_SHORTAGES_MAX = 2.5  # times what is missing, that a mistake may move where nobody counted
_EXCHANGES_MAX = 5  # of one row that are looked into
_TENS = {factor: slips.OF_QUANTITIES[factor] for factor in (10.0, 100.0, 1000.0)}


def likely_mistakes(balance: UnitBalance, levers: Levers, least: float) -> LikelyMistakes:
    """The mistakes that differences of at least so much money, and rows far outside those of their item, point at."""
    rows, units = levers.rows, balance.units
    outlying: dict[Key, set[int]] = {}
    strange = rows.of(rows.outlying)
    for kind, item, at in zip(strange.kind.tolist(), strange.item.tolist(), strange.at.tolist(), strict=True):
        for key in levers.of_kind(kind, item):
            outlying.setdefault(key, set()).add(at)
    speaks = ~np.isnan(units.difference)
    # most periods have nothing to look for
    if not outlying and not (np.abs(units.difference[speaks]) > NOTICED * units.noise[speaks]).any():
        return LikelyMistakes([], {})
    return _Search(balance, levers, outlying, least).run()


def _unlike(lever: Lever, quantity: float) -> float:
    """How unlike the other rows a quantity is."""
    return unlikely((math.log(quantity) - lever.middle) / lever.spread)


def _together(effects: Effects, others: Effects, units: float) -> Effects:
    """Units moved by a row that belongs to another lever."""
    both = {item: each * units for item, each in effects.items()}
    for item, each in others.items():
        both[item] = both.get(item, 0.0) - each * units
    return both


def _rounded(right: float, exact: float, typed: float) -> float:
    """The number with the fewest digits that the counts bear out; whole where the typed one is."""
    if right <= 0:
        return 0.0
    for digits in range(2, 7):
        value = round(right, digits - 1 - math.floor(math.log10(right)))
        if abs(value - right) <= exact / 2:
            break
    return float(round(value)) if typed == round(typed) and right >= 1 else value
