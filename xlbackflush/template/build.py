"""A new workbook, built by code from `schema`: the same inputs give the same bytes."""

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.ooxml.address import LAST_ROW, column_letter
from xlbackflush.ooxml.cells import Block, Cells, Value, cell, row_xml, rows_xml
from xlbackflush.ooxml.package import write_package
from xlbackflush.ooxml.styles import WHOLE, StyleSheet, new_stylesheet
from xlbackflush.ooxml.worksheet import MARGIN
from xlbackflush.ooxml.xml import Markup, element, fragment
from xlbackflush.schema import HEADER_ROW, Column, Sheet, Table
from xlbackflush.schema.excel import MACROS
from xlbackflush.sheets import help_sheet
from xlbackflush.sheets.blocks import heights_of, style_name
from xlbackflush.sheets.dashboard import labels
from xlbackflush.sheets.title_rows import head_rows, header_row, letters, table_xml
from xlbackflush.template import binaries, buttons, charts, worksheet
from xlbackflush.template.about import about
from xlbackflush.template.charts import Board
from xlbackflush.template.drawing import drawing
from xlbackflush.template.parts import DYNAMIC_ARRAYS, package_parts, relations
from xlbackflush.template.samples import Sample

# of the rows of an input table that have a validation: some readers (ExcelJS) keep an object for each cell of one, and
# do not come to an end with whole columns. Excel validates the rows by which it makes a table longer as those above.
VALIDATED = 20_000
_A4_WIDTH = 260  # characters; sheets wider than this are printed on A3
FIRST_LIST, LIST_WIDTH = 10, 30.0  # column on Setup of the first list of choices, and how wide each is
_CHOSEN = [setting for setting in schema.SETTINGS if setting.choices]
_BLANK_ROWS = 12  # of an input table without data: room to type

#: sheet -> its charts
BOARDS: dict[str, Board] = {board.sheet: board for board in charts.BOARDS}
_ABOUT_BUTTONS = buttons.anchors(MACROS, left=360)

Rows = Sequence[Mapping[str, object]]
#: sheet name, worksheet part, its drawing, what it refers to
_Page = tuple[str, str, Markup | None, list[tuple[str, str]]]


def build(
    path: Path,
    period: tuple[dt.date, dt.date],
    sample: Sample | None = None,
    like: Path | None = None,
    new: bool = False,
) -> None:
    """Write a new workbook: the empty template for a period, or a sample with its inputs filled in.

    The suffix decides the kind of workbook: .xlsm may hold macros, .xlsx may not. like: a workbook of whose content it
    shows something, so that no more people may read it. new: FileExistsError where there is a file of this name.
    """
    write_package(path, _parts(period, sample, macros=path.suffix.lower() == ".xlsm"), like, new)


def _parts(period: tuple[dt.date, dt.date], sample: Sample | None, macros: bool) -> dict[str, str | bytes]:
    """All parts of the package."""
    styles = new_stylesheet()
    data = _inputs(period, sample)
    parts: dict[str, str | bytes] = {}
    pages: list[_Page] = [(schema.ABOUT, about(styles, sample, macros), _ABOUT_BUTTONS if macros else None, [])]
    number = 0
    for sheet in schema.SHEETS:
        tables = []
        for table in sheet.tables:
            number += 1
            last = HEADER_ROW + len(data[table.name])
            parts[f"xl/tables/table{number}.xml"] = table_xml(table, number, HEADER_ROW, last)
            tables.append(("table", f"../tables/table{number}.xml"))
        code = worksheet.code_name(len(pages) + 1, macros)
        pages.append((sheet.name, *sheet_xml(sheet, data, styles, macros, code), tables))
    if macros:
        pages.append(
            (help_sheet.SHEET.name, _help_xml(styles, sample, worksheet.code_name(len(pages) + 1, macros)), None, [])
        )
        parts["xl/metadata.xml"] = DYNAMIC_ARRAYS
    parts["xl/styles.xml"] = styles.xml
    for i, (_, page, drawn, related) in enumerate(pages, 1):
        parts[f"xl/worksheets/sheet{i}.xml"] = page
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
        parts["xl/vbaProject.bin"] = binaries.built(binaries.PROJECT)
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
    if table is schema.LEDGER_SETUP:
        return [{"Setting": name, "Meaning": meaning} for name, (_, meaning) in schema.LEDGER_SETTINGS.items()]
    return [{}] * (_BLANK_ROWS if schema.SHEET_OF[table.name].role == "Input" else 1)


# --------------------------------------------------------------------------------------------- one sheet


def sheet_xml(
    sheet: Sheet, data: Mapping[str, Rows], styles: StyleSheet, macros: bool, code: str | None = None
) -> tuple[str, Markup]:
    """A sheet of ours, and what is drawn on it. Its relationships are those to its tables, then that to the drawing."""
    board = BOARDS.get(sheet.name)
    drawn = fragment(
        charts.anchors(board) if board else None, buttons.anchors(buttons.ON[sheet.role]) if macros else None
    )
    count = len(sheet.tables)
    parts = (element("tablePart", r_id=f"rId{i}") for i in range(1, count + 1))
    one_page = board is not None and not board.listed
    # Excel opens and closes no outline on a protected sheet
    protected = sheet.role != "Input" and not sheet.outlined
    page = worksheet.part(
        worksheet.properties(sheet.role, code, element("outlinePr", summaryBelow=0)),
        worksheet.view(0 if one_page else HEADER_ROW, sheet.freeze_cols),
        element("sheetFormatPr", defaultRowHeight=14, outlineLevelRow=7 if sheet.outlined else None),
        worksheet.columns(_widths(sheet, board)),
        worksheet.sheet_data(
            [*head_rows(sheet, styles), header_row(sheet.tables, styles), *_body(sheet, data, styles)]
        ),
        worksheet.PROTECTED if protected else None,
        worksheet.conditional_formats(_looks(sheet), styles),
        _validations(sheet, data),
        worksheet.LINK_BACK,
        # too wide for A4: its tables together, one page wide, would be too small to read
        worksheet.print_setup(sum(c.width for t in sheet.tables for c in t.columns) > _A4_WIDTH, int(one_page)),
        _ignored(sheet),
        element("drawing", r_id=f"rId{count + 1}") if drawn else None,
        element("tableParts", *parts, count=count),
    )
    return page, drawn


def _help_xml(styles: StyleSheet, sample: Sample | None, code: str | None) -> str:
    """The sheet Functions. A sample starts with its first product and the first line of its bill of materials."""
    item, component = "", ""
    if sample:
        kinds = {row["Item"]: row.get("Type") for row in sample.tables["StandardCost"] if "Item" in row}
        line = next((r for r in sample.tables["BOM"] if kinds.get(r.get("Parent")) == schema.FINISHED), None)
        if line:
            item, component = str(line["Parent"]), str(line.get("Component") or "")
    picked = (_validation(where.replace("$", ""), *words, _AN_ITEM) for where, words in help_sheet.PICKED.items())
    return worksheet.part(
        worksheet.properties(help_sheet.SHEET.role, code),
        worksheet.view(),
        element("sheetFormatPr", defaultRowHeight=14),
        worksheet.columns(dict(enumerate(help_sheet.WIDTHS, 1))),
        worksheet.sheet_data(help_sheet.body(styles, item, component)),
        worksheet.PROTECTED,
        worksheet.conditional_formats(worksheet.status_looks("B3"), styles),
        element("dataValidations", *picked, count=len(help_sheet.PICKED)),
        worksheet.LINK_BACK,
        worksheet.print_setup(),
        element(
            "ignoredErrors", worksheet.ignore(f"A1:D{LAST_ROW}", *worksheet.CODES, *worksheet.FORMULAS, worksheet.TYPED)
        ),
    )


def _widths(sheet: Sheet, board: Board | None) -> dict[int, float]:
    widths = {i: c.width for table in sheet.tables for i, c in enumerate(table.columns, table.first_col)}
    if board:
        widths |= dict.fromkeys(range(1, charts.COLUMNS + 1), charts.COLUMN_WIDTH)
    if sheet.name == "Setup":
        widths |= {4: 4, 9: 4} | {FIRST_LIST + i: LIST_WIDTH for i in range(len(_CHOSEN))}
    return {number: width + MARGIN for number, width in widths.items()}


def _body(sheet: Sheet, data: Mapping[str, Rows], styles: StyleSheet) -> list[str]:
    """Data rows of all tables of a sheet, side by side; on Setup, to the right of them, the lists of choices."""
    by_row: dict[int, list[str]] = {}
    heights: dict[int, float] = {}
    for table in sheet.tables:
        block = Block(table.first_col, HEADER_ROW + 1)
        rows = data[table.name]
        for column in table.columns:
            values = [_value(row.get(column.name)) for row in rows]
            cells = Cells(values, styles.xf(style_name(table, column)))
            if table.name == "Setup":  # each value has the format of its kind
                cells.styles = [styles.xf(setting_style(column.name, setting)) for setting in schema.SETTINGS]
            block.columns.append(cells)
        heights |= dict(enumerate(heights_of(table.name, block) or (), HEADER_ROW + 1))
        for row, xml in enumerate(chain.from_iterable(rows_xml(block)), HEADER_ROW + 1):
            by_row.setdefault(row, []).append(xml[xml.index(">") + 1 : -len("</row>")])
    for i, setting in enumerate(_CHOSEN if sheet.name == "Setup" else (), FIRST_LIST):
        for (row, _), cells_xml in choice_cells(setting, i, HEADER_ROW + 1, styles).items():
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


def setting_style(column: str, setting: schema.Setting) -> str:
    """Named style of a cell of table Setup."""
    kind = "text" if setting.kind == "choice" else setting.kind
    return {"Setting": "Calculation text", "Value": f"Input {kind}"}.get(column, "Posted text")


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


def _validations(sheet: Sheet, data: Mapping[str, Rows]) -> Markup | None:
    if sheet.role != "Input":
        return None
    rules = []
    for table in sheet.tables:
        if table.name == "Setup":
            top = HEADER_ROW + 1
            lists = {s.name: choices_area(column, top, s) for column, s in enumerate(_CHOSEN, FIRST_LIST)}
            rules += [setting_rule(s, f"B{i}", lists.get(s.name, "")) for i, s in enumerate(schema.SETTINGS, top)]
            continue
        last = HEADER_ROW + max(VALIDATED, len(data[table.name]))
        for column, letter in zip(table.columns, letters(table).values(), strict=True):
            rules.append(column_rule(column, table, f"{letter}{HEADER_ROW + 1}:{letter}{last}"))
    return element("dataValidations", *rules, count=len(rules))


@dataclass(frozen=True)
class _Rule:
    """What may be typed: kind and formulas of a validation, and what Excel says and does where it is something else."""

    kind: str = ""
    formulas: tuple[str, ...] = ()
    error: str = "Pick a value from the list."
    style: str | None = None  # None: stop


_A_DATE = _Rule("date", ("18264", "109574"), "Type a date.")
_AN_ITEM = _Rule("list", ("Items",), "This item is not on Standard Cost.", "warning")


def column_rule(column: Column, table: Table, where: str) -> Markup:
    """Validation and input message of one input column."""
    unit = f" [{column.unit}]" if column.unit else ""
    prompt = column.help + unit + ("" if column.required else " May be blank.")
    return _validation(where, column.name, prompt, _rule(column, table))


def _rule(column: Column, table: Table) -> _Rule:
    if column.choices and table.name != "Accounts":
        listed = '"' + ",".join(column.choices) + '"'
        return _Rule("list", (listed if len(listed) <= 257 else "Roles",))  # Excel takes no more
    if column.kind == "item" and table.name != "StandardCost":
        return _AN_ITEM
    if column.kind == "date":
        return _A_DATE
    if column.kind in schema.NUMERIC:
        low = -1e15 if column.minimum is None else column.minimum
        high = 1e15 if column.maximum is None else 0.999999
        return _Rule("decimal", (f"{low:.6g}", f"{high:.6g}"), f"Type a number. {column.help}")
    return _Rule()


def choices_area(column: int, row: int, setting: schema.Setting) -> str:
    """Cells under a heading that list what a setting can be."""
    letter = column_letter(column)
    return f"${letter}${row + 1}:${letter}${row + len(setting.choices)}"


def setting_rule(setting: schema.Setting, where: str, choices: str) -> Markup:
    """Validation and input message of the value of a setting; choices: the cells that list what it can be."""
    rule = _Rule()
    if setting.choices:
        rule = _Rule("list", (choices,))
    elif setting.kind == "date":
        rule = _A_DATE
    elif setting.kind in schema.NUMERIC:
        rule = _Rule("decimal", ("0", "1E+15"), "Type a number, not below zero.")
    return _validation(where, setting.name, setting.meaning, rule)


def _validation(where: str, title: str, prompt: str, rule: _Rule) -> Markup:
    """A validation with its input message; texts as long as Excel takes them."""
    refusal = {"errorTitle": title[:32], "error": rule.error[:225]} if rule.kind else {}
    return element(
        "dataValidation",
        fragment(*(element(f"formula{i}", formula) for i, formula in enumerate(rule.formulas, 1))),
        type=rule.kind or None,
        errorStyle=rule.style,
        **dict.fromkeys(("allowBlank", "showInputMessage", "showErrorMessage"), 1),
        **refusal,
        promptTitle=title[:32],
        prompt=prompt[:255],
        sqref=where,
    )


def _ignored(sheet: Sheet) -> Markup:
    """Cells that are as they should be, although Excel's rules for errors would mark them with a green triangle."""
    last = max(table.first_col + len(table.columns) - 1 for table in sheet.tables)
    if sheet.role != "Input":
        return element(
            "ignoredErrors",
            worksheet.ignore(f"A1:{column_letter(last)}{LAST_ROW}", *worksheet.CODES, *worksheet.FORMULAS),
        )
    areas: dict[bool, list[str]] = {True: [], False: []}  # of texts, of others
    for table in sheet.tables:
        for column, letter in zip(table.columns, letters(table).values(), strict=True):
            is_text = column.kind in ("text", "item", "choice")
            areas[is_text].append(f"{letter}{HEADER_ROW + 1}:{letter}{LAST_ROW}")
    return element(
        "ignoredErrors",
        worksheet.ignore(" ".join(areas[True]), *worksheet.CODES, worksheet.TYPED),
        worksheet.ignore(" ".join(areas[False]), worksheet.TYPED) if areas[False] else None,
    )


def _looks(sheet: Sheet) -> list[worksheet.Look]:
    """Colours that speak: the status line, and those of the columns."""
    status = "C3" if sheet.name == "Checks" else "B3"
    rules = [*worksheet.status_looks(status), *chain.from_iterable(map(column_looks, sheet.tables))]
    if sheet.name == "Checks":
        rules.append(("B3", "B3>0", "bad"))
    return rules + whole_numbers(sheet.tables)


def column_looks(table: Table) -> list[worksheet.Look]:
    """The colours of a table's columns and rows, as far as it has the columns that they look at."""
    top, columns = HEADER_ROW + 1, letters(table)
    cells = {name: f"${letter}{top}" for name, letter in columns.items()}

    def area(first: str, last: str) -> str:
        return f"{columns[first]}{top}:{columns[last]}{LAST_ROW}"

    marked: list[worksheet.Look] = [
        (area(c.name, c.name), test.format(cells[c.name]), mark) for c in table.columns for mark, test in c.marks
    ]
    return marked + [
        (area(table.names[0], h.last or table.names[-1]), h.test.format_map(cells), h.mark)
        for h in table.highlights
        if h.columns <= cells.keys()
    ]


def whole_numbers(tables: Sequence[Table]) -> list[worksheet.Look]:
    """Quantities without decimals are shown without a decimal point."""
    columns = [
        letter
        for table in tables
        for column, letter in zip(table.columns, letters(table).values(), strict=True)
        if column.kind in ("quantity", "hours")
    ]
    if not columns:
        return []
    first = f"{columns[0]}{HEADER_ROW + 1}"
    where = " ".join(f"{letter}{HEADER_ROW + 1}:{letter}{LAST_ROW}" for letter in columns)
    return [(where, f"AND(ISNUMBER({first}),ROUND({first},6)=ROUND({first},0))", WHOLE)]
