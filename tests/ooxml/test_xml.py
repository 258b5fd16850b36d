"""The element builder: an independent parser gives back every tree, with every character that was put in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from xlbackflush.ooxml.xml import HEAD, Markup, document, element, fragment, unescape


@dataclass
class Tree:
    """An element as the test means it."""

    tag: str
    attributes: dict[str, str | int | None]
    content: list[Tree | str]

    def built(self) -> Markup:
        return element(self.tag, *(c if isinstance(c, str) else c.built() for c in self.content), **self.attributes)


NAMES = st.text("abcdefgXYZ", min_size=1, max_size=6)
TEXTS = st.one_of(
    st.text(max_size=12),
    st.text("<>&\"'_x0123456789ABab \t\r\n\x00\x0b\x1f\ufffe\ud800]", max_size=16),
    st.sampled_from(["_x0041_", "_x005F_", "x_x000d_x", "]]>", "<b>", "&amp;", " a", "a ", "\n", "\r\n", "_xlfn.SUM"]),
)
ATTRIBUTES = st.dictionaries(NAMES, st.one_of(TEXTS, st.integers(), st.booleans(), st.none()), max_size=4)
LEAVES = st.builds(Tree, NAMES, ATTRIBUTES, st.lists(TEXTS, max_size=1))


def mixed(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    """Elements with texts between them; two texts side by side would be one."""
    pairs = st.lists(st.tuples(TEXTS, inner), max_size=3)
    return st.builds(Tree, NAMES, ATTRIBUTES, pairs.map(lambda some: [part for pair in some for part in pair]))


TREES = st.recursive(LEAVES, mixed, max_leaves=12)


def excel(text: str) -> str:
    """Text as Excel reads it: _xHHHH_ is a character."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)), text)


def is_same(parsed: Any, tree: Tree) -> bool:
    given = {k: v if isinstance(v, str) else str(int(v)) for k, v in tree.attributes.items() if v is not None}
    space = "{http://www.w3.org/XML/1998/namespace}space"
    read = {k: excel(v) for k, v in parsed.attrib.items() if k != space}
    pieces: list[Any] = [excel(parsed.text or "")]
    for child in parsed:
        pieces += [child, excel(child.tail or "")]
    wanted: list[Any] = [""]
    for part in tree.content:
        if isinstance(part, str):
            wanted[-1] += part
        else:
            wanted += [part, ""]
    return (
        (parsed.tag, list(read.items())) == (tree.tag, list(given.items()))
        and len(pieces) == len(wanted)
        and all(a == b if isinstance(b, str) else is_same(a, b) for a, b in zip(pieces, wanted, strict=True))
    )


@given(TREES)
def test_a_parser_gives_back_the_tree(tree: Tree) -> None:
    assert is_same(etree.fromstring(document(tree.built()).encode()), tree)


@given(LEAVES)
def test_the_comparison_itself_sees_what_is_different(tree: Tree) -> None:
    other = Tree(tree.tag, {**tree.attributes, "other": "x"}, tree.content)
    more = Tree(tree.tag, tree.attributes, [*tree.content, "x"])
    parsed = etree.fromstring(document(tree.built()).encode())
    assert not is_same(parsed, other)
    assert not is_same(parsed, more)


@pytest.mark.parametrize(
    ("built", "text"),
    [
        (element("c"), "<c/>"),
        (element("c", ""), "<c></c>"),
        (element("c", None, val=None), "<c/>"),
        (element("c", val=1, b="x", a=True, z=False), '<c val="1" b="x" a="1" z="0"/>'),
        (element("a", "x & y", element("b"), ">"), "<a>x &amp; y<b/>&gt;</a>"),
        (element("r", r_id="rId1", xmlns_r="urn:r", name="n"), '<r r:id="rId1" xmlns:r="urn:r" name="n"/>'),
        (element("t", " a"), '<t xml:space="preserve"> a</t>'),
        (element("t", "a\nb", x=1), '<t x="1" xml:space="preserve">a\nb</t>'),
        (element("t", element("a"), "\n"), "<t><a/>\n</t>"),
        (element("t", "a\rb\x01"), "<t>a&#13;b_x0001_</t>"),
        (element("t", "_x0041_", a="_x0041_"), '<t a="_x005F_x0041_">_x005F_x0041_</t>'),
        (element("f", a='#,##0;"–"'), "<f a='#,##0;\"–\"'/>"),
        (element("f", a="\"'\t\n\r<&>"), '<f a="&quot;\'&#9;&#10;&#13;&lt;&amp;&gt;"/>'),
        (fragment("<", element("a"), None, "", "b"), "&lt;<a/>b"),
    ],
)
def test_an_element_is_written_as_excel_writes_it(built: Markup, text: str) -> None:
    assert built == text
    assert isinstance(built, Markup)


def test_a_part_says_what_it_is() -> None:
    assert document(element("a")) == HEAD + "<a/>"
    assert HEAD == '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


WRITTEN = [
    "&amp;",
    "&lt;",
    "&gt;",
    "&quot;",
    "&apos;",
    "&#65;",
    "&#x1F600;",
    "&#xe9;",
    "&amp;lt;",
    "copy;",
    "#65;",
    "a",
    " ",
]


@given(st.lists(st.sampled_from(WRITTEN), max_size=6).map("".join))
def test_references_are_read_as_an_xml_parser_reads_them(text):
    assert unescape(text) == (etree.fromstring(f"<t>{text}</t>").text or "")


def test_what_is_no_reference_of_xml_stays():
    assert unescape("R&D &copy; &#x110000;") == "R&D &copy; &#x110000;"
