"""Typed cells: other values in single cells of a sheet that somebody typed; all else of the sheet stays byte for byte.

A cell with a formula is not typed, and stays. So does one whose address the file does not say.
"""

import re
from collections.abc import Collection, Iterator, Mapping

from xlbackflush.dataclass import dataclass
from xlbackflush.ooxml.cells import Value
from xlbackflush.ooxml.xml import escape, needs_space

_DATA = re.compile(rb"<(?:\w+:)?sheetData\b.*</(?:\w+:)?sheetData>", re.S)
_CELL = re.compile(
    rb"<(?P<prefix>(?:\w+:)?)c\b(?P<attributes>[^<>]*?)"
    rb"(?:/>|>(?P<content>(?:[^<]++|<(?!/?(?:\w+:)?c\b))*+)</(?:\w+:)?c>)"
)
_ADDRESS = re.compile(rb"""\br=["']([A-Z]+[0-9]+)["']""")
_STYLE = re.compile(rb"""\bs=["']([0-9]+)["']""")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")


@dataclass(frozen=True)
class Typed:
    """What a cell is to hold. style: index of its format; None: as it is."""

    value: Value
    style: int | None = None


def typed(xml: bytes, addresses: Collection[str]) -> set[str]:
    """Those of some cells that stand on the sheet without a formula."""
    wanted = {address.encode() for address in addresses}
    found = ((at[1], cell) for cell in _cells(xml) if (at := _ADDRESS.search(cell["attributes"])) and at[1] in wanted)
    return {address.decode() for address, cell in found if not _FORMULA.search(cell["content"] or b"")}


def retyped(xml: bytes, values: Mapping[str, Typed]) -> bytes:
    """A sheet with other values in some cells that have no formula."""
    wanted = {address.encode(): typed for address, typed in values.items()}

    def other(cell: re.Match[bytes]) -> bytes:
        at = _ADDRESS.search(cell["attributes"])
        if at is None or at[1] not in wanted or _FORMULA.search(cell["content"] or b""):
            return cell[0]
        return _written(cell, at[1], wanted[at[1]])

    data = _DATA.search(xml)
    if data is None:
        return xml
    return xml[: data.start()] + _CELL.sub(other, data[0]) + xml[data.end() :]


def _cells(xml: bytes) -> Iterator[re.Match[bytes]]:
    data = _DATA.search(xml)
    return _CELL.finditer(xml, *data.span()) if data else iter(())


def _written(cell: re.Match[bytes], address: bytes, typed: Typed) -> bytes:
    """A cell with another value, and perhaps another style."""
    was = _STYLE.search(cell["attributes"])
    style = str(typed.style).encode() if typed.style is not None else was[1] if was else b"0"
    prefix, value = cell["prefix"], typed.value
    head = b'<%bc r="%b" s="%b"' % (prefix, address, style)
    if value is None or value == "":
        return head + b"/>"
    if isinstance(value, str):
        space = b' xml:space="preserve"' if needs_space(value) else b""
        text = escape(value).encode()
        return head + b' t="inlineStr"><%bis><%bt%b>%b</%bt></%bis></%bc>' % (
            prefix, prefix, space, text, prefix, prefix, prefix
        )  # fmt: skip
    return head + b"><%bv>%b</%bv></%bc>" % (prefix, repr(value).encode(), prefix, prefix)
