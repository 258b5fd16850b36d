"""Sheet Fit: every figure as a native formula over inputs and results, the verdict as a formula over it."""

from __future__ import annotations

from xlbackflush import schema
from xlbackflush.engine.measures import fit as engine
from xlbackflush.engine.measures.fit import CREDIT_DAYS, OVERALL, USE_TOLERANCE, YEAR, FitFigure
from xlbackflush.sheets.body import Body, RunView, shown
from xlbackflush.sheets.formulas import day_ref, ledger_sum, literal, setting_ref

TABLE = schema.FIT

_BOOK = "Reconciliation"
_BOUGHT = f'({_BOOK}[Type]="{schema.BUY}")'
_COUNTED = f'({_BOOK}[Counted]<>"")'
_USE = f"ABS({_BOOK}[Relieved]*{_BOOK}[Standard cost])"
_OFF = f"ABS({_BOOK}[Difference amount])"
_JUDGED = f"{_BOUGHT}*{_COUNTED}*({_USE}>0)"


def body(run: RunView) -> Body:
    """One row per measure; figures may refer to other rows of the sheet."""
    measures, at = run.period.fit, run.letters(TABLE.name)
    rows = run.rows(TABLE.name, len(measures))
    figure = {f.measure.key: f"${at['Figure']}${r}" for f, r in zip(measures, rows, strict=True)}
    threshold = {f.measure.key: f"${at['Threshold']}${r}" for f, r in zip(measures, rows, strict=True)}
    weighed = [f for f in measures if f.threshold is not None and f.measure.key != OVERALL]
    verdicts = f"{at['Verdict']}{rows.start}:{at['Verdict']}{rows.start + len(weighed) - 1}"
    formulas = _figures(run, figure) | {OVERALL: _overall(verdicts)}
    kinds = [f.measure.kind for f in measures]
    explained = [_explained(f, figure[f.measure.key]) for f in measures[:-1]]
    live = {
        "Threshold": [_threshold(run, f, threshold) for f in measures],
        "Verdict": [_verdict(f, at, r) for f, r in zip(measures, rows, strict=True)],
    }
    return shown(TABLE, measures, live) | {
        "Figure": (
            ["" if f.figure is None else f.figure for f in measures],
            [formulas[f.measure.key] for f in measures],
        ),
        "Unit": ([_unit(run, f) for f in measures], None),
        "Explanation": (
            [*(engine.explanation(f) for f in measures[:-1]), engine.summary(measures)],
            [*explained, _summary(verdicts)],
        ),
        "Figure kind": (kinds, None),
        "Threshold kind": (kinds, None),
    }


def _unit(run: RunView, row: FitFigure) -> str:
    return run.inputs.settings.currency if row.measure.kind == "money" else row.measure.unit


def _threshold(run: RunView, row: FitFigure, threshold: dict[str, str]) -> str:
    """Live where it is a setting or follows from another threshold; else a constant in plain sight."""
    if row.measure.follows:
        return f"ROUND({YEAR}/{threshold[row.measure.follows]},2)"
    name = row.measure.threshold
    return run.setting(name) if isinstance(name, str) else ""


def _verdict(row: FitFigure, at: dict[str, str], r: int) -> str:
    unknown = f'{at["Figure"]}{r}="",{literal(schema.UNKNOWN)}'
    if row.threshold is None:
        return f"IF({unknown},{literal(schema.FOR_INFORMATION)})"
    difference = f'IF({at["Wanted"]}{r}="{schema.AT_LEAST}",1,-1)*({at["Figure"]}{r}-{at["Threshold"]}{r})'
    return f"IF({unknown},IF({difference}>=0,{literal(schema.FITS)},{literal(schema.LOOK)}))"


def _explained(row: FitFigure, figure: str) -> str:
    return f'IF({figure}="",{literal(f"Not known: {row.measure.missing}. ")},"")&{literal(row.measure.why)}'


def _overall(verdicts: str) -> str:
    fits, look = (f"COUNTIFS({verdicts},{literal(v)})" for v in (schema.FITS, schema.LOOK))
    return _share(fits, f"({fits}+{look})")


def _summary(verdicts: str) -> str:
    fits, look, unknown = (f"COUNTIFS({verdicts},{literal(v)})" for v in (schema.FITS, schema.LOOK, schema.UNKNOWN))
    rest = f"IF({unknown}>0,{literal(engine.UNKNOWN_ADVICE)},{literal(engine.FIT_ADVICE)})"
    return (
        f'{fits}&" fit, "&{look}&" to look at, "&{unknown}&" unknown. "'
        f"&IF({look}>0,{literal(engine.LOOK_ADVICE)},{rest})"
    )


def _share(part: str, whole: str, digits: int = 4) -> str:
    """ROUND(part / whole); blank where there is no whole."""
    return f'IF(ROUND({whole},6)>0,ROUND({part}/{whole},{digits}),"")'


def _figures(run: RunView, at: dict[str, str]) -> dict[str, str]:
    """Formula of every figure but the last."""
    return _base(run) | _inventory(run, at) | _records() | _standards(run) | _products() | _buying(run, at)


def _base(run: RunView) -> dict[str, str]:
    places, roles = run.period.places, engine.inventory_roles(run.inputs)
    cogs = literal(schema.COGS)

    def inventory(balance: str, amount: str) -> str:
        column = f"{_BOOK}[{amount}]"
        return f'ROUND({ledger_sum(balance, roles)}+SUM({column})-SUMIFS({column},{_BOOK}[Account role],"?*"),{places})'

    return {
        "days": f"{day_ref(run.inputs, 'Period end')}-{day_ref(run.inputs, 'Period start')}+1",
        "cogs": f"ROUND(SUMIFS(Ledger[Debits],Ledger[Role],{cogs})-SUMIFS(Ledger[Credits],Ledger[Role],{cogs}),{places})",
        "start": inventory("Opening", "Opening amount"),
        "end": inventory("Closing", "Ending amount"),
        "used": f"ROUND(SUMPRODUCT({_BOUGHT}*{_BOOK}[Relieved]*{_BOOK}[Standard cost]),{places})",
    }


def _inventory(run: RunView, at: dict[str, str]) -> dict[str, str]:
    average = f"(({at['start']}+{at['end']})/2)"
    wip = _share("SUM(PeriodEndWip[Amount])", at["end"])
    return {
        "turnover": _share(f"{at['cogs']}*{YEAR}/{at['days']}", average, 2),
        "days_on_hand": _share(f"{average}*{at['days']}", at["cogs"], 2),
        "cycle": _if_set(run, "Cycle time days", f"ROUND({{}}/{at['days']},4)"),
        "wip": f'IF(COUNTIFS(PeriodEndWip[Item],"?*")=0,"",{wip})',
    }


def _if_set(run: RunView, setting: str, formula: str) -> str:
    """A formula over a setting ({}); blank where that is blank, or not in the workbook."""
    cell = setting_ref(run.inputs, setting)
    return f'IF({cell}="","",{formula.format(cell)})' if cell else '""'


def _records() -> dict[str, str]:
    kept = f"ABS({_BOOK}[Book amount])"
    covered = f"SUMPRODUCT({_COUNTED}*{kept})"
    right = f"SUMPRODUCT({_JUDGED}*(ROUND({_OFF}-{USE_TOLERANCE}*{_USE},6)<=0))"
    reported = f"SUMPRODUCT({_BOOK}[Scrapped]*{_BOOK}[Standard cost])"
    implied = f'({reported}-SUMIFS({_BOOK}[Difference amount],{_BOOK}[Difference amount],"<0"))'
    return {
        "covered": _share(covered, f"SUMPRODUCT({kept})"),
        "count": _share(f"({covered}-SUMPRODUCT({_OFF}))", covered),
        "corrections": _share('COUNTIFS(Counts[Quantity],"<0")', "COUNT(Counts[Quantity])"),
        "bom": _share(right, f"SUMPRODUCT({_JUDGED})"),
        "scrap": f'IF(SUMPRODUCT(--{_COUNTED})=0,"",IF(ROUND({implied},6)>0,ROUND({reported}/{implied},4),1))',
        "usage_drift": _share(f"SUMPRODUCT({_JUDGED}*{_OFF})", f"SUMPRODUCT({_JUDGED}*{_USE})"),
    }


def _standards(run: RunView) -> dict[str, str]:
    flushed, received = "ABS(SUM(Trace[Conversion]))", f"{_BOOK}[Received amount]"
    conversion = _share("ABS(SUM(Actuals[Amount])-SUM(Trace[Conversion]))", flushed)
    return {
        "age": _if_set(run, "Standards set on", f"{day_ref(run.inputs, 'Period end')}-INT({{}})"),
        "price_drift": _share(f"SUMPRODUCT(ABS({_BOOK}[Invoiced]-{received}))", f"SUMPRODUCT(ABS({received}))"),
        "conversion_drift": f'IF(COUNT(Actuals[Amount])=0,"",{conversion})',
    }


def _products() -> dict[str, str]:
    finished = f'(Movements[Type]="{schema.FINISHED}")'
    value = "Movements[Completed]*Movements[Unit cost]"
    once = f"SUMPRODUCT({finished}*(Movements[Completion counts]=1)*{value})"
    return {"one_off": _share(once, f"SUMPRODUCT({finished}*{value})")}


def _buying(run: RunView, at: dict[str, str]) -> dict[str, str]:
    places = run.period.places
    bought = ",".join((f"{_BOOK}[Type]", literal(schema.BUY)))
    ends = f"(SUMIFS({_BOOK}[Opening amount],{bought})+SUMIFS({_BOOK}[Ending amount],{bought}))/2"
    per_day = f"{at['used']}/{at['days']}"

    def of_use(formula: str) -> str:
        return f'IF({at["used"]}>0,ROUND({formula},{places}),"")'

    return {
        "between": _share(
            f"{at['days']}*SUMPRODUCT(--(ROUND(Movements[Received],6)>0))", 'COUNTIFS(Purchases[Quantity],">0")', 2
        ),
        "shelf": f'IF(COUNTIFS({bought})=0,"",ROUND({ends},{places}))',
        "yearly": of_use(f"{per_day}*{YEAR}/2"),
        "monthly": of_use(f"{per_day}*{YEAR}/24"),
        "to_order": _if_set(run, "Cycle time days", of_use(f"{per_day}*{{}}/2")),
        "payables": of_use(f"{per_day}*{CREDIT_DAYS}"),
    }
