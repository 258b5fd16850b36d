"""Texts of cells: what Excel can hold."""

import re

from xlbackflush.late import pattern

#: characters of a cell, counted as Excel does: one beyond the first 65,536 counts as two
TEXT_MAX = 32_767
#: characters of a formula
FORMULA_MAX = 8_192
#: characters of a text inside a formula
LITERAL_MAX = 255
#: halves of characters, and two that are none: XML has no way to write them, and so no workbook has
UNWRITABLE = pattern("[\ud800-\udfff\ufffe\uffff]")
#: characters of the name of a person
NAME_MAX = 200
_CONTROL = "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]"
_CUT = " ... (cut)"
_TOTAL = pattern(r"(?:grand|sub|over ?all)?[ -]*(?:totals?|sums?)\s*:?", re.I)
#: spaces that do not break a line, and characters that take no room
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " ") | dict.fromkeys(map(ord, "\u200b\u2060\ufeff"))


def cleaned_code(text: str) -> str:
    """A code or a choice without spaces around it, and with plain spaces inside."""
    return text.strip() if text.isascii() else text.translate(_SPACES).strip()


def is_total(cell: object) -> bool:
    """Whether a cell calls its row a total: Total, Grand total:, Sum."""
    return isinstance(cell, str) and _TOTAL.fullmatch(cell.strip()) is not None


def shortened(text: str) -> str:
    """A text as a cell can hold it: one that is longer is cut, and says so. Excel would call the file damaged."""
    if len(text) <= TEXT_MAX // 2:
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * TEXT_MAX:
        return text
    return units[: 2 * (TEXT_MAX - len(_CUT))].decode("utf-16-le", "ignore") + _CUT


def on_one_line(name: str) -> str:
    """The name of a person as a workbook holds it and a person can read it: without what controls a screen, and not endless."""
    return (name if name.isprintable() else re.sub(_CONTROL, "", name)).strip()[:NAME_MAX]
