"""What a button shows while it works, and Esc: it stops a run at its next stage, until the first cell is about to change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from com_file import Workbook
from in_excel import by_file, differences, saved, told
from support_files import sample_book

from xlbackflush.addin import macros
from xlbackflush.addin.escape_key import EscapeKey, escape_key_of
from xlbackflush.workbook.file import FileBook
from xlbackflush.workbook.live import LiveBook

STAGES = (
    "Reading inputs", "Checking inputs", "Rolling up costs", "Exploding counts", "Relieving inventory", "Posting",
    "Preparing to write",
)  # fmt: skip


class Key:
    """The Esc key in the hands of a test: `pressed` says whether it was pressed by now."""

    is_watched = True

    def __init__(self, pressed: Callable[[], bool]) -> None:
        self.pressed = pressed

    def __enter__(self) -> Key:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @property
    def is_pressed(self) -> bool:
        return self.pressed()


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the status bar has shown; of the key nobody has heard yet."""
    texts: list[str] = []
    status = LiveBook.status

    def noted(book: LiveBook, text: str) -> None:
        texts.append(text)
        status(book, text)

    monkeypatch.setattr(LiveBook, "status", noted)
    monkeypatch.setattr(macros, "escape_key_of", lambda window: Key(lambda: False))
    monkeypatch.setenv("XLBACKFLUSH_STATE", str(tmp_path_factory.mktemp("state")))
    return texts


def press_esc(monkeypatch: pytest.MonkeyPatch, when: Callable[[], bool]) -> None:
    monkeypatch.setattr(macros, "escape_key_of", lambda window: Key(when))


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return sample_book(tmp_path / "widgets.xlsm", "widgets")


def protected(workbook: Workbook) -> set[str]:
    return {name for name, sheet in workbook.sheets.items() if sheet.ProtectContents}


def test_each_stage_is_shown_in_plain_words_and_the_last_text_is_what_came_of_it(book: Path, shown: list[str]) -> None:
    said = told(Workbook(book), macros.run)
    stages, writing = shown[: len(STAGES)], shown[len(STAGES) :]
    assert stages == [f"Backflush: {stage} ... (Esc stops)" for stage in STAGES]
    sheets = len(writing)
    assert f"Backflush: Writing Trace ({1 + [' Trace ' in t for t in writing].index(True)} of {sheets})" in "".join(
        writing
    )
    assert [f"({n} of {sheets}) ... (can no longer be stopped)" for n in range(1, sheets + 1)] == [
        text[text.index("(") :] for text in writing
    ]
    assert said.startswith("Done: run R0001 (draft), 12 entries")


@pytest.mark.parametrize("stage", range(len(STAGES)))
def test_esc_before_anything_is_written_leaves_the_workbook_as_it_was(
    book: Path, shown: list[str], stage: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the midst of each stage; the last is that in which all is prepared."""
    press_esc(monkeypatch, lambda: len(shown) > stage)
    workbook = Workbook(book)
    assert told(workbook, macros.run) == "Stopped: you pressed Esc. Nothing was written."
    assert len(shown) == stage + 1
    assert not workbook.is_changed
    assert saved(workbook, book.with_name("after.xlsm")).read_bytes() == book.read_bytes()
    assert protected(workbook) == protected(Workbook(book)) != set()
    assert sorted(file.name for file in book.parent.iterdir()) == ["after.xlsm", "widgets.xlsm"]
    application = workbook.application
    assert (application.ScreenUpdating, application.EnableEvents, application.Calculation) == (True, True, -4105)
    press_esc(monkeypatch, lambda: False)
    assert told(workbook, macros.run).startswith("Done: run R0001 (draft), 12 entries")


def test_esc_while_cells_are_written_comes_too_late(
    book: Path, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    press_esc(monkeypatch, lambda: len(shown) > len(STAGES))
    workbook = Workbook(book)
    assert told(workbook, macros.run).startswith("Done: run R0001 (draft), 12 entries")
    ran = saved(workbook, book.with_name("live.xlsm"))
    assert differences(ran, by_file(book, ran)) == []


def test_esc_stops_a_posting_as_well(book: Path, shown: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(macros, "user", lambda: "Ann")
    workbook = Workbook(book)
    told(workbook, macros.run)
    before = saved(workbook, book.with_name("draft.xlsm"))
    monkeypatch.setattr(macros, "user", lambda: "Bob")
    press_esc(monkeypatch, lambda: True)
    assert told(workbook, macros.post) == "Stopped: you pressed Esc. Nothing was written."
    after = saved(workbook, book.with_name("after.xlsm"))
    assert differences(before, after) == []
    with FileBook(after) as file:
        assert [run.status for run in file.runs()] == ["Draft"]


# --------------------------------------------------------------------------------------------------------- the key


def test_a_key_that_is_struck_is_remembered_until_the_end() -> None:
    down = threading.Event()
    with EscapeKey(down.is_set) as key:
        assert key.is_watched
        assert not key.is_pressed
        down.set()
        end = time.monotonic() + 10
        while not key.is_pressed:
            assert time.monotonic() < end
            time.sleep(0.001)
        down.clear()
        time.sleep(0.1)
        assert key.is_pressed


def test_nobody_looks_at_the_key_before_and_after() -> None:
    looks: list[int] = []

    def is_down() -> bool:
        looks.append(1)
        return False

    key = EscapeKey(is_down)
    time.sleep(0.05)
    assert looks == []
    with key:
        time.sleep(0.1)
    count = len(looks)
    assert count > 0
    time.sleep(0.05)
    assert len(looks) == count


def test_where_nobody_can_look_at_the_key_nothing_is_promised(
    book: Path, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(macros, "escape_key_of", escape_key_of)  # not on Windows
    told(Workbook(book), macros.run)
    assert shown[0] == "Backflush: Reading inputs ..."
