"""Records made by `xlbackflush.dataclass` do what those of the standard library do."""

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, replace
from typing import Any

import pytest

import xlbackflush.dataclass
from xlbackflush.dataclass import dataclass


def made(module: Any) -> tuple[Any, Any, Any]:
    """A frozen record, one that inherits from it, and one that can change."""
    decorate, field = module.dataclass, module.field

    @decorate(frozen=True)
    class Line:
        account: str
        amount: int = 0
        notes: list[str] = field(default_factory=list, compare=False)
        row: int = field(default=7, compare=False, repr=False)

    @decorate(frozen=True)
    class Posted(Line):
        _: module.KW_ONLY
        run: str
        entry: int = 1

    @decorate
    class Open:
        account: str
        lines: list[Any] = field(default_factory=list)

    return Line, Posted, Open


OURS, STANDARD = made(xlbackflush.dataclass), made(dataclasses)


def test_records_are_made_shown_and_compared_as_those_of_the_standard_library() -> None:
    for (line, posted, changes), name in ((OURS, "ours"), (STANDARD, "standard")):
        assert line("1200", 5) == line("1200", amount=5, notes=["no matter"], row=9) != line("1200", 6), name
        assert hash(line("1200", 5)) == hash(line("1200", 5, row=9)), name
        assert line("1200") != posted("1200", run="R1") and line("1200") != ("1200", 0), name
        assert posted("1200", run="R1") == posted("1200", run="R1", entry=1) != posted("1200", run="R2"), name
        assert line("1").notes is not line("1").notes, name
        assert asdict(replace(line("1200"), amount=3)) == {"account": "1200", "amount": 3, "notes": [], "row": 7}, name
        assert changes("1200", [1]) == changes("1200", [1]) != changes("1200"), name
        with pytest.raises(TypeError, match="unhashable"):
            hash(changes("1200"))
    for own, other in zip(OURS, STANDARD, strict=True):
        arguments = {"run": "R1"} if "run" in own.__dataclass_fields__ else {}
        assert repr(own("1200", **arguments)) == repr(other("1200", **arguments))
        assert list(inspect.signature(own).parameters) == list(inspect.signature(other).parameters)
        assert own.__match_args__ == other.__match_args__


@pytest.mark.parametrize("line, posted, changes", [OURS, STANDARD], ids=["ours", "standard"])
def test_frozen_records_refuse_to_change_and_to_be_made_of_what_they_are_not(
    line: Any, posted: Any, changes: Any
) -> None:
    record, open_record = line("1200"), changes("1200")
    for change in (lambda: setattr(record, "amount", 1), lambda: setattr(record, "other", 1)):
        with pytest.raises(FrozenInstanceError, match="cannot assign to field"):
            change()
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'amount'"):
        del record.amount
    open_record.account = "1300"
    assert open_record == changes("1300")
    for wrong in (line, lambda: line("1", 2, [], 3, 4), lambda: line("1", unknown=1), lambda: posted("1200")):
        with pytest.raises(TypeError):
            wrong()


@pytest.mark.parametrize("decorate", [dataclass, dataclasses.dataclass], ids=["ours", "standard"])
def test_what_a_class_defines_itself_stays(decorate: Callable[..., Any]) -> None:
    @decorate(frozen=True)
    class Amount:
        minor: int

        def __repr__(self) -> str:
            return f"{self.minor / 100:.2f}"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Amount) and abs(self.minor - other.minor) <= 1

        def __hash__(self) -> int:
            return 42

    assert repr(Amount(150)) == "1.50"
    assert Amount(150) == Amount(151) != Amount(153)
    assert hash(Amount(150)) == 42


def test_fields_as_the_standard_library_has_them() -> None:
    for own, other in zip(OURS, STANDARD, strict=True):
        described = [
            [(one.name, one.default, one.repr, one.compare, one.kw_only) for one in dataclasses.fields(made)]
            for made in (own, other)
        ]
        assert described[0] == described[1]
    line, posted, _ = OURS
    assert dataclasses.is_dataclass(line)
    assert dataclasses.replace(posted("1200", run="R1"), amount=3) == posted("1200", 3, run="R1")
    assert [one.name for one in dataclasses.fields(posted)] == ["account", "amount", "notes", "row", "run", "entry"]
