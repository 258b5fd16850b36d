"""Sheet Input Controls: each control total as recorded by the run, and as the sheets stand now."""

from collections.abc import Mapping, Sequence

from xlbackflush import schema
from xlbackflush.engine.measures.control_totals import LENGTH_WEIGHT, PLACE_WEIGHTS, ROW_CYCLE
from xlbackflush.model.inputs import Inputs
from xlbackflush.ooxml.address import quoted
from xlbackflush.sheets.body import Body, RunView, shown
from xlbackflush.sheets.formulas import day_ref, literal, setting_ref

#: formulas over a table and a column
_OVER_COLUMNS = {
    "items": 'SUMPRODUCT((Rollup[Recorded item]<>"")*(Rollup[Item]<>Rollup[Recorded item]))',
    "rows": "COUNTA({}[{}])",
    "days": "SUMPRODUCT(INT({}[{}]))",
    "total": "SUM({}[{}])",
}


def body(run: RunView) -> Body:
    """One row per control total."""
    totals = run.period.control_totals
    cells, nothing = run.cells("InputControls", len(totals)), [0.0] * len(totals)
    accounts = [
        (run.sheets.ref("Ledger", "Role", r), run.sheets.ref("Ledger", "Account", r))
        for r in run.rows("Ledger", len(run.period.ledger))
    ]
    now = {"Now": [_now(total.key, run.inputs, accounts) for total in totals]}
    return shown(schema.INPUT_CONTROLS, totals, now) | {
        "Difference": (nothing, [_difference(c) for c in cells]),
        "Changed": (nothing, [f"IF(ISNUMBER({c['Difference']}),ABS(SIGN({c['Difference']})),1)" for c in cells]),
    }


def changed(sheet: str) -> str:
    """Number of the control totals of an input sheet that are not as at the run."""
    return f"SUMIFS(InputControls[Changed],InputControls[Sheet],{literal(sheet)})"


def _difference(cells: Mapping[str, str]) -> str:
    difference = f"ROUND({cells['Now']}-{cells['As at the run']},6)"
    return f"IF(ABS({difference})<={cells['Tolerance']},0,{difference})"


def _now(key: tuple[str, ...], inputs: Inputs, accounts: Sequence[tuple[str, str]]) -> str:
    """The live formula of a control total. accounts: the cells of role and account, for each row of Ledger."""
    match key:
        case ("setting", name, chosen):
            return _is_chosen(name, chosen, inputs)
        case ("day", name, chosen):
            return f"IF({day_ref(inputs, name)}={chosen},1,0)"
        case ("filled in" | "blank" as kind, name):
            return f"{'1-' if kind == 'blank' else ''}COUNT({setting_ref(inputs, name)})"
        case ("accounts",):
            return _as_mapped(inputs, accounts)
        case ("filled", table, *columns):
            cells = [f"{table}[{column}]" for column in columns]
            return f"COUNT({','.join(cells)})+" + "+".join(f'SUMPRODUCT(--({c}<>""))' for c in cells)
        case ("text", table, column, places):
            return _text_total(table, column, int(places), inputs)
    simple, *where = key
    return _OVER_COLUMNS[simple].format(*where)


def _is_chosen(name: str, chosen: str, inputs: Inputs) -> str:
    """1 where a setting is as it was; blank is its default, and so is a setting that the workbook does not have."""
    cell = setting_ref(inputs, name)
    if not cell:
        return "1"
    test, default = f"{cell}={literal(chosen)}", next(s.default for s in schema.SETTINGS if s.name == name)
    return f'IF(OR({test},{cell}=""),1,0)' if chosen == default else f"IF({test},1,0)"


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


def _text_total(table: str, column: str, places: int, inputs: Inputs) -> str:
    """`control_totals.text_total` of the engine as a formula."""
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
