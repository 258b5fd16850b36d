"""A small plant in April 2026 in which each kind of transaction happens once or twice."""

from april import april, buy, completed, count, day, line, made
from support import Row

from xlbackflush import schema

#: its policies where every entry by bill of materials is made
RECORDED = april(Variance_disposition=schema.PRORATE) | {"Period-end WIP": schema.RECORD}


def plant() -> dict[str, list[Row]]:
    """Ore is bought, bars are made of it, and rings of bars. Sheets begin in row 7."""
    scrap = {"Date": day(11), "Stage": schema.COMPONENT, "Item": "Ore", "Salvage value": 1}
    return {
        "StandardCost": [
            buy("Ore", 2),
            made("Bar", "Subassembly", Labor_hours=1, Labor_rate=3),
            made("Ring", Labor_hours=1, Labor_rate=5),
        ],
        "BOM": [line("Bar", "Ore", 2), line("Ring", "Bar", 1)],
        "Purchases": [{"Date": day(5), "Document": "PI-1", "Item": "Ore", "Quantity": 100, "Actual price": 2.5}],
        "Actuals": [{"Date": day(30), "Document": "PR-1", "Cost type": "Labor", "Amount": 90}],
        "Counts": [completed("Bar", 20), completed("Ring", 10), count("Sold", "Ring", 4, 12, "S-1")],
        "Scrap": [
            scrap | {"Document": "X-1", "Quantity": 1, "Kind": schema.NORMAL},
            scrap | {"Document": "X-2", "Quantity": 2, "Kind": schema.ABNORMAL},
        ],
        "Stock": [
            {"Item": "Ore", "Opening qty": 3, "Counted qty": 50},
            {"Item": "Bar", "Counted qty": 7},
            {"Item": "Ring", "Counted qty": 6},
        ],
        "WIP": [{"Item": "Ring", "Quantity": 2, "Material %": 1, "Conversion %": 0.5}],
    }
