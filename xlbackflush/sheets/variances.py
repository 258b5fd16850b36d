"""Sheet Variances: the proof recomputes each amount from stock, actuals and the conversion allowed."""

from xlbackflush import schema
from xlbackflush.engine.measures.checks import ACCOUNT_OF
from xlbackflush.engine.measures.variances import NOT_POSTED, Variance
from xlbackflush.ooxml.patterns import slot
from xlbackflush.sheets.body import Body, RunView, shown
from xlbackflush.sheets.formulas import POSTED_ROWS, literal
from xlbackflush.sheets.proofs import and_elsewhere, before_close


def body(run: RunView) -> Body:
    """One row per variance."""
    variances, digits = run.period.variances, run.period.places
    amounts, top = run.money([abs(v.amount) for v in variances]), run.sheets.tables["Reconciliation"].first_row
    kinds = [(v.name, v.disposition, v.part_of, v.takes_rounding, v.item >= 0) for v in variances]
    shapes, first = run.shapes("Variances", kinds, item=[top + v.item for v in variances])
    row = run.any_row("Variances")
    live = shapes.columns(
        {
            "Proof": [f"ABS(ROUND({_signed(run, variances[k])},{digits}))" for k in first],
            "Difference": [f"ROUND({row['Amount']}-{row['Proof']},{digits})"] * len(first),
        }
    )
    return shown(schema.VARIANCES, variances, money=run.money) | {
        "Amount": (amounts, None),
        "Proof": (amounts, live["Proof"]),
        "Difference": ([0.0] * len(variances), live["Difference"]),
    }


def _signed(run: RunView, v: Variance) -> str:
    """The amount of a variance, unfavorable positive; of an item, with a slot for its row."""
    if v.item >= 0:
        return _of_item(run, v)
    if v.name == schema.MATERIAL_PRICE:
        return _other_cost(run)
    if v.name == schema.CONVERSION_ALLOCATION:
        return f"{before_close(schema.CCC)}{and_elsewhere(run, schema.CCC)}+{before_close(schema.CCA)}"
    if v.name == schema.SCRAP_VARIANCE:
        role = schema.CCC if v.part_of else schema.ABNORMAL_SCRAP
        return f'SUMIFS(Journal[Proof],Journal[Role],{literal(role)},Journal[Event],"{schema.SCRAP_EVENT}")'
    return _of_conversion(run, v.name)


def _of_item(run: RunView, v: Variance) -> str:
    """Price: invoiced less received at standard. Usage, count: book less counted. The largest takes what rounding leaves."""
    digits = run.period.places
    price = v.name == schema.MATERIAL_PRICE

    def cell(column: str) -> str:
        return run.sheets.ref("Reconciliation", column, slot("item"))

    if price:
        parts, columns = (
            (cell("Invoiced"), cell("Other cost")),
            ("Reconciliation[Invoiced]", "Reconciliation[Other cost]"),
        )
        own, every = ("-".join(names if run.has_receipts else names[:1]) for names in (parts, columns))
        own = f"ROUND({own}-{cell('Received amount')},{digits})"
        every = f"SUMPRODUCT(ROUND({every}-Reconciliation[Received amount],{digits}))"
    else:
        column = "Difference amount" if v.disposition == NOT_POSTED else "Posted"
        own = f"-ROUND({cell(column)},{digits})"
        test = "=" if v.name == schema.MATERIAL_USAGE else "<>"
        items = f'(Reconciliation[Type]{test}"{schema.BUY}")'
        every = f"-SUMPRODUCT({items}*ROUND(Reconciliation[{column}],{digits}))"
    if not v.takes_rounding:
        return own
    posted = before_close(ACCOUNT_OF[v.name])
    if price and run.has_receipts:
        posted += f"-{_other_cost(run)}"
    return f"{posted}-({every})+({own})"


def _other_cost(run: RunView) -> str:
    """Freight, duty and other cost of all receipts."""
    return f"ROUND(SUM(Reconciliation[Other cost]),{run.period.places})"


def _of_conversion(run: RunView, name: str) -> str:
    """Actual less standard of one row of the split, both over Actuals, Setup and Conversion Allowed."""
    c, digits = run.period.conversion, run.period.places
    budget = f"ROUND({run.setting('Budgeted fixed overhead')},{digits})"
    paid = 'SUMIFS(Actuals[Hours],Actuals[Cost type],"Labor")'

    def actual(cost_type: str) -> str:
        return f"ROUND(SUMIFS(Actuals[Amount],Actuals[Cost type],{literal(cost_type)}),{digits})"

    def flexed(element: str) -> str:
        if not c.hours_allowed:  # one rate for all, or this is not asked for
            return f"ROUND({paid}*MAX(StandardCost[{element} rate]),{digits})"
        return f"ROUND({paid}*SUM(ConversionAllowed[{element}])/SUM(ConversionAllowed[Hours allowed]),{digits})"

    def less(element: str, what: str) -> str:
        return f"{what}-({_allowed(run, element)})"

    if name == schema.UNSOLD_CONVERSION:
        allocated = f"-{before_close(schema.CCA)}"
        return f"({allocated}+{_unsold(run)})-({allocated})"
    if name in (schema.LABOR_RATE, schema.VARIABLE_SPENDING):
        element = schema.LABOR if name == schema.LABOR_RATE else schema.VARIABLE_OVERHEAD
        return (
            f"{actual(element)}-{flexed(element)}" if c.flexed(element) is not None else less(element, actual(element))
        )
    if name in (schema.LABOR_EFFICIENCY, schema.VARIABLE_EFFICIENCY):
        element = schema.LABOR if name == schema.LABOR_EFFICIENCY else schema.VARIABLE_OVERHEAD
        return less(element, flexed(element))
    if name == schema.FIXED_SPENDING:
        fixed = schema.FIXED_OVERHEAD
        return less(fixed, actual(fixed)) if c.budget is None else f"{actual(fixed)}-{budget}"
    if name == schema.FIXED_VOLUME:
        return less(schema.FIXED_OVERHEAD, budget)
    allowed = "+".join(_allowed(run, element) for element in c.merged)
    return f"{actual(schema.CONVERSION)}-({allowed})"


def _unsold(run: RunView) -> str:
    """Conversion allowed, less what the entries allocate."""
    return f"ROUND(SUM(ConversionAllowed[Total])-SUMIFS(Trace[Conversion]{POSTED_ROWS}),{run.period.places})"


def _allowed(run: RunView, element: str) -> str:
    """What the standards allow of an element; one of them takes what rounding leaves to conversion allocated."""
    rest = run.period.conversion.rest
    if element != rest:
        return f"ROUND(SUM(ConversionAllowed[{element}]),{run.period.places})"
    others = "".join(f"-{_allowed(run, e)}" for e in schema.ELEMENTS[1:] if e != rest)
    unsold = f"+{_unsold(run)}" if run.period.demand.of_shelf else ""
    return f"-{before_close(schema.CCA)}{unsold}{others}"
