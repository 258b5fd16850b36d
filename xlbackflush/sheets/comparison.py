"""Sheet Comparison: the engine's cells as formulas over Movements, input sheets and lines of the sheet itself."""

from xlbackflush import schema
from xlbackflush.engine.measures.comparison import (
    AGREE,
    METHODS,
    Balance,
    ColumnSum,
    ComparisonLine,
    Groups,
    Product,
    Rows,
)
from xlbackflush.sheets.body import Body, RunView, shown
from xlbackflush.sheets.formulas import literal


def body(run: RunView) -> Body:
    """One row per line, one column per method."""
    lines, at = run.period.comparison, run.letters("Comparison")
    rows = run.rows("Comparison", len(lines))
    row_of = {f.line.key: r for f, r in zip(lines, rows, strict=True)}
    why = ["" if f.line.text else _explanation(f.line, at, r) for f, r in zip(lines, rows, strict=True)]
    columns = shown(schema.COMPARISON, lines, {"Explanation": why})
    for k, method in enumerate(METHODS):
        values = [float(f.figures[k]) if f.counts else run.money([f.figures[k]])[0] for f in lines]
        columns[method] = (values, [_formula(run, f.line, k, r, row_of) for f, r in zip(lines, rows, strict=True)])
        columns[f"{method} kind"] = (["integer" if f.counts else "money" for f in lines], None)
    return columns


def _formula(run: RunView, line: ComparisonLine, method: int, row: int, row_of: dict[str, int]) -> str:
    """The formula of one cell; an amount that another method posts as well is taken from the first that does."""
    cell, at = line.cells[method], run.letters("Comparison")
    letter, digits = at[METHODS[method]], run.period.places
    if isinstance(cell, tuple):
        if not cell:
            return ""
        first = line.cells.index(cell)
        if first < method:
            return f"{at[METHODS[first]]}{row}"
        return f"ROUND({'+'.join(_part(run, part) for part in cell)},{digits})"
    if isinstance(cell, Balance):
        conventional = f"-${at[METHODS[0]]}" if cell.beyond else ""

        def each(key: str) -> str:
            number = row_of[key]
            return f"({letter}{number}{conventional}{number})" if cell.beyond else f"{letter}{number}"

        added, taken = "+".join(map(each, cell.plus)), "".join(f"-{each(key)}" for key in cell.minus)
        return f"ROUND({added}{taken},{digits})"
    return _count(cell, letter, row_of)


def _count(cell: Rows | Groups, letter: str, row_of: dict[str, int]) -> str:
    if isinstance(cell, Rows):
        return "+".join(
            ("" if each == 1 else f"{each}*")
            + (f"COUNTIFS({table}[{column}],{literal(value)})" if value else f"COUNTA({table}[{column}])")
            for each, table, column, value in cell.counted
        )
    spans = [[row_of[key] for key in group] for group in cell.groups]
    return "+".join(f'(COUNTIF({letter}{span[0]}:{letter}{span[-1]},"<>0")>0)' for span in spans)


def _part(run: RunView, part: Product | ColumnSum) -> str:
    if isinstance(part, ColumnSum):
        if not run.sheets.has(part.table, part.column):
            return "0"
        column, where = f"{part.table}[{part.column}]", f"{part.table}[{part.where}]"
        return "+".join(f"SUMIFS({column},{where},{literal(value)})" for value in part.values)
    cost = "-".join(f"Movements[{name}]" for name in part.cost)
    kinds = "+".join(f"(Movements[Type]={literal(kind)})" for kind in part.types)
    chosen = f"({kinds})*" if len(part.types) > 1 else f"{kinds}*" if kinds else ""
    return f"SUMPRODUCT({chosen}Movements[{part.units}]*{f'({cost})' if len(part.cost) > 1 else cost})"


def _explanation(line: ComparisonLine, at: dict[str, str], row: int) -> str:
    """Reasons whose columns differ; all columns alike need none."""
    first, *others = (f"{at[method]}{row}" for method in METHODS)
    agree = f"AND({','.join(f'{other}={first}' for other in others)})"
    why = "&".join(
        f'IF({at[method]}{row}={at[other]}{row},"",{_text(f"{reason} ")})' for method, other, reason in line.reasons
    )
    return f"IF({agree},{literal(AGREE)},TRIM({why}))" if why else f"IF({agree},{literal(AGREE)},{literal('')})"


def _text(text: str, most: int = 250) -> str:
    """Text in a formula, in pieces: Excel takes no more than 255 characters at once."""
    return "&".join(literal(text[k : k + most]) for k in range(0, len(text), most))
