"""The ledgers that a journal can be written for: one description each. `writer` holds the one writer.

They differ in how an entry is told from the next one, whether its heading stands on its first line or on all, one signed
amount or two columns, accounts by number or name, dates, longest texts, most lines of an entry and of a file. Columns that
only the user can fill are blank, or hold what a new ledger comes with; `to_do` says so with every export.
"""

from xlbackflush import schema
from xlbackflush.ledgers import plain_text
from xlbackflush.ledgers.writer import Field, Format, ToDo

# ------------------------------------------------------------------------------------------------ formats

_CSV = (
    Field("Run", "{entry.run}", "text"),
    Field("Entry", "{entry.number}"),
    Field("Line", "{place}"),
    Field("Posting date", "{date:%Y-%m-%d}"),
    Field("Event", "{entry.event}", "text"),
    Field("Role", "{line.role}", "text"),
    Field("Account", "{line.account}", "account"),
    Field("Account name", "{line.name}", "text"),
    Field("Debit", "{debit}"),
    Field("Credit", "{credit}"),
    Field("Description", "{entry.description}", "text"),
    Field("Source", "{line.source}", "text"),
    Field("Proof", "{proof}"),
    Field("Difference", "{difference}"),
    Field("Product", "{entry.product}", "text"),
)
_AICPA = (
    Field("Journal_ID", "{reference}", "key", 100),
    Field("Journal_ID_Line_Number", "{place}"),
    Field("JE_Header_Description", "{entry.description}", "text", 256),
    Field("JE_Line_Description", "{memo}", "text", 256),
    Field("Source", "Backflush {entry.event}", "text", 25),
    Field("Business_Unit_Code", "{journal.company}", "text", 25),
    Field("Effective_Date", "{date:%Y-%m-%d}"),
    Field("Fiscal_Year", "{date:%Y}"),
    Field("Period", "{date:%m}"),
    Field("GL_Account_Number", "{line.account}", "account", 100),
    Field("Amount", "{unsigned}"),
    Field("Amount_Credit_Debit_Indicator", "{side}"),
    Field("Amount_Currency", "{journal.currency}"),
    Field("Entered_By", "{run.user}", "text", 100),
    Field("Entered_Date", "{entered[0]}"),
    Field("Entered_Time", "{entered[1]}"),
    Field("Approved_By", "{run.approved_by}", "text", 100),
    Field("Approved_Date", "{approved[0]}"),
    Field("Reversal_Indicator", "{reverses}"),
    Field("Reversal_Journal_ID", "{other_entry}", "key", 100),
)
_QUICKBOOKS = (
    Field("*JournalNo", "{reference}", "key", 21),
    Field("*JournalDate", "{date:%m/%d/%Y}"),
    Field("*AccountName", "{line.name}", "account"),
    Field("*Debits", "{debit}"),
    Field("*Credits", "{credit}"),
    Field("Description", "{reference} {entry.description}", "text", 4000),
    Field("Name"),
    Field("Currency", "{journal.currency}"),
    Field("Location"),
    Field("Class"),
)
_XERO = (
    Field("*Narration", "{reference} {entry.description}", "text", 4000),
    Field("*Date", "{date.day} {month} {date.year}"),
    Field("Description", "{memo}", "text", 4000),
    Field("*AccountCode", "{line.account}", "account", 10),
    Field("*TaxRate", "Tax Exempt"),
    Field("*Amount", "{signed}"),
    Field("TrackingName1"),
    Field("TrackingOption1"),
    Field("TrackingName2"),
    Field("TrackingOption2"),
)
_SAGE50 = (
    Field("Type", "J{side}"),
    Field("Account Reference"),
    Field("Nominal A/C Ref", "{line.account}", "account", 8),
    Field("Department Code", "0"),
    Field("Date", "{date:%d%m%Y}"),
    Field("Reference", "{reference}", "key", 30),
    Field("Details", "{entry.description}", "text", 60),
    Field("Net Amount", "{unsigned}"),
    Field("Tax Code", "T9"),
    Field("Tax Amount", "{zero}"),
)
_NETSUITE = (
    Field("External ID", "{reference}", "key", 300),
    Field("Date", "{date:%m/%d/%Y}"),
    Field("Posting Period", "{month} {date.year}"),
    Field("Memo", "{entry.description}", "text", 999),
    Field("Account", "{line.account}", "account", 60),
    Field("Debit", "{debit}"),
    Field("Credit", "{credit}"),
    Field("Location"),
    Field("Line Memo", "{memo}", "text", 999),
)
_BUSINESS_CENTRAL = (
    Field("Journal Template Name", "GENERAL"),
    Field("Journal Batch Name", "DEFAULT"),
    Field("Line No.", "{count}0000"),
    Field("Account Type", "G/L Account"),
    Field("Account No.", "{line.account}", "account", 20),
    Field("Posting Date", "{date:%Y-%m-%d}"),
    Field("Document No.", "{reference}", "key", 20),
    Field("Description", "{entry.description}", "text", 100),
    Field("Amount", "{signed}"),
)
_INTACCT = (
    Field("JOURNAL", "GJ", once=True),
    Field("DATE", "{date:%m/%d/%Y}", once=True),
    Field("DESCRIPTION", "{reference} {entry.event}", "text", 30, once=True),
    Field("LINE_NO", "{place}"),
    Field("ACCT_NO", "{line.account}", "account", 24),
    Field("DEBIT", "{debit}"),
    Field("CREDIT", "{credit}"),
    Field("MEMO", "{entry.description}", "text", 1000),
)
_S4HANA = (
    Field("BUKRS"),
    Field("BLART", "SA"),
    Field("BLDAT", "{date:%Y%m%d}"),
    Field("BUDAT", "{date:%Y%m%d}"),
    Field("BKTXT", "{reference} {entry.event}", "text", 25),
    Field("WAERS", "{journal.currency}"),
    Field("HKONT", "{line.account}", "account", 10),
    Field("SGTXT", "{entry.description}", "text", 50),
    Field("WRSOL", "{debit}"),
    Field("WRHAB", "{credit}"),
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
        ".beancount", lines=plain_text.beancount, spelled=plain_text.accounts,
    ),
    Format(
        "hledger", "hledger (and Ledger), plain text: signed amounts; include the file in your journal.",
        ".journal", lines=plain_text.hledger, spelled=plain_text.accounts,
    ),
)  # fmt: skip

#: every format by the name that the command line takes
FORMATS: dict[str, Format] = {form.name: form for form in _ALL}
