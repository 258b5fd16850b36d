"""Sheet Fit: every figure as a native formula over inputs and results, the verdict as a formula over it."""

from xlbackflush import schema
from xlbackflush.engine.measures import fit as engine
from xlbackflush.engine.measures.fit import CREDIT_DAYS, OVERALL, USE_TOLERANCE, YEAR, FitFigure
from xlbackflush.sheets.body import Body, RunView, shown
from xlbackflush.sheets.formulas import POSTED_ROWS, day_ref, ledger_sum, literal, setting_ref
from xlbackflush.sheets.proofs import and_elsewhere

_BOOK = "Reconciliation"
_BOUGHT = f'({_BOOK}[Type]="{schema.BUY}")'
_COUNTED = f'({_BOOK}[Counted]<>"")'
_USE = f"ABS({_BOOK}[Relieved]*{_BOOK}[Standard cost])"
_OFF = f"ABS({_BOOK}[Difference amount])"
_JUDGED = f"{_BOUGHT}*{_COUNTED}*({_USE}>0)"


def body(run: RunView) -> Body:
    """One row per measure; figures may refer to other rows of the sheet."""
    measures, at, currency = run.period.fit, run.letters("Fit"), run.inputs.settings.currency
    rows = run.rows("Fit", len(measures))
    figure = {f.measure.key: f"${at['Figure']}${r}" for f, r in zip(measures, rows, strict=True)}
    threshold = {f.measure.key: f"${at['Threshold']}${r}" for f, r in zip(measures, rows, strict=True)}
    weighed = [f for f in measures if f.threshold is not None and f.measure.key != OVERALL]
    verdicts = f"{at['Verdict']}{rows.start}:{at['Verdict']}{rows.start + len(weighed) - 1}"
    fits, look = (f"COUNTIFS({verdicts},{literal(verdict)})" for verdict in (schema.FITS, schema.LOOK))
    formulas = _figures(run, figure) | {OVERALL: _share(fits, f"({fits}+{look})")}
    kinds = [f.measure.kind for f in measures]
    explained = [
        f'IF({figure[m.key]}="",{literal(f"Not known: {m.missing}. ")},"")&{literal(m.why)}'
        for m in (f.measure for f in measures[:-1])
    ]
    live = {
        "Threshold": [_threshold(run, f, threshold) for f in measures],
        "Verdict": [_verdict(f, at, r) for f, r in zip(measures, rows, strict=True)],
    }
    return shown(schema.FIT, measures, live) | {
        "Figure": (
            ["" if f.figure is None else f.figure for f in measures],
            [formulas[f.measure.key] for f in measures],
        ),
        "Unit": ([currency if f.measure.kind == "money" else f.measure.unit for f in measures], None),
        "Explanation": (
            [*(engine.explanation(f) for f in measures[:-1]), engine.summary(measures)],
            [*explained, _summary(verdicts)],
        ),
        "Figure kind": (kinds, None),
        "Threshold kind": (kinds, None),
    }


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
    """Formula of every figure but the last; at: the cells of figures, by key."""
    roles = engine.inventory_roles(run.inputs)
    parts = at | {
        "places": run.period.places,
        "first": day_ref(run.inputs, "Period start"),
        "last": day_ref(run.inputs, "Period end"),
        "opening": ledger_sum("Opening", roles),
        "closing": ledger_sum("Closing", roles),
        "elsewhere": and_elsewhere(run, schema.COGS),
    }
    figures = {key: template.format_map(parts) for key, template in _FIGURES.items()}
    for key, (setting, template) in _OVER_SETTINGS.items():
        cell = setting_ref(run.inputs, setting)
        figures[key] = f'IF({cell}="","",{template.format_map(parts | {"setting": cell})})' if cell else '""'
    return figures


def _inventory(balance: str, amount: str) -> str:
    """Balances of the inventory accounts, and stock that no account has."""
    column = f"{_BOOK}[{amount}]"
    return f'ROUND({balance}+SUM({column})-SUMIFS({column},{_BOOK}[Account role],"?*"),{{places}})'


def _of_use(formula: str) -> str:
    """An amount of what is used; blank where nothing is."""
    return f'IF({{used}}>0,ROUND({formula},{{places}}),"")'


_COGS = f"Ledger[Role],{literal(schema.COGS)}"
_AVERAGE = "(({start}+{end})/2)"
_KEPT = f"ABS({_BOOK}[Book amount])"
_COVERED = f"SUMPRODUCT({_COUNTED}*{_KEPT})"
_RIGHT = f"SUMPRODUCT({_JUDGED}*(ROUND({_OFF}-{USE_TOLERANCE}*{_USE},6)<=0))"
_REPORTED = f"SUMPRODUCT({_BOOK}[Scrapped]*{_BOOK}[Standard cost])"
_IMPLIED = f'({_REPORTED}-SUMIFS({_BOOK}[Difference amount],{_BOOK}[Difference amount],"<0"))'
_FLUSHED, _RECEIVED = f"SUMIFS(Trace[Conversion]{POSTED_ROWS})", f"{_BOOK}[Received amount]"
_FINISHED, _VALUE = f'(Movements[Type]="{schema.FINISHED}")', "Movements[Completed]*Movements[Unit cost]"
_BOUGHT_ROWS = f"{_BOOK}[Type],{literal(schema.BUY)}"
_ENDS = f"(SUMIFS({_BOOK}[Opening amount],{_BOUGHT_ROWS})+SUMIFS({_BOOK}[Ending amount],{_BOUGHT_ROWS}))/2"
_PER_DAY = "{used}/{days}"

#: formulas of the figures; in braces the cells of others, the decimals of money, days and balances
_FIGURES = {
    "days": "{last}-{first}+1",
    "cogs": f"ROUND(SUMIFS(Ledger[Debits],{_COGS})-SUMIFS(Ledger[Credits],{_COGS}){{elsewhere}},{{places}})",
    "start": _inventory("{opening}", "Opening amount"),
    "end": _inventory("{closing}", "Ending amount"),
    "used": f"ROUND(SUMPRODUCT({_BOUGHT}*{_BOOK}[Relieved]*{_BOOK}[Standard cost]),{{places}})",
    "turnover": _share(f"{{cogs}}*{YEAR}/{{days}}", _AVERAGE, 2),
    "days_on_hand": _share(f"{_AVERAGE}*{{days}}", "{cogs}", 2),
    "wip": f'IF(COUNTIFS(PeriodEndWip[Item],"?*")=0,"",{_share("SUM(PeriodEndWip[Amount])", "{end}")})',
    "covered": _share(_COVERED, f"SUMPRODUCT({_KEPT})"),
    "count": _share(f"({_COVERED}-SUMPRODUCT({_OFF}))", _COVERED),
    "corrections": _share('COUNTIFS(Counts[Quantity],"<0")', "COUNT(Counts[Quantity])"),
    "bom": _share(_RIGHT, f"SUMPRODUCT({_JUDGED})"),
    "scrap": f'IF(SUMPRODUCT(--{_COUNTED})=0,"",IF(ROUND({_IMPLIED},6)>0,ROUND({_REPORTED}/{_IMPLIED},4),1))',
    "usage_drift": _share(f"SUMPRODUCT({_JUDGED}*{_OFF})", f"SUMPRODUCT({_JUDGED}*{_USE})"),
    "price_drift": _share(f"SUMPRODUCT(ABS({_BOOK}[Invoiced]-{_RECEIVED}))", f"SUMPRODUCT(ABS({_RECEIVED}))"),
    "conversion_drift": (
        'IF(COUNT(Actuals[Amount])=0,"",' + _share(f"ABS(SUM(Actuals[Amount])-{_FLUSHED})", f"ABS({_FLUSHED})") + ")"
    ),
    "one_off": _share(
        f"SUMPRODUCT({_FINISHED}*(Movements[Completion counts]=1)*{_VALUE})", f"SUMPRODUCT({_FINISHED}*{_VALUE})"
    ),
    "between": _share("{days}*SUMPRODUCT(--(ROUND(Movements[Received],6)>0))", 'COUNTIFS(Purchases[Quantity],">0")', 2),
    "shelf": f'IF(COUNTIFS({_BOUGHT_ROWS})=0,"",ROUND({_ENDS},{{places}}))',
    "yearly": _of_use(f"{_PER_DAY}*{YEAR}/2"),
    "monthly": _of_use(f"{_PER_DAY}*{YEAR}/24"),
    "payables": _of_use(f"{_PER_DAY}*{CREDIT_DAYS}"),
}
#: figures over a setting that may be blank, or not in the workbook: then they are blank
_OVER_SETTINGS = {
    "cycle": ("Cycle time days", "ROUND({setting}/{days},4)"),
    "age": ("Standards set on", "{last}-INT({setting})"),
    "to_order": ("Cycle time days", _of_use(f"{_PER_DAY}*{{setting}}/2")),
}
