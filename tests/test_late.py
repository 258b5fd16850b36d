"""Patterns of `xlbackflush.late` do what compiled ones do, and are compiled when they are used first."""

import re

import pytest

from xlbackflush.late import pattern

TEXT = "Counts!E14, bom!c3"


@pytest.mark.parametrize("text, flags", [(r"(?P<letters>[A-Z]+)(\d+)", re.NOFLAG), (r"([a-z]+)(\d)", re.I)])
def test_the_same_is_found(text: str, flags: re.RegexFlag) -> None:
    ours, compiled = pattern(text, flags), re.compile(text, flags)
    assert ours.findall(TEXT) == compiled.findall(TEXT) != []
    assert ours.sub("?", TEXT) == compiled.sub("?", TEXT)
    assert ours.split(TEXT) == compiled.split(TEXT)
    for method in ("match", "search", "fullmatch"):
        for tried in ("E14", TEXT, ""):
            one, other = getattr(ours, method)(tried), getattr(compiled, method)(tried)
            assert (one and one.groups()) == (other and other.groups()), (method, tried)
    assert [match.span() for match in ours.finditer(TEXT)] == [match.span() for match in compiled.finditer(TEXT)]


def test_bytes_are_searched_in_bytes() -> None:
    assert pattern(rb"<c r=.(\w+)").findall(b'<c r="A1"/><c r="B1"/>') == [b"A1", b"B1"]


def test_a_wrong_pattern_is_told_when_it_is_used() -> None:
    wrong = pattern("(")
    with pytest.raises(re.error):
        wrong.search("")
