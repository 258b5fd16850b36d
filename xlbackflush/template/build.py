"""A new workbook, built by code from `schema`: the same inputs give the same bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from xlbackflush import __version__, schema
from xlbackflush.engine.measures.materiality import PRORATE_THEM, RECORD_IT
from xlbackflush.ooxml.address import column_letter, quoted
from xlbackflush.ooxml.cells import Block, Cells, Value, cell, row_xml, rows_xml
from xlbackflush.ooxml.package import MAIN, OFFICE, write_package
from xlbackflush.ooxml.styles import LOOKS, WHOLE, StyleSheet, new_stylesheet
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
_VALIDATED = 20_000
_A4_WIDTH = 260  # characters; sheets wider than this are printed on A3
_BLANK_ROWS = 12  # of an input table without data: room to type
_TABS = {"Input": "FFE6B800", "Calculation": "FF8EA9DB", "Output": "FF1F3864", "Control": "FF70AD47"}

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
    boards = {board.sheet: board for board in charts.boards()}
    parts: dict[str, str | bytes] = {}
    pages: list[_Page] = [(schema.ABOUT, _about(styles, sample, macros), _ABOUT_BUTTONS if macros else fragment(), [])]
    number = 0
    for sheet in schema.SHEETS:
        tables = []
        for table in sheet.tables:
            number += 1
            last = HEADER_ROW + max(1, len(data.get(table.name, [{}])))
            parts[f"xl/tables/table{number}.xml"] = table_xml(table, number, table.first_col, HEADER_ROW, last)
            tables.append(("table", f"../tables/table{number}.xml"))
        board = boards.get(sheet.name)
        drawn = fragment(
            charts.anchors(board) if board else None,
            buttons.anchors(buttons.on(sheet.role)) if macros else None,
        )
        pages.append((sheet.name, _sheet_xml(sheet, data, styles, board, bool(drawn)), drawn, tables))
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
    parts |= _chart_parts({names.index(sheet) + 1: board for sheet, board in boards.items()})
    if macros:
        parts["xl/vbaProject.bin"] = binaries.project()
    title = sample.title if sample else "Backflush costing workbook"
    return package_parts(names, title, parts, macros) | parts


def _chart_parts(boards: Mapping[int, Board]) -> dict[str, str | bytes]:
    """The charts, and the relationships of the drawings that they stand in, by the numbers of the drawings."""
    parts: dict[str, str | bytes] = {}
    made = 0
    for number, board in boards.items():
        names = [f"chart{made + i}.xml" for i in range(1, len(board.charts) + 1)]
        parts[f"xl/drawings/_rels/drawing{number}.xml.rels"] = relations([("chart", f"../charts/{n}") for n in names])
        parts |= {f"xl/charts/{n}": charts.chart_xml(chart) for n, chart in zip(names, board.charts, strict=True)}
        made += len(names)
    return parts


def _inputs(period: tuple[dt.date, dt.date], sample: Sample | None) -> dict[str, Rows]:
    """Rows of the tables: settings with their defaults, the default account of every role, the sample's data.

    Of the output tables only the Dashboard has rows before the first run: what its charts will show.
    """
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
        "Dashboard": labels(),
    }
    for table in schema.INPUT_TABLES:
        rows = sample.tables.get(table.name, []) if sample else []
        if rows or table.name not in data:
            data[table.name] = rows or [{}] * _BLANK_ROWS
    return data


# --------------------------------------------------------------------------------------------- one sheet


_LINK_BACK = element("hyperlinks", element("hyperlink", ref="A3", location=f"{schema.ABOUT}!A1", display=schema.ABOUT))
#: without `objects`, so that charts can be copied and comments written
_PROTECTED = element("sheetProtection", sheet=1, scenarios=1, **dict.fromkeys(ALLOWED, 0))


def _sheet_xml(sheet: Sheet, data: Mapping[str, Rows], styles: StyleSheet, board: Board | None, drawn: bool) -> str:
    body = "".join([*head_rows(sheet, styles), header_row(sheet.tables, styles), *_body(sheet, data, styles)])
    parts = "".join(f'<tablePart r:id="rId{i}"/>' for i in range(1, len(sheet.tables) + 1))
    one_page = board is not None and not board.listed
    drawing = f'<drawing r:id="rId{len(sheet.tables) + 1}"/>' if drawn else ""
    # Excel opens and closes no outline on a protected sheet
    protection = "" if sheet.role == "Input" or sheet.outlined else _PROTECTED
    return (
        f'{HEAD}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}">'
        f'<sheetPr><tabColor rgb="{_TABS[sheet.role]}"/><outlinePr summaryBelow="0"/><pageSetUpPr fitToPage="1"/></sheetPr>'
        f"{_view(0 if one_page else HEADER_ROW, sheet.freeze_cols)}"
        f'<sheetFormatPr defaultRowHeight="14"{" outlineLevelRow=" + chr(34) + "7" + chr(34) if sheet.outlined else ""}/>'
        f"<cols>{_widths(sheet, board)}</cols><sheetData>{body}</sheetData>"
        f"{protection}{_conditional(sheet)}{_validations(sheet, data)}{_LINK_BACK}"
        f"{_print_setup(_is_wide(sheet), int(one_page))}{_ignored(sheet)}{drawing}"
        f'<tableParts count="{len(sheet.tables)}">{parts}</tableParts></worksheet>'
    )


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
        f"{_PROTECTED}{_status_looks('B3')}{validations}{_LINK_BACK}{_print_setup()}"
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
        widths |= {9 + i: 30 for i in range(len(_lists()))}
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
        rows = data.get(table.name, [{}])
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
    if column.name != "Value":
        return Cells(values, styles.xf("Calculation text" if column.name == "Setting" else "Posted text"))
    kinds = ["text" if s.kind == "choice" else s.kind for s in schema.SETTINGS]
    return Cells(values, 0, styles=[styles.xf(f"Input {kind}") for kind in kinds])


def _lists() -> list[schema.Setting]:
    return [s for s in schema.SETTINGS if s.choices]


def _list_cells(styles: StyleSheet) -> dict[int, str]:
    """Allowed values of the settings, in plain sight to the right of the tables."""
    rows: dict[int, str] = {}
    for i, setting in enumerate(_lists()):
        letter = column_letter(9 + i)
        rows[HEADER_ROW + 1] = rows.get(HEADER_ROW + 1, "") + cell(
            f"{letter}{HEADER_ROW + 1}", f"Choices: {setting.name}", styles.xf("Section")
        )
        for k, choice in enumerate(setting.choices, HEADER_ROW + 2):
            rows[k] = rows.get(k, "") + cell(f"{letter}{k}", choice, styles.xf("Calculation text"))
    return rows


# ---------------------------------------------------------------------- validations, conditional formats


def _validations(sheet: Sheet, data: Mapping[str, Rows]) -> str:
    if sheet.role != "Input":
        return ""
    rules = []
    for table in sheet.tables:
        if table.name == "Setup":
            rules += [_setting_rule(s, HEADER_ROW + 1 + i) for i, s in enumerate(schema.SETTINGS)]
            continue
        last = HEADER_ROW + max(_VALIDATED, len(data.get(table.name, ())))
        for i, column in enumerate(table.columns):
            letter = column_letter(table.first_col + i)
            rules.append(_rule(column, table, f"{letter}{HEADER_ROW + 1}:{letter}{last}"))
    return f'<dataValidations count="{len(rules)}">{"".join(rules)}</dataValidations>'


def _rule(column: Column, table: Table, where: str) -> str:
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


def _setting_rule(setting: schema.Setting, row: int) -> str:
    where = f"B{row}"
    if setting.choices:
        letter = column_letter(9 + _lists().index(setting))
        formula = f"${letter}${HEADER_ROW + 2}:${letter}${HEADER_ROW + 1 + len(setting.choices)}"
        return _dv("list", where, setting.name, setting.meaning, formula)
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


def _conditional(sheet: Sheet) -> str:
    """Colours that speak: the status line, findings by severity, differences, failed checks, level 0 of the Trace."""
    status = "C3" if sheet.name == "Checks" else "B3"
    rules = [
        (status, f'ISNUMBER(SEARCH("fail",{status}))', "bad"),
        (status, f'ISNUMBER(SEARCH("Not run",{status}))', "note"),
    ]
    table = sheet.tables[0]

    def area(name: str, last: str | None = None) -> tuple[str, str]:
        first = column_letter(table.names.index(name) + 1)
        end = column_letter(table.names.index(last or name) + 1)
        return f"{first}{HEADER_ROW + 1}:{end}{_LAST}", f"${first}{HEADER_ROW + 1}"

    for name in ("Difference", "Quantity difference"):
        if name in table.names:
            where, first = area(name)
            rules.append((where, f"AND(ISNUMBER({first}),{first}<>0)", "bad"))
    if sheet.name == "Findings":
        where, first = area("Severity")
        for severity, look in ((schema.ERROR, "bad"), (schema.WARNING, "warn"), (schema.NOTE, "note")):
            rules.append((where, f'{first}="{severity}"', look))
    if sheet.name == "Journal":
        where, _ = area("Run", "Source")
        rules.append((where, f"$C{HEADER_ROW + 1}=1", "entry"))
    if sheet.name == "Checks":
        where, first = area("Result")
        rules += [(where, f'{first}="Fail"', "bad"), (where, f'{first}="OK"', "good")]
        rules.append(("B3", "B3>0", "bad"))
    if sheet.name == "Tie-out":
        where, first = area("Result")
        rules += [(where, f'{first}="Fail"', "bad"), (where, f'{first}="OK"', "good")]
    if sheet.name == "Materiality":
        where, first = area("Verdict")
        rules.append((where, f'OR({first}="{PRORATE_THEM}",{first}="{RECORD_IT}")', "warn"))
    if sheet.name == "Trace":
        where, _ = area("Product", "Last day")
        rules.append((where, f'AND($A{HEADER_ROW + 1}<>"",$B{HEADER_ROW + 1}=0)', "head"))
    if sheet.name == "Reconciliation":
        where, first = area("Book")
        rules.append((where, f"AND(ISNUMBER({first}),{first}<0)", "warn"))
    if sheet.name == "Fit":
        where, first = area("Verdict")
        for verdict, look in ((schema.FITS, "good"), (schema.LOOK, "warn"), (schema.UNKNOWN, "note")):
            rules.append((where, f'{first}="{verdict}"', look))
        where, first = area("Condition", "How it is measured")
        rules.append((where, f'{first}="Overall"', "head"))
    if sheet.name == "Sensitivity":
        first, last = (column_letter(table.first_col + i) for i in (0, len(table.columns) - 1))
        top = HEADER_ROW + 1
        rules.append(
            (
                f"{first}{top}:{last}{_LAST}",
                f'AND(${first}{top}="",${column_letter(table.first_col + 1)}{top}<>"")',
                "head",
            )
        )
    rules += _whole_numbers(sheet)
    return "".join(
        f'<conditionalFormatting sqref="{where}"><cfRule type="expression" dxfId="{LOOKS.index(look)}" '
        f'priority="{i}"><formula>{escape(formula)}</formula></cfRule></conditionalFormatting>'
        for i, (where, formula, look) in enumerate(rules, 1)
    )


def _whole_numbers(sheet: Sheet) -> list[tuple[str, str, str]]:
    """Quantities without decimals are shown without a decimal point."""
    letters = [
        column_letter(i)
        for table in sheet.tables
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
        f"<sheetData>{''.join(rows)}</sheetData>{_status_looks('A3')}{element('hyperlinks', *links)}"
        f"{_print_setup()}{'<drawing r:id=' + chr(34) + 'rId1' + chr(34) + '/>' if macros else ''}</worksheet>"
    )


def _status_looks(where: str) -> str:
    """The status line in the colours of what it says."""
    rules = ((LOOKS.index("bad"), "fail"), (LOOKS.index("note"), "Not run"))
    return "".join(
        f'<conditionalFormatting sqref="{where}"><cfRule type="expression" dxfId="{look}" priority="{i}">'
        f'<formula>ISNUMBER(SEARCH("{word}",{where}))</formula></cfRule></conditionalFormatting>'
        for i, (look, word) in enumerate(rules, 1)
    )
