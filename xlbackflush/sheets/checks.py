"""Sheet Checks: each check as two live quantities, Left and Right, that must be equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xlbackflush import schema
from xlbackflush.engine.measures.checks import ERRORS, LENGTH_WEIGHT, PLACE_WEIGHTS, ROW_CYCLE
from xlbackflush.engine.measures.variances import NOT_POSTED
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.tables import Source
from xlbackflush.ooxml.address import quoted
from xlbackflush.ooxml.stored import Shown
from xlbackflush.sheets.body import Body, RunView, of_records
from xlbackflush.sheets.formulas import AFTER_CLOSE, day_ref, literal, setting_ref
from xlbackflush.sheets.title_rows import MASTER

TABLE = schema.CHECKS


def body(run: RunView) -> Body:
    """One row per check."""
    checks, cells = run.period.checks, run.cells(TABLE.name, len(run.period.checks))
    accounts = [
        (run.sheets.ref("Ledger", "Role", r), run.sheets.ref("Ledger", "Account", r))
        for r in run.rows("Ledger", len(run.period.ledger))
    ]
    formulas = [_formulas(check.key, run.inputs, accounts) for check in checks]
    live = {
        "Value": [_value(c) for c in cells],
        "Left": [left for left, _ in formulas],
        "Right": [right for _, right in formulas],
    }
    return of_records(TABLE, checks, live) | {
        "Result": (["OK" if c.holds else "Fail" for c in checks], [_result(c) for c in cells]),
    }


def _value(cells: Mapping[str, str]) -> str:
    return f"ROUND({cells['Left']}-{cells['Right']},6)"


def _result(cells: Mapping[str, str]) -> str:
    return f'IF(ABS({cells["Value"]})<={cells["Tolerance"]},"OK","Fail")'


def checks_after(checks: Source, errors: int) -> tuple[dict[str, Shown], int]:
    """What sheet Checks shows when its run still stands, and a later check of the inputs ends with so many errors.

    Returns formula -> what it shows, and how many checks fail.
    """
    columns = checks.by_column()
    results = {row: str(result) for row, result in zip(checks.row_numbers, columns["Result"], strict=True)}
    row = next((r for r, text in zip(results, columns["Check"], strict=True) if text == ERRORS), 0)
    cells = {name: f"{letter}{row}" for name, letter in checks.letters.items()}
    results[row] = "Fail" if errors else "OK"
    failed = sum(result != "OK" for result in results.values())
    shown: dict[str, Shown] = {
        _OF_RESULTS["errors"][0]: errors,
        _value(cells): errors,
        _result(cells): results[row],
        MASTER: failed,
    }
    return shown, failed


def _unproven(table: schema.Table) -> str:
    """Number of the differences between posted figures and proofs; rows below the last do not count."""
    return "+".join(
        f'COUNTIFS({table.name}[{column}],"<>0",{table.name}[{table.names[0]}],"?*")' for column in table.differences
    )


#: left and right formula of the checks of the run's own results, by key
_OF_RESULTS: dict[str, tuple[str, str]] = {
    "debits": ("SUM(Journal[Debit])", "SUM(Journal[Credit])"),
    "entries": (
        "SUMPRODUCT(--(ABS(SUMIFS(Journal[Debit],Journal[Entry],Journal[Entry])"
        "-SUMIFS(Journal[Credit],Journal[Entry],Journal[Entry]))>0.0001))",
        "",
    ),
    **{f"{table.name} proofs": (_unproven(table), "") for table in schema.OUTPUT_TABLES if table.differences},
    "movements": ("SUM(Ledger[Debits])", f'SUMIFS(Journal[Debit],Journal[Event],"<>{schema.REVERSAL}")'),
    "balance": ("SUM(Ledger[Closing])", "SUM(Ledger[Opening])"),
    "clearing": (
        f'ABS(SUMIFS(Ledger[Closing],Ledger[Role],"{schema.CCC}"))+ABS(SUMIFS(Ledger[Closing],Ledger[Role],"{schema.CCA}"))',
        "",
    ),
    "rounding": (
        "SUM(Relief[Amount])",
        'SUMIFS(Trace[Amount],Trace[Level],">0",Trace[Event],"<>Scrap")',
    ),
    "parts": (
        f'SUMIFS(Variances[Actual],Variances[Part of],"{schema.CONVERSION_ALLOCATION}")'
        f'-SUMIFS(Variances[Standard],Variances[Part of],"{schema.CONVERSION_ALLOCATION}")',
        f'SUMIFS(Variances[Actual],Variances[Variance],"{schema.CONVERSION_ALLOCATION}")'
        f'-SUMIFS(Variances[Standard],Variances[Variance],"{schema.CONVERSION_ALLOCATION}")',
    ),
    "ties": ('COUNTIFS(TieOut[Result],"Fail")', ""),
    "items": ('SUMPRODUCT((Rollup[Recorded item]<>"")*(Rollup[Item]<>Rollup[Recorded item]))', ""),
    "errors": (f'COUNTIFS(Findings[Severity],"{schema.ERROR}")', ""),
}


def _formulas(key: tuple[str, ...], inputs: Inputs, accounts: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Left and right formula of a check; "" where the value is a constant recorded at the run.

    accounts: the cells of role and account, for each row of Ledger.
    """
    what = key[0]
    if what == "accounts":
        return _as_mapped(inputs, accounts), 'COUNTIFS(Ledger[Role],"?*")'
    if what == "rows":
        return f"COUNTA({key[1]}[{key[2]}])", ""
    if what == "cell":
        return day_ref(inputs, key[1]), ""
    if what == "filled in":
        return f"COUNT({setting_ref(inputs, key[1])})", ""
    if what == "account":
        return _posted_variance(key[1]), _posted_before_close(key[2])
    if what == "filled":
        cells = [f"{key[1]}[{column}]" for column in key[2:]]
        return f"COUNT({','.join(cells)})+" + "+".join(f'SUMPRODUCT(--({c}<>""))' for c in cells), ""
    if what == "text":
        return _text_total(key[1], key[2], int(key[3]), inputs), ""
    if what == "days":
        return f"SUMPRODUCT(INT({key[1]}[{key[2]}]))", ""
    if what == "total":
        return f"SUM({key[1]}[{key[2]}])", ""
    if what == "setting":
        cell, chosen = setting_ref(inputs, key[1]), literal(key[2])
        is_default = key[2] == next(s.default for s in schema.SETTINGS if s.name == key[1])
        test = f'OR({cell}={chosen},{cell}="")' if is_default else f"{cell}={chosen}"
        return (f"IF({test},0,1)" if cell else "0"), ""
    return _OF_RESULTS[what]


def _as_mapped(inputs: Inputs, accounts: Sequence[tuple[str, str]]) -> str:
    """Number of the rows of Ledger whose account is the one that Setup maps their role to.

    Compared cell by cell: COUNTIFS would read * ? ~ in an account as wildcards, and spreadsheets differ on what it makes of
    a column of criteria.
    """
    setup = inputs.sources["Accounts"].by_column()
    listed, typed = {str(role).strip() for role in setup["Role"]}, setup["Account"]
    text = "TRIM({})" if any(isinstance(a, str) and a != a.strip() for a in typed) else '{}&""'
    mapped = text.format("Accounts[Account]")
    rows = (f"(Accounts[Role]={role})*({mapped}={text.format(account)})" for role, account in accounts)
    as_mapped = f"SUMPRODUCT({'+'.join(rows) or '0'})"
    if listed >= set(schema.ROLES):
        return as_mapped
    return "+".join([as_mapped, *(f"(COUNTIFS(Accounts[Role],{role})=0)" for role, _ in accounts)])  # has its default


def _posted_variance(name: str) -> str:
    """Actual less standard of the rows of one variance that were posted."""
    rows = f'Variances[Variance],{literal(name)},Variances[Disposition],"<>{NOT_POSTED}"'
    return f"SUMIFS(Variances[Actual],{rows})-SUMIFS(Variances[Standard],{rows})"


def _posted_before_close(role: str) -> str:
    """Posted balance of a role before the close."""
    rows = f"Journal[Role],{literal(role)}{AFTER_CLOSE}"
    return f"SUMIFS(Journal[Debit],{rows})-SUMIFS(Journal[Credit],{rows})"


def _text_total(table: str, column: str, places: int, inputs: Inputs) -> str:
    """`checks.text_total` of the engine as a formula."""
    source, cells = inputs.sources[table], f"{table}[{column}]"
    above = f"{quoted(source.sheet)}!${source.letters[column]}${source.first_row - 1}"
    weight = f"(MOD(ROW({cells})-ROW({above}),{ROW_CYCLE})+1)"
    if not places:
        return f'SUMPRODUCT({weight}*({cells}<>""))*{LENGTH_WEIGHT}'
    text = f"UPPER({cells})" if schema.TABLES[table].column(column).kind == "choice" else cells
    each = ",".join(map(str, range(1, places + 1)))
    weights = ",".join(map(str, PLACE_WEIGHTS[:places]))
    return (
        f'SUMPRODUCT({weight}*(_xlfn.UNICODE(MID({text}&REPT(" ",{places}),{{{each}}},1))-32)*{{{weights}}})'
        f"+SUMPRODUCT({weight}*LEN({cells}))*{LENGTH_WEIGHT}"
    )
