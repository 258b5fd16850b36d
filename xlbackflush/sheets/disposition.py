"""Sheet Disposition: how the variances are shared, live over stock, movements and the journal's proofs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from xlbackflush import schema
from xlbackflush.engine.posting.disposition import NO_BASE, NOT_BY_COST, PASSED_ON, Share, last_account
from xlbackflush.engine.stock.counted import charges_everything, of_role, stock_roles
from xlbackflush.engine.stock.in_process import takes_conversion_out
from xlbackflush.ooxml.address import quoted
from xlbackflush.sheets.body import Body, RunView, shown
from xlbackflush.sheets.formulas import carried_over, literal
from xlbackflush.sheets.proofs import opening_excess

TABLE = schema.DISPOSITION


def body(run: RunView) -> Body:
    """One row per account that holds cost at standard."""
    shares, at = run.period.shares, run.letters(TABLE.name)
    rows = run.rows(TABLE.name, len(shares))
    cells = run.cells(TABLE.name, len(shares))
    span = {name: f"${letter}${rows.start}:${letter}${rows.stop - 2}" for name, letter in at.items()}
    usage_row = cells[-1]
    price = _above_close(run, schema.PRICE_VARIANCE)
    in_process = "SUM(PeriodEndWip[Conversion])" if takes_conversion_out(run.inputs) else "0"
    whole = f"{_above_close(run, schema.CCC)}+{_above_close(run, schema.CCA)}"
    scrap_row = next((c for s, c in zip(shares, cells, strict=True) if s.role == schema.CCC), None)
    passed_on = f"+{scrap_row['Price variance']}" if scrap_row else ""
    conversion = f"({whole}-{in_process}{passed_on})"
    held = [_cost_held(run, s.role, c) for s, c in zip(shares, cells, strict=True)]
    held_by_kind = zip(("Material", "Material in made units", "Conversion"), zip(*held, strict=True), strict=True)
    live: dict[str, Sequence[str]] = dict(held_by_kind)

    def share(amount: str, column: str, base: str, c: dict[str, str], role: str) -> str:
        alone = amount if role == schema.COGS else "0"
        return f"IF({base}>{NO_BASE:.5f},{amount}*{c[column]}/{base},{alone})"

    material = f"(SUM({span['Material']})+{usage_row['Material']})"
    by_price = [share(price, "Material", material, c, s.role) for s, c in zip(shares, cells, strict=True)]
    by_price[-1] = f"{price}-SUM({span['Price variance']})"
    used = f"({usage_row['Material']}+{usage_row['Price variance']})"
    made, converted = f"SUM({span['Material in made units']})", f"SUM({span['Conversion']})"
    live["Price variance"] = by_price
    live["Usage variance"] = [
        share(used, "Material in made units", made, c, s.role) for s, c in zip(shares[:-1], cells, strict=False)
    ] + [""]
    by_conversion = [
        share(conversion, "Conversion", converted, c, s.role) + (f"+{in_process}" if s.role == schema.COGS else "")
        for s, c in zip(shares[:-1], cells, strict=False)
    ]
    live["Conversion variance"] = [*by_conversion, ""]
    live |= _excess_shares(run, shares, cells, span)
    parts = ("Price variance", "Usage variance", "Conversion variance", "Carried over")
    summed = [
        "" if s.role in PASSED_ON else f"{'+'.join(c[part] for part in parts)}-{c['Beyond standard']}"
        for s, c in zip(shares, cells, strict=True)
    ]
    live["If prorated"] = summed
    everything = f"{price}+{usage_row['Material']}+{whole}+SUM({span['Beyond standard']})"
    live["If to cost of goods sold"] = [
        everything if s.role == schema.COGS else "" if s.role in PASSED_ON else f"-{c['Beyond standard']}"
        for s, c in zip(shares, cells, strict=True)
    ]
    chosen = {schema.PRORATE: "If prorated", schema.TO_COGS: "If to cost of goods sold"}.get(
        run.inputs.settings.variance_disposition
    )
    if chosen:
        live["Posted"] = [c[chosen] for c in cells]
    return shown(TABLE, shares, live)


def _excess_shares(
    run: RunView, shares: list[Share], cells: Sequence[dict[str, str]], span: dict[str, str]
) -> dict[str, list[str]]:
    """What stock accounts opened with beyond standard, and its shares by cost at standard, scrap left out."""
    rows = list(zip(shares, cells, strict=True))
    carried_stock = stock_roles(run.inputs.settings) & run.opened
    scrap = [c["Material"] for s, c in rows if s.role in (schema.ABNORMAL_SCRAP, schema.CCC)]
    whole = f"SUM({span['Beyond standard']})"
    cost = f"(SUM({span['Material']})+SUM({span['Conversion']}){''.join(f'-{cell}' for cell in scrap)})"

    def share(role: str, c: dict[str, str]) -> str:
        if role in NOT_BY_COST:
            return ""
        alone = whole if role == schema.COGS else "0"
        return f"IF({cost}>{NO_BASE:.5f},{whole}*({c['Material']}+{c['Conversion']})/{cost},{alone})"

    excess = [opening_excess(run, s.role, c["Role"]) if s.role in carried_stock else "" for s, c in rows]
    return {"Beyond standard": excess, "Carried over": [share(s.role, c) for s, c in rows]}


def _above_close(run: RunView, role: str) -> str:
    """Balance of a role before the close: carried over, and only the lines above it, so that nothing is circular."""
    if role in run.opened:
        return f"({_lines_above_close(run, role)}+ROUND({carried_over(literal(role))},{run.period.places}))"
    return _lines_above_close(run, role)


def _lines_above_close(run: RunView, role: str) -> str:
    """Lines of a role that are not posted from the close on, block of rows by block of rows."""
    place = run.sheets.tables["Journal"]
    row, sums = place.first_row, []
    for from_close_on, entries in groupby(run.journal.entries, lambda e: e.event in schema.FROM_THE_CLOSE_ON):
        lines = sum(len(entry.lines) for entry in entries)
        if lines and not from_close_on:
            proof, roles = (
                f"{quoted(place.sheet)}!${place.letters[c]}${row}:${place.letters[c]}${row + lines - 1}"
                for c in ("Proof", "Role")
            )
            sums.append(f"SUMIFS({proof},{roles},{literal(role)})")
        row += lines
    return f"({'+'.join(sums)})" if len(sums) > 1 else "".join(sums) or "0"


def _cost_held(run: RunView, role: str, cells: dict[str, str]) -> tuple[str, str, str]:
    """Formulas of material, material in made units and conversion in one account."""
    if role == schema.USAGE_VARIANCE:
        return _above_close(run, role), "", ""
    if role in (schema.ABNORMAL_SCRAP, schema.CCC):
        kind = "abnormal" if role == schema.ABNORMAL_SCRAP else "normal"
        lost = f"Movements[Scrapped {kind}]+Movements[Units scrapped {kind}]"
        return f"MAX(0,SUMPRODUCT({lost},Movements[Material]))", "", ""
    if run.inputs.settings.by_count:
        return _counted_cost(run, role, cells)
    if role == schema.COGS:
        sold = "SUMPRODUCT(Movements[Sold],Movements[Material])"
        conversion = f"MAX(0,SUMPRODUCT(Movements[Sold],Movements[Unit cost])-{sold})"
        expensed = run.inputs.settings.conversion_expensed
        return f"MAX(0,{sold})", cells["Material"], "" if expensed else conversion
    account = f"Reconciliation[Account role],{literal(role)}"
    material = f"SUMIFS(Reconciliation[Ending material],{account})"
    return (
        f"MAX(0,{material})",
        f'MAX(0,SUMIFS(Reconciliation[Ending material],{account},Reconciliation[Type],"<>{schema.BUY}"))',
        f"MAX(0,SUMIFS(Reconciliation[Ending amount],{account})-{material})",
    )


def _counted_cost(run: RunView, role: str, cells: dict[str, str]) -> tuple[str, str, str]:
    """The same where the physical count relieves; see `_counted` in `engine/posting/disposition`."""
    settings, method = run.inputs.settings, run.period.counted
    last = last_account(settings, method)
    if role == last:
        out, conversion = _relieved_into(run, last), "0" if settings.conversion_expensed else _conversion_gone(run)
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


def _relieved_into(run: RunView, last: str) -> str:
    """What the last counted account gave up, and conversion flushed past it."""
    parts = [_flushed(schema.SALE, schema.COGS)]
    if charges_everything(run.inputs.settings):
        parts.append("SUM(CountMethod[Relieved])")
    elif run.period.counted:
        parts.append(f"SUMIFS(CountMethod[Relieved],CountMethod[Role],{literal(run.period.counted[-1].role)})")
    if last == schema.FINISHED_GOODS:
        parts.append(_flushed(schema.COMPLETION, last))
    return "+".join(parts)


def _conversion_gone(run: RunView) -> str:
    """Conversion in opening stock and flushed, less scrapped and counted."""
    flushed = f"{_flushed(schema.COMPLETION)}+{_flushed(schema.SALE)}"
    gone = f"SUM(CountMethod[Opening conversion])+{flushed}-SUM(CountMethod[Counted conversion])"
    if not run.inputs.settings.completion_triggers:
        return gone
    scrapped = "(Movements[Scrapped normal]+Movements[Scrapped abnormal])"
    stocked = f'(Movements[Type]<>"{schema.PHANTOM}")'
    return f"{gone}-SUMPRODUCT({stocked}*{scrapped}*(Movements[Unit cost]-Movements[Material]))"
