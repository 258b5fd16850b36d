"""Stored values: what formulas show where nothing calculates, as in Protected View, previews, phones and searches.

A run writes the output sheets whole. Elsewhere - the status line of the input sheets and of About, the examples on sheet
Functions - a formula of ours keeps the value that it was saved with until it is given another one here; nothing else of
the sheet changes. Such a cell is known by its formula, wherever it was moved and however it looks; a cell with another
formula is the user's.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress

from xlbackflush.model.tables import CellError
from xlbackflush.model.text import shortened
from xlbackflush.ooxml.cells import Value
from xlbackflush.ooxml.xml import escape, escape_formula, unescape

#: a value that a formula shows
Shown = Value | CellError

_DATA = re.compile(rb"<(\w+:)?sheetData\b")
_CELL = re.compile(
    rb"<(?P<prefix>(?:\w+:)?)c\b(?P<attributes>[^<>]*)>"
    rb"(?P<before>\s*<(?:\w+:)?f\b[^<>]*>(?P<formula>[^<]*)</(?:\w+:)?f>\s*)"
    rb"(?P<after>(?:[^<]++|<(?!/?(?:\w+:)?c\b))*+)</(?:\w+:)?c>",  # no further than the next cell
)
_TYPE = re.compile(rb"""\st=["'](\w*)["']""")
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^<>]*?(?:/>|>([^<]*)</(?:\w+:)?v>)")


def formulas(xml: bytes) -> Iterator[str]:
    """The formulas of a sheet's cells; "" for one that is stored with another cell."""
    for match in _formulas(xml):
        yield unescape((match[1] or b"").decode("utf-8", "replace"))


def _formulas(xml: bytes) -> Iterator[re.Match[bytes]]:
    data = _DATA.search(xml)
    # with the prefix in the pattern, the search runs through large sheets of values at once
    return re.finditer(rb"<%bf(?:\s[^<>]*)?(?:/>|>([^<]*)<)" % (data[1] or b""), xml) if data else iter(())


def has_others(xml: bytes, known: Collection[str]) -> bool:
    """True where a cell of a sheet has a formula that is not among the known ones."""
    return any(formula not in known for formula in formulas(xml))


def patched(xml: bytes, values: Mapping[str, Shown]) -> bytes:
    """A sheet in which the cells with these formulas show these values."""
    spelled: dict[bytes, Shown] = {}
    for formula, value in values.items():
        plain = escape_formula(formula)
        spelled |= dict.fromkeys((plain.encode(), plain.replace('"', "&quot;").encode()), value)

    pieces, end = [], 0
    for match in _formulas(xml):
        if match[1] in spelled and (cell := _CELL.match(xml, xml.rfind(b"<", 0, match.start()))):
            pieces += [xml[end : cell.start()], _showing(cell, spelled[match[1]])]
            end = cell.end()
    return b"".join([*pieces, xml[end:]])


def _showing(cell: re.Match[bytes], value: Shown) -> bytes:
    """A cell with another value; byte for byte as it was where it shows that already."""
    kind, text = _stored(value)
    was, shown = _TYPE.search(cell["attributes"]), _VALUE.search(cell["after"])
    if (was[1] if was else b"n") == kind and shown and _same(shown[1] or b"", text, kind):
        return cell[0]
    attributes = _TYPE.sub(b"", cell["attributes"]) + (b"" if kind == b"n" else b' t="%b"' % kind)
    prefix, rest = cell["prefix"], _VALUE.sub(b"", cell["after"])
    return b"<%bc%b>%b<%bv>%b</%bv>%b</%bc>" % (
        prefix, attributes, cell["before"].rstrip(), prefix, text, prefix, rest, prefix
    )  # fmt: skip


def _same(one: bytes, other: bytes, kind: bytes) -> bool:
    """Whether two contents of cells of a kind say the same; numbers are spelled in several ways."""
    with suppress(ValueError):
        return one == other or (kind == b"n" and float(one) == float(other))
    return False


def _stored(value: Shown) -> tuple[bytes, bytes]:
    """Type and content of a cell whose formula shows a value."""
    if isinstance(value, CellError):
        return b"e", value.text.encode()
    if isinstance(value, str):
        return b"str", escape(shortened(value)).encode()
    return b"n", repr(value or 0).encode()
