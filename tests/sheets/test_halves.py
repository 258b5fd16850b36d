"""Halves that the engine rounds as exact decimals are, LibreOffice and Formualizer round so, too: every proof holds."""

from datetime import date
from pathlib import Path

import office
import pytest
from halves import halves
from second_engine import Book
from support_files import Parts, address, cli

from xlbackflush import schema
from xlbackflush.template.build import build
from xlbackflush.template.samples import Sample


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 purchases and counts."""
    path = tmp_path_factory.mktemp("halves") / "halves.xlsx"
    settings, tables = halves(7, 1_000)
    build(path, (date(2026, 3, 1), date(2026, 3, 31)), Sample("Halves", "Halves.", settings, tables))
    assert cli("run", path).code == 0
    return path


def test_proofs_of_halves_hold_in_libreoffice(ran: Path) -> None:
    lines = len(Parts(ran).rows("Journal"))
    with office.Session(ran) as session:
        failed, differences = session.read([("Checks", "B3"), ("Journal", f"N7:N{6 + lines}")])
    assert failed == [[0.0]]
    assert {value for (value,) in differences} == {0.0}


def test_formualizer_gives_the_same_proofs(ran: Path) -> None:
    book = Book(ran)
    given = book.recalculated()
    letters = {column: address(k, 1)[:-1] for k, column in enumerate(schema.JOURNAL.names, 1)}
    proofs = {p: value for p, value in given.items() if p.sheet == "Journal" and p.address.startswith(letters["Proof"])}
    assert len(proofs) == len(Parts(ran).rows("Journal"))
    for place, value in proofs.items():
        assert value == pytest.approx(book.formulas[place].stored, abs=1e-6), place
