"""Sheet Vendors: the price variance of each vendor's receipts, live over sheet Receipts."""

from xlbackflush import schema
from xlbackflush.engine.measures.receipts import NO_VENDOR
from xlbackflush.sheets.body import Body, Row, RunView, shown
from xlbackflush.sheets.proofs import difference


def body(run: RunView) -> Body:
    """One row per vendor."""
    vendors, digits = run.period.vendors, run.period.places
    rows = run.cells("Vendors", len(vendors))
    signed = vendors.amount.tolist()
    amounts = run.money(map(abs, signed))
    named = list(zip(rows, vendors.vendor.tolist(), strict=True))
    columns = ("At standard", "Invoiced", "Other cost")
    total = {name: [_total(row, vendor, name, digits) for row, vendor in named] for name in columns}
    proofs = [f"ABS({row['Invoiced']}+{row['Other cost']}-{row['At standard']})" for row in rows]
    return shown(schema.VENDORS, vendors, total, run.money) | {
        "Amount": (amounts, None),
        "F/U": (["U" if amount > 0 else "F" if amount < 0 else "" for amount in signed], None),
        "Proof": (amounts, [f"ROUND({proof},{digits})" for proof in proofs]),
        "Difference": difference("{Amount}-{Proof}", rows, digits),
    }


def _total(row: Row, vendor: str, column: str, digits: int) -> str:
    """What sheet Receipts has of a vendor."""
    same = f"(Receipts[Vendor]={row['Vendor']})" if vendor != NO_VENDOR else '(Receipts[Vendor]="")'
    return f"ROUND(SUMPRODUCT({same}*1,Receipts[{column}]),{digits})"
