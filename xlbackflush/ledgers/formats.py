"""The ledgers that a journal can be written for: one description each. `ledgerfile` holds the one writer.

They differ in how an entry is told from the next one, whether its heading stands on its first line or on all, one signed
amount or two columns, accounts by number or name, dates, longest texts, most lines of an entry and of a file. Columns that
only the user can fill are blank, or hold what a new ledger comes with; `notes` says so.
"""

from __future__ import annotations

from collections.abc import Callable

from xlbackflush import schema
from xlbackflush.ledgers import plain_text
from xlbackflush.ledgers.writer import At, Field, Format, Plain, decimal

# ------------------------------------------------------------------------------------------------- values


def _debit(at: At) -> str:
    return decimal(at.line.minor, at.journal.places) if at.line.minor > 0 else ""


def _credit(at: At) -> str:
    return decimal(-at.line.minor, at.journal.places) if at.line.minor < 0 else ""


def _unsigned(at: At) -> str:
    return decimal(abs(at.line.minor), at.journal.places)


def _signed(at: At) -> str:
    return decimal(at.line.minor, at.journal.places)


def _fixed(text: str) -> Callable[[At], str]:
    return lambda at: text


def _dated(pattern: str) -> Callable[[At], str]:
    return lambda at: at.entry.date.strftime(pattern)


def _month(at: At) -> str:
    """Short name of the month in English, whatever language the machine speaks."""
    return "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * at.entry.date.month - 3 :][:3]


def _entered(pattern: str) -> Callable[[At], str]:
    return lambda at: at.entry.signed.entered.strftime(pattern) if at.entry.signed.entered else ""


def _approved(pattern: str) -> Callable[[At], str]:
    return lambda at: at.entry.signed.approved.strftime(pattern) if at.entry.signed.approved else ""


def _reversal(at: At) -> str:
    """R for an entry that takes another one back: a correction, or the period-end WIP on the first day of the next period."""
    return "R" if at.entry.reverses or at.entry.event == schema.REVERSAL else ""


def _reference(at: At) -> str:
    return at.entry.reference


def _description(at: At) -> str:
    return at.entry.description


def _heading(at: At) -> str:
    return f"{at.entry.reference} {at.entry.event}"


def _narration(at: At) -> str:
    return f"{at.entry.reference} {at.entry.description}"


def _memo(at: At) -> str:
    return at.line.memo


def _number(at: At) -> str:
    return at.line.account


def _name(at: At) -> str:
    return at.line.name


# ------------------------------------------------------------------------------------------------ formats

_CSV = (
    Field("Run", lambda at: at.entry.run, "text"),
    Field("Entry", lambda at: at.entry.number, "text"),
    Field("Line", lambda at: at.line.number, "text"),
    Field("Posting date", _dated("%Y-%m-%d")),
    Field("Event", lambda at: at.entry.event, "text"),
    Field("Role", lambda at: at.line.role, "text"),
    Field("Account", _number, "account"),
    Field("Account name", _name, "text"),
    Field("Debit", _debit),
    Field("Credit", _credit),
    Field("Description", _description, "text"),
    Field("Source", lambda at: at.line.source, "text"),
    Field("Proof", lambda at: at.line.proof),
    Field("Difference", lambda at: at.line.difference),
    Field("Product", lambda at: at.entry.product, "text"),
)
_AICPA = (
    Field("Journal_ID", _reference, "key", 100),
    Field("Journal_ID_Line_Number", lambda at: at.line.number, "text"),
    Field("JE_Header_Description", _description, "text", 256),
    Field("JE_Line_Description", _memo, "text", 256),
    Field("Source", lambda at: f"Backflush {at.entry.event}", "text", 25),
    Field("Business_Unit_Code", lambda at: at.journal.company, "text", 25),
    Field("Effective_Date", _dated("%Y-%m-%d")),
    Field("Fiscal_Year", _dated("%Y")),
    Field("Period", _dated("%m")),
    Field("GL_Account_Number", _number, "account", 100),
    Field("Amount", _unsigned),
    Field("Amount_Credit_Debit_Indicator", lambda at: "D" if at.line.minor > 0 else "C"),
    Field("Amount_Currency", lambda at: at.journal.currency),
    Field("Entered_By", lambda at: at.entry.signed.entered_by, "text", 100),
    Field("Entered_Date", _entered("%Y-%m-%d")),
    Field("Entered_Time", _entered("%H:%M:%S")),
    Field("Approved_By", lambda at: at.entry.signed.approved_by, "text", 100),
    Field("Approved_Date", _approved("%Y-%m-%d")),
    Field("Reversal_Indicator", _reversal),
    Field("Reversal_Journal_ID", lambda at: at.entry.reverses or at.entry.reversed_by, "key", 100),
)
_QUICKBOOKS = (
    Field("*JournalNo", _reference, "key", 21),
    Field("*JournalDate", _dated("%m/%d/%Y")),
    Field("*AccountName", _name, "account"),
    Field("*Debits", _debit),
    Field("*Credits", _credit),
    Field("Description", _narration, "text", 4000),
    Field("Name", _fixed("")),
    Field("Currency", lambda at: at.journal.currency),
    Field("Location", _fixed("")),
    Field("Class", _fixed("")),
)
_XERO = (
    Field("*Narration", _narration, "text", 4000),
    Field("*Date", lambda at: f"{at.entry.date.day} {_month(at)} {at.entry.date.year}"),
    Field("Description", _memo, "text", 4000),
    Field("*AccountCode", _number, "account", 10),
    Field("*TaxRate", _fixed("Tax Exempt")),
    Field("*Amount", _signed),
    Field("TrackingName1", _fixed("")),
    Field("TrackingOption1", _fixed("")),
    Field("TrackingName2", _fixed("")),
    Field("TrackingOption2", _fixed("")),
)
_SAGE50 = (
    Field("Type", lambda at: "JD" if at.line.minor > 0 else "JC"),
    Field("Account Reference", _fixed("")),
    Field("Nominal A/C Ref", _number, "account", 8),
    Field("Department Code", _fixed("0")),
    Field("Date", _dated("%d%m%Y")),
    Field("Reference", _reference, "key", 30),
    Field("Details", _description, "text", 60),
    Field("Net Amount", _unsigned),
    Field("Tax Code", _fixed("T9")),
    Field("Tax Amount", lambda at: decimal(0, at.journal.places)),
)
_NETSUITE = (
    Field("External ID", _reference, "key", 300),
    Field("Date", _dated("%m/%d/%Y")),
    Field("Posting Period", lambda at: f"{_month(at)} {at.entry.date.year}"),
    Field("Memo", _description, "text", 999),
    Field("Account", _number, "account", 60),
    Field("Debit", _debit),
    Field("Credit", _credit),
    Field("Location", _fixed("")),
    Field("Line Memo", _memo, "text", 999),
)
_BUSINESS_CENTRAL = (
    Field("Journal Template Name", _fixed("GENERAL")),
    Field("Journal Batch Name", _fixed("DEFAULT")),
    Field("Line No.", lambda at: str(10_000 * at.count)),
    Field("Account Type", _fixed("G/L Account")),
    Field("Account No.", _number, "account", 20),
    Field("Posting Date", _dated("%Y-%m-%d")),
    Field("Document No.", _reference, "key", 20),
    Field("Description", _description, "text", 100),
    Field("Amount", _signed),
)
_INTACCT = (
    Field("JOURNAL", _fixed("GJ"), once=True),
    Field("DATE", _dated("%m/%d/%Y"), once=True),
    Field("DESCRIPTION", _heading, "text", 30, once=True),
    Field("LINE_NO", lambda at: str(at.place)),
    Field("ACCT_NO", _number, "account", 24),
    Field("DEBIT", _debit),
    Field("CREDIT", _credit),
    Field("MEMO", _description, "text", 1000),
)
_S4HANA = (
    Field("BUKRS", _fixed("")),
    Field("BLART", _fixed("SA")),
    Field("BLDAT", _dated("%Y%m%d")),
    Field("BUDAT", _dated("%Y%m%d")),
    Field("BKTXT", _heading, "text", 25),
    Field("WAERS", lambda at: at.journal.currency),
    Field("HKONT", _number, "account", 10),
    Field("SGTXT", _description, "text", 50),
    Field("WRSOL", _debit),
    Field("WRHAB", _credit),
    Field("KOSTL", _fixed("")),
)

_ALL = (
    Format(
        "csv", "All columns of sheet Journal, for any program: two amount columns, ISO dates, opens in Excel.",
        "UTF-8 with a byte order mark, so that Excel reads names right.",
        "-journal.csv", _CSV, encoding="utf-8-sig",
    ),
    Format(
        "aicpa", "AICPA Audit Data Standard, general ledger detail, for auditors: separated by |, ISO dates.",
        "Amount is unsigned, with D or C beside it. Fiscal year and period are those of the calendar: change them where "
        "the fiscal year is another one. Business unit is the company. R marks a reversing entry, beside the Journal_ID that it "
        "reverses; an entry without R has there the one that reverses it. Entered and approved are of the run that posted "
        "the line; a draft is approved by nobody.",
        "-aicpa.txt", _AICPA, delimiter="|",
    ),
    Format(
        "quickbooks", "QuickBooks Online, Import journal entries: accounts by name, MM/DD/YYYY, 1,000 rows a file.",
        "Turn account numbers off for the import. A sub-account is written Parent:Account on Setup. QuickBooks wants a "
        "supplier in Name on lines of accounts payable.",
        "-quickbooks.csv", _QUICKBOOKS, file_lines=1000,
    ),
    Format(
        "xero", "Xero, Import manual journals: signed amounts, accounts by code, 300 lines a file.",
        "Same narration and date make one journal. Tax rate is Tax Exempt: put in the name that your organisation has for "
        "it, such as No VAT or BAS Excluded. Xero takes no entries on its own accounts payable account.",
        "-xero.csv", _XERO, file_lines=300,
    ),
    Format(
        "sage50", "Sage 50 (UK and Ireland), audit trail transactions: JD and JC, ddmmyyyy, tax code T9.",
        "First row contains headings. Nominal codes of at most 8 characters. Open it in nothing but Sage: a spreadsheet "
        "drops the first zero of dates.",
        "-sage50.csv", _SAGE50,
    ),
    Format(
        "netsuite", "NetSuite, CSV import of journal entries: accounts by number, MM/DD/YYYY, 200 lines an entry.",
        "Dates and names of posting periods are those of a US account. Map the columns by their headings; Memo is the "
        "entry's, Line Memo the line's.",
        "-netsuite.csv", _NETSUITE, entry_lines=200,
    ),
    Format(
        "businesscentral", "Dynamics 365 Business Central, general journal lines: signed amounts, balanced per document.",
        "Template GENERAL and batch DEFAULT: put in yours. ISO dates. The batch should have no number series.",
        "-businesscentral.csv", _BUSINESS_CENTRAL,
    ),
    Format(
        "intacct", "Sage Intacct, CSV import of journal entries: heading on an entry's first line, MM/DD/YYYY.",
        "Journal GJ: put in yours. Add the columns of dimensions that your company requires.",
        "-intacct.csv", _INTACCT,
    ),
    Format(
        "s4hana", "SAP S/4HANA, Upload General Journal Entries: technical field names, YYYYMMDD, 999 lines an entry.",
        "A flat list to paste into the template that the app offers, whose headings depend on the release. Company code is "
        "blank: put in yours. BKTXT begins with the reference of the entry: same reference, same entry.",
        "-s4hana.csv", _S4HANA, entry_lines=999,
    ),
    Format(
        "beancount", "Beancount, plain text: signed amounts; include the file in your ledger.",
        "Accounts are made of type, number and name, such as Assets:1310-Materials; a whole account name, such as "
        "Assets:Inventory:Raw, in column Account of Setup is used as it stands.",
        ".beancount", plain=Plain(plain_text.accounts, plain_text.beancount),
    ),
    Format(
        "hledger", "hledger (and Ledger), plain text: signed amounts; include the file in your journal.",
        "Accounts as for Beancount.",
        ".journal", plain=Plain(plain_text.accounts, plain_text.hledger),
    ),
)  # fmt: skip

#: every format by the name that the command line takes
FORMATS: dict[str, Format] = {form.name: form for form in _ALL}
