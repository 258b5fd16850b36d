"""An outcome as the bodies of the output tables: values, live formulas, styles, column by column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from xlbackflush import layout
from xlbackflush.engine.findings import Finding
from xlbackflush.engine.money import from_minor
from xlbackflush.engine.tables import Inputs
from xlbackflush.excel.formulas import (
    Proofs,
    Sheets,
    check_formulas,
    day_ref,
    default_scrap_basis,
    invoiced,
    literal,
    scrap_basis,
    stock_sum,
    trace_sum,
    with_scrap,
)
from xlbackflush.excel.package import quoted
from xlbackflush.excel.sheet import Block, Cells
from xlbackflush.excel.styles import StyleSheet
from xlbackflush.excel.traces import Body, TraceBody
from xlbackflush.pipeline import Outcome, Posted, Run

#: columns of long sentences, wrapped within their width
WRAPPED = ("What", "How to fix", "Explanation")


#: Reconciliation column -> column of the stock book
_BOOK_COLUMNS = {
    "Opening": "opening",
    "Received": "received",
    "Relieved": "relieved",
    "Scrapped": "scrapped",
    "Book": "book",
    "Counted": "counted",
    "Difference qty": "difference",
    "Difference amount": "difference_amount",
    "Standard cost": "cost",
    "Account role": "role",
    "Opening amount": "opening_amount",
    "Book amount": "book_amount",
    "Invoiced": "invoiced",
}


def bodies(outcome: Outcome, runs: list[Run], sheets: Sheets, styles: StyleSheet) -> dict[str, Block]:
    """The new body of every output table that changes: all of them after a run, Findings alone after a failed one."""
    posted = outcome.posted
    makers: dict[str, Callable[[], Body]] = {"Findings": lambda: findings(outcome.findings)}
    if posted:
        writer = _Writer(outcome, posted, sheets)
        makers |= {
            "Journal": writer.journal,
            "Ledger": writer.ledger,
            "Variances": writer.variances,
            "Relief": writer.relief,
            "Reconciliation": writer.reconciliation,
            "Rollup": writer.rollup,
            "Buildup": writer.buildup,
            "Trace": writer.trace,
            "Checks": writer.checks,
            "Runs": lambda: run_rows(runs),
        }
    places = posted.places if posted else 2
    blocks = {name: _block(name, make(), sheets, styles, places) for name, make in makers.items()}
    for name, block in blocks.items():
        block.heights = _heights(name, block)
    if posted and len(posted.trace.rows):
        blocks["Trace"].outline = posted.trace.rows["level"].tolist()
    return blocks


def _block(name: str, body: Body, sheets: Sheets, styles: StyleSheet, places: int) -> Block:
    """Columns in the order of layout, each with the style of its kind; an empty table keeps one blank row."""
    place, role = sheets.places[name], _role(name)
    block = Block(1 + _index(next(iter(place.letters.values()))), place.first_row)
    for column in layout.TABLES[name].columns:
        values, formulas = body[column.name]
        style = styles.xf(style_name(role, column, places))
        cells = Cells(values if len(values) else [None], style, formulas if formulas and len(values) else None)
        if column.name == "Component" and name == "Trace" and len(values):
            cells.styles = [styles.xf(style_name(role, column, places), min(int(v or 0), 12)) for v in body["Level"][0]]
        block.columns.append(cells)
    return block


def _heights(name: str, block: Block) -> list[float] | None:
    """Row heights in points where a table has wrapped columns: by the longest text, at its column's width."""
    wrapped = [(i, c.width) for i, c in enumerate(layout.TABLES[name].columns) if c.name in WRAPPED]
    if not wrapped:
        return None
    texts = zip(*(block.columns[i].values for i, _ in wrapped), strict=True)
    return [14.0 * max(1 + int(len(str(t or "")) / w) for t, (_, w) in zip(row, wrapped, strict=True)) for row in texts]


def _index(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _role(table: str) -> str:
    return next(s.role for s in layout.SHEETS if any(t.name == table for t in s.tables))


def style_name(role: str, column: layout.Column, places: int = 2) -> str:
    """Named style of a column's cells on a sheet of that role."""
    kind: str = {"item": "text", "choice": "text", "any": "general"}.get(column.kind, column.kind)
    if kind == "money" and places != 2:
        kind = f"money {places}" if places else "money 0"
    if role == "Input":
        return f"Input {kind}"
    if column.name in (
        "Proof",
        "Difference",
        "Quantity proof",
        "Quantity difference",
        "Value",
        "Left",
        "Right",
        "Result",
    ):
        return f"Check {kind}"
    if column.name == "Where":
        return "Posted link"
    if column.name in WRAPPED:
        return "Posted wrapped"
    return f"{'Calculation' if role == 'Calculation' else 'Posted'} {kind}"


def findings(found: list[Finding]) -> Body:
    """Findings, each with a link to its cell."""
    links = [f'HYPERLINK("#{_target(f.where)}",{literal(f.where)})' if "!" in f.where else "" for f in found]
    return {
        "Severity": ([f.severity for f in found], None),
        "Code": ([f.code for f in found], None),
        "Where": ([f.where for f in found], links),
        "What": ([f.what for f in found], None),
        "How to fix": ([f.fix for f in found], None),
        "Effect": ([f.effect for f in found], None),
    }


def _target(where: str) -> str:
    sheet, cell = where.rsplit("!", 1)
    return f"{quoted(sheet)}!{cell}".replace('"', '""')


def run_rows(runs: list[Run]) -> Body:
    """The Runs sheet."""
    return {
        "Run": ([r.run for r in runs], None),
        "Status": ([r.status for r in runs], None),
        "Started": ([r.started for r in runs], None),
        "User": ([r.user for r in runs], None),
        "Version": ([r.version for r in runs], None),
        "Input hash": ([r.input_hash for r in runs], None),
        "Entries": ([r.entries for r in runs], None),
        "Debits": ([r.debits for r in runs], None),
        "Credits": ([r.credits for r in runs], None),
    }


class _Writer:
    """Bodies of the tables of one posted run."""

    def __init__(self, outcome: Outcome, posted: Posted, sheets: Sheets) -> None:
        self.inputs: Inputs = outcome.inputs
        self.items = outcome.structure.items
        self.lines = outcome.structure.lines
        self.posted, self.sheets = posted, sheets
        self.codes: list[str] = self.items["code"].tolist()
        self.item_rows: list[int] = self.items["row"].tolist()
        self.rollup_top = sheets.places["Rollup"].first_row
        self.default_basis = default_scrap_basis(self.inputs)

    def money(self, minor: Sequence[int]) -> list[float]:
        return [from_minor(int(m), self.posted.places) for m in minor]

    def letters(self, table: str) -> dict[str, str]:
        return self.sheets.places[table].letters

    # ------------------------------------------------------------------------------------ posted values

    def journal(self) -> Body:
        """One row per line, entries numbered without gaps."""
        place, settings = self.sheets.places["Journal"], self.inputs.settings
        proofs = Proofs(self.sheets, self.posted.places)
        columns: dict[str, list[Any]] = {c.name: [] for c in layout.JOURNAL.columns}
        formulas: list[str] = []
        row = place.first_row
        for number, entry in enumerate(self.posted.entries, 1):
            rows = range(row, row + len(entry.lines))
            for k, line in enumerate(entry.lines):
                account, name = self.inputs.accounts[line.role]
                amount = from_minor(abs(line.minor), self.posted.places)
                signed = amount if line.minor > 0 else -amount
                values = (
                    self.posted.run.run, number, k + 1, settings.period_end, entry.event, line.role, account, name,
                    amount if line.minor > 0 else None, amount if line.minor < 0 else None,
                    entry.description, line.source, signed, 0.0, entry.product,
                )  # fmt: skip
                for column, value in zip(columns, values, strict=True):
                    columns[column].append(value)
                formulas.append(proofs.formula(line.basis, rows[k], rows, place.first_row))
            row = rows.stop
        at, digits = place.letters, self.posted.places
        difference = [
            f"ROUND({at['Debit']}{r}-{at['Credit']}{r}-{at['Proof']}{r},{digits})" for r in range(place.first_row, row)
        ]
        body: Body = {name: (values, None) for name, values in columns.items()}
        body["Proof"] = (columns["Proof"], formulas)
        body["Difference"] = (columns["Difference"], difference)
        return body

    def ledger(self) -> Body:
        """Balances by role; the proof adds the journal's proofs to the opening stock at standard."""
        table, place, digits = self.posted.ledger, self.sheets.places["Ledger"], self.posted.places
        at, rows = place.letters, range(place.first_row, place.first_row + len(table))
        roles = table["role"].tolist()
        closing = self.money(table["closing"])
        proof = [
            f"ROUND(ROUND(SUMIFS(Reconciliation[Opening amount],Reconciliation[Account role],{at['Role']}{r}),{digits})"
            f"+SUMIFS(Journal[Proof],Journal[Role],{at['Role']}{r}),{digits})"
            for r in rows
        ]
        return {
            "Role": (roles, None),
            "Account": ([self.inputs.accounts[r][0] for r in roles], None),
            "Account name": ([self.inputs.accounts[r][1] for r in roles], None),
            "Opening": (self.money(table["opening"]), None),
            "Debits": (self.money(table["debits"]), None),
            "Credits": (self.money(table["credits"]), None),
            "Closing": (closing, None),
            "Proof": (closing, proof),
            "Difference": ([0.0] * len(roles), [f"ROUND({at['Closing']}{r}-{at['Proof']}{r},{digits})" for r in rows]),
        }

    def variances(self) -> Body:
        """One row per variance; the proof adds up proofs of the journal."""
        place, digits = self.sheets.places["Variances"], self.posted.places
        found, at = self.posted.variances, place.letters
        rows = range(place.first_row, place.first_row + len(found))
        amounts = self.money([abs(v.amount) for v in found])
        proof = [
            "ABS("
            + "+".join(
                f'SUMIFS(Journal[Proof],Journal[Role],{literal(role)},Journal[Event],"<>{layout.CLOSE}")'
                for role in v.roles
            )
            + ")"
            for v in found
        ]
        return {
            "Variance": ([v.name for v in found], None),
            "Subject": ([v.subject for v in found], None),
            "Standard": (self.money([v.standard for v in found]), None),
            "Actual": (self.money([v.actual for v in found]), None),
            "Amount": (amounts, None),
            "F/U": ([v.side for v in found], None),
            "Disposition": ([v.disposition for v in found], None),
            "Explanation": ([v.explanation for v in found], None),
            "Proof": (amounts, proof),
            "Difference": ([0.0] * len(found), [f"ROUND({at['Amount']}{r}-{at['Proof']}{r},{digits})" for r in rows]),
        }

    def relief(self) -> Body:
        """Components relieved by counts; proofs of quantity and amount over the Trace."""
        table, place, digits = self.posted.relief, self.sheets.places["Relief"], self.posted.places
        at, rows = place.letters, range(place.first_row, place.first_row + len(table))
        items = table["item"].tolist()
        codes = [self.codes[i] for i in items]
        amount, quantity = self.money(table["amount"]), table["quantity"].tolist()

        def over_trace(column: str) -> list[str]:
            return [
                trace_sum(column, c, f"{at['Item']}{r}", f"{at['Relieved from']}{r}", f"<>{layout.SCRAP_EVENT}", True)
                for c, r in zip(codes, rows, strict=True)
            ]

        return {
            "Item": (codes, None),
            "Description": (self.items["description"].iloc[items].tolist(), None),
            "UoM": (self.items["uom"].iloc[items].tolist(), None),
            "Quantity": (quantity, None),
            "Standard cost": (table["cost"].tolist(), None),
            "Amount": (amount, None),
            "Proof": (amount, [f"ROUND({f},{digits})" for f in over_trace("Amount")]),
            "Difference": ([0.0] * len(items), [f"ROUND({at['Amount']}{r}-{at['Proof']}{r},{digits})" for r in rows]),
            "Quantity proof": (quantity, over_trace("Required qty")),
            "Quantity difference": (
                [0.0] * len(items),
                [f"ROUND({at['Quantity']}{r}-{at['Quantity proof']}{r},6)" for r in rows],
            ),
            "Relieved from": (table["role"].tolist(), None),
        }

    # ------------------------------------------------------------------------------- live calculations

    def reconciliation(self) -> Body:
        """Stock book per item, live over Stock, Purchases, Counts and Trace."""
        book, first = self.posted.book, self.sheets.places["Reconciliation"].first_row
        codes = [self.codes[i] for i in book["item"]]
        body: Body = {"Item": (codes, None)}
        for name, formulas in (self._stock_moves(codes, first) | self._stock_amounts(codes, first)).items():
            values = book[_BOOK_COLUMNS[name]].tolist()
            body[name] = (["" if v != v else v for v in values], formulas)
        return body

    def _stock_moves(self, codes: list[str], first: int) -> dict[str, list[str]]:
        """Quantities: what came in from the input sheets, what went out from the Trace."""
        at = self.letters("Reconciliation")
        cells = [(code, f"{at['Item']}{r}") for r, code in enumerate(codes, first)]
        role = [self.sheets.ref("Rollup", "Relieved from", self.rollup_top + u) for u in self.posted.book["end_row"]]
        scrap, completed = layout.SCRAP_EVENT, (("Event", layout.COMPLETED),)

        def out(event: str) -> list[str]:
            return [trace_sum("Required qty", *c, r, event) for c, r in zip(cells, role, strict=True)]

        return {
            "Opening": [
                stock_sum("Stock", "Opening qty", *c) if self.sheets.has("Stock", "Opening qty") else "0" for c in cells
            ],
            "Received": [
                f"{stock_sum('Purchases', 'Quantity', *c)}+{stock_sum('Counts', 'Quantity', *c, completed)}"
                for c in cells
            ],
            "Relieved": out(f"<>{scrap}"),
            "Scrapped": out(scrap),
            "Counted": [
                f'IF(SUMPRODUCT((Stock[Item]&""={cell})*(Stock[Counted qty]<>""))=0,"",'
                f"{stock_sum('Stock', 'Counted qty', code, cell)})"
                if self.sheets.has("Stock", "Counted qty")
                else '""'
                for code, cell in cells
            ],
        }

    def _stock_amounts(self, codes: list[str], first: int) -> dict[str, list[str]]:
        """What follows from the quantities, at the standard cost of the Roll-up."""
        at, book = self.letters("Reconciliation"), self.posted.book
        rows = range(first, first + len(codes))
        cells = [{name: f"{letter}{r}" for name, letter in at.items()} for r in rows]
        start = [self.sheets.ref("Rollup", "Unit cost", self.rollup_top + u) for u in book["start_row"]]
        end = [self.sheets.ref("Rollup", "Unit cost", self.rollup_top + u) for u in book["end_row"]]
        role = [self.sheets.ref("Rollup", "Relieved from", self.rollup_top + u) for u in book["end_row"]]
        return {
            "Book": [f"ROUND({c['Opening']}+{c['Received']}-{c['Relieved']}-{c['Scrapped']},9)" for c in cells],
            "Difference qty": [f'IF({c["Counted"]}="","",{c["Counted"]}-{c["Book"]})' for c in cells],
            "Difference amount": [
                f'IF({c["Difference qty"]}="",0,{c["Difference qty"]}*{c["Standard cost"]})' for c in cells
            ],
            "Standard cost": end,
            "Account role": [f'IF({r}="{layout.ACCOUNTS_PAYABLE}","",{r})' for r in role],
            "Opening amount": [f"{c['Opening']}*{u}" for c, u in zip(cells, start, strict=True)],
            "Book amount": [f"{c['Book']}*{c['Standard cost']}" for c in cells],
            "Invoiced": [invoiced(c["Item"]) for c in cells],
        }

    def rollup(self) -> Body:
        """Unit cost by element: own cost from Standard Cost plus the rows of Build-up."""
        rolled, at = self.posted.rollup, self.letters("Rollup")
        rows = rolled.rows
        settings, count = self.inputs.settings, len(rows)
        item = rows["item"].tolist()
        top = self.rollup_top
        here = range(top, top + count)
        block = self._buildup_blocks()
        cost = [
            {c.name: self.sheets.ref("StandardCost", c.name, self.item_rows[i]) for c in layout.STANDARD_COST.columns}
            for i in item
        ]
        bought = [f'{at["Type"]}{r}="{layout.BUY}"' for r in here]
        own = {
            "Labor": [f"{c['Labor hours']}*{c['Labor rate']}" for c in cost],
            "Variable overhead": [f"{c['Labor hours']}*{c['Variable overhead rate']}" for c in cost],
            "Fixed overhead": [f"{c['Labor hours']}*{c['Fixed overhead rate']}" for c in cost],
            "Other conversion": [c["Other conversion"] for c in cost],
        }
        body: Body = {
            "Item": ([self.codes[i] for i in item], [f'{c["Item"]}&""' for c in cost]),
            "Type": (self.items["type"].iloc[item].tolist(), [c["Type"] for c in cost]),
            "Material": (
                rows["Material"].tolist(),
                [
                    f"IF({b},{c['Material price']},{block('Material', k) or 0})"
                    for k, (b, c) in enumerate(zip(bought, cost, strict=True))
                ],
            ),
        }
        for element in layout.ELEMENTS[1:]:
            below = [block(element, k) for k in range(count)]
            body[element] = (
                rows[element].tolist(),
                [f"IF({b},0,{o}{'+' + s if s else ''})" for b, o, s in zip(bought, own[element], below, strict=True)],
            )
        body["Unit cost"] = (
            rows["unit_cost"].tolist(),
            ["+".join(f"{at[e]}{r}" for e in layout.ELEMENTS) for r in here],
        )
        start, end = day_ref(self.inputs, "Period start"), day_ref(self.inputs, "Period end")
        first, last = rows["first"].tolist(), rows["last"].tolist()
        body["From"] = (first, [start if d == settings.period_start else "" for d in first])
        body["To"] = (last, [end if d == settings.period_end else "" for d in last])
        kinds = ",".join(literal(t) for t in layout.TYPES)
        roles = ",".join(literal(settings.role_of(t)) for t in layout.TYPES)
        role = [settings.role_of(str(t)) for t in body["Type"][0]]
        body["Relieved from"] = (
            role,
            [f"CHOOSE(MATCH({at['Type']}{r},{{{kinds}}},0),{roles})" for r in here],
        )
        body["Recorded item"] = ([self.codes[i] for i in item], None)
        unit = body["Unit cost"][0]
        body["Relief cost"] = (
            [u if k else 0.0 for u, k in zip(unit, role, strict=True)],
            [f'IF({at["Relieved from"]}{r}="",0,{at["Unit cost"]}{r})' for r in here],
        )
        body["Own conversion"] = (
            self.items["own_conversion"].iloc[item].tolist(),
            [f"IF({b},0,{'+'.join(o[k] for o in own.values())})" for k, b in enumerate(bought)],
        )
        body["Units to start"] = (
            self.items["to_start"].iloc[item].tolist(),
            [
                f'IF({b},1,IF({self.default_basis}="{layout.INPUT}",1/(1-{c["Assembly scrap %"]}),1+{c["Assembly scrap %"]}))'
                for b, c in zip(bought, cost, strict=True)
            ],
        )
        return body

    def _buildup_blocks(self) -> Callable[[str, int], str]:
        """(element, roll-up row) -> SUM over its Build-up rows, or "" where it has none."""
        at, top = self.letters("Buildup"), self.sheets.places["Buildup"].first_row
        sheet = quoted(self.sheets.places["Buildup"].sheet)
        edges = np.searchsorted(
            self.posted.rollup.buildup["row"].to_numpy(), np.arange(len(self.posted.rollup.rows) + 1)
        )

        def block(element: str, row: int) -> str:
            first, stop = int(edges[row]), int(edges[row + 1])
            return f"SUM({sheet}!{at[element]}{top + first}:{at[element]}{top + stop - 1})" if stop > first else ""

        return block

    def buildup(self) -> Body:
        """What each BOM line adds: quantity with all scrap, times the component's elements."""
        table, rows, at = self.posted.rollup.buildup, self.posted.rollup.rows, self.letters("Buildup")
        bom, roll = self.sheets.heads("BOM"), self.sheets.heads("Rollup")
        top = self.sheets.places["Buildup"].first_row
        bom_row = self.lines["row"].to_numpy()[table["line"].to_numpy()].tolist()
        up = (table["row"].to_numpy() + self.rollup_top).tolist()
        down = (table["component_row"].to_numpy() + self.rollup_top).tolist()
        here = range(top, top + len(table))
        item = rows["item"].to_numpy()
        parent = [self.codes[i] for i in item[table["row"].to_numpy()]]
        component = self.lines["spelled"].to_numpy()[table["line"].to_numpy()].tolist()
        basis = self.lines["on_input"].to_numpy()[table["line"].to_numpy()]
        quantity = []
        for r, b, u, d in zip(here, bom_row, up, down, strict=True):
            line = {name: f"{head}{b}" for name, head in bom.items()}
            factor = with_scrap(line["Qty per"], line.get("Scrap %", "0"), f"{at['Scrap basis']}{r}")
            tests = [f'{line["Parent"]}&""={at["Parent"]}{r}', f"{roll['Item']}{d}={at['Component']}{r}"]
            if "Effective from" in line:
                tests.append(f"INT({line['Effective from']})<={roll['From']}{u}")
            if "Effective to" in line:
                tests.append(f'OR({line["Effective to"]}="",INT({line["Effective to"]})>={roll["To"]}{u})')
            quantity.append(f"IF(AND({','.join(tests)}),{factor},0)*{roll['Units to start']}{u}")
        values = table["quantity"].to_numpy()
        body: Body = {
            "Parent": (parent, [f"{roll['Item']}{u}" for u in up]),
            "Component": (component, [f'{bom["Component"]}{b}&""' for b in bom_row]),
            "Quantity": (values.tolist(), quantity),
        }
        for element in layout.ELEMENTS:
            cost = rows[element].to_numpy()[table["component_row"].to_numpy()]
            body[element] = (
                (values * cost).tolist(),
                [f"{at['Quantity']}{r}*{roll[element]}{d}" for r, d in zip(here, down, strict=True)],
            )
        body["BOM row"] = (bom_row, None)
        body["Scrap basis"] = (
            np.where(basis, layout.INPUT, layout.OUTPUT).tolist(),
            [scrap_basis(bom, b, self.default_basis) for b in bom_row],
        )
        return body

    def trace(self) -> Body:
        """Every root exploded: quantities from the parent's row, the BOM row and the cost row."""
        return TraceBody(self.inputs, self.items, self.lines, self.posted, self.sheets).body()

    # ------------------------------------------------------------------------------------------ checks

    def checks(self) -> Body:
        """Each check as two live quantities that must be equal."""
        place, found = self.sheets.places["Checks"], self.posted.checks
        at, rows = place.letters, range(place.first_row, place.first_row + len(found))
        formulas = [check_formulas(c.key, self.inputs) for c in found]
        return {
            "Check": ([c.text for c in found], None),
            "Value": (
                [c.value for c in found],
                [f"ROUND({at['Left']}{r}-{at['Right']}{r},6)" for r in rows],
            ),
            "Tolerance": ([float(c.tolerance) for c in found], None),
            "Result": (
                ["OK" if c.holds else "Fail" for c in found],
                [f'IF(ABS({at["Value"]}{r})<={at["Tolerance"]}{r},"OK","Fail")' for r in rows],
            ),
            "Left": ([float(c.left) for c in found], [f[0] for f in formulas]),
            "Right": ([float(c.right) for c in found], [f[1] for f in formulas]),
            "Meaning": ([c.meaning for c in found], None),
        }


__all__ = ["Body", "bodies", "findings", "run_rows", "style_name"]
