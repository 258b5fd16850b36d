"""Sample books: small companies with complete input tables, for `xlbackflush new --sample NAME`.

Every figure is written out below or follows from a formula stated beside it, so that each row of a sample
can be checked by hand. In the data tuples `None` is a blank cell; cells left off the end are blank too.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from xlbackflush.dataclass import dataclass

Row = dict[str, object]
Cells = tuple[Any, ...]


@dataclass(frozen=True)
class Sample:
    """The input side of a workbook: settings by name, rows by table and column header."""

    title: str
    about: str
    settings: dict[str, object]
    tables: dict[str, list[Row]]


def _rows(columns: str, rows: Iterable[Cells]) -> list[Row]:
    """Name the cells of rows, whose columns are listed, and leave blanks out."""
    names = columns.split(", ")
    return [{name: cell for name, cell in zip(names[: len(row)], row, strict=True) if cell is not None} for row in rows]


# --- computers: one product, one material --------------------------------------------------------------


def computers() -> Sample:
    """Build one textbook month in round numbers, in which every variant can be followed by eye."""
    return Sample(
        title="Computer maker, four variants",
        about=(
            "Valley Computer buys materials for 1,950,000, incurs conversion costs of 1,260,000, completes "
            "100,000 computers at a standard of 19 for materials and 12 for conversion, and sells 99,000. "
            "Change Trigger points on Setup and run again to see the four variants: the same month with "
            "entries at purchase, completion and sale, or at fewer of these points. "
            "In the first of them 50,000 of materials and 31,000 of finished goods remain, and conversion "
            "is under-allocated by 60,000."
        ),
        settings={
            "Company": "Valley Computer",
            "Currency": "USD",
            "Period start": date(2026, 4, 1),
            "Period end": date(2026, 4, 30),
            "Trigger points": "Purchase, completion and sale",
            "Variance disposition": "Cost of goods sold",
        },
        tables={
            "BOM": _rows("Parent, Component, Qty per, UoM", [("Computer", "Materials", 19, "USD")]),
            "StandardCost": _rows(
                "Item, Description, Type, UoM, Material price, Other conversion",
                [
                    ("Materials", "Direct materials, counted in dollars at standard", "Buy", "USD", 1),
                    ("Computer", "Desktop computer", "Finished", "each", None, 12),
                ],
            ),
            "Counts": _rows(
                "Date, Document, Event, Item, Quantity",
                [
                    (date(2026, 4, 20), "PC-1001", "Completed", "Computer", 100_000),
                    (date(2026, 4, 24), "SH-2001", "Sold", "Computer", 99_000),
                ],
            ),
            "Purchases": _rows(
                "Date, Document, Item, Quantity, Actual price",
                [(date(2026, 4, 3), "PO-3001", "Materials", 1_950_000, 1)],
            ),
            "Actuals": _rows(
                "Date, Document, Cost type, Amount", [(date(2026, 4, 30), "CV-5001", "Conversion", 1_260_000)]
            ),
        },
    )


# --- widgets: Company XYZ, October 2026 ----------------------------------------------------------------

WIDGETS_ABOUT = (
    "Company XYZ makes five widgets in a short cycle: it moulds housings, builds control boards and motor "
    "modules, assembles, packs, and orders its parts several times a month so that only a few days' need is "
    "in stock. The month holds what backflushing depends on: daily counts with three corrections, "
    "an engineering change on October 16, scrap reports, and payroll and overhead a little off standard. "
    "The stock count at the end agrees with the books except for small differences and one large one: "
    "a part that is short by about one for each unit built, because its bill of materials is wrong."
)

WIDGETS_SETTINGS: dict[str, object] = {
    "Company": "Company XYZ",
    "Currency": "USD",
    "Period start": date(2026, 10, 1),
    "Period end": date(2026, 10, 31),
    "Trigger points": "Purchase, completion and sale",
    "Relief basis": "Bill of materials",
    "Conversion costs": "Allocate at standard",
    "Variance disposition": "Cost of goods sold",
    "Journal detail": "One entry per trigger",
    "Default scrap basis": "Output",
    "Budgeted fixed overhead": 63_000,
    "Materiality %": 0.05,
    "Cycle time days": 2,
    "Standards set on": date(2026, 1, 1),
}

# Stage: labor rate, variable and fixed overhead rate, each per labor hour.
STAGES: dict[str, Cells] = {
    "Moulding": (22.00, 14.00, 26.00),
    "Board assembly": (26.50, 9.50, 17.00),
    "Motor assembly": (25.00, 7.00, 12.00),
    "Final assembly": (24.00, 6.50, 10.00),
    "Packing": (19.50, 4.00, 6.50),
}

# Item, description, type, stage, labor hours, other conversion, assembly scrap %, note.
MADE: tuple[Cells, ...] = (
    ("W-100", "Standard widget", "Finished", "Final assembly", 0.16),
    ("W-150", "Mini widget", "Finished", "Final assembly", 0.11),
    ("W-200", "Deluxe widget with display", "Finished", "Final assembly", 0.24),
    ("W-300", "Industrial widget", "Finished", "Final assembly", 0.55, 1.80, None, "load test outside"),
    ("W-900", "Gift set, one standard and two mini", "Finished", "Packing", 0.12),
    ("SA-210", "Motor module, 12 V", "Subassembly", "Motor assembly", 0.10),
    ("SA-220", "Motor module, 24 V heavy duty", "Subassembly", "Motor assembly", 0.22),
    ("SA-230", "Control board", "Subassembly", "Board assembly", 0.11, 0.45, 0.02, "coated outside"),
    ("SA-240", "Wireless control board", "Subassembly", "Board assembly", 0.16, 0.45, 0.02, "coated outside"),
    ("SA-250", "Housing, moulded, with inserts", "Subassembly", "Moulding", 0.05, None, 0.03),
    ("PH-410", "Fastener and foot kit", "Phantom"),
    ("PH-420", "Wiring harness", "Phantom", "Board assembly", 0.06),
    ("PH-430", "Retail packing", "Phantom", "Packing", 0.04),
    ("PH-440", "Mini housing, moulded at the line", "Phantom", "Moulding", 0.025, None, 0.03),
)

# Item, description, unit of measure, material price; opening and counted quantity, note on the count.
BOUGHT: tuple[Cells, ...] = (
    ("P-4010", "ABS resin, natural", "kg", 2.85, 360, 342, "Silo gauge and line hoppers"),
    ("P-4030", "Colour masterbatch, graphite", "kg", 6.40, 15, 23.78),
    ("P-4105", "Micro motor, 6 V", "each", 2.30, 340, 280),
    ("P-4110", "DC motor, 12 V", "each", 6.20, 820, 751),
    ("P-4120", "DC motor, 24 V, heavy duty", "each", 14.80, 190, 174),
    ("P-4130", "Ball bearing 608", "each", 0.72, 1_180, 1_060),
    ("P-4135", "Ball bearing 6001, sealed", "each", 1.35, 210, 168, "Recounted twice"),
    ("P-4140", "Ground steel shaft bar, 8 mm", "m", 4.20, 39, 30.7),
    ("P-4150", "Gear set, acetal", "each", 1.85, 1_050, 990),
    ("P-4155", "Gear set, brass", "each", 4.90, 240, 228),
    ("P-4205", "Mini drive board, tested", "each", 3.10, 190, 130),
    ("P-4210", "Printed circuit board, bare", "each", 1.95, 700, 729),
    ("P-4220", "Microcontroller", "each", 2.40, 420, 249),
    ("P-4230", "Wireless module", "each", 4.75, 340, 318),
    ("P-4240", "Passive component set", "each", 0.65, 980, 1_216),
    ("P-4250", "Power transistor", "each", 0.58, 1_200, 1_248),
    ("P-4270", "Solder wire, lead-free", "kg", 38.00, 4, 3.36),
    ("P-4310", "Hook-up wire, 0.5 mm2", "m", 0.14, 900, 690, "Reels weighed"),
    ("P-4320", "Connector, 4-pin", "each", 0.33, 2_900, 2_732),
    ("P-4350", "Power cord, 1.5 m", "each", 2.10, 1_490, 1_420),
    ("P-4410", "Machine screw M3 x 10", "each", 0.018, 11_800, 13_600, "Weighed"),
    ("P-4420", "Threaded insert M3, brass", "each", 0.06, 2_100, 2_204),
    ("P-4430", "Rubber foot", "each", 0.09, 7_000, 7_381),
    ("P-4460", "Thread-locking adhesive", "L", 64.00, 2, 1.8),
    ("P-4510", "Display module, monochrome", "each", 5.90, 230, 27, "Left over after ECN 118"),
    ("P-4515", "Display module, colour", "each", 6.45, 0, 36),
    ("P-4520", "Display bezel, 2.4 inch", "each", 0.95, 250, 17, "Left over after ECN 118"),
    ("P-4525", "Display bezel, 2.8 inch", "each", 1.05, 0, 66),
    ("P-4610", "Bearing grease", "kg", 11.50, 14, 13.46),
    ("P-4620", "Gear oil", "L", 9.80, 8, 6.32),
    ("P-4630", "Protective lacquer", "L", 14.20, 15, 16.1),
    ("P-4710", "Retail carton", "each", 0.85, 670, 731),
    ("P-4715", "Mini carton", "each", 0.55, 780, 720),
    ("P-4730", "Instruction leaflet", "each", 0.12, 2_270, 2_190),
    ("P-4740", "Packing tape", "m", 0.015, 2_030, 2_019),
    ("P-4750", "Gift box with ribbon", "each", 2.80, 50, 46),
    ("P-4820", "Die-cast body, aluminium", "each", 18.50, 180, 163),
)

CHANGE_DAY = date(2026, 10, 16)
LAST_OLD_DAY = CHANGE_DAY - timedelta(days=1)

# Parent: component, quantity per, scrap %, scrap basis, effective from, effective to, note.
BOM: dict[str, tuple[Cells, ...]] = {
    "W-100": (
        ("SA-210", 1), ("SA-230", 1), ("SA-250", 1), ("P-4350", 1), ("PH-410", 1), ("PH-420", 1), ("PH-430", 1),
    ),
    "W-150": (
        ("P-4105", 1), ("P-4205", 1), ("PH-440", 1), ("P-4410", 4, 0.02), ("P-4715", 1), ("P-4730", 1),
    ),
    "W-200": (
        ("SA-210", 1), ("SA-240", 1), ("SA-250", 1),
        ("P-4510", 1, None, None, None, LAST_OLD_DAY, "ECN 118: replaced by the colour display"),
        ("P-4515", 1, None, None, CHANGE_DAY, None, "ECN 118: colour display"),
        ("P-4520", 1, None, None, None, LAST_OLD_DAY, "ECN 118: replaced by the larger bezel"),
        ("P-4525", 1, None, None, CHANGE_DAY, None, "ECN 118: larger bezel"),
        ("P-4630", 0.03, 0.10, "Input", None, None, "Overspray"), ("P-4350", 1), ("PH-410", 1), ("PH-420", 1),
        ("PH-430", 1),
    ),
    "W-300": (
        ("SA-220", 1), ("SA-240", 1), ("P-4820", 1),
        ("P-4620", 0.12, None, None, None, None, "Gearbox filled to the sight line"), ("P-4350", 1),
        ("PH-410", 2, None, None, None, None, "Base and cover"),
        ("PH-420", 2, None, None, None, None, "Motor and sensor side"), ("PH-430", 1),
    ),
    "W-900": (
        ("W-100", 1, None, None, None, None, "Taken from finished goods"),
        ("W-150", 2, None, None, None, None, "Taken from finished goods"), ("P-4750", 1),
        ("P-4730", 1, None, None, None, None, "Gift set leaflet, same part as in the cartons"),
    ),
    "SA-210": (
        ("P-4110", 1), ("P-4150", 1), ("P-4130", 2),
        ("P-4140", 0.085, 0.06, "Input", None, None, "Saw cut and bar ends"), ("P-4610", 0.006),
    ),
    "SA-220": (
        ("P-4120", 1), ("P-4155", 1), ("P-4135", 2, None, None, None, None, "Drawing revision B"),
        ("P-4140", 0.14, 0.06, "Input", None, None, "Saw cut and bar ends"), ("P-4610", 0.015),
    ),
    "SA-230": (
        ("P-4210", 1), ("P-4220", 1), ("P-4240", 1, 0.015, None, None, None, "Placement losses"), ("P-4250", 2),
        ("P-4270", 0.004, 0.15, "Input", None, None, "Dross"),
    ),
    "SA-240": (
        ("P-4210", 1), ("P-4220", 1), ("P-4230", 1), ("P-4240", 1, 0.015, None, None, None, "Placement losses"),
        ("P-4250", 4), ("P-4270", 0.006, 0.15, "Input", None, None, "Dross"),
    ),
    "SA-250": (
        ("P-4010", 0.42, 0.04, "Input", None, None, "Sprues and start-up shots"),
        ("P-4030", 0.012, 0.04, "Input", None, None, "Sprues and start-up shots"), ("P-4420", 6, 0.02),
    ),
    "PH-410": (
        ("P-4410", 8, 0.02), ("P-4430", 4, 0.01), ("P-4460", 0.002),
    ),
    "PH-420": (
        ("P-4310", 1.8, 0.03, "Output", None, None, "Cutting to length"), ("P-4320", 2),
    ),
    "PH-430": (
        ("P-4710", 1), ("P-4730", 1), ("P-4740", 1.1, 0.05),
    ),
    "PH-440": (
        ("P-4010", 0.16, 0.04, "Input", None, None, "Sprues and start-up shots"),
        ("P-4030", 0.005, 0.04, "Input", None, None, "Sprues and start-up shots"),
    ),
}  # fmt: skip

DAILY, MON_WED_FRI, TUE_THU, WED_FRI = (0, 1, 2, 3, 4), (0, 2, 4), (1, 3), (2, 4)
WORKDAYS = [day for day in (date(2026, 10, 1) + timedelta(n) for n in range(31)) if day.weekday() in DAILY]

# Event, item, weekdays (Monday is 0), base, step, phase. On the n-th workday of the month (from 0) the count
# is base + step * ((3 * n + phase) % 7 - 3): it swings by up to three steps around the base.
SCHEDULE = (
    ("Completed", "SA-210", DAILY, 230, 7, 3),
    ("Completed", "SA-220", DAILY, 46, 2, 3),
    ("Completed", "SA-230", DAILY, 150, 5, 3),
    ("Completed", "SA-240", DAILY, 126, 4, 4),
    ("Completed", "SA-250", DAILY, 230, 6, 3),
    ("Completed", "W-100", DAILY, 150, 4, 2),
    ("Completed", "W-150", DAILY, 220, 6, 5),
    ("Completed", "W-200", DAILY, 80, 3, 4),
    ("Completed", "W-300", DAILY, 46, 2, 1),
    ("Completed", "W-900", TUE_THU, 32, 2, 3),
    ("Sold", "W-100", DAILY, 136, 4, 6),
    ("Sold", "W-150", DAILY, 194, 6, 1),
    ("Sold", "W-200", DAILY, 80, 3, 0),
    ("Sold", "W-300", MON_WED_FRI, 77, 3, 5),
    ("Sold", "W-900", WED_FRI, 32, 2, 1),
)

# Day, event, item, quantity, day of the document corrected, reason.
CORRECTIONS = (
    (9, "Completed", "W-100", -12, 8, "one pallet layer was counted twice"),
    (14, "Completed", "SA-240", -26, 13, "one tray was counted twice"),
    (23, "Sold", "W-200", -6, 21, "one carton was left on the dock"),
)

# Day, item, quantity, stage, kind, salvage value, reason.
SCRAP = (
    (2, "P-4110", 6, "Component", "Normal", None, "No-load current too high"),
    (5, "P-4820", 3, "Component", "Normal", 16.50, "Porous casting, sold as aluminium scrap"),
    (6, "SA-250", 9, "Component", "Normal", 4.00, "Scratched on the rack, reground"),
    (7, "W-150", 8, "Finished unit", "Normal", None, "Failed run-in"),
    (9, "P-4230", 12, "Component", "Normal", None, "Damaged by static discharge"),
    (12, "P-4010", 85, "Component", "Abnormal", 34.00, "Power failure, barrel purged"),
    (13, "W-100", 5, "Finished unit", "Normal", None, "Failed final test"),
    (15, "SA-230", 14, "Component", "Normal", None, "Dry joints, not worth rework"),
    (16, "P-4510", 20, "Component", "Abnormal", 30.00, "Obsolete after ECN 118, returned in part"),
    (19, "W-200", 4, "Finished unit", "Normal", None, "Cracked display found at final test"),
    (20, "W-300", 6, "Finished unit", "Abnormal", 72.00, "Fork-lift accident on the way to test"),
    (22, "P-4710", 60, "Component", "Abnormal", None, "Water damage in the carton store"),
    (27, "P-4120", 4, "Component", "Normal", 10.00, "Seized shaft, sold as copper scrap"),
    (29, "SA-210", 7, "Component", "Normal", None, "Noise above limit"),
)

# Item, quantity per delivery, and the deliveries: day, actual price, note.
PURCHASES: tuple[Cells, ...] = (
    ("P-4010", 800, (5, 2.87), (12, 2.89), (19, 2.91), (26, 2.92)),
    ("P-4030", 100, (6, 6.50)),
    ("P-4105", 1_200, (2, 2.33), (9, 2.33), (16, 2.28), (23, 2.28)),
    ("P-4110", 1_250, (6, 6.30), (13, 6.30), (20, 6.35), (27, 6.25)),
    ("P-4120", 250, (6, 14.59), (13, 14.59), (20, 14.70), (27, 14.90)),
    ("P-4130", 5_000, (5, 0.740), (19, 0.730)),
    ("P-4135", 1_500, (2, 1.350), (19, 1.440, "Rush order, shelf was empty")),
    ("P-4140", 600, (2, 4.10)),
    ("P-4150", 2_500, (7, 1.870), (21, 1.891)),
    ("P-4155", 500, (7, 4.85), (21, 4.85)),
    ("P-4205", 1_200, (1, 3.18), (8, 3.16), (15, 3.16), (22, 3.20, "Express freight in the price")),
    ("P-4210", 3_100, (5, 1.921), (19, 1.909)),
    ("P-4220", 1_500, (2, 2.48), (9, 2.48), (16, 2.51, "Broker, allocation by the maker"), (23, 2.51)),
    ("P-4230", 700, (5, 4.78), (12, 4.80), (19, 4.80), (26, 4.67, "Contract price for the quarter")),
    ("P-4240", 6_500, (6, 0.660)),
    ("P-4250", 9_000, (2, 0.590), (16, 0.580)),
    ("P-4270", 35, (5, 39.22)),
    ("P-4310", 13_000, (2, 0.144)),
    ("P-4320", 14_000, (7, 0.320)),
    ("P-4350", 3_000, (8, 2.12), (22, 2.13)),
    ("P-4410", 80_000, (6, 0.0180)),
    ("P-4420", 32_000, (2, 0.0620)),
    ("P-4430", 29_000, (8, 0.0880)),
    ("P-4460", 14, (5, 65.02)),
    ("P-4510", 700, (5, 5.80)),
    ("P-4515", 460, (14, 6.60, "First delivery for ECN 118"), (23, 6.55)),
    ("P-4520", 650, (5, 0.950)),
    ("P-4525", 950, (14, 1.070, "First delivery for ECN 118")),
    ("P-4610", 45, (9, 11.25)),
    ("P-4620", 120, (2, 9.95)),
    ("P-4630", 60, (8, 14.40)),
    ("P-4710", 3_100, (5, 0.870), (19, 0.880)),
    ("P-4715", 2_400, (6, 0.560), (20, 0.560)),
    ("P-4730", 11_000, (7, 0.125, "Reprint")),
    ("P-4740", 7_000, (9, 0.0150)),
    ("P-4750", 290, (5, 2.75)),
    ("P-4820", 250, (6, 18.70), (13, 18.70), (20, 18.85), (27, 18.94)),
)

# Day, document, cost type, hours, amount, note.
ACTUALS = (
    (1, "GL-5001", "Fixed overhead", None, 18_500.00, "Rent"),
    (2, "PR-6001", "Labor", 148, 3_774.00, "Payroll: moulding and boards"),
    (2, "PR-6002", "Labor", 281, 6_744.00, "Payroll: motors, assembly and packing"),
    (9, "PR-6003", "Labor", 366, 9_351.30, "Payroll: moulding and boards"),
    (9, "PR-6004", "Labor", 698, 16_752.00, "Payroll: motors, assembly and packing"),
    (15, "GL-5002", "Variable overhead", None, 6_318.75, "Shop consumables"),
    (15, "GL-5003", "Fixed overhead", None, 4_475.00, "Insurance and maintenance contracts"),
    (16, "PR-6005", "Labor", 372, 9_504.60, "Payroll: moulding and boards"),
    (16, "PR-6006", "Labor", 707, 17_038.70, "Payroll: motors, assembly and packing"),
    (23, "PR-6007", "Labor", 371, 9_497.60, "Payroll: moulding and boards"),
    (23, "PR-6008", "Labor", 702, 16_918.20, "Payroll: motors, assembly and packing"),
    (28, "GL-5004", "Conversion", None, 2_846.25, "Outside coating of boards"),
    (28, "GL-5005", "Conversion", None, 1_850.40, "Outside load tests"),
    (30, "PR-6009", "Labor", 374, 9_574.40, "Payroll: moulding and boards"),
    (30, "PR-6010", "Labor", 704, 17_036.80, "Payroll: motors, assembly and packing"),
    (30, "GL-5006", "Variable overhead", None, 5_942.10, "Shop consumables"),
    (30, "GL-5007", "Variable overhead", None, 14_236.40, "Electricity"),
    (30, "GL-5008", "Variable overhead", None, 9_450.00, "Material handling"),
    (30, "GL-5009", "Fixed overhead", None, 17_900.00, "Supervision"),
    (30, "GL-5010", "Fixed overhead", None, 21_750.00, "Depreciation of machines and moulds"),
)

# Made item, opening and counted quantity.
STOCK = (
    ("SA-210", 140, 137),
    ("SA-220", 40, 38),
    ("SA-230", 90, 87),
    ("SA-240", 110, 77),
    ("SA-250", 160, 155),
    ("W-100", 165, 150),
    ("W-150", 210, 218),
    ("W-200", 92, 110),
    ("W-300", 88, 68),
    ("W-900", 26, 36),
)

# Item, quantity in process, share of its material and of its conversion already in it, note.
WIP = (
    ("W-100", 48, 1.0, 0.6, "Before packing; their parts are inside the counted stock"),
    ("W-200", 22, 0.9, 0.5, "Before final test; their parts are inside the counted stock"),
    ("W-300", 12, 1.0, 0.8, "At the outside load test; their parts are inside the counted stock"),
    ("SA-230", 60, 0.8, 0.4, "Before coating; their parts are inside the counted stock"),
)


def _october(day: int) -> date:
    return date(2026, 10, day)


def _numbered(prefix: str, first: int, rows: Iterable[Cells]) -> list[Cells]:
    """Turn the day that starts each row into a date, followed by a document number."""
    return [(_october(day), f"{prefix}-{number}", *rest) for number, (day, *rest) in enumerate(rows, first)]


def _standard_cost() -> list[Cells]:
    """Give made items the hourly rates of their stage; bought items have a price only."""
    rows: list[Cells] = []
    for item, description, kind, *rest in MADE:
        stage, hours, other, scrap, note = rest + [None] * (5 - len(rest))
        rates: Cells = STAGES.get(stage, (None, None, None))
        remark = f"{stage}: {note}" if note else stage
        rows.append((item, description, kind, "each", None, hours, *rates, other, scrap, remark))
    rows.extend((item, description, "Buy", uom, price) for item, description, uom, price, *_ in BOUGHT)
    return rows


def _bom() -> list[Cells]:
    """Show on every line its component's unit of measure; what is made is counted in each."""
    uom = {item: unit for item, _, unit, *_ in BOUGHT}
    return [
        (parent, part, quantity, uom.get(part, "each"), *rest)
        for parent, lines in BOM.items()
        for part, quantity, *rest in lines
    ]


def _counts() -> list[Cells]:
    """Write out the schedule workday by workday, with each correction at the end of its day."""
    rows: list[Cells] = []
    last = {"Completed": 1000, "Sold": 2000}
    documents: dict[tuple[str, str, date], str] = {}

    def add(day: date, event: str, item: str, quantity: int, note: str | None = None) -> None:
        last[event] += 1
        document = f"{'PC' if event == 'Completed' else 'SH'}-{last[event]}"
        documents[event, item, day] = document
        rows.append((day, document, event, item, quantity, note))

    for n, day in enumerate(WORKDAYS):
        for event, item, weekdays, base, step, phase in SCHEDULE:
            if day.weekday() in weekdays:
                add(day, event, item, base + step * ((3 * n + phase) % 7 - 3))
        for on, event, item, quantity, counted_on, reason in CORRECTIONS:
            if day == _october(on):
                document = documents[event, item, _october(counted_on)]
                add(day, event, item, quantity, f"Corrects {document}: {reason}")
    return rows


def _purchases() -> list[Cells]:
    """List the deliveries in order of date and number them."""
    deliveries = sorted(
        ((day, item, quantity, *rest) for item, quantity, *calls in PURCHASES for day, *rest in calls),
        key=lambda delivery: delivery[:2],
    )
    return _numbered("PO", 3001, deliveries)


def widgets() -> Sample:
    """Build a month of a widget maker that buys to order and makes in several stages."""
    return Sample(
        title="Widget maker, one month",
        about=WIDGETS_ABOUT,
        settings=dict(WIDGETS_SETTINGS),
        tables={
            "BOM": _rows(
                "Parent, Component, Qty per, UoM, Scrap %, Scrap basis, Effective from, Effective to, Note", _bom()
            ),
            "StandardCost": _rows(
                "Item, Description, Type, UoM, Material price, Labor hours, Labor rate, Variable overhead rate, "
                "Fixed overhead rate, Other conversion, Assembly scrap %, Note",
                _standard_cost(),
            ),
            "Counts": _rows("Date, Document, Event, Item, Quantity, Note", _counts()),
            "Scrap": _rows(
                "Date, Document, Item, Quantity, Stage, Kind, Salvage value, Reason", _numbered("SC", 4001, SCRAP)
            ),
            "Purchases": _rows("Date, Document, Item, Quantity, Actual price, Note", _purchases()),
            "Actuals": _rows(
                "Date, Document, Cost type, Hours, Amount, Note", [(_october(day), *rest) for day, *rest in ACTUALS]
            ),
            "Stock": _rows(
                "Item, Opening qty, Counted qty, Note", [*STOCK, *((item, *stock) for item, _, _, _, *stock in BOUGHT)]
            ),
            "WIP": _rows("Item, Quantity, Material %, Conversion %, Note", WIP),
        },
    )


SAMPLES: dict[str, Callable[[], Sample]] = {"computers": computers, "widgets": widgets}
