"""Sheet Disposition: how the variances are shared, live over stock, movements and the journal's proofs."""

from collections.abc import Mapping
from itertools import groupby

from xlbackflush import schema
from xlbackflush.engine.posting.disposition import NO_BASE, NOT_BY_COST, PASSED_ON, last_account
from xlbackflush.engine.posting.normal_scrap import BEARERS
from xlbackflush.engine.stock.counted import charges_everything, of_role
from xlbackflush.engine.stock.in_process import takes_conversion_out
from xlbackflush.engine.stock.opening import stock_roles
from xlbackflush.ooxml.address import quoted
from xlbackflush.sheets.body import Body, Row, RunView, shown
from xlbackflush.sheets.formulas import carried_over, literal
from xlbackflush.sheets.proofs import and_elsewhere, opening_excess

_COST = ("Material", "Material in made units", "Conversion")
_CHOSEN = {schema.PRORATE: "If prorated", schema.TO_COGS: "If to cost of goods sold"}


def body(run: RunView) -> Body:
    """One row per account that holds cost at standard; the last row is the usage variance."""
    shares = run.period.shares
    rows = run.cells("Disposition", len(shares), role=[share.role for share in shares])
    usage = rows[-1]
    span = run.rows("Disposition", len(shares) - 1)
    total = {name: f"SUM(${at}${span.start}:${at}${span.stop - 1})" for name, at in usage.heads.items()}
    price = _above_close(run, schema.PRICE_VARIANCE)
    unallocated = f"{_above_close(run, schema.CCC)}+{_above_close(run, schema.CCA)}"
    held = zip(*(_cost_held(run, row["role"], row) for row in rows), strict=True)
    live: dict[str, list[str]] = dict(zip(_COST, map(list, held), strict=True))
    apart = len(run.period.normal_scrap) > 0
    live["Normal scrap"] = [
        f"SUM(NormalScrap[[{row['role']} share]])" if apart and row["role"] in BEARERS else "" for row in rows
    ]
    short = _above_close(run, schema.COUNT_DIFFERENCE)
    live["Inventory count"] = [short if row["role"] == schema.COGS else "" for row in rows]
    live |= _by_cost(run, rows, total, (price, unallocated)) | _excess(run, rows, total)
    parts = (
        "Price variance",
        "Usage variance",
        "Conversion variance",
        "Carried over",
        "Inventory count",
        "Normal scrap",
    )
    live["If prorated"] = [
        "" if row["role"] in PASSED_ON else f"{'+'.join(row[part] for part in parts)}-{row['Beyond standard']}"
        for row in rows
    ]
    everything = f"{price}+{usage['Material']}+{unallocated}+{total['Beyond standard']}+{short}"
    live["If to cost of goods sold"] = [
        everything if row["role"] == schema.COGS else "" if row["role"] in PASSED_ON else f"-{row['Beyond standard']}"
        for row in rows
    ]
    chosen = _CHOSEN.get(run.inputs.settings.variance_disposition)
    if chosen:
        live["Posted"] = [row[chosen] for row in rows]
    return shown(schema.DISPOSITION, shares, live)


def _share(row: Row, amount: str, part: str, base: str) -> str:
    """An account's share of an amount; cost of goods sold bears it alone where there is nothing to share it by."""
    alone = amount if row["role"] == schema.COGS else "0"
    return f"IF({base}>{NO_BASE:.5f},{amount}*{part}/{base},{alone})"


def _by_cost(run: RunView, rows: list[Row], total: Mapping[str, str], amounts: tuple[str, str]) -> dict[str, list[str]]:
    """Shares of the variances: each by the cost that it belongs to. amounts: price variance, conversion not allocated."""
    (price, unallocated), accounts, usage = amounts, rows[:-1], rows[-1]
    in_process = "SUM(PeriodEndWip[Conversion])" if takes_conversion_out(run.inputs) else "0"
    passed_on = "".join(f"+{row['Price variance']}" for row in rows if row["role"] == schema.CCC)
    if len(run.period.normal_scrap):
        passed_on = "-SUM(NormalScrap[Scrap])"
    used, conversion = f"({usage['Material']}+{usage['Price variance']})", f"({unallocated}-{in_process}{passed_on})"
    material = f"({total['Material']}+{usage['Material']})"
    made, converted = total["Material in made units"], total["Conversion"]
    return {
        "Price variance": [
            *(_share(row, price, row["Material"], material) for row in accounts),
            f"{price}-{total['Price variance']}",
        ],
        "Usage variance": [*(_share(row, used, row["Material in made units"], made) for row in accounts), ""],
        "Conversion variance": [
            *(
                _share(row, conversion, row["Conversion"], converted)
                + (f"+{in_process}" if row["role"] == schema.COGS else "")
                for row in accounts
            ),
            "",
        ],
    }


def _excess(run: RunView, rows: list[Row], total: Mapping[str, str]) -> dict[str, list[str]]:
    """What stock accounts opened with beyond standard, and its shares by cost at standard, scrap left out."""
    stock, excess = stock_roles(run.inputs.settings) & run.opened, total["Beyond standard"]
    scrap = "".join(f"-{row['Material']}" for row in rows if row["role"] in (schema.ABNORMAL_SCRAP, schema.CCC))
    cost = f"({total['Material']}+{total['Conversion']}{scrap})"
    return {
        "Beyond standard": [opening_excess(run, r["role"], r["Role"]) if r["role"] in stock else "" for r in rows],
        "Carried over": [
            "" if r["role"] in NOT_BY_COST else _share(r, excess, f"({r['Material']}+{r['Conversion']})", cost)
            for r in rows
        ],
    }


def _above_close(run: RunView, role: str) -> str:
    """Balance of a role before the close: carried over, and only the lines above it, so that nothing is circular.

    Of the lines those that are not posted from the close on, block of rows by block of rows.
    """
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
    total = f"({'+'.join(sums)})" if len(sums) > 1 else "".join(sums) or "0"
    if role in run.opened:
        total = f"({total}+ROUND({carried_over(literal(role))},{run.period.places}))"
    others = and_elsewhere(run, role)
    return f"({total}{others})" if others else total


def _cost_held(run: RunView, role: str, cells: Row) -> tuple[str, str, str]:
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


def _counted_cost(run: RunView, role: str, cells: Row) -> tuple[str, str, str]:
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
