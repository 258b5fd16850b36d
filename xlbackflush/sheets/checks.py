"""Sheet Checks: each check as a live quantity of what speaks against it, which must be 0 or within its tolerance."""

from collections.abc import Mapping

from xlbackflush import schema
from xlbackflush.engine.measures.checks import ACCOUNT_OF, CHECK_OF_ERRORS
from xlbackflush.engine.measures.variances import NOT_POSTED
from xlbackflush.model.tables import Source
from xlbackflush.ooxml.stored import Shown
from xlbackflush.sheets import input_controls
from xlbackflush.sheets.body import Body, RunView, shown
from xlbackflush.sheets.formulas import AFTER_CLOSE, literal
from xlbackflush.sheets.title_rows import MASTER


def body(run: RunView) -> Body:
    """One row per check."""
    checks, cells = run.period.checks, run.cells("Checks", len(run.period.checks))
    values = [_FORMULAS.get(check.key) or input_controls.changed(check.key) for check in checks]
    results = ["OK" if check.holds else "Fail" for check in checks]
    meanings = ["" if check.holds else check.failure for check in checks]
    return shown(schema.CHECKS, checks, {"Value": values}) | {
        "Result": (results, [_result(at) for at in cells]),
        "If it fails": (meanings, [_meaning(at, check.failure) for at, check in zip(cells, checks, strict=True)]),
    }


def _result(cells: Mapping[str, str]) -> str:
    return f'IF(ABS({cells["Value"]})<={cells["Tolerance"]},"OK","Fail")'


def _meaning(cells: Mapping[str, str], failure: str) -> str:
    """Nothing beside OK: nobody is to read there what would be wrong."""
    return f'IF({cells["Result"]}="OK","",{literal(failure)})'


def checks_after(checks: Source, errors: int) -> tuple[dict[str, Shown], int]:
    """What sheet Checks shows when its run still stands, and a later check of the inputs ends with so many errors.

    Returns formula -> what it shows, and how many checks fail.
    """
    columns = checks.by_column()
    results = {row: str(result) for row, result in zip(checks.row_numbers, columns["Result"], strict=True)}
    row = next((r for r, text in zip(results, columns["Check"], strict=True) if text == CHECK_OF_ERRORS.text), 0)
    cells = {name: f"{letter}{row}" for name, letter in checks.letters.items()}
    results[row] = "Fail" if errors else "OK"
    failed = sum(result != "OK" for result in results.values())
    failure = CHECK_OF_ERRORS.failure
    return {
        _FORMULAS["errors"]: errors,
        _result(cells): results[row],
        _meaning(cells, failure): failure if errors else "",
        MASTER: failed,
    }, failed


def _unequal(*pairs: tuple[str, str]) -> str:
    """What lies between figures that should be equal, in absolute terms."""
    return f"ROUND({'+'.join(f'ABS({left}-({right}))' for left, right in pairs)},6)"


def _variance(column: str, value: str, tests: str = "") -> str:
    """Actual less standard of the rows of Variances in which a column has a value, and which pass further tests."""
    rows = f"Variances[{column}],{literal(value)}{tests}"
    return f"SUMIFS(Variances[Actual],{rows})-SUMIFS(Variances[Standard],{rows})"


def _posted_before_close(role: str) -> str:
    """Posted balance of a role before the close."""
    rows = f"Journal[Role],{literal(role)}{AFTER_CLOSE}"
    return f"SUMIFS(Journal[Debit],{rows})-SUMIFS(Journal[Credit],{rows})"


def _closing(role: str) -> str:
    return f'ABS(SUMIFS(Ledger[Closing],Ledger[Role],"{role}"))'


def _unproven(table: schema.Table) -> str:
    """Number of the differences between posted figures and proofs; rows below the last do not count."""
    return "+".join(
        f'COUNTIFS({table.name}[{column}],"<>0",{table.name}[{table.names[0]}],"?*")' for column in table.differences
    )


_WERE_POSTED = f',Variances[Disposition],"<>{NOT_POSTED}"'
#: formula of each check, by key, but for those of the input tables
_FORMULAS = {
    "journal": (  # half of the smallest unit of any currency tells a difference from what adding up leaves
        "SUMPRODUCT(--(ABS(SUMIFS(Journal[Debit],Journal[Entry],Journal[Entry])"
        "-SUMIFS(Journal[Credit],Journal[Entry],Journal[Entry]))>0.00005))"
    ),
    "ledger": _unequal(
        ("SUM(Ledger[Debits])", f'SUMIFS(Journal[Debit],Journal[Event],"<>{schema.REVERSAL}")'),
        ("SUM(Ledger[Closing])", "SUM(Ledger[Opening])"),
    ),
    "clearing": f"ROUND({_closing(schema.CCC)}+{_closing(schema.CCA)},6)",
    "variances": _unequal(
        *((_variance("Variance", v, _WERE_POSTED), _posted_before_close(role)) for v, role in ACCOUNT_OF.items()),
        (_variance("Part of", schema.CONVERSION_ALLOCATION), _variance("Variance", schema.CONVERSION_ALLOCATION)),
    ),
    "ties": 'COUNTIFS(TieOut[Result],"Fail")',
    "proofs": "+".join(_unproven(table) for table in schema.OUTPUT_TABLES if table.differences),
    "rounding": (
        "ROUND(SUM(Relief[Amount])-SUMIFS(Trace[Amount],"
        'Trace[Level],">0",Trace[Event],"<>Scrap",Trace[Relieved from],"?*"),6)'
    ),
    "errors": f'COUNTIFS(Findings[Severity],"{schema.ERROR}")',
}
