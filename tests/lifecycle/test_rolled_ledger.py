"""What goes on from month to month in a ledger of which other journals keep a part, and whose accounts are split by class."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import live_books
from live_books import NOW, PERIOD, Policy
from support_files import Parts, cli, posted_at

from xlbackflush import schema
from xlbackflush.template.build import build


def rolled(path: Path, following: str) -> Path:
    result = cli("roll", path, path.with_name(following))
    assert result.code == 0, result
    return path.with_name(following)


def balances(path: Path, table: str, column: str) -> dict[tuple[str, str], float]:
    rows = Parts(path).rows(table)
    return {(row["Role"], row["Class"] or ""): float(row[column]) for row in rows if row["Role"] and row[column]}


def month(tmp_path: Path, **more: object) -> Path:
    path = tmp_path / "march.xlsx"
    build(path, PERIOD, live_books.world(Policy(schema.PCS, disposition=schema.CARRY_FORWARD, **more)))  # type: ignore[arg-type]
    return posted_at(NOW, path)


def test_payables_and_payroll_that_the_ledger_has_do_not_pile_up(tmp_path: Path) -> None:
    march = month(tmp_path, elsewhere=True)
    closing = balances(march, "Ledger", "Closing")
    assert closing[schema.ACCOUNTS_PAYABLE, ""] < 0 > closing[schema.VARIOUS_ACCOUNTS, ""]
    opening = balances(rolled(march, "april.xlsx"), "Opening", "Closing balance")
    assert not opening.keys() & {(schema.ACCOUNTS_PAYABLE, ""), (schema.VARIOUS_ACCOUNTS, "")}
    assert opening[schema.MIP, ""] == closing[schema.MIP, ""]
    assert opening[schema.CCC, ""] == closing[schema.CCC, ""]


def test_each_class_opens_with_what_it_closed_with(tmp_path: Path) -> None:
    march = month(tmp_path, classes=True)
    closing = balances(march, "Ledger", "Closing")
    assert {item_class for _, item_class in closing} >= {"007", "7", "Boards", "Devices"}
    april = rolled(march, "april.xlsx")
    stock_and_variances = {a: b for a, b in closing.items() if a[0] not in (schema.COGS, schema.ABNORMAL_SCRAP)}
    opened = balances(april, "Opening", "Closing balance")
    assert {account: balance for account, balance in opened.items() if balance} == stock_and_variances
    parts = Parts(april)
    count = {"Date": (dt.date(2026, 4, 9) - schema.DAY_0).days, "Document": "S-1", "Event": "Sold", "Item": "FIN-1"}
    place = parts.tables()["Counts"]
    cells = {**count, "Quantity": 2}
    names = schema.TABLES["Counts"].names
    parts.put_all(
        place.sheet, {f"{chr(64 + place.left + names.index(n))}{place.top + 1}": value for n, value in cells.items()}
    )
    parts.save(april)
    posted_at(NOW, april)
    assert balances(april, "Ledger", "Opening") == stock_and_variances
    assert all(not row["Difference"] for row in Parts(april).rows("Ledger"))
    assert cli("verify", april).code == 0
