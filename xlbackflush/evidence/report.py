"""What the printed evidence says, section by section: the workbook as it stands, nothing worked out anew but totals."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from itertools import groupby

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.measures.comparison import ENTRIES
from xlbackflush.evidence.pages import GREY, Column, Kind, Pages, Row
from xlbackflush.evidence.words import plain, printed
from xlbackflush.lifecycle.verify import Verified
from xlbackflush.model.inputs import Settings
from xlbackflush.model.journal import Run
from xlbackflush.model.money import decimals
from xlbackflush.model.tables import Source

#: tables that are printed as they stand -> their columns, in the order of the report
PRINTED: dict[str, tuple[str, ...]] = {
    "Ledger": ("Role", "Account", "Account name", "Opening", "Debits", "Credits", "Recorded elsewhere", "Closing", "Proof",
               "Difference"),
    "Variances": (
        "Variance", "Subject", "Standard", "Actual", "Amount", "F/U", "Disposition", "Proof", "Difference", "Explanation",
    ),
    "Reconciliation": (
        "Item", "Account role", "Opening", "Received", "Relieved", "Scrapped", "Book", "Counted", "Difference qty",
        "Standard cost", "Difference amount", "Book amount",
    ),
    "Comparison": ("Section", "Line", schema.SEQUENTIAL, *schema.TRIGGERS, "Explanation"),
    "Fit": ("Condition", "Measure", "Figure", "Unit", "Wanted", "Threshold", "Verdict", "Explanation"),
    "Findings": ("Severity", "Code", "Where", "What", "How to fix", "Effect"),
    "Checks": ("Check", "Value", "Unit", "Tolerance", "Result", "If it fails"),
    "InputControls": ("Sheet", "Control", "As at the run", "Now", "Difference", "Changed"),
}  # fmt: skip
MOST = 5  # problems that are spelled out: `xlbackflush verify` lists all
_FLAGS = ("F/U", "Result", "Code")
_JOURNAL = ("Line", "Role", "Account", "Account name", "Debit", "Credit", "Source", "Proof", "Difference")
_LINK_MEANS = (
    "The link is computed from every line, input and name of that run and of all runs before it. Keep this page outside the "
    "workbook: if the chain is ever recomputed, its link no longer agrees with this one."
)
LINK_BEGINS = 16  # characters of the link on each page: enough to tell it from any other
_SETTING_KINDS = {setting.name: setting.kind for setting in schema.SETTINGS}
_TO_FILL = {"Tick": 24.0, "W/P ref": 40.0, "Comment": 80.0}  # room for a pen, in points


@dataclass(frozen=True)
class Verification:
    """The result in one sentence; the first problems, each with its cell; and the first inputs that changed since the run."""

    result: str
    problems: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Is there nothing that speaks against what is posted? Inputs may have changed since."""
        return not self.problems


def verification(verified: Verified) -> Verification:
    """The sentences about one verification."""
    count = len(verified.problems)
    changed = _first([str(change) for change in verified.changed], "changed cells and rows")
    if count:
        result = f"NOT VERIFIED: {count} problem{'s' if count > 1 else ''} found; resolve before relying on this run."
        return Verification(result, _first([str(problem) for problem in verified.problems], "problems"), changed)
    posted = sum(not run.is_draft for run in verified.runs)
    if not posted:
        return Verification(
            "Verified: inputs on record, numbers and proofs of the draft agree. Nothing is posted yet, so no chain seals it.",
            changed=changed,
        )
    runs = "the posted run was" if posted == 1 else f"{posted} posted runs were"
    return Verification(
        f"Verified: {runs} recomputed from the inputs on record; chain, numbers and proofs agree.", changed=changed
    )


def _first(sentences: Sequence[str], kind: str) -> tuple[str, ...]:
    more = len(sentences) - MOST
    rest = (f"... and {more} more {kind}: xlbackflush verify lists them all.",) if more > 0 else ()
    return (*sentences[:MOST], *rest)


@dataclass(frozen=True)
class Subject:
    """What is printed: the tables of a workbook by name, its last run, what verifying said, and what to say before all else.

    `digests` has the SHA-256 of the CSV file of each input table; `moment` is when the run was posted or made.
    """

    workbook: str
    run: Run
    moment: dt.datetime
    inputs: Mapping[str, Source]
    outputs: Mapping[str, Source]
    settings: Settings
    verification: Verification
    warnings: Sequence[str]
    digests: Mapping[str, str]

    def rows(self, table: str) -> list[dict[str, object]]:
        """Rows of an output table by column."""
        return [row for _, row in self.outputs[table].named_rows()]

    @property
    def places(self) -> int:
        """Decimals of the currency."""
        return decimals(self.settings.currency)

    @property
    def sealed(self) -> tuple[str, str]:
        """The last posted run and its link, which stands for it and all runs before it; blank where nothing is posted."""
        lines = (line for line in reversed(self.rows("Runs")) if line.get("Link"))
        return next(((plain(line["Run"]), plain(line["Link"])) for line in lines), ("", ""))


def report(subject: Subject) -> bytes:
    """The evidence as a PDF."""
    run, settings = subject.run, subject.settings
    period = f"{printed(settings.period_start, 'date')} to {printed(settings.period_end, 'date')}"
    pages = Pages(f"{settings.company}: evidence of run {run.run}, {period}")
    _about(pages, subject)
    _control_totals(pages, subject)
    _journal(pages, subject)
    for table, columns in PRINTED.items():
        pages.section(schema.SHEET_OF[table].name, schema.SHEET_OF[table].purpose)
        _table(pages, schema.TABLES[table], columns, subject.rows(table), subject.places)
    _sign_off(pages, subject)
    footer = f"{subject.workbook}, run {run.run} ({run.status.lower()}), {run.started}"
    return pages.pdf(footer, _digests(subject), subject.moment, settings.company)


def _digests(subject: Subject) -> str:
    """What binds each page to the run: the digest of its inputs, and the beginning of the last link."""
    run, link = subject.sealed
    inputs = f"SHA-256 of all inputs of the run: {subject.run.input_hash}"
    return f"{inputs}; link of run {run}: {link[:LINK_BEGINS]}..." if link else inputs


def _about(pages: Pages, subject: Subject) -> None:
    """Whose workbook, which run, what stands in the way of relying on it, and the policy."""
    pages.section(
        "About", "The workbook as it was when this evidence was written. Amounts in parentheses are negative."
    )
    if subject.warnings:
        pages.banner(subject.warnings)
    run, link = subject.sealed
    last = subject.rows("Runs")[-1]
    kinds = {c.name: c.kind for c in schema.RUNS.columns}
    facts = [("Workbook", subject.workbook)]
    facts += [(name, printed(last.get(name), kind, subject.places)) for name, kind in kinds.items() if last.get(name)]
    if link and not last.get("Link"):  # the last run is a draft
        facts.append((f"Link of {run}", link))
    facts.append(("Verification", subject.verification.result))
    checks = subject.rows("Checks")
    failed = sum(row.get("Result") != "OK" for row in checks)
    facts.append(("Checks", f"{failed} of {len(checks)} fail" if failed else f"all {len(checks)} hold"))
    pages.table([Column("Run", at_least=120), Column("", at_least=420)], [Row(fact) for fact in facts])
    runs = subject.rows("Runs")[:-1]
    if runs:
        names = ("Run", "Status", "Started", "User", "Approved by", "Posted", "Entries", "Debits", "Credits")
        pages.text("Earlier runs", size=9)
        _table(pages, schema.RUNS, names, runs, subject.places)
    setup = subject.inputs["Setup"].by_column()
    values = zip(setup["Setting"], setup["Value"], setup.get("Meaning") or [""] * len(setup["Value"]), strict=True)
    policy = [
        Row((plain(name), printed(value, _SETTING_KINDS.get(plain(name), "any"), subject.places), plain(text)))
        for name, value, text in values
    ]
    pages.table([Column("Policy", at_least=120), Column("Value"), Column("Meaning")], policy)


def _control_totals(pages: Pages, subject: Subject) -> None:
    """Rows, sums of columns and digests of all inputs; lines and sums of the journal."""
    pages.section(
        "Control totals",
        "Agree these totals to the systems that the inputs come from. SHA-256: digest of the table's file in folder inputs.",
    )
    columns = [Column("Input table"), Column("Rows", "number"), Column("Total of"), Column("Total", "number")]
    rows = []
    for table in schema.INPUT_TABLES:
        source = subject.inputs[table.name]
        cells = source.by_column()
        sums = [
            (c.name, printed(_total(cells[c.name]), c.kind, subject.places))
            for c in table.columns
            if c.kind in schema.NUMERIC and c.kind != "percent" and c.name in cells
        ]
        for i, (name, total) in enumerate(sums or [("", "")]):
            first = (table.name, f"{len(source.rows):,}") if i == 0 else ("", "")
            rows.append(Row((*first, name, total, subject.digests[table.name] if i == 0 else "")))
    journal = subject.outputs["Journal"].by_column()
    lines = len(subject.outputs["Journal"].rows)
    for i, name in enumerate(("Debit", "Credit")):
        total = printed(_total(journal[name]), "money", subject.places)
        rows.append(Row(("Journal" if i == 0 else "", f"{lines:,}" if i == 0 else "", name, total, ""), "total"))
    pages.table([*columns, Column("SHA-256")], rows)


def _total(values: Sequence[object]) -> float:
    return math.fsum(v for v in values if isinstance(v, int | float) and not isinstance(v, bool))


def _journal(pages: Pages, subject: Subject) -> None:
    """Entry by entry, with room for the auditor."""
    sheet, places = schema.SHEET_OF["Journal"], subject.places
    pages.section(sheet.name, sheet.purpose)
    lines = subject.rows("Journal")
    names = (*_JOURNAL, *(c.name for c in schema.AUDITOR))
    rows = []
    for _, group in groupby(lines, key=lambda line: (line.get("Run"), line.get("Entry"))):
        entry = list(group)
        rows.append(Row((_heading(entry[0]),), "heading"))
        rows += [Row(_cells(schema.JOURNAL, names, line, places)) for line in entry]
    sums = {name: printed(_total([line.get(name) for line in lines]), "money", places) for name in ("Debit", "Credit")}
    rows.append(Row(tuple("Total" if name == "Role" else sums.get(name, "") for name in names), "total"))
    pages.table(_columns(schema.JOURNAL, names), rows)


def _heading(line: Mapping[str, object]) -> str:
    """An entry in words: its number, date, event, product and links to other entries, and its description."""
    words = [
        f"Entry {plain(line.get('Entry'))}",
        f"run {plain(line.get('Run'))}",
        printed(line.get("Posting date"), "date"),
        plain(line.get("Event")),
        plain(line.get("Product")),
    ]
    for link in ("Reverses", "Reversed by", "Corrects"):
        if line.get(link):
            words.append(f"{link.lower()} entry {plain(line[link])}")
    return f"{' · '.join(filter(None, words))}: {plain(line.get('Description'))}"


def _table(
    pages: Pages, table: schema.Table, names: Sequence[str], rows: Sequence[Mapping[str, object]], places: int
) -> None:
    pages.table(_columns(table, names), [Row(_cells(table, names, row, places)) for row in rows])


def _columns(table: schema.Table, names: Sequence[str]) -> list[Column]:
    return [Column(name, _kind(table.column(name)), _TO_FILL.get(name, 0.0)) for name in names]


def _kind(column: schema.Column) -> Kind:
    if column.kind == "integer" or column.name in _FLAGS:
        return "flag"
    return "number" if column.kind in schema.NUMERIC else "text"


def _cells(table: schema.Table, names: Sequence[str], row: Mapping[str, object], places: int) -> tuple[str, ...]:
    """Cells as printed; the first rows of Comparison count entries, the others are money."""
    counted = table.name == "Comparison" and row.get("Section") == ENTRIES
    kinds = ((name, table.column(name).kind) for name in names)
    return tuple(
        printed(row.get(name), "integer" if counted and kind == "money" else kind, places) for name, kind in kinds
    )


def _sign_off(pages: Pages, subject: Subject) -> None:
    """Lines for those who answer for the run."""
    last = subject.rows("Runs")[-1]
    approver, posted = plain(last.get("Approved by")), plain(last.get("Posted"))
    pages.section(
        "Sign-off", "The approver must not be the preparer. An approval covers the run and the inputs named below."
    )
    if not subject.verification.holds:
        pages.banner([subject.verification.result, *subject.verification.problems])
    pages.text(f"Run {subject.run.run}, SHA-256 of all inputs: {subject.run.input_hash}")
    pages.text(f"Prepared in the workbook by {subject.run.user or 'an unnamed user'}, {subject.run.started}.")
    if approver:
        pages.text(f"Approved in the workbook by {approver}, {posted}.")
    if subject.verification.holds:
        pages.text(subject.verification.result)
    run, link = subject.sealed
    if link:
        pages.text(f"Link of run {run}: {link}")
        pages.text(_LINK_MEANS, GREY)
    pages.blanks([(f"{who}: name", "Signature", "Date") for who in ("Prepared by", "Approved by", "Audited by")])
