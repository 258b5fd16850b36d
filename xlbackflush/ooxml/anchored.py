"""What a sheet ties to its cells by their addresses, outside of the cells: comments, links, rules, merged cells, pictures.

    behind the cells of the sheet     merged cells, links, validations, conditional formats
    parts of their own                comments and their boxes, tables, pivot tables, what is drawn

All of it follows its cells, when those move to other rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from xlbackflush.dataclass import dataclass
from xlbackflush.ooxml.address import Box, area, areas, box_of, quoted, split_cell
from xlbackflush.ooxml.package import Package
from xlbackflush.ooxml.references import Resized, copied
from xlbackflush.ooxml.xml import escape_formula, unescape

# texts, and not patterns yet: most workbooks need few of them, and to compile all takes 5 ms of each run
_AREA = r"[A-Z]{1,3}[0-9]+(?::[A-Z]{1,3}[0-9]+)?"
_COMMENT = (
    r"(?s)"
    r"""<(?:\w+:)?(?P<kind>comment|threadedComment)\b[^>]*?\bref=["'](?P<cell>[A-Z]{1,3}[0-9]+)["'].*?</(?:\w+:)?(?P=kind)>"""
)
_TEXT = r"<(?:\w+:)?(?:t|text)\b[^>]*>([^<]*)</"
_SHAPE = (
    r"(?s)"
    r"<v:shape\b.*?</v:shape>"
)
_SHAPE_CELL = r"<x:Row>(\d+)</x:Row>\s*<x:Column>(\d+)</x:Column>"
_SHAPE_PLACE = r"(<x:Anchor>)((?:\s*\d+\s*,){7}\s*\d+\s*)(</x:Anchor>)"
_ONE = (
    r"(?s)"
    rf"""<(?:\w+:)?(?P<kind>mergeCell|hyperlink)\b[^>]*?\bref=["'](?P<ref>{_AREA})["'][^>]*?"""
    r"(?:/>|>.*?</(?:\w+:)?(?P=kind)>)"
)
_MANY = (
    r"(?s)"
    r"""<(?:\w+:)?(?P<kind>conditionalFormatting|dataValidation)\b[^>]*?"""
    rf"""\bsqref=["'](?P<refs>{_AREA}(?: {_AREA})*)["'][^>]*?(?:/>|>.*?</(?:\w+:)?(?P=kind)>)"""
)
_RULE = r"(<(?:\w+:)?formula[12]?>)([^<]*)(</)"
_EMPTIED = r"<(?:\w+:)?(mergeCells|hyperlinks|dataValidations)\b[^>]*>\s*</(?:\w+:)?\1>"
_COUNTED = (
    r"(?s)"
    r"""(<(?:\w+:)?(mergeCells|dataValidations)\b[^>]*?\bcount=["'])\d+(["'][^>]*>)(.*?)(</(?:\w+:)?\2>)"""
)
_DRAWN = (
    r"(?s)"
    r"<(?:\w+:)?(?P<kind>twoCellAnchor|oneCellAnchor)\b.*?<(?:\w+:)?from>\s*<(?:\w+:)?col>(?P<column>\d+)<"
    r".*?<(?:\w+:)?row>(?P<row>\d+)<.*?</(?:\w+:)?(?P=kind)>"
)
_WITH_FORMULAS = r"xl/(?:worksheets|charts)/[^/]+\.xml"
_FORMULA = r"(<(?:\w+:)?(?:f|formula[12]?|definedName)\b[^>]*>)([^<]*)(</)"
_ROW = r"(<(?:\w+:)?row>)(\d+)(?=<)"
_REF = rf"""(\bref=["'])({_AREA})(?=["'])"""

#: row of the table's body -> where it is now; None where it is gone
Homes = Callable[[int], int | None]


@dataclass(frozen=True)
class Gone:
    """What was tied to a row that is no longer there."""

    cell: str
    text: str


class Anchored:
    """What one sheet ties to its cells. `tail` is what follows the cells in its part, as it has become."""

    def __init__(self, package: Package, part: str, table_part: str, tail: str) -> None:
        self.package, self.part, self.tail = package, part, tail
        related = package.relations(part).values()
        self._others = {
            kind: [target for of, target in related if of == kind and target in package and target != table_part]
            for kind in ("comments", "threadedComment", "vmlDrawing", "table", "pivotTable", "drawing")
        }

    def first_below(self, resized: Resized) -> int | None:
        """The first row below the table in which something is tied to a cell in its columns."""
        tops = [
            top
            for top, left, _, right in self._boxes()
            if top > resized.end and left <= resized.right and right >= resized.left
        ]
        return min(tops, default=None)

    def _boxes(self) -> Iterator[Box]:
        for match in re.finditer(_ONE, self.tail):
            yield box_of(match["ref"])
        for kind in ("table", "pivotTable"):
            for part in self._others[kind]:
                yield from (box_of(ref) for _, ref in re.findall(_REF, self.package.text(part))[:1])
        yield from ((row, column, row, column) for column, row in self.comments())
        for part in self._others["drawing"]:
            for anchor in re.finditer(_DRAWN, self.package.text(part)):
                row, column = int(anchor["row"]) + 1, int(anchor["column"]) + 1
                yield row, column, row, column

    def comments(self) -> list[tuple[int, int]]:
        """Column and row of each cell with a comment."""
        parts = map(self.package.text, self._others["comments"])
        return [split_cell(match["cell"]) for text in parts for match in re.finditer(_COMMENT, text)]

    def is_tied_to(self, resized: Resized) -> bool:
        """True where something is tied to single rows of the table's body."""
        places = [box_of(match["ref"]) for match in re.finditer(_ONE, self.tail)]
        places += ((row, column, row, column) for column, row in self.comments())
        places += [box_of(ref) for match in re.finditer(_MANY, self.tail) for ref in match["refs"].split()]
        return any(_in_body(box, resized) for box in places)

    def follow(self, resized: Resized, homes: Homes) -> list[Gone]:
        """Let everything follow its cells; what has lost its row is taken away, and given back as text."""
        self._gone: list[Gone] = []
        self._resized, self._homes = resized, homes
        self.tail = re.sub(_ONE, self._one, self.tail)
        self.tail = re.sub(_MANY, self._many, self.tail)
        self.tail = re.sub(_EMPTIED, "", re.sub(_COUNTED, _counted, self.tail))
        self._comments()
        if resized.down:
            self._tables()
            self._drawings()
        return self._gone

    def _row(self, column: int, row: int) -> int | None:
        resized = self._resized
        if not resized.left <= column <= resized.right or row < resized.top:
            return row
        return self._homes(row) if row <= resized.last else resized.row(row)

    # ------------------------------------------------------------------------------ behind the cells of the sheet

    def _one(self, match: re.Match[str]) -> str:
        top, left, bottom, right = box_of(match["ref"])
        first, last = self._row(left, top), self._row(left, bottom)
        if first is None or last is None:
            self._gone.append(Gone(match["ref"], f"Link to {self._target(match[0])}"))
            return ""
        new = area((min(first, last), left, max(first, last), right))
        return match[0].replace(match["ref"], new if ":" in match["ref"] else new.split(":")[0], 1)

    def _target(self, link: str) -> str:
        """Where a link goes: to a cell, or, by a relationship of the sheet, out of the workbook."""
        inside = re.search(r"""\blocation=["']([^"']*)""", link)
        relation = re.search(r"""\b(?:\w+:)?id=["']([^"']*)""", link)
        outside = self.package.outside(self.part).get(relation[1], "") if relation else ""
        return outside or unescape(inside[1] if inside else "")

    def _many(self, match: re.Match[str]) -> str:
        refs = " ".join(filter(None, map(self._areas, match["refs"].split())))
        if refs == match["refs"]:
            return match[0]
        if not refs:
            kind = "Conditional format" if match["kind"] == "conditionalFormatting" else "Validation"
            self._gone.append(Gone(match["refs"], kind))
            return ""
        old, new = (box_of(areas.split()[0])[0] for areas in (match["refs"], refs))
        whole = match[0].replace(match["refs"], refs, 1)
        if old == new:
            return whole

        def formula(rule: re.Match[str]) -> str:
            return f"{rule[1]}{escape_formula(copied(unescape(rule[2]), new - old))}{rule[3]}"

        return re.sub(_RULE, formula, whole)

    def _areas(self, ref: str) -> str:
        """One area of a rule where its cells are now."""
        resized, (top, left, bottom, right) = self._resized, box_of(ref)
        if not resized.left <= left <= right <= resized.right or bottom < resized.top:
            return ref
        if top > resized.last:
            new = area((resized.row(top), left, resized.row(bottom), right))
        elif bottom > resized.end:
            return ref
        elif top <= resized.top and bottom >= resized.last:
            new = area((top, left, resized.row(bottom) if bottom > resized.last else resized.last_now, right))
        else:
            rows = sorted(row for old in range(top, bottom + 1) if (row := self._row(left, old)) is not None)
            new = " ".join(areas((1, left, 1, right), [row - 1 for row in rows])) if rows else ""
        return " ".join(_short(each, ":" in ref) for each in new.split())

    # -------------------------------------------------------------------------------------- parts of their own

    def _comments(self) -> None:
        for part in self._others["comments"] + self._others["threadedComment"]:
            self._edit(part, _COMMENT, self._comment)
        for part in self._others["vmlDrawing"]:
            self._edit(part, _SHAPE, self._shape)

    def _edit(self, part: str, pattern: str, new: Callable[[re.Match[str]], str]) -> None:
        old = self.package.text(part)
        if (text := re.sub(pattern, new, old)) != old:
            self.package.replace(part, text.encode())

    def _comment(self, match: re.Match[str]) -> str:
        column, row = split_cell(match["cell"])
        new = self._row(column, row)
        if new is None:
            text = unescape("".join(re.findall(_TEXT, match[0])))
            if not any(gone.cell == match["cell"] and gone.text.endswith(text) for gone in self._gone):
                self._gone.append(Gone(match["cell"], f"Comment: {text}"))
            return ""
        letters = match["cell"].rstrip("0123456789")
        return re.sub(r"""(\bref=["'])[A-Z]+[0-9]+""", rf"\g<1>{letters}{new}", match[0], count=1)

    def _shape(self, match: re.Match[str]) -> str:
        cell = re.search(_SHAPE_CELL, match[0])
        if not cell:
            return match[0]
        row, column = int(cell[1]) + 1, int(cell[2]) + 1
        new = self._row(column, row)
        if new is None:
            return ""
        shape = f"{match[0][: cell.start(1)]}{new - 1}{match[0][cell.end(1) :]}"

        def place(anchor: re.Match[str]) -> str:
            numbers = anchor[2].split(",")
            for at in (2, 6):
                numbers[at] = f" {max(int(numbers[at]) + new - row, 0)}"
            return f"{anchor[1]}{','.join(numbers)}{anchor[3]}"

        return re.sub(_SHAPE_PLACE, place, shape)

    def _tables(self) -> None:
        """Tables of the user's, and pivot tables, below the table."""
        for kind in ("table", "pivotTable"):
            for part in self._others[kind]:
                self._edit(part, _REF, self._ref)

    def _ref(self, match: re.Match[str]) -> str:
        top, left, bottom, right = box_of(match[2])
        below = top > self._resized.end and left <= self._resized.right and right >= self._resized.left
        down = self._resized.down if below else 0
        return f"{match[1]}{area((top + down, left, bottom + down, right))}"

    def _drawings(self) -> None:
        """Charts and pictures below the table."""

        def anchor(match: re.Match[str]) -> str:
            resized, column = self._resized, int(match["column"]) + 1
            if not resized.left <= column <= resized.right or int(match["row"]) + 1 <= resized.end:
                return match[0]
            return re.sub(_ROW, lambda row: f"{row[1]}{int(row[2]) + resized.down}", match[0])

        for part in self._others["drawing"]:
            self._edit(part, _DRAWN, anchor)


def follow_elsewhere(package: Package, resized: Resized, but: Collection[str]) -> None:
    """Formulas of other sheets, names and charts follow what has moved down below a table. but: parts that are right."""
    marks = {f"{quoted(resized.sheet)}!", f"'{resized.sheet}'!"}
    for name in package.parts() - set(but):
        if not re.fullmatch(_WITH_FORMULAS, name) and name != package.workbook_part:
            continue
        old = package.text(name)
        if any(escape_formula(mark) in old for mark in marks):
            new = re.sub(
                _FORMULA,
                lambda match: f"{match[1]}{escape_formula(resized.reworded_elsewhere(unescape(match[2])))}{match[3]}",
                old,
            )
            if new != old:
                package.replace(name, new.encode())


def _in_body(box: Box, resized: Resized) -> bool:
    """Whether cells are some of those of the body, and not all rows of it."""
    top, left, bottom, right = box
    inside = resized.left <= left and right <= resized.right and resized.top <= bottom and top <= resized.last
    return inside and bottom <= resized.end and not (top <= resized.top and bottom >= resized.last > resized.top)


def _short(ref: str, is_area: bool) -> str:
    first, last = ref.split(":")
    return first if first == last and not is_area else ref


def _counted(match: re.Match[str]) -> str:
    children = len(re.findall(r"<(?:\w+:)?(?:mergeCell|dataValidation)\b", match[4]))
    return f"{match[1]}{children}{match[3]}{match[4]}{match[5]}"
