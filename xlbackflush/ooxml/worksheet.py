"""A sheet to which cells and rules are added: all that stood in it stays where it was, byte for byte.

cells            into the rows that are there, and into new ones; a blank cell makes way for one with content
column widths    where the sheet gives the column none
rules            into the element that holds them
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from xlbackflush.ooxml.address import Box, area, box_of, split_cell
from xlbackflush.ooxml.part import Part
from xlbackflush.ooxml.xml import element

MARGIN = 0.7  # characters, of a column beside what it shows

#: children of a worksheet, in the order that the schema asks for
_ORDER = (
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr", "sheetProtection",
    "protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate", "customSheetViews", "mergeCells",
    "phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup",
    "headerFooter", "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors", "smartTags", "drawing",
    "legacyDrawing", "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts",
    "extLst",
)  # fmt: skip
_ROW = re.compile(
    r'<(?:\w+:)?row\b(?P<look>[^>]*?\br="(?P<number>\d+)"[^>]*?)(?:/>|>(?P<cells>.*?)</(?:\w+:)?row>)', re.S
)
_CELL = re.compile(
    r'<(?:\w+:)?c\b[^>]*?\br="(?P<address>[A-Z]+[0-9]+)"[^>]*?(?:/>|>(?P<content>.*?)</(?:\w+:)?c>)', re.S
)
_MERGED = re.compile(r'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]+[0-9]+):([A-Z]+[0-9]+)"')
_COL = re.compile(
    r'<(?:\w+:)?col\b[^>]*?\bmin="(\d+)"[^>]*?\bmax="(\d+)"|<(?:\w+:)?col\b[^>]*?\bmax="(\d+)"[^>]*?\bmin="(\d+)"'
)
_SPANS = re.compile(r'\sspans="[^"]*"')

_VALIDATION = re.compile(
    r'<(?:\w+:)?dataValidation\b[^>]*?\bsqref="(?P<areas>[^"]*)"[^>]*?(?:/>|>.*?</(?:\w+:)?dataValidation>)', re.S
)

Cell = tuple[int, int]  # row and column, from 1


class Worksheet(Part):
    """See the module. `xml` is the sheet as it has become."""

    def __init__(self, xml: str) -> None:
        super().__init__(xml, "worksheet", _ORDER)

    def occupied(self, rows: range, columns: range) -> str:
        """The first cell of a box that has content, or belongs to merged cells; "" where there is none."""
        for number, cells in self._rows():
            for cell in _CELL.finditer(cells) if number in rows else ():
                if cell["content"] and split_cell(cell["address"])[0] in columns:
                    return str(cell["address"])
        for first, last in _MERGED.findall(self.xml):
            (left, top), (right, bottom) = split_cell(first), split_cell(last)
            if left < columns.stop and right >= columns.start and top < rows.stop and bottom >= rows.start:
                return str(first)
        return ""

    def right_end(self) -> int:
        """The last column with content."""
        cells = (cell for _, row in self._rows() for cell in _CELL.finditer(row) if cell["content"])
        return max((split_cell(cell["address"])[0] for cell in cells), default=0)

    def _rows(self) -> Iterable[tuple[int, str]]:
        for row in _ROW.finditer(self.xml):
            yield int(row["number"]), row["cells"] or ""

    def add_cells(self, cells: Mapping[Cell, str]) -> None:
        """Cells as elements; what stood at their places goes."""
        waiting: dict[int, dict[int, str]] = defaultdict(dict)
        for (row, column), new in cells.items():
            waiting[row][column] = self.own(new)
        rows: dict[int, str] = {}
        start, data = self.content("sheetData")
        for match in _ROW.finditer(data):
            number = int(match["number"])
            rows[number] = self._with(match, waiting.pop(number)) if number in waiting else match[0]
        for number, others in waiting.items():
            rows[number] = self._row(f' r="{number}"', others)
        body = "".join(row for _, row in sorted(rows.items()))
        self.xml = f"{self.xml[:start]}{body}{self.xml[start + len(data) :]}"
        self._extend(cells)

    def _with(self, row: re.Match[str], new: dict[int, str]) -> str:
        """A row with these cells as well."""
        there = {split_cell(cell["address"])[0]: cell[0] for cell in _CELL.finditer(row["cells"] or "")}
        return self._row(_SPANS.sub("", row["look"]), there | new)

    def _row(self, look: str, cells: dict[int, str]) -> str:
        tag = f"{self._prefix}row"
        return f"<{tag}{look}>{''.join(cell for _, cell in sorted(cells.items()))}</{tag}>"

    def _extend(self, cells: Iterable[Cell]) -> None:
        """The dimension of the sheet covers the cells."""
        match = re.search(r'<(?:\w+:)?dimension ref="([A-Z]+[0-9]+)(?::([A-Z]+[0-9]+))?"', self.xml)
        if match:
            corners = [(row, column) for column, row in map(split_cell, filter(None, match.groups()))] + list(cells)
            rows, columns = zip(*corners, strict=True)
            ref = area((min(rows), min(columns), max(rows), max(columns)))
            self.xml = f"{self.xml[: match.start(1)]}{ref}{self.xml[match.end() - 1 :]}"

    def add_width(self, column: int, characters: float) -> None:
        """The width of a column that has none, or is too narrow on its own."""
        wide = element("col", min=column, max=column, width=f"{characters + MARGIN:g}", customWidth=1)
        for match in _COL.finditer(self.xml):
            first, last = sorted(int(edge) for edge in match.groups() if edge)
            if first == last == column:  # a gap between tables, perhaps
                end = self.xml.index(">", match.start()) + 1
                width = re.search(r'\bwidth="([\d.]+)"', self.xml[match.start() : end])
                if width and float(width[1]) < characters:
                    self.xml = self.xml[: match.start()] + self.own(wide) + self.xml[end:]
            if first <= column <= last:
                return
        after = max(
            (match.start() for match in _COL.finditer(self.xml) if int(match[1] or match[4]) < column), default=-1
        )
        if after < 0:
            self.add("cols", wide, first=True)
        else:
            end = self.xml.index(">", after) + 1
            self.xml = f"{self.xml[:end]}{self.own(wide)}{self.xml[end:]}"

    def add_validation(self, where: str, new: str) -> None:
        """A validation of an area, in place of those of cells in it."""
        box = box_of(where)

        def outside(rule: re.Match[str]) -> str:
            areas = [area for area in rule["areas"].split() if not _inside(box_of(area), box)]
            return rule[0].replace(rule["areas"], " ".join(areas)) if areas else ""

        if "dataValidations" in self.xml:
            start, rules = self.content("dataValidations")
            others = _VALIDATION.sub(outside, rules)
            gone = len(_VALIDATION.findall(rules)) - len(_VALIDATION.findall(others))
            head = re.sub(
                r'(dataValidations\b[^>]*?\bcount=")(\d+)', lambda m: f"{m[1]}{int(m[2]) - gone}", self.xml[:start]
            )
            self.xml = f"{head}{others}{self.xml[start + len(rules) :]}"
        self.add("dataValidations", new)

    def next_priority(self) -> int:
        """The priority of one more conditional format, after all others."""
        return 1 + max(map(int, re.findall(r'\bpriority="(\d+)"', self.xml)), default=0)


def _inside(one: Box, other: Box) -> bool:
    return one[0] >= other[0] and one[1] >= other[1] and one[2] <= other[2] and one[3] <= other[3]
