"""The ledgers that a journal can be written for: one description each. `writer` holds the one writer.

They differ in how an entry is told from the next one, whether its heading stands on its first line or on all, one signed
amount or two columns, accounts by number or name, dates, longest texts, most lines of an entry and of a file. Columns that
only the user can fill are blank, or hold what a new ledger comes with; `to_do` says so with every export.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from xlbackflush import schema
from xlbackflush.ledgers import plain_text
from xlbackflush.ledgers.writer import At, Field, Format, Plain, ToDo

# ------------------------------------------------------------------------------------------------- values


def _fixed(text: str) -> Callable[[At], str]:
    return lambda at: text


def _dated(pattern: str) -> Callable[[At], str]:
    return lambda at: at.date().strftime(pattern)


def _month(at: At) -> str:
    """Short name of the month in English, whatever language the machine speaks."""
    return "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * at.date().month - 3 :][:3]


def _moment(text: str, pattern: str) -> str:
    """A time of sheet Runs; blank where there is none, as in a draft that nobody has approved."""
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").strftime(pattern)
    except ValueError:
        return ""


def _reverses(at: At) -> str:
    """R for an entry that takes another one back: a correction, or the period-end WIP on the first day of the next period."""
    return "R" if at.entry.reverses or at.entry.event == schema.REVERSAL else ""


def _other_entry(at: At) -> str:
    """Reference of the entry that this one reverses, or that reverses this one."""
    number = at.entry.reverses or at.entry.reversed_by
    return at.journal.references[number] if number else ""


# ------------------------------------------------------------------------------------------------ formats

_CSV = (
    Field("Run", lambda at: at.entry.run, "text"),
    Field("Entry", lambda at: str(at.entry.number)),
    Field("Line", lambda at: str(at.place)),
    Field("Posting date", _dated("%Y-%m-%d")),
    Field("Event", lambda at: at.entry.event, "text"),
    Field("Role", lambda at: at.line.role, "text"),
    Field("Account", At.account, "account"),
    Field("Account name", At.account_name, "text"),
    Field("Debit", At.debit),
    Field("Credit", At.credit),
    Field("Description", At.description, "text"),
    Field("Source", lambda at: at.line.source, "text"),
    Field("Proof", lambda at: at.journal.proofs.get(at.line.row, "")),
    Field("Difference", lambda at: at.journal.differences.get(at.line.row, "")),
    Field("Product", lambda at: at.entry.product, "text"),
)
_AICPA = (
    Field("Journal_ID", At.reference, "key", 100),
    Field("Journal_ID_Line_Number", lambda at: str(at.place)),
    Field("JE_Header_Description", At.description, "text", 256),
    Field("JE_Line_Description", At.memo, "text", 256),
    Field("Source", lambda at: f"Backflush {at.entry.event}", "text", 25),
    Field("Business_Unit_Code", lambda at: at.journal.company, "text", 25),
    Field("Effective_Date", _dated("%Y-%m-%d")),
    Field("Fiscal_Year", _dated("%Y")),
    Field("Period", _dated("%m")),
    Field("GL_Account_Number", At.account, "account", 100),
    Field("Amount", At.unsigned),
    Field("Amount_Credit_Debit_Indicator", lambda at: "D" if at.line.minor > 0 else "C"),
    Field("Amount_Currency", At.currency),
    Field("Entered_By", lambda at: at.run().user, "text", 100),
    Field("Entered_Date", lambda at: _moment(at.run().started, "%Y-%m-%d")),
    Field("Entered_Time", lambda at: _moment(at.run().started, "%H:%M:%S")),
    Field("Approved_By", lambda at: at.run().approved_by, "text", 100),
    Field("Approved_Date", lambda at: _moment(at.run().posted, "%Y-%m-%d")),
    Field("Reversal_Indicator", _reverses),
    Field("Reversal_Journal_ID", _other_entry, "key", 100),
)
_QUICKBOOKS = (
    Field("*JournalNo", At.reference, "key", 21),
    Field("*JournalDate", _dated("%m/%d/%Y")),
    Field("*AccountName", At.account_name, "account"),
    Field("*Debits", At.debit),
    Field("*Credits", At.credit),
    Field("Description", At.narration, "text", 4000),
    Field("Name"),
    Field("Currency", At.currency),
    Field("Location"),
    Field("Class"),
)
_XERO = (
    Field("*Narration", At.narration, "text", 4000),
    Field("*Date", lambda at: f"{at.date().day} {_month(at)} {at.date().year}"),
    Field("Description", At.memo, "text", 4000),
    Field("*AccountCode", At.account, "account", 10),
    Field("*TaxRate", _fixed("Tax Exempt")),
    Field("*Amount", At.signed),
    Field("TrackingName1"),
    Field("TrackingOption1"),
    Field("TrackingName2"),
    Field("TrackingOption2"),
)
_SAGE50 = (
    Field("Type", lambda at: "JD" if at.line.minor > 0 else "JC"),
    Field("Account Reference"),
    Field("Nominal A/C Ref", At.account, "account", 8),
    Field("Department Code", _fixed("0")),
    Field("Date", _dated("%d%m%Y")),
    Field("Reference", At.reference, "key", 30),
    Field("Details", At.description, "text", 60),
    Field("Net Amount", At.unsigned),
    Field("Tax Code", _fixed("T9")),
    Field("Tax Amount", lambda at: at.journal.amount(0)),
)
_NETSUITE = (
    Field("External ID", At.reference, "key", 300),
    Field("Date", _dated("%m/%d/%Y")),
    Field("Posting Period", lambda at: f"{_month(at)} {at.date().year}"),
    Field("Memo", At.description, "text", 999),
    Field("Account", At.account, "account", 60),
    Field("Debit", At.debit),
    Field("Credit", At.credit),
    Field("Location"),
    Field("Line Memo", At.memo, "text", 999),
)
_BUSINESS_CENTRAL = (
    Field("Journal Template Name", _fixed("GENERAL")),
    Field("Journal Batch Name", _fixed("DEFAULT")),
    Field("Line No.", lambda at: str(10_000 * at.count)),
    Field("Account Type", _fixed("G/L Account")),
    Field("Account No.", At.account, "account", 20),
    Field("Posting Date", _dated("%Y-%m-%d")),
    Field("Document No.", At.reference, "key", 20),
    Field("Description", At.description, "text", 100),
    Field("Amount", At.signed),
)
_INTACCT = (
    Field("JOURNAL", _fixed("GJ"), once=True),
    Field("DATE", _dated("%m/%d/%Y"), once=True),
    Field("DESCRIPTION", At.heading, "text", 30, once=True),
    Field("LINE_NO", lambda at: str(at.place)),
    Field("ACCT_NO", At.account, "account", 24),
    Field("DEBIT", At.debit),
    Field("CREDIT", At.credit),
    Field("MEMO", At.description, "text", 1000),
)
_S4HANA = (
    Field("BUKRS"),
    Field("BLART", _fixed("SA")),
    Field("BLDAT", _dated("%Y%m%d")),
    Field("BUDAT", _dated("%Y%m%d")),
    Field("BKTXT", At.heading, "text", 25),
    Field("WAERS", At.currency),
    Field("HKONT", At.account, "account", 10),
    Field("SGTXT", At.description, "text", 50),
    Field("WRSOL", At.debit),
    Field("WRHAB", At.credit),
    Field("KOSTL"),
)

_PAYABLES = frozenset({schema.ACCOUNTS_PAYABLE})
_COSTS = frozenset(role for role, root in plain_text.ROOTS.items() if root == "Expenses")

_ALL = (
    Format(
        "csv", "All columns of sheet Journal, for any program: two amount columns, ISO dates, opens in Excel.",
        "-journal.csv", _CSV, encoding="utf-8-sig",  # with a byte order mark, so that Excel reads names right
    ),
    # R marks a reversing entry, beside the Journal_ID that it reverses; an entry without R has there the one that reverses it.
    # Entered and approved are of the run that posted the line; a draft is approved by nobody.
    Format(
        "aicpa", "AICPA Audit Data Standard, general ledger detail, for auditors: separated by |, ISO dates.",
        "-aicpa.txt", _AICPA, delimiter="|",
        to_do=(ToDo("Fiscal_Year and Period are those of the calendar: change them if your fiscal year differs."),),
    ),
    Format(
        "quickbooks", "QuickBooks Online, Import journal entries: accounts by name, MM/DD/YYYY, 1,000 rows a file.",
        "-quickbooks.csv", _QUICKBOOKS, file_lines=1000,
        to_do=(
            ToDo("Fill in Name, the supplier, on lines of accounts payable.", _PAYABLES),
            ToDo("Turn account numbers off in QuickBooks; on Setup, write a sub-account as Parent:Account."),
        ),
    ),
    # Same narration and date make one journal.
    Format(
        "xero", "Xero, Import manual journals: signed amounts, accounts by code, 300 lines a file.",
        "-xero.csv", _XERO, file_lines=300,
        to_do=(
            ToDo("Replace Tax Exempt in *TaxRate by the name that your organisation uses, such as No VAT or BAS Excluded."),
            ToDo("Xero takes no entries on its own accounts payable account: on Setup, use another one.", _PAYABLES),
        ),
    ),
    Format(
        "sage50", "Sage 50 (UK and Ireland), audit trail transactions: JD and JC, ddmmyyyy, tax code T9.",
        "-sage50.csv", _SAGE50,
        to_do=(
            ToDo("Tell Sage that the first row contains headings."),
            ToDo("Do not save the file in a spreadsheet, which would drop the leading zeros of dates."),
        ),
    ),
    Format(
        "netsuite", "NetSuite, CSV import of journal entries: accounts by number, MM/DD/YYYY, 200 lines an entry.",
        "-netsuite.csv", _NETSUITE, entry_lines=200,
        to_do=(
            ToDo("Map the columns by their headings: Memo is that of the entry, Line Memo that of the line."),
            ToDo("Dates and names of posting periods are in US format; set the import to it."),
        ),
    ),
    Format(
        "businesscentral", "Dynamics 365 Business Central, general journal lines: signed amounts, balanced per document.",
        "-businesscentral.csv", _BUSINESS_CENTRAL,
        to_do=(ToDo("Replace GENERAL and DEFAULT by your template and batch; the batch should have no number series."),),
    ),
    Format(
        "intacct", "Sage Intacct, CSV import of journal entries: heading on an entry's first line, MM/DD/YYYY.",
        "-intacct.csv", _INTACCT,
        to_do=(
            ToDo("Replace GJ in JOURNAL by your journal."),
            ToDo("Add the columns of the dimensions that your company requires."),
        ),
    ),
    # BKTXT begins with the reference of the entry: same reference, same entry.
    Format(
        "s4hana", "SAP S/4HANA, Upload General Journal Entries: technical field names, YYYYMMDD, 999 lines an entry.",
        "-s4hana.csv", _S4HANA, entry_lines=999,
        to_do=(
            ToDo("Fill in BUKRS, your company code."),
            ToDo("Fill in KOSTL, the cost centre, on lines of cost accounts.", _COSTS),
            ToDo("Paste the list into the template of the app; its headings depend on the release."),
        ),
    ),
    # Accounts are made of type, number and name, such as Assets:1310-Materials; a whole account name, such as
    # Assets:Inventory:Raw, in column Account of Setup is used as it stands.
    Format(
        "beancount", "Beancount, plain text: signed amounts; include the file in your ledger.",
        ".beancount", plain=Plain(plain_text.accounts, plain_text.beancount),
    ),
    Format(
        "hledger", "hledger (and Ledger), plain text: signed amounts; include the file in your journal.",
        ".journal", plain=Plain(plain_text.accounts, plain_text.hledger),
    ),
)  # fmt: skip

#: every format by the name that the command line takes
FORMATS: dict[str, Format] = {form.name: form for form in _ALL}
