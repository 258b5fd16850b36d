"""A sheet of text, such as About and Functions: rows as they are added, one below the other."""

from xlbackflush.ooxml.cells import Value, cell, row_xml
from xlbackflush.ooxml.styles import StyleSheet

#: column letter, value, style, and a formula where there is one
PageCell = tuple[str, Value, str] | tuple[str, Value, str, str]


class Page:
    """The rows of a sheet as XML."""

    def __init__(self, styles: StyleSheet) -> None:
        self.rows: list[str] = []
        self.styles = styles

    @property
    def next_row(self) -> int:
        return len(self.rows) + 1

    def add(self, *cells: PageCell, height: float = 0) -> int:
        """One row; its number. height: in points, 0 as Excel fits it."""
        return self.add_xml(
            "".join(
                cell(f"{letter}{self.next_row}", value, self.styles.xf(style), *formula)
                for letter, value, style, *formula in cells
            ),
            height,
        )

    def add_xml(self, cells: str, height: float) -> int:
        """A row of cells that are XML already."""
        number = self.next_row
        self.rows.append(row_xml(number, cells, height))
        return number

    def section(self, title: str, blank: float = 0) -> None:
        """A blank row, of this height, and a heading."""
        self.add(height=blank)
        self.add(("A", title, "Section"), height=20)
