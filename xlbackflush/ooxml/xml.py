"""XML as text, element by element: what is text is escaped, what is markup already goes in as it is."""

import re
import sys
from functools import lru_cache

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

_BAD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")


class Markup(str):
    """Text that is XML already."""

    __slots__ = ()


def element(tag: str, /, *content: str | None, **attributes: str | int | None) -> Markup:
    """An element; attributes and content stand in the order in which they are given, those that are None not at all.

    What has no content, not even a text without characters, is closed at once.

    `_` in the name of an attribute is the colon of a prefix: r_id="rId1" is r:id="rId1". True and False are 1 and 0.
    """
    if len(content) == 1 and not isinstance(content[0], Markup) and content[0] and needs_space(content[0]):
        attributes["xml_space"] = "preserve"
    given = "".join(
        f" {name.replace('_', ':')}={_attribute(value)}" for name, value in attributes.items() if value is not None
    )
    if all(part is None for part in content):
        return Markup(f"<{tag}{given}/>")
    return Markup(f"<{tag}{given}>{fragment(*content)}</{tag}>")


def fragment(*content: str | None) -> Markup:
    """Elements and texts one after the other."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in content if part))


def document(root: Markup) -> str:
    """A part of a package, from its root element."""
    return HEAD + root


@lru_cache(maxsize=100_000)
def escape(text: str) -> str:
    """Text for an XML element; characters that XML cannot hold become _xHHHH_, as Excel writes them."""
    return escape_formula(_holdable(text)).replace("\r", "&#13;")  # a reader takes the character itself for a line feed


def escape_formula(text: str) -> str:
    """A formula for an XML element: it holds no characters that XML cannot."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Text of an XML element or attribute as it is meant: the five names of XML, and characters by their numbers."""
    return _REFERENCE.sub(_meant, text) if "&" in text else text


def _meant(reference: re.Match[str]) -> str:
    if reference["name"]:
        return _NAMED[reference["name"]]
    number = int(reference["hexadecimal"], 16) if reference["hexadecimal"] else int(reference["decimal"])
    return chr(number) if number <= sys.maxunicode else reference[0]


_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_REFERENCE = re.compile(r"&(?:#x(?P<hexadecimal>[0-9A-Fa-f]+)|#(?P<decimal>[0-9]+)|(?P<name>amp|lt|gt|quot|apos));")


def needs_space(text: str) -> bool:
    """True where a reader may take white space of the text away, unless it is told to preserve it."""
    return text != text.strip() or "\n" in text


def _attribute(value: str | int) -> str:
    return attribute_text(_holdable(value)) if isinstance(value, str) else f'"{int(value)}"'


def attribute_text(text: str) -> str:
    """The value of an attribute in quotes. `xml.sax.saxutils` would do, but loads what browses the web with it: 40 ms."""
    text = escape_formula(text)
    for character, reference in (("\n", "&#10;"), ("\r", "&#13;"), ("\t", "&#9;")):
        text = text.replace(character, reference)
    if '"' in text and "'" not in text:
        return f"'{text}'"
    return '"' + text.replace('"', "&quot;") + '"'


def _holdable(text: str) -> str:
    return _BAD.sub(lambda m: f"_x{ord(m[0][0]):04X}_" + m[0][1:], text) if _BAD.search(text) else text
