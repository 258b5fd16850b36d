"""The sheet About of a new workbook: what it is for, how it is used, what the colours mean, and where everything is."""

from xlbackflush import __version__, schema
from xlbackflush.ooxml.address import quoted
from xlbackflush.ooxml.styles import StyleSheet
from xlbackflush.ooxml.xml import Markup, element
from xlbackflush.schema import HEADER_ROW
from xlbackflush.sheets import help_sheet
from xlbackflush.sheets.page import Page
from xlbackflush.sheets.title_rows import NOT_RUN, STATUS, company_name
from xlbackflush.template import worksheet
from xlbackflush.template.samples import Sample

_HOW_TO = (
    "Fill the yellow sheets: Setup, BOM, Standard Cost, Counts, and what else applies.",
    "Or take what lies in other systems from their files (CSV, Excel, OpenDocument):  xlbackflush import BOOK.xlsm FOLDER. Sheet "
    "Import Map remembers how they are read.",
    "Press Run Backflush (Excel for Windows, with the add-in); Esc stops it before anything is written. Or save, close, and run "
    "it:  xlbackflush run BOOK.xlsm",
    "Read Findings. An Error stops the run before anything is posted; each finding names its cell and the remedy.",
    "Read Variances and Materiality: what moved cost away from standard, and which disposition the policy asks for.",
    "Read Checks and Tie-out. Sign the numbers only while every check holds.",
    "To audit an amount, choose Explain this cell, or follow Proof on its line: Journal to Trace to BOM, Standard Cost and "
    "Counts (Ctrl+[ in Excel).",
)
_LEGEND = (
    ("Input quantity", "Input: type here. Unlocked and validated."),
    ("Calculation quantity", "Calculation: a live formula over the inputs."),
    ("Posted quantity", "Posted: a value that the run recorded; it does not change by itself."),
    ("Check quantity", "Proof and difference: a live formula that recomputes a posted value, and what is left."),
)
_LIMITS = (
    "Amounts are rounded once, where a journal line is posted, as Excel's ROUND does. Quantities and unit costs are not.",
    "Balances are signed, debit positive. Negative numbers stand in parentheses; a dash is zero.",
    "One period and one currency per workbook. Quantities are in the unit of measure of the item; lines of BOM and receipts in "
    "another unit are converted by sheet Units, or as physical units of one kind; sheet Unit Conversions has the factors.",
    "A workbook of an earlier version keeps its inputs and what was posted. To add what this version asks for and it lacks, "
    "press Upgrade on the ribbon tab Backflush; or save, close, and type:  xlbackflush upgrade BOOK.xlsm",
    "What you add to output sheets stays there at the next run: notes beside, above and below a table, columns of your own, "
    "total rows, filters, cell formats. What stood in a row that is gone moves to a sheet Notes kept, with its cell and "
    "the reason.",
    "Pasted texts that say one thing only (spaces around codes, 120.50-, 1,050.00, 5 %, 2026-04-05) are read as that; a run "
    "writes it into the cells, and a note on Findings names them. What can be read in two ways is asked.",
    "What is posted is not changed by anything here. xlbackflush verify computes it again, and names every cell of it that "
    "somebody has changed, moved or deleted.",
    "Output sheets are protected without a password, so that nothing is overtyped by accident. You can still filter them, "
    "set column widths, write comments and copy charts. Trace is not protected, because Excel cannot open and close groups "
    "of rows on a protected sheet.",
)


def _tall(text: str) -> float:
    """Height in points of a row with a text of size 11 across sheet About, broken into lines."""
    return 3 + 15 * (1 + len(text) // 120)


def about(styles: StyleSheet, sample: Sample | None, macros: bool) -> str:
    """The worksheet part of the sheet."""
    page, links = Page(styles), list[Markup]()
    settings = {s.name: HEADER_ROW + 1 + i for i, s in enumerate(schema.SETTINGS)}
    company = (sample.settings.get("Company") if sample else None) or "Your company"
    page.add(("A", "Backflush costing workbook", "Title"), height=28)
    page.add(("A", str(company), "Section", company_name(f"Setup!B{settings['Company']}")), height=20)
    page.add(("A", NOT_RUN, "Status", STATUS), height=18)
    page.add(("A", f"Made with xlbackflush {__version__}.", "Hint"))
    page.section("Purpose")
    about = sample.about if sample else (
        "Backflush costing keeps no entries while production runs. At each trigger point it multiplies the count by the bill "
        "of materials and standard costs, and flushes the cost into inventory and cost of goods sold in one entry. This "
        "workbook does so, and shows for every amount what it is made of."
    )  # fmt: skip
    if sample:
        page.add(("A", sample.title, "Body"), height=18)
    page.add(("A", about, "Body"), height=_tall(about))
    page.section("How to use it")
    for i, text in enumerate(_HOW_TO, 1):
        page.add(("A", f"{i}.  {text}", "Body"), height=_tall(text))
    page.section("Colours")
    for style, text in _LEGEND:
        page.add(("A", text, style.replace("quantity", "text")), height=18)
    page.section("Conventions and limits")
    for text in _LIMITS:
        page.add(("A", text, "Body"), height=_tall(text))
    page.section("Sheets")
    for sheet in (*schema.SHEETS, *((help_sheet.SHEET,) if macros else ())):
        number = page.add(("A", f"{sheet.name}  ({sheet.role}): {sheet.purpose}", "Link"), height=16)
        target = f"{quoted(sheet.name)}!A1"
        links.append(element("hyperlink", ref=f"A{number}", location=target, display=sheet.name))
    return worksheet.part(
        worksheet.properties("Output", worksheet.code_name(1, macros)),
        worksheet.view(selected=True),
        element("sheetFormatPr", defaultRowHeight=14),
        worksheet.columns({1: 126}),
        worksheet.sheet_data(page.rows),
        worksheet.conditional_formats(worksheet.status_looks("A3"), styles),
        element("hyperlinks", *links),
        worksheet.print_setup(),
        element("drawing", r_id="rId1") if macros else None,
    )
