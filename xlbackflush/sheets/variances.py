"""Bodies of the sheets of variances: Variances, Conversion Allowed, Disposition, Materiality."""

from __future__ import annotations

from itertools import groupby

from xlbackflush import schema
from xlbackflush.engine.measures.materiality import EXPENSE_THEM, IMMATERIAL, PRORATE_THEM, RECORD_IT
from xlbackflush.engine.measures.tie_out import INVENTORIES
from xlbackflush.engine.measures.variances import NOT_POSTED, Conversion, Variance
from xlbackflush.engine.posting.disposition import NO_BASE, NOT_BY_COST, PASSED_ON, Share, last_account
from xlbackflush.engine.stock.counted import charges_everything, of_role, stock_roles
from xlbackflush.engine.stock.in_process import takes_conversion_out
from xlbackflush.ooxml.address import quoted
from xlbackflush.sheets.body import Body, Writing
from xlbackflush.sheets.formulas import AFTER_CLOSE, carried_over, literal, plain
from xlbackflush.sheets.stock import opening_beyond


def variances(w: Writing) -> Body:
    """One row per variance; the proof recomputes its amount from stock, actuals and the conversion allowed."""
    found, at, digits = w.posted.variances, w.letters("Variances"), w.posted.places
    rows = w.rows("Variances", len(found))
    amounts = w.money([abs(v.amount) for v in found])
    return {
        "Variance": ([v.name for v in found], None),
        "Subject": ([v.subject for v in found], None),
        "Standard": (w.money([v.standard for v in found]), None),
        "Actual": (w.money([v.actual for v in found]), None),
        "Amount": (amounts, None),
        "F/U": ([v.side for v in found], None),
        "Disposition": ([v.disposition for v in found], None),
        "Explanation": ([v.explanation for v in found], None),
        "Proof": (amounts, [f"ABS(ROUND({_signed(w, v)},{digits}))" for v in found]),
        "Difference": ([0.0] * len(found), [f"ROUND({at['Amount']}{r}-{at['Proof']}{r},{digits})" for r in rows]),
        "Part of": ([v.part_of for v in found], None),
    }


def _before_close(role: str) -> str:
    """Balance of a role before the close, from the journal's proofs."""
    return f"SUMIFS(Journal[Proof],Journal[Role],{literal(role)}{AFTER_CLOSE})"


def _signed(w: Writing, v: Variance) -> str:
    """The amount of a variance, unfavorable positive."""
    if v.item >= 0:
        return _of_item(w, v)
    if v.name == schema.CONVERSION_ALLOCATION:
        return f"{_before_close(schema.CCC)}+{_before_close(schema.CCA)}"
    if v.name == schema.SCRAP_VARIANCE:
        role = schema.CCC if v.part_of else schema.ABNORMAL_SCRAP
        return f'SUMIFS(Journal[Proof],Journal[Role],{literal(role)},Journal[Event],"{schema.SCRAP_EVENT}")'
    return _of_conversion(w, v.name)


def _of_item(w: Writing, v: Variance) -> str:
    """Price: invoiced less received at standard. Usage: book less counted. The largest takes what rounding leaves."""
    digits = w.posted.places
    row = w.sheets.places["Reconciliation"].first_row + v.item
    price = v.name == schema.MATERIAL_PRICE

    def cell(column: str) -> str:
        return w.sheets.ref("Reconciliation", column, row)

    if price:
        own = f"ROUND({cell('Invoiced')}-{cell('Received amount')},{digits})"
        every = f"SUMPRODUCT(ROUND(Reconciliation[Invoiced]-Reconciliation[Received amount],{digits}))"
    else:
        column = "Difference amount" if v.disposition == NOT_POSTED else "Posted"
        own = f"-ROUND({cell(column)},{digits})"
        every = f"-SUMPRODUCT(ROUND(Reconciliation[{column}],{digits}))"
    if not v.rest:
        return own
    posted = _before_close(schema.PRICE_VARIANCE if price else schema.USAGE_VARIANCE)
    return f"{posted}-({every})+({own})"


def _of_conversion(w: Writing, name: str) -> str:
    """Actual less standard of one row of the split, both over Actuals, Setup and Conversion Allowed."""
    c, digits = w.posted.conversion, w.posted.places
    budget = f"ROUND({w.setting('Budgeted fixed overhead')},{digits})"
    paid = 'SUMIFS(Actuals[Hours],Actuals[Cost type],"Labor")'

    def actual(cost_type: str) -> str:
        return f"ROUND(SUMIFS(Actuals[Amount],Actuals[Cost type],{literal(cost_type)}),{digits})"

    def flexed(element: str) -> str:
        if not c.hours_allowed:  # one rate for all, or this is not asked for
            return f"ROUND({paid}*MAX(StandardCost[{element} rate]),{digits})"
        return f"ROUND({paid}*SUM(ConversionAllowed[{element}])/SUM(ConversionAllowed[Hours allowed]),{digits})"

    def less(element: str, what: str) -> str:
        return f"{what}-({_allowed(c, element, digits)})"

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
    allowed = "+".join(_allowed(c, element, digits) for element in c.merged)
    return f"{actual(schema.CONVERSION)}-({allowed})"


def _allowed(c: Conversion, element: str, digits: int) -> str:
    """What the standards allow of an element; one of them takes what rounding leaves to conversion allocated."""
    if element != c.rest:
        return f"ROUND(SUM(ConversionAllowed[{element}]),{digits})"
    others = "".join(f"-{_allowed(c, e, digits)}" for e in schema.ELEMENTS[1:] if e != c.rest)
    return f"-{_before_close(schema.CCA)}{others}"


def conversion_allowed(w: Writing) -> Body:
    """Units flushed of every made item, at its standard hours and rates."""
    table = w.posted.allowed
    cells, items = w.cells("ConversionAllowed", len(table)), table["item"].tolist()
    cost = [w.standard_cost(item) for item in items]
    body: Body = {
        "Item": ([w.codes[i] for i in items], None),
        "Description": (w.items["description"].iloc[items].tolist(), None),
        "Units": (
            table["units"].tolist(),
            [_units_flushed(w.codes[i], c["Item"]) for i, c in zip(items, cells, strict=True)],
        ),
        "Hours per unit": (w.items["hours"].iloc[items].tolist(), [c["Labor hours"] for c in cost]),
        "Hours allowed": (table["hours"].tolist(), [f"{c['Units']}*{c['Hours per unit']}" for c in cells]),
        "Other conversion": (
            table["Other conversion"].tolist(),
            [f"{c['Units']}*{k['Other conversion']}" for c, k in zip(cells, cost, strict=True)],
        ),
        "Total": (
            table["total"].tolist(),
            ["+".join(c[element] for element in schema.ELEMENTS[1:]) for c in cells],
        ),
    }
    for element in (schema.LABOR, schema.VARIABLE_OVERHEAD, schema.FIXED_OVERHEAD):
        rate = [f"{c['Hours allowed']}*{k[f'{element} rate']}" for c, k in zip(cells, cost, strict=True)]
        body[element] = (table[element].tolist(), rate)
    return body


def _units_flushed(code: str, cell: str) -> str:
    """Units of the rows of the Trace that are exploded: those with units started."""
    if plain(code):
        return f'SUMIFS(Trace[Required qty],Trace[Component],"="&{cell},Trace[Started],"<>")'
    return f'SUMPRODUCT((Trace[Component]={cell})*(Trace[Started]<>""),Trace[Required qty])'


def disposition(w: Writing) -> Body:
    """Shares of every account that holds cost at standard, live over stock, movements and the journal's proofs."""
    shares, at = w.posted.shares, w.letters("Disposition")
    rows = w.rows("Disposition", len(shares))
    cells = w.cells("Disposition", len(shares))
    span = {name: f"${letter}${rows.start}:${letter}${rows.stop - 2}" for name, letter in at.items()}
    usage_row = cells[-1]
    price = _above_close(w, schema.PRICE_VARIANCE)
    in_process = "SUM(PeriodEndWip[Conversion])" if takes_conversion_out(w.inputs) else "0"
    whole = f"{_above_close(w, schema.CCC)}+{_above_close(w, schema.CCA)}"
    scrap_row = next((c for s, c in zip(shares, cells, strict=True) if s.role == schema.CCC), None)
    passed_on = f"+{scrap_row['Price variance']}" if scrap_row else ""
    conversion = f"({whole}-{in_process}{passed_on})"
    body: Body = {"Role": ([s.role for s in shares], None)}
    content = [_content(w, s.role, c) for s, c in zip(shares, cells, strict=True)]
    body["Material"] = ([s.content.material for s in shares], [c[0] for c in content])
    body["Material in made units"] = ([s.content.made for s in shares], [c[1] for c in content])
    body["Conversion"] = ([s.content.conversion for s in shares], [c[2] for c in content])

    def share(amount: str, column: str, base: str, c: dict[str, str], role: str) -> str:
        alone = amount if role == schema.COGS else "0"
        return f"IF({base}>{NO_BASE:.5f},{amount}*{c[column]}/{base},{alone})"

    material = f"(SUM({span['Material']})+{usage_row['Material']})"
    by_price = [share(price, "Material", material, c, s.role) for s, c in zip(shares, cells, strict=True)]
    by_price[-1] = f"{price}-SUM({span['Price variance']})"
    used = f"({usage_row['Material']}+{usage_row['Price variance']})"
    made, converted = f"SUM({span['Material in made units']})", f"SUM({span['Conversion']})"
    body["Price variance"] = ([s.price for s in shares], by_price)
    body["Usage variance"] = (
        [s.usage for s in shares],
        [share(used, "Material in made units", made, c, s.role) for s, c in zip(shares[:-1], cells, strict=False)]
        + [""],
    )
    by_conversion = [
        share(conversion, "Conversion", converted, c, s.role) + (f"+{in_process}" if s.role == schema.COGS else "")
        for s, c in zip(shares[:-1], cells, strict=False)
    ]
    body["Conversion variance"] = ([s.conversion for s in shares], [*by_conversion, ""])
    body |= _carried_over(w, shares, cells, span)
    parts = ("Price variance", "Usage variance", "Conversion variance", "Carried over")
    summed = [
        "" if s.role in PASSED_ON else f"{'+'.join(c[part] for part in parts)}-{c['Beyond standard']}"
        for s, c in zip(shares, cells, strict=True)
    ]
    body["If prorated"] = ([s.prorated for s in shares], summed)
    everything = f"{price}+{usage_row['Material']}+{whole}+SUM({span['Beyond standard']})"
    body["If to cost of goods sold"] = (
        [s.to_cogs for s in shares],
        [
            everything if s.role == schema.COGS else "" if s.role in PASSED_ON else f"-{c['Beyond standard']}"
            for s, c in zip(shares, cells, strict=True)
        ],
    )
    chosen = {schema.PRORATE: "If prorated", schema.TO_COGS: "If to cost of goods sold"}.get(
        w.inputs.settings.variance_disposition
    )
    body["Posted"] = ([s.posted for s in shares], [c[chosen] for c in cells] if chosen else None)
    return body


def _carried_over(w: Writing, shares: list[Share], cells: list[dict[str, str]], span: dict[str, str]) -> Body:
    """What stock accounts opened with beyond standard, and its shares by cost at standard, scrap left out."""
    rows = list(zip(shares, cells, strict=True))
    followed = stock_roles(w.inputs.settings) & w.opened
    scrap = [c["Material"] for s, c in rows if s.role in (schema.ABNORMAL_SCRAP, schema.CCC)]
    whole = f"SUM({span['Beyond standard']})"
    cost = f"(SUM({span['Material']})+SUM({span['Conversion']}){''.join(f'-{cell}' for cell in scrap)})"

    def share(role: str, c: dict[str, str]) -> str:
        if role in NOT_BY_COST:
            return ""
        alone = whole if role == schema.COGS else "0"
        return f"IF({cost}>{NO_BASE:.5f},{whole}*({c['Material']}+{c['Conversion']})/{cost},{alone})"

    beyond = [opening_beyond(w, s.role, c["Role"]) if s.role in followed else "" for s, c in rows]
    return {
        "Beyond standard": ([s.beyond for s in shares], beyond),
        "Carried over": ([s.carried for s in shares], [share(s.role, c) for s, c in rows]),
    }


def _above_close(w: Writing, role: str) -> str:
    """Balance of a role before the close: carried over, and only the lines above it, so that nothing is circular."""
    if role in w.opened:
        return f"({_lines_above_close(w, role)}+ROUND({carried_over(literal(role))},{w.posted.places}))"
    return _lines_above_close(w, role)


def _lines_above_close(w: Writing, role: str) -> str:
    """Lines of a role that are not posted from the close on, block of rows by block of rows."""
    place = w.sheets.places["Journal"]
    row, sums = place.first_row, []
    for from_close_on, entries in groupby(w.posted.draft.entries, lambda e: e.event in schema.FROM_THE_CLOSE_ON):
        lines = sum(len(entry.lines) for entry in entries)
        if lines and not from_close_on:
            proof, roles = (
                f"{quoted(place.sheet)}!${place.letters[c]}${row}:${place.letters[c]}${row + lines - 1}"
                for c in ("Proof", "Role")
            )
            sums.append(f"SUMIFS({proof},{roles},{literal(role)})")
        row += lines
    return f"({'+'.join(sums)})" if len(sums) > 1 else "".join(sums) or "0"


def _content(w: Writing, role: str, cells: dict[str, str]) -> tuple[str, str, str]:
    """Formulas of material, material in made units and conversion in one account."""
    if role == schema.USAGE_VARIANCE:
        return _above_close(w, role), "", ""
    if role in (schema.ABNORMAL_SCRAP, schema.CCC):
        kind = "abnormal" if role == schema.ABNORMAL_SCRAP else "normal"
        lost = f"Movements[Scrapped {kind}]+Movements[Units scrapped {kind}]"
        return f"MAX(0,SUMPRODUCT({lost},Movements[Material]))", "", ""
    if w.inputs.settings.by_count:
        return _counted_content(w, role, cells)
    if role == schema.COGS:
        sold = "SUMPRODUCT(Movements[Sold],Movements[Material])"
        conversion = f"MAX(0,SUMPRODUCT(Movements[Sold],Movements[Unit cost])-{sold})"
        expensed = w.inputs.settings.conversion_expensed
        return f"MAX(0,{sold})", cells["Material"], "" if expensed else conversion
    account = f"Reconciliation[Account role],{literal(role)}"
    material = f"SUMIFS(Reconciliation[Ending material],{account})"
    return (
        f"MAX(0,{material})",
        f'MAX(0,SUMIFS(Reconciliation[Ending material],{account},Reconciliation[Type],"<>{schema.BUY}"))',
        f"MAX(0,SUMIFS(Reconciliation[Ending amount],{account})-{material})",
    )


def _counted_content(w: Writing, role: str, cells: dict[str, str]) -> tuple[str, str, str]:
    """The same where the physical count relieves; see `disposition._counted`."""
    settings, method = w.inputs.settings, w.posted.method
    last = last_account(settings, method)
    if role == last:
        out, conversion = _relieved_into(w, last), "0" if settings.conversion_expensed else _conversion_gone(w)
        return f"MAX(0,{out}-({conversion}))", cells["Material"], f"MAX(0,{conversion})"
    if of_role(method, role) is None:
        return "", "", ""
    row = f"CountMethod[Role],{literal(role)}"
    conversion = "0" if settings.conversion_expensed else f"SUMIFS(CountMethod[Counted conversion],{row})"
    made = cells["Material"] if role == schema.FINISHED_GOODS else ""
    return f"MAX(0,SUMIFS(CountMethod[Counted],{row})-{conversion})", made, f"MAX(0,{conversion})"


def _flushed(event: str, charged_to: str = "") -> str:
    account = f",Trace[Charged to],{literal(charged_to)}" if charged_to else ""
    return f"SUMIFS(Trace[Conversion],Trace[Event],{literal(event)}{account})"


def _relieved_into(w: Writing, last: str) -> str:
    """What the last counted account gave up, and conversion flushed past it."""
    parts = [_flushed(schema.SALE, schema.COGS)]
    if charges_everything(w.inputs.settings):
        parts.append("SUM(CountMethod[Relieved])")
    elif w.posted.method:
        parts.append(f"SUMIFS(CountMethod[Relieved],CountMethod[Role],{literal(w.posted.method[-1].role)})")
    if last == schema.FINISHED_GOODS:
        parts.append(_flushed(schema.COMPLETION, last))
    return "+".join(parts)


def _conversion_gone(w: Writing) -> str:
    """Conversion in opening stock and flushed, less scrapped and counted."""
    flushed = f"{_flushed(schema.COMPLETION)}+{_flushed(schema.SALE)}"
    gone = f"SUM(CountMethod[Opening conversion])+{flushed}-SUM(CountMethod[Counted conversion])"
    if not w.inputs.settings.completion_triggers:
        return gone
    scrapped = "(Movements[Scrapped normal]+Movements[Scrapped abnormal])"
    stocked = f'(Movements[Type]<>"{schema.PHANTOM}")'
    return f"{gone}-SUMPRODUCT({stocked}*{scrapped}*(Movements[Unit cost]-Movements[Material]))"


def materiality(w: Writing) -> Body:
    """The test of the policy, live over Disposition, Ledger, Period-end WIP and Setup."""
    found, at = w.posted.measures, w.letters("Materiality")
    cells = {m.key: f"{at['Figure']}{r}" for m, r in zip(found, w.rows("Materiality", len(found)), strict=True)}
    stock = "+".join(
        f"SUMIFS(Disposition[{column}],Disposition[Role],{literal(role)})"
        for role in INVENTORIES[:-1]
        for column in ("If prorated", "Beyond standard")
    )
    cogs = literal(schema.COGS)

    def of_cogs(column: str) -> str:
        return f"SUMIFS(Disposition[{column}],Disposition[Role],{cogs})"

    before = f"SUMIFS(Ledger[Closing],Ledger[Role],{cogs})-{of_cogs('Posted')}"
    figures = {
        "inventories": "SUM(TieOut[Ledger closing])",
        "variances": of_cogs("If to cost of goods sold"),
        "in_stock": stock,
        "to_cogs": f"{before}+{of_cogs('If to cost of goods sold')}",
        "prorated": f"{before}+{of_cogs('If prorated')}",
        "profit": f"{cells['to_cogs']}-{cells['prorated']}",
        "in_process": "SUM(PeriodEndWip[Amount])",
    }
    threshold = f"{w.setting('Materiality %')}*ABS({cells['inventories']})"
    words = {"in_stock": (PRORATE_THEM, EXPENSE_THEM), "in_process": (RECORD_IT, IMMATERIAL)}
    verdicts = []
    for m, r in zip(found, w.rows("Materiality", len(found)), strict=True):
        above, below = words.get(m.key, ("", ""))
        test = f'IF(ABS({at["Figure"]}{r})>{at["Threshold"]}{r},"{above}","{below}")'
        verdicts.append(test if m.threshold is not None else "")
    return {
        "Measure": ([m.text for m in found], None),
        "Figure": ([m.figure for m in found], [figures[m.key] for m in found]),
        "Threshold": ([m.threshold for m in found], [threshold if m.threshold is not None else "" for m in found]),
        "Verdict": ([m.verdict for m in found], verdicts),
        "Explanation": ([m.explanation for m in found], None),
    }
