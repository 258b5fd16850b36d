"""A new workbook, built by code from `schema`: the same inputs give the same bytes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from xlbackflush import __version__, schema
from xlbackflush.engine.measures.materiality import PRORATE_THEM, RECORD_IT
from xlbackflush.ooxml.address import column_letter, quoted
from xlbackflush.ooxml.cells import Block, Cells, Value, cell, row_xml, rows_xml
from xlbackflush.ooxml.package import MAIN, OFFICE, write_package
from xlbackflush.ooxml.styles import WHOLE, StyleSheet, new_stylesheet
from xlbackflush.ooxml.xml import HEAD, Markup, element, fragment
from xlbackflush.schema import HEADER_ROW, Column, Sheet, Table
from xlbackflush.schema.excel import MACROS
from xlbackflush.sheets import help_sheet
from xlbackflush.sheets.blocks import heights_of, style_name
from xlbackflush.sheets.dashboard import labels
from xlbackflush.sheets.title_rows import ALLOWED, NOT_RUN, STATUS, company_name, head_rows, header_row, table_xml
from xlbackflush.template import binaries, buttons, charts
from xlbackflush.template.charts import Board
from xlbackflush.template.drawing import drawing
from xlbackflush.template.parts import DYNAMIC_ARRAYS, package_parts, relations
from xlbackflush.template.samples import Sample

_LAST = 1_048_576
# of the rows of an input table that have a validation: some readers (ExcelJS) keep an object for each cell of one, and
# do not come to an end with whole columns. Excel validates the rows by which it makes a table longer as those above.
VALIDATED = 20_000
_A4_WIDTH = 260  # characters; sheets wider than this are printed on A3
FIRST_LIST, LIST_WIDTH = 9, 30.0  # column on Setup of the first list of choices, and how wide each is
_BLANK_ROWS = 12  # of an input table without data: room to type
_TABS = {"Input": "FFE6B800", "Calculation": "FF8EA9DB", "Output": "FF1F3864", "Control": "FF70AD47"}

#: sheet -> its charts
BOARDS: dict[str, Board] = {board.sheet: board for board in charts.boards()}
_ABOUT_BUTTONS = buttons.anchors(MACROS, left=360)

Rows = Sequence[Mapping[str, object]]
_Page = tuple[str, str, Markup, list[tuple[str, str]]]  # sheet name, worksheet part, its drawing, what it refers to


def build(path: Path, period: tuple[dt.date, dt.date], sample: Sample | None = None) -> None:
    """Write a new workbook: the empty template for a period, or a sample with its inputs filled in.

    The suffix decides the kind of workbook: .xlsm may hold macros, .xlsx may not.
    """
    write_package(path, _parts(period, sample, macros=path.suffix.lower() == ".xlsm"))


def _parts(period: tuple[dt.date, dt.date], sample: Sample | None, macros: bool) -> dict[str, str | bytes]:
    """All parts of the package."""
    styles = new_stylesheet()
    data = _inputs(period, sample)
    parts: dict[str, str | bytes] = {}
    pages: list[_Page] = [(schema.ABOUT, _about(styles, sample, macros), _ABOUT_BUTTONS if macros else fragment(), [])]
    number = 0
    for sheet in schema.SHEETS:
        tables = []
        for table in sheet.tables:
            number += 1
            last = HEADER_ROW + len(data[table.name])
            parts[f"xl/tables/table{number}.xml"] = table_xml(table, number, table.first_col, HEADER_ROW, last)
            tables.append(("table", f"../tables/table{number}.xml"))
        pages.append((sheet.name, *sheet_xml(sheet, data, styles, macros), tables))
    if macros:
        pages.append((help_sheet.SHEET.name, _help_xml(styles, sample), fragment(), []))
        parts["xl/metadata.xml"] = DYNAMIC_ARRAYS
    parts["xl/styles.xml"] = styles.xml
    for i, (_, page, drawn, related) in enumerate(pages, 1):
        named = page.replace("<sheetPr>", f'<sheetPr codeName="Sheet{i}">', 1)  # as the VBA project knows the sheet
        parts[f"xl/worksheets/sheet{i}.xml"] = named if macros else page
        if drawn:
            parts[f"xl/drawings/drawing{i}.xml"] = drawing(drawn)
            related.append(("drawing", f"../drawings/drawing{i}.xml"))
        if related:
            parts[f"xl/worksheets/_rels/sheet{i}.xml.rels"] = relations(related)
    names = [name for name, *_ in pages]
    made = 0
    for sheet_name, board in BOARDS.items():
        parts |= chart_parts(names.index(sheet_name) + 1, board, made)
        made += len(board.charts)
    if macros:
        parts["xl/vbaProject.bin"] = binaries.project()
    title = sample.title if sample else "Backflush costing workbook"
    return package_parts(names, title, parts, macros) | parts


def chart_parts(drawing: int, board: Board, made: int) -> dict[str, str | bytes]:
    """The charts of a sheet, and the relationships of its drawing; its number, and how many charts there are already."""
    names = [f"chart{made + i}.xml" for i in range(1, len(board.charts) + 1)]
    relationships = relations([("chart", f"../charts/{name}") for name in names])
    return {
        f"xl/drawings/_rels/drawing{drawing}.xml.rels": relationships,
        **{f"xl/charts/{n}": charts.chart_xml(chart) for n, chart in zip(names, board.charts, strict=True)},
    }


def _inputs(period: tuple[dt.date, dt.date], sample: Sample | None) -> dict[str, Rows]:
    """Rows of the tables: settings with their defaults, the default account of every role, the sample's data."""
    given: dict[str, object] = {
        "Period start": period[0],
        "Period end": period[1],
        **(sample.settings if sample else {}),
    }
    data: dict[str, Rows] = {
        "Setup": [
            {"Setting": s.name, "Value": given.get(s.name, s.default), "Meaning": s.meaning} for s in schema.SETTINGS
        ],
        "Accounts": [{"Role": r, "Account": a, "Name": n} for r, (a, n) in schema.ROLES.items()],
    }
    for table in schema.TABLES.values():
        rows = sample.tables.get(table.name, []) if sample else []
        if rows or table.name not in data:
            data[table.name] = rows or blank_rows(table)
    return data


def blank_rows(table: Table) -> Rows:
    """The rows of a table before the first run: room to type, and on the Dashboard what its charts will show."""
    if table is schema.DASHBOARD:
        return labels()
    return [{}] * (_BLANK_ROWS if table in schema.INPUT_TABLES else 1)


# --------------------------------------------------------------------------------------------- one sheet


_LINK_BACK = element("hyperlinks", element("hyperlink", ref="A3", location=f"{schema.ABOUT}!A1", display=schema.ABOUT))
#: without `objects`, so that charts can be copied and comments written
_PROTECTED = element("sheetProtection", sheet=1, scenarios=1, **dict.fromkeys(ALLOWED, 0))


def sheet_xml(sheet: Sheet, data: Mapping[str, Rows], styles: StyleSheet, macros: bool) -> tuple[str, Markup]:
    """A sheet of ours, and what is drawn on it. Its relationships are those to its tables, then that to the drawing."""
    board = BOARDS.get(sheet.name)
    drawn = fragment(
        charts.anchors(board) if board else None,
        buttons.anchors(buttons.on(sheet.role)) if macros else None,
    )
    body = "".join([*head_rows(sheet, styles), header_row(sheet.tables, styles), *_body(sheet, data, styles)])
    parts = "".join(f'<tablePart r:id="rId{i}"/>' for i in range(1, len(sheet.tables) + 1))
    one_page = board is not None and not board.listed
    drawing = f'<drawing r:id="rId{len(sheet.tables) + 1}"/>' if drawn else ""
    # Excel opens and closes no outline on a protected sheet
    protection = "" if sheet.role == "Input" or sheet.outlined else _PROTECTED
    xml = (
        f'{HEAD}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}">'
        f'<sheetPr><tabColor rgb="{_TABS[sheet.role]}"/><outlinePr summaryBelow="0"/><pageSetUpPr fitToPage="1"/></sheetPr>'
        f"{_view(0 if one_page else HEADER_ROW, sheet.freeze_cols)}"
        f'<sheetFormatPr defaultRowHeight="14"{" outlineLevelRow=" + chr(34) + "7" + chr(34) if sheet.outlined else ""}/>'
        f"<cols>{_widths(sheet, board)}</cols><sheetData>{body}</sheetData>"
        f"{protection}{conditional_formats(_looks(sheet), styles)}{_validations(sheet, data)}{_LINK_BACK}"
        f"{_print_setup(_is_wide(sheet), int(one_page))}{_ignored(sheet)}{drawing}"
        f'<tableParts count="{len(sheet.tables)}">{parts}</tableParts></worksheet>'
    )
    return xml, drawn


def _help_xml(styles: StyleSheet, sample: Sample | None) -> str:
    """The sheet Functions. A sample starts with its first product and the first line of its bill of materials."""
    item, component = "", ""
    if sample:
        kinds = {row["Item"]: row.get("Type") for row in sample.tables["StandardCost"] if "Item" in row}
        line = next((r for r in sample.tables["BOM"] if kinds.get(r.get("Parent")) == schema.FINISHED), None)
        if line:
            item, component = str(line["Parent"]), str(line.get("Component") or "")
    rows, validations = help_sheet.body(styles, item, component)
    widths = "".join(
        f'<col min="{i}" max="{i}" width="{w:g}" customWidth="1"/>' for i, w in enumerate(help_sheet.WIDTHS, 1)
    )
    return (
        f'{HEAD}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}">'
        f'<sheetPr><tabColor rgb="{_TABS[help_sheet.SHEET.role]}"/><pageSetUpPr fitToPage="1"/></sheetPr>{_view(0, 0)}'
        f'<sheetFormatPr defaultRowHeight="14"/><cols>{widths}</cols><sheetData>{"".join(rows)}</sheetData>'
        f"{_PROTECTED}{_status_looks('B3', styles)}{validations}{_LINK_BACK}{_print_setup()}"
        f"<ignoredErrors>{_ignore(f'A1:D{_LAST}', *_CODES, *_FORMULAS, _TYPED)}</ignoredErrors></worksheet>"
    )


def _view(header: int = 0, freeze_cols: int = 0, selected: bool = False) -> Markup:
    """The rows down to the header stay in view; 0: none do."""
    frozen: list[Markup] = []
    if header:
        corner = f"{column_letter(freeze_cols + 1)}{header + 1}"
        pane = "bottomRight" if freeze_cols else "bottomLeft"
        split = {"xSplit": freeze_cols or None, "ySplit": header}
        frozen = [
            element("pane", **split, topLeftCell=corner, activePane=pane, state="frozen"),
            element("selection", pane=pane, activeCell=corner, sqref=corner),
        ]
    view = element("sheetView", *frozen, showGridLines=0, tabSelected=1 if selected else None, workbookViewId=0)
    return element("sheetViews", view)


def _widths(sheet: Sheet, board: Board | None) -> str:
    widths: dict[int, float] = {}
    for table in sheet.tables:
        for i, column in enumerate(table.columns, table.first_col):
            widths[i] = column.width
    if board:
        widths |= dict.fromkeys(range(1, charts.COLUMNS + 1), charts.COLUMN_WIDTH)
    if sheet.name == "Setup":
        widths[4] = 4
        widths[8] = 4
        widths |= {FIRST_LIST + i: LIST_WIDTH for i in range(len(_lists()))}
    return "".join(f'<col min="{i}" max="{i}" width="{w + 0.7:g}" customWidth="1"/>' for i, w in sorted(widths.items()))


def _is_wide(sheet: Sheet) -> bool:
    """Too wide for A4: its tables together, one page wide, would be too small to read."""
    return sum(column.width for table in sheet.tables for column in table.columns) > _A4_WIDTH


def _print_setup(wide: bool = False, pages: int = 0) -> Markup:
    """A4 landscape, one page wide and so many pages high (0: as many as it takes); A3 for the widest sheets."""
    paper = 8 if wide else 9
    return fragment(
        element("pageMargins", left="0.4", right="0.4", top="0.5", bottom="0.6", header="0.3", footer="0.3"),
        element("pageSetup", paperSize=paper, orientation="landscape", fitToWidth=1, fitToHeight=pages),
        element("headerFooter", element("oddFooter", "&L&F&C&A&RPage &P of &N")),
    )


def _body(sheet: Sheet, data: Mapping[str, Rows], styles: StyleSheet) -> list[str]:
    """Data rows of all tables of a sheet, side by side; on Setup also the lists of choices."""
    by_row: dict[int, list[str]] = {}
    heights: dict[int, float] = {}
    for table in sheet.tables:
        block = Block(table.first_col, HEADER_ROW + 1)
        rows = data[table.name]
        for column in table.columns:
            values = [_value(row.get(column.name)) for row in rows]
            cells = Cells(values, styles.xf(style_name(sheet.role, column)))
            if table.name == "Setup":
                cells = _setup_cells(column, values, styles)
            block.columns.append(cells)
        heights |= dict(enumerate(heights_of(table.name, block) or (), HEADER_ROW + 1))
        for row, xml in enumerate(rows_xml(block), HEADER_ROW + 1):
            by_row.setdefault(row, []).append(xml[xml.index(">") + 1 : -len("</row>")])
    if sheet.name == "Setup":
        for row, cells_xml in _list_cells(styles).items():
            by_row.setdefault(row, []).append(cells_xml)
    # those of more than one line; not fixed, so that Excel fits them to what is typed
    tall = {row: height for row, height in heights.items() if height > 14}
    return [row_xml(row, "".join(cells), tall.get(row, 0), fixed=False) for row, cells in sorted(by_row.items())]


def _value(value: object) -> Value:
    if isinstance(value, dt.date):
        return (value - schema.DAY_0).days
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"a sample holds {value!r}")


def _setup_cells(column: Column, values: list[Value], styles: StyleSheet) -> Cells:
    """Setting and Meaning are labels; each value has the format of its kind."""
    return Cells(values, 0, styles=[styles.xf(setting_style(column.name, setting)) for setting in schema.SETTINGS])


def setting_style(column: str, setting: schema.Setting) -> str:
    """Named style of a cell of table Setup."""
    kind = "text" if setting.kind == "choice" else setting.kind
    return {"Setting": "Calculation text", "Value": f"Input {kind}"}.get(column, "Posted text")


def _lists() -> list[schema.Setting]:
    return [s for s in schema.SETTINGS if s.choices]


def _list_cells(styles: StyleSheet) -> dict[int, str]:
    """Allowed values of the settings, in plain sight to the right of the tables."""
    rows: dict[int, str] = {}
    for i, setting in enumerate(_lists(), FIRST_LIST):
        for (row, _), made in choice_cells(setting, i, HEADER_ROW + 1, styles).items():
            rows[row] = rows.get(row, "") + made
    return rows


def choices_heading(setting: schema.Setting) -> str:
    """What stands above the choices of a setting."""
    return f"Choices: {setting.name}"


def choice_cells(setting: schema.Setting, column: int, row: int, styles: StyleSheet) -> dict[tuple[int, int], str]:
    """A heading and the choices of a setting below it, by row and column."""
    letter = column_letter(column)
    cells = {(row, column): cell(f"{letter}{row}", choices_heading(setting), styles.xf("Section"))}
    for number, choice in enumerate(setting.choices, row + 1):
        cells[number, column] = cell(f"{letter}{number}", choice, styles.xf("Calculation text"))
    return cells


# ---------------------------------------------------------------------- validations, conditional formats


def _validations(sheet: Sheet, data: Mapping[str, Rows]) -> str:
    if sheet.role != "Input":
        return ""
    rules = []
    for table in sheet.tables:
        if table.name == "Setup":
            rules += [setting_rule(s, f"B{HEADER_ROW + 1 + i}", _choices_of(s)) for i, s in enumerate(schema.SETTINGS)]
            continue
        last = HEADER_ROW + max(VALIDATED, len(data[table.name]))
        for i, column in enumerate(table.columns):
            letter = column_letter(table.first_col + i)
            rules.append(column_rule(column, table, f"{letter}{HEADER_ROW + 1}:{letter}{last}"))
    return f'<dataValidations count="{len(rules)}">{"".join(rules)}</dataValidations>'


def column_rule(column: Column, table: Table, where: str) -> str:
    """Validation and input message of one input column."""
    unit = f" [{column.unit}]" if column.unit else ""
    title, prompt = column.name, column.help + unit + ("" if column.required else " May be blank.")
    if column.choices and table.name != "Accounts":
        listed = '"' + ",".join(column.choices) + '"'
        return _dv("list", where, title, prompt, listed if len(listed) <= 257 else "Roles")  # Excel takes no more
    if column.kind == "item" and table.name != "StandardCost":
        return _dv("list", where, title, prompt, "Items", style="warning", error="This item is not on Standard Cost.")
    if column.kind == "date":
        return _dv("date", where, title, prompt, "18264", "109574", error="Type a date.")
    if column.kind in schema.NUMERIC:
        low = -1e15 if column.minimum is None else column.minimum
        high = 1e15 if column.maximum is None else 0.999999
        return _dv("decimal", where, title, prompt, f"{low:.6g}", f"{high:.6g}", error=f"Type a number. {column.help}")
    return _dv("", where, title, prompt)


def _choices_of(setting: schema.Setting) -> str:
    """The cells of a new workbook that list what a setting can be."""
    return choices_area(FIRST_LIST + _lists().index(setting), HEADER_ROW + 1, setting) if setting.choices else ""


def choices_area(column: int, row: int, setting: schema.Setting) -> str:
    """Cells under a heading that list what a setting can be."""
    letter = column_letter(column)
    return f"${letter}${row + 1}:${letter}${row + len(setting.choices)}"


def setting_rule(setting: schema.Setting, where: str, choices: str) -> str:
    """Validation and input message of the value of a setting; choices: the cells that list what it can be."""
    if setting.choices:
        return _dv("list", where, setting.name, setting.meaning, choices)
    if setting.kind == "date":
        return _dv("date", where, setting.name, setting.meaning, "18264", "109574", error="Type a date.")
    if setting.kind in schema.NUMERIC:
        return _dv(
            "decimal", where, setting.name, setting.meaning, "0", "1E+15", error="Type a number, not below zero."
        )
    return _dv("", where, setting.name, setting.meaning)


def _dv(
    kind: str,
    where: str,
    title: str,
    prompt: str,
    first: str = "",
    second: str = "",
    style: str = "stop",
    error: str = "",
) -> Markup:
    """A validation with its input message; texts as long as Excel takes them."""
    formulas = [element(f"formula{i}", formula) for i, formula in enumerate((first, second), 1) if formula]
    refusal = {"errorTitle": title[:32], "error": (error or "Pick a value from the list.")[:225]} if kind else {}
    return element(
        "dataValidation",
        fragment(*formulas),
        type=kind or None,
        errorStyle=style if style != "stop" else None,
        **dict.fromkeys(("allowBlank", "showInputMessage", "showErrorMessage"), 1),
        **refusal,
        promptTitle=title[:32],
        prompt=prompt[:255],
        sqref=where,
    )


# which green triangles stay away, by the names of Excel's rules
_CODES = ("numberStoredAsText", "twoDigitTextYear")  # in columns of text, which hold codes of digits
_FORMULAS = ("formula", "formulaRange", "calculatedColumn")  # each line of an output has the formulas that it needs
_TYPED = "unlockedFormula"  # in cells that are there to be typed into


def _ignored(sheet: Sheet) -> Markup:
    """Cells that are as they should be, although Excel's rules for errors would mark them with a green triangle."""
    last = max(table.first_col + len(table.columns) - 1 for table in sheet.tables)
    if sheet.role != "Input":
        return element("ignoredErrors", _ignore(f"A1:{column_letter(last)}{_LAST}", *_CODES, *_FORMULAS))
    texts: list[str] = []
    others: list[str] = []
    for table in sheet.tables:
        for i, column in enumerate(table.columns, table.first_col):
            letter = column_letter(i)
            area = texts if column.kind in ("text", "item", "choice") else others
            area.append(f"{letter}{HEADER_ROW + 1}:{letter}{_LAST}")
    return element(
        "ignoredErrors",
        _ignore(" ".join(texts), *_CODES, _TYPED),
        _ignore(" ".join(others), _TYPED) if others else None,
    )


def _ignore(where: str, *rules: str) -> Markup:
    return element("ignoredError", sqref=where, **dict.fromkeys(rules, 1))


Look = tuple[str, str, str]  # where, the formula that says when, the differential format
_STATUS_LOOKS = (("bad", "fail"), ("note", "Not run"))  # what the status line says


def conditional_formats(rules: Sequence[Look], styles: StyleSheet, first: int = 1) -> str:
    """Conditional formats as elements; first: priority of the first one."""
    return "".join(
        f'<conditionalFormatting sqref="{where}"><cfRule type="expression" dxfId="{styles.dxf(look)}" '
        f'priority="{i}"><formula>{escape(formula)}</formula></cfRule></conditionalFormatting>'
        for i, (where, formula, look) in enumerate(rules, first)
    )


def _looks(sheet: Sheet) -> list[Look]:
    """Colours that speak: the status line, and those of the columns."""
    status = "C3" if sheet.name == "Checks" else "B3"
    rules = [(status, f'ISNUMBER(SEARCH("{word}",{status}))', look) for look, word in _STATUS_LOOKS]
    if sheet.name == "Checks":
        rules.append(("B3", "B3>0", "bad"))
    for table in sheet.tables[:1] if sheet.role != "Input" else ():
        rules += column_looks(table)
    return rules + whole_numbers(sheet.tables)


def column_looks(table: Table) -> list[Look]:
    """Differences, findings by severity, failed checks, level 0 of the Trace; those whose columns the table has."""
    top, letters = HEADER_ROW + 1, {name: column_letter(i) for i, name in enumerate(table.names, table.first_col)}
    rules: list[Look] = []

    def look(formula: str, style: str, first: str, last: str = "") -> None:
        """A rule over a column, or over all from one to another. In the formula, [Debit] is the cell of a column."""
        columns = re.findall(r"\[([^\]]+)\]", formula)
        if {first, last or first, *columns} <= letters.keys():
            for name in columns:
                formula = formula.replace(f"[{name}]", f"${letters[name]}{top}")
            rules.append((f"{letters[first]}{top}:{letters[last or first]}{_LAST}", formula, style))

    for name in ("Difference", "Quantity difference"):
        look(f"AND(ISNUMBER([{name}]),[{name}]<>0)", "bad", name)
    if table.name == "Findings":
        for severity, style in ((schema.ERROR, "bad"), (schema.WARNING, "warn"), (schema.NOTE, "note")):
            look(f'[Severity]="{severity}"', style, "Severity")
    if table.name == "Journal":
        look("[Line]=1", "entry", "Run", "Source")
    if table.name in ("Checks", "TieOut"):
        look('[Result]="Fail"', "bad", "Result")
        look('[Result]="OK"', "good", "Result")
    if table.name == "Materiality":
        look(f'OR([Verdict]="{PRORATE_THEM}",[Verdict]="{RECORD_IT}")', "warn", "Verdict")
    if table.name == "Trace":
        look('AND([Product]<>"",[Level]=0)', "head", "Product", "Last day")
    if table.name == "Reconciliation":
        look("AND(ISNUMBER([Book]),[Book]<0)", "warn", "Book")
    if table.name == "Fit":
        for verdict, style in ((schema.FITS, "good"), (schema.LOOK, "warn"), (schema.UNKNOWN, "note")):
            look(f'[Verdict]="{verdict}"', style, "Verdict")
        look('[Condition]="Overall"', "head", "Condition", "How it is measured")
    if table.name == "Sensitivity":
        first, second, *_, last = schema.SENSITIVITY.names
        look(f'AND([{first}]="",[{second}]<>"")', "head", first, last)
    return rules


def whole_numbers(tables: Sequence[Table]) -> list[Look]:
    """Quantities without decimals are shown without a decimal point."""
    letters = [
        column_letter(i)
        for table in tables
        for i, column in enumerate(table.columns, table.first_col)
        if column.kind in ("quantity", "hours")
    ]
    if not letters:
        return []
    first = f"{letters[0]}{HEADER_ROW + 1}"
    where = " ".join(f"{letter}{HEADER_ROW + 1}:{letter}{_LAST}" for letter in letters)
    return [(where, f"AND(ISNUMBER({first}),ROUND({first},6)=ROUND({first},0))", WHOLE)]


# ---------------------------------------------------------------------------------------- the About sheet

_HOW_TO = (
    "Fill the yellow sheets: Setup, BOM, Standard Cost, Counts, and what else applies.",
    "Press Run Backflush (Excel for Windows, with the add-in). Or save, close, and run it:  xlbackflush run BOOK.xlsm",
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
    "One period and one currency per workbook; quantities in the unit of measure of the item.",
    "A workbook of an earlier version keeps its inputs and what was posted. To add what this version asks for and it lacks, "
    "press Upgrade on the ribbon tab Backflush; or save, close, and type:  xlbackflush upgrade BOOK.xlsm",
    "Output sheets are protected without a password, so that nothing is overtyped by accident. You can still filter them, "
    "set column widths, write comments and copy charts. Trace is not protected, because Excel cannot open and close groups "
    "of rows on a protected sheet.",
)


def _tall(text: str) -> float:
    """Height in points of a row with a text of size 11 across sheet About, broken into lines."""
    return 3 + 15 * (1 + len(text) // 120)


def _about(styles: StyleSheet, sample: Sample | None, macros: bool) -> str:
    rows: list[str] = []
    links: list[Markup] = []

    def add(cells: list[tuple[str, Value, str, str]], height: float = 0) -> int:
        number = len(rows) + 1
        body = "".join(
            cell(f"{letter}{number}", value, styles.xf(style), formula) for letter, value, style, formula in cells
        )
        rows.append(row_xml(number, body, height))
        return number

    def section(title: str) -> None:
        add([])
        add([("A", title, "Section", "")], 20)

    settings = {s.name: HEADER_ROW + 1 + i for i, s in enumerate(schema.SETTINGS)}
    company = (sample.settings.get("Company") if sample else None) or "Your company"
    add([("A", "Backflush costing workbook", "Title", "")], 28)
    add([("A", str(company), "Section", company_name(f"Setup!B{settings['Company']}"))], 20)
    add([("A", NOT_RUN, "Status", STATUS)], 18)
    add([("A", f"Made with xlbackflush {__version__}.", "Hint", "")])
    section("Purpose")
    about = sample.about if sample else (
        "Backflush costing keeps no entries while production runs. At each trigger point it multiplies the count by the bill "
        "of materials and standard costs, and flushes the cost into inventory and cost of goods sold in one entry. This "
        "workbook does so, and shows for every amount what it is made of."
    )  # fmt: skip
    if sample:
        add([("A", sample.title, "Body", "")], 18)
    add([("A", about, "Body", "")], _tall(about))
    section("How to use it")
    for i, text in enumerate(_HOW_TO, 1):
        add([("A", f"{i}.  {text}", "Body", "")], _tall(text))
    section("Colours")
    for style, text in _LEGEND:
        add([("A", text, style.replace("quantity", "text"), "")], 18)
    section("Conventions and limits")
    for text in _LIMITS:
        add([("A", text, "Body", "")], _tall(text))
    section("Sheets")
    for sheet in (*schema.SHEETS, *((help_sheet.SHEET,) if macros else ())):
        number = add([("A", f"{sheet.name}  ({sheet.role}): {sheet.purpose}", "Link", "")], 16)
        target = f"{quoted(sheet.name)}!A1"
        links.append(element("hyperlink", ref=f"A{number}", location=target, display=sheet.name))
    return (
        f'{HEAD}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheetPr><tabColor rgb="{_TABS["Output"]}"/>'
        '<pageSetUpPr fitToPage="1"/></sheetPr>'
        f"{_view(selected=True)}"
        '<sheetFormatPr defaultRowHeight="14"/><cols><col min="1" max="1" width="126" customWidth="1"/></cols>'
        f"<sheetData>{''.join(rows)}</sheetData>{_status_looks('A3', styles)}{element('hyperlinks', *links)}"
        f"{_print_setup()}{'<drawing r:id=' + chr(34) + 'rId1' + chr(34) + '/>' if macros else ''}</worksheet>"
    )


def _status_looks(where: str, styles: StyleSheet) -> str:
    """The status line in the colours of what it says."""
    return conditional_formats([(where, f'ISNUMBER(SEARCH("{w}",{where}))', look) for look, w in _STATUS_LOOKS], styles)
