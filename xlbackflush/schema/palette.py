"""The colours of sheets, charts, buttons and reports, as RRGGBB: said here, once."""

BLACK, WHITE = "000000", "FFFFFF"
NAVY, GREY, LINE = "1F3864", "595959", "D9D9D9"  # titles and headings; notes; thin lines
INK, PALE, MID_GREY, AXIS, GRID = "404040", "F2F2F2", "7F7F7F", "A6A6A6", "E7E6E6"  # of charts; fill of calculations
LINK, TYPED = "0563C1", "00308F"  # text that leads somewhere; text of inputs
INPUT_FILL, INPUT_LINE, CHECK_FILL = "FFF8DC", "C9B458", "E2EFDA"
ADVERSE, FAVORABLE, ORANGE = "C00000", "548235", "ED7D31"  # of bars
GOOD_TEXT = "375623"

#: colours that say something: text, fill, whether it is bold
MARKS: dict[str, tuple[str, str, bool]] = {
    "bad": ("9C0006", "FFC7CE", True),
    "warn": ("7F6000", "FFEB9C", False),
    "note": (NAVY, "DDEBF7", False),
    "good": (GOOD_TEXT, CHECK_FILL, True),
    "head": (NAVY, "DDEBF7", True),
    "entry": (BLACK, "EAF1FB", False),
}

#: tabs of the sheets, by their role
TABS = {"Input": "E6B800", "Calculation": "8EA9DB", "Output": NAVY, "Control": "70AD47"}

#: parts of a stack, from the bottom up: what flows in, then what flows out
FLOWS = ("2E75B6", "9DC3E6", "F4B183", "FFD966", "2E75B6", "9DC3E6", NAVY, ADVERSE, "70AD47", MID_GREY)
