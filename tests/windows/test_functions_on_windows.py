"""The cell functions, from the add-in's VBA through the DLL of xlwings to its server in a process of its own, and back.

Figures are those of the engine on Linux. How the server complains is what VBA has to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from excel_worker import ExcelError, ExcelWorker
from handed import engine, handed
from live_books import POLICIES, ran
from support_files import sample_book
from wine import Windows

from xlbackflush import schema
from xlbackflush.addin import functions

ODD = "Büro (neu) & Co 100% ^x 'q'"
FUNCTIONS = functions.__name__


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample, in a folder and under a name that a command line may trip over."""
    folder = tmp_path_factory.mktemp("books") / ODD
    folder.mkdir()
    return sample_book(folder / "widgets ü & ^.xlsm", "widgets")


@pytest.fixture(scope="module")
def excel(windows: Windows, installed: None, book: Path) -> Iterator[ExcelWorker]:
    with ExcelWorker(windows) as worker:
        worker.open(windows.path(book))
        worker.wait_for_python(book.name)
        yield worker


def process(excel: ExcelWorker, server: int) -> int:
    number: int = excel.ask(server, "os", "getpid")
    return number


# ---------------------------------------------------------------------------------------------------- answers


def test_every_function_gives_what_the_engine_gives_for_every_item(excel: ExcelWorker, book: Path) -> None:
    known = engine(book)
    codes = [standard.code for standard in known.standards.values()]
    column = [[code] for code in codes]
    assert excel.call(book.name, "BACKFLUSH_COST", column, 7) == [[known.cost(c, 7)] for c in codes]
    for element in (None, *schema.ELEMENTS):
        expected = [[known.standard_cost(c, element)] for c in codes]
        assert excel.call(book.name, "STANDARD_COST", column, element) == expected
    for item in codes:
        _, *rows = excel.call(book.name, "BACKFLUSH_EXPLODE", item, 3)
        assert rows == [
            [p.code, p.description, p.uom, pytest.approx(p.quantity), p.unit_cost, pytest.approx(p.amount)]
            for p in known.explode(item, 3)
        ]
    assert excel.call(book.name, "BACKFLUSH_STATUS") == "Not run yet"
    assert excel.attempts() == 1


@pytest.mark.parametrize("name", ["computers", "codes that look like numbers, dates and formulas"])
def test_what_crosses_com_is_what_python_gives(excel: ExcelWorker, folder: Path, tmp_path: Path, name: str) -> None:
    """Every bit of every number."""
    path = sample_book(tmp_path / "book.xlsm") if name == "computers" else ran(str(POLICIES[0]), folder).path
    tables = handed(path)
    server = excel.connect()
    rows = functions.load("Book.xlsm", tables)
    assert excel.ask(server, FUNCTIONS, "load", "Book.xlsm", tables) == rows
    for key, *_ in rows[1:]:
        assert excel.ask(server, FUNCTIONS, "explosion", "Book.xlsm", key) == functions.explosion("Book.xlsm", key)


# ------------------------------------------------------------------------------------------------- complaints


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (FUNCTIONS, "KeyError: 'nobody.xlsm'"),
        ("xlbackflush.nosuch", "ModuleNotFoundError: No module named 'xlbackflush.nosuch'"),
    ],
)
def test_a_complaint_of_the_server_begins_with_its_reason(excel: ExcelWorker, module: str, reason: str) -> None:
    """The traceback follows, the innermost call first: what PlainReason is handed."""
    with pytest.raises(ExcelError) as complaint:
        excel.ask(excel.connect(), module, "explosion", "nobody.xlsm", "x")
    first, *others = str(complaint.value).strip().splitlines()
    assert first == reason
    assert (
        others[-1]
        .strip()
        .startswith('File "C:\\Program Files\\Python\\Lib\\site-packages\\win32com\\server\\policy.py"')
    )


def test_the_reason_reaches_the_user_without_the_traceback(excel: ExcelWorker) -> None:
    with pytest.raises(ExcelError) as complaint:
        excel.call_engine("explosion", "nobody.xlsm", "x")
    assert str(complaint.value) == "'nobody.xlsm'. Run: xlbackflush doctor"


# ---------------------------------------------------------------------------------------------------- servers


def test_each_command_line_has_one_server(excel: ExcelWorker, book: Path, windows: Windows) -> None:
    """The command line names the active workbook."""
    first, again = excel.connect(), excel.connect()
    excel.move(book.name, windows.path(book.parent.with_name("elsewhere")))
    second = excel.connect()
    assert process(excel, first) == process(excel, again) != process(excel, second)
    key = excel.ask(first, FUNCTIONS, "load", "Mine.xlsm", handed(book))[1][0]
    assert excel.ask(again, FUNCTIONS, "explosion", "Mine.xlsm", key)
    with pytest.raises(ExcelError, match=r"KeyError: 'mine\.xlsm'"):
        excel.ask(second, FUNCTIONS, "explosion", "Mine.xlsm", key)


def test_where_a_server_was_killed_the_next_question_starts_another(
    excel: ExcelWorker, book: Path, windows: Windows
) -> None:
    """With another command line: Wine, unlike Windows, never forgets the class of a server that was killed."""
    known = engine(book)
    item = next(standard.code for standard in known.standards.values() if len(known.explode(standard.code, 1)) > 1)
    assert excel.call(book.name, "BACKFLUSH_COST", item, 1) == known.cost(item, 1)
    excel.kill(process(excel, 0))  # the one that the add-in has connected to
    with pytest.raises(ExcelError):
        excel.alive(0)
    excel.move(book.name, windows.path(book.parent.with_name("third place")))
    excel.type(book.name, "Standard Cost", "B7", "Another description")
    attempts = excel.attempts()
    excel.wait_for_python(book.name)
    _, *rows = excel.call(book.name, "BACKFLUSH_EXPLODE", item, 1)
    assert [row[0] for row in rows] == [part.code for part in known.explode(item, 1)]
    assert excel.attempts() == attempts + 1
