"""The command line: what can be typed, and how every failure ends.

Exit codes: 0 done; 1 findings of severity Error, nothing posted, or a check of `doctor`, `verify` or `evidence` that fails;
2 the command or file cannot be used, nothing changed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import Any

from xlbackflush import __version__
from xlbackflush.dataclass import dataclass
from xlbackflush.terminal import accept_every_character, print_as_laid_out, say, warn

_EXAMPLES = """examples:
  xlbackflush new october.xlsm                      an empty workbook for this month
  xlbackflush new demo.xlsm --sample widgets        a worked month to look at
  xlbackflush import october.xlsm exports/          counts, receipts, bills from files of other systems
  xlbackflush check october.xlsm                    look for mistakes, post nothing
  xlbackflush run october.xlsm                      run the backflush, write journal and proofs
  xlbackflush run october.xlsm --json               the same, result for a machine
  xlbackflush post october.xlsm --approved-by Jones lock it: posted lines never change again
  xlbackflush verify october.xlsm                   compute everything again, and say what differs
  xlbackflush roll october.xlsm november.xlsm       close the period, open the next one
  xlbackflush upgrade october.xlsm                  add what a workbook of an earlier version lacks
  xlbackflush explain october.xlsm Journal!I7       what an amount is made of
  xlbackflush export october.xlsm --format csv      the journal as a file for your ledger
  xlbackflush close october.xlsm --format csv       all of these in one command, up to what a person must decide
  xlbackflush install                               button, ribbon tab and functions in Excel

exit codes: 0 done; 1 errors in the inputs, nothing posted, or what is posted does not verify; 2 the command or file
cannot be used, nothing changed
"""

_REPORT = " Please report it with the workbook."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; every failure ends in one line of plain words."""
    accept_every_character()
    args = _arguments(sys.argv[1:] if arguments is None else arguments)
    from xlbackflush.model.errors import RefusedError
    from xlbackflush.ooxml.atomic import forget_written

    forget_written()
    try:
        name = f"{args.verb.name}_" if iskeyword(args.verb.name) else args.verb.name
        return int(getattr(import_module(f"xlbackflush.cli.{args.verb.module}"), name)(args))
    except RefusedError as error:
        return _refuse(str(error), args)
    except OSError as error:
        return _stopped(f"{error.filename or 'The file'}: {error.strerror or error}", args)
    except MemoryError:
        return _stopped("The workbook is too large for this machine's memory", args)
    except KeyboardInterrupt:
        return _stopped("Stopped", args)
    except Exception as error:
        if os.environ.get("XLBACKFLUSH_DEBUG"):
            raise
        return _stopped(f"stopped by a fault of its own ({type(error).__name__}: {error})", args, _REPORT)


def _stopped(text: str, args: argparse.Namespace, more: str = "") -> int:
    """A command that came to an end halfway: whether anything was changed, which nobody must be wrong about."""
    from xlbackflush.ooxml.atomic import written

    if files := written():
        names = ", ".join(path.name for path in files)
        warn(f"{text}, but {names} had been written already and stand{'s' if len(files) == 1 else ''}.{more}")
        return 0
    return _refuse(f"{text}; nothing was changed.{more}", args)


def _refuse(text: str, args: argparse.Namespace) -> int:
    if getattr(args, "json", False):
        import json

        say(json.dumps({"exit": 2, "error": text}))
    else:
        warn(text)
    return 2


class _Parser(argparse.ArgumentParser):
    """What it prints goes the way of all that is printed."""

    def _print_message(self, message: str, file: Any = None) -> None:
        print_as_laid_out(message, file)


def _arguments(typed: Sequence[str]) -> argparse.Namespace:
    """What was typed, by name, with the command as `verb`. Only the command that is named needs a parser, as a rule."""
    verb = next((verb for verb in _VERBS if verb.name in typed[:1]), None)
    if verb is None:
        return _parser().parse_args(typed)
    parser = _Parser(prog=f"xlbackflush {verb.name}", **_about(verb))
    return _with_arguments(parser, verb).parse_intermixed_args(typed[1:])  # files may stand behind options


def _parser() -> argparse.ArgumentParser:
    """The parser of all commands, which can list them."""
    parser = _Parser(
        prog="xlbackflush",
        description="Backflush costing in an Excel workbook: posted, provable, cell by cell.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"xlbackflush {__version__}")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for verb in _VERBS:
        _with_arguments(verbs.add_parser(verb.name, help=verb.text, **_about(verb)), verb)
    return parser


def _about(verb: Verb) -> dict[str, Any]:
    return {
        "description": f"{verb.text[0].upper()}{verb.text[1:]}.",
        "epilog": f"example:\n  xlbackflush {verb.name} {verb.example}".rstrip(),
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }


def _with_arguments(parser: argparse.ArgumentParser, verb: Verb) -> argparse.ArgumentParser:
    parser.set_defaults(verb=verb)
    for argument, options in verb.arguments:
        parser.add_argument(argument, **options)
    return parser


# ---------------------------------------------------------------------------------------------- the commands

Argument = tuple[str, dict[str, Any]]


def _value(name: str, metavar: str, text: str, **options: Any) -> Argument:
    return name, {"metavar": metavar, "help": text, **options}


def _file(name: str, metavar: str, text: str, **options: Any) -> Argument:
    return _value(name, metavar, text, type=Path, **options)


def _flag(name: str, text: str) -> Argument:
    return name, {"action": "store_true", "help": text}


@dataclass(frozen=True)
class Verb:
    """A command, called as its function, with its line in the list of commands and what follows its name in an example.

    module: where the function is, which is loaded for this command alone.
    """

    module: str
    name: str
    text: str
    example: str
    arguments: tuple[Argument, ...]


_BOOK = _file("book", "BOOK", "a workbook made by: xlbackflush new")
_PRINTED = _flag("--json", "print the result as JSON"), _flag("--quiet", "print errors only")
_FOLDER = _file("--folder", "DIR", "a folder instead of the places where Excel looks")


def _on_book(module: str, name: str, text: str, example: str = "", *more: Argument) -> Verb:
    """A command on a workbook, with more arguments behind its name."""
    return Verb(module, name, text, f"october.xlsm {example}", (_BOOK, *more, *_PRINTED))


def _more(name: str, metavar: str, text: str) -> Argument:
    """An argument that may be given several times."""
    return _value(name, metavar, text, action="append", default=[])


_WORKBOOK, _RECORD, _INSTALL, _CLOSING = "workbook_commands", "record_commands", "install_commands", "closing"
_IMPORTS = "import_commands"


_VERBS = (
    Verb(
        _WORKBOOK, "new", "write a new workbook, empty or a sample", "october.xlsm --period 2026-10",
        (
            _file("book", "BOOK", "file to write: .xlsm or .xlsx"),
            _value("--sample", "NAME", "fill in a sample: widgets (a worked month) or computers (textbook)"),
            _value("--period", "YYYY-MM", "month of the empty workbook (default: this month)"),
            _flag("--force", "replace a workbook that is there, unless something is posted in it"),
        ),
    ),
    _on_book(_WORKBOOK, "upgrade", "add what a workbook of an earlier version lacks, and change nothing else"),
    _on_book(
        _IMPORTS, "import", "take rows from files of other systems: CSV, Excel, OpenDocument; a folder takes all its files",
        "counts.csv --to Counts --map Menge=Quantity",
        _file("files", "FILE", "file, or folder with files", nargs="+"),
        _value("--to", "TABLE", "table that the rows go to (default: the one that the file fits)", default=""),
        _value("--sheet", "NAME", "sheet of the file (default: all that fit)", default=""),
        _more("--map", "X=Y", "column X of the file is column Y; or word X means Y: \"Menge=Quantity\", 101=Completed"),
        _more("--set", "Y=VALUE", "column Y is the same in all rows: Event=Sold"),
        _more("--form", "Y=FORM", "how column Y is written: day first, month first, decimal comma, decimal point, fill down"),
        _more("--only", "X=VALUES", "take rows only where column X of the file has one of these: Plant=1000,2000"),
        _flag("--replace", "the rows of the table go"),
        _flag("--append", "the rows of the table stay"),
        _flag("--check", "say what would be done; write nothing"),
    ),
    _on_book(_WORKBOOK, "check", "check the inputs and list the findings; nothing is posted"),
    _on_book(_WORKBOOK, "run", "run the backflush: journal, ledger, relief, trace, proofs and checks"),
    _on_book(_WORKBOOK, "restore", "put back the results that stood before the last run"),
    _on_book(_WORKBOOK, "clear", "empty the output sheets; inputs stay as they are"),
    _on_book(
        _WORKBOOK, "explain", "show what an amount is made of, down to the cells that people typed", "Journal!I7",
        _value("cell", "CELL", "a cell, such as Journal!I7", nargs="?"),
        _value("--product", "CODE", "instead of a cell: all costs of one product"),
    ),
    _on_book(
        _RECORD, "post", "post the draft: its lines never change again", "--approved-by Jones",
        _value("--approved-by", "NAME", "who approves it (default: you); not who ran it"),
    ),
    _on_book(_RECORD, "verify", "compute every posted run again; say what differs, and where"),
    _on_book(
        _RECORD, "diff", "show which input cells moved which journal lines, between two runs", "R0001 R0002",
        _value("first", "RUN1", "a run on sheet Runs, such as R0001"),
        _value("second", "RUN2", "a later run, such as R0002"),
    ),
    _on_book(
        _RECORD, "roll", "close the period, and open the next one in a new workbook", "november.xlsm",
        _file("next", "NEXT", "workbook to write for the next period"),
    ),
    _on_book(
        _RECORD, "evidence", "verify, and write what an auditor files: PDF, CSV files, the workbook, digests",
        "--to october-evidence",
        _file("--to", "FOLDER", "folder to write (default: beside the workbook)"),
        _flag("--force", "replace an evidence folder that is there"),
    ),
    _on_book(
        _RECORD, "sensitivity", "rank the input cells by what an error in them would do to the balances", "",
        _value("--most", "N", "how many cells to try (default: 1,000)", type=int),
    ),
    _on_book(
        _RECORD, "suspects", "name the bills, scrap or counts that best explain the differences of the counts",
        "september.xlsm august.xlsm",
        _file("earlier", "EARLIER", "workbooks of earlier periods", nargs="*"),
    ),
    _on_book(
        _WORKBOOK, "export", "write the posted journal to a file that a ledger imports", "--format NAME --to october.csv",
        _value("--format", "NAME", "format of the ledger; a wrong name lists them", required=True),
        _file("--to", "FILE", "file to write (default: beside the workbook)"),
        _value("--run", "RUN", "only what a run posted, such as R0002: of a correction, the reversals and the new entries"),
        _value("--event", "EVENT", "only entries of an event, such as Sale"),
        _value("--since", "RUN|DATE", "only what was posted after a run, or from a day on (YYYY-MM-DD)"),
        _flag("--new", "only what was not exported in this format before"),
        _flag("--force", "replace an existing file"),
    ),
    _on_book(
        _CLOSING, "close", "import, check, run, post, export what is new and give evidence; stops where a person must decide",
        "exports/ --format quickbooks --approved-by Jones",
        _file("files", "FILE", "file, or folder with files, to be imported first, if it was not before", nargs="*"),
        _value("--format", "NAME", "format of the ledger; a wrong name lists them", required=True),
        _value("--approved-by", "NAME", "who has looked at the draft and approves it; not who ran it"),
    ),
    Verb(
        _INSTALL, "install", "put button, ribbon tab and functions into Excel for this user", "",
        (
            _flag("--force", "replace files that somebody else changed"),
            _file("--addin", "FILE", "install this copy of the add-in, which your company has signed"),
            _FOLDER, *_PRINTED,
        ),
    ),
    Verb(_INSTALL, "uninstall", "remove what install wrote", "", (_FOLDER, *_PRINTED)),
    Verb(
        _INSTALL, "doctor", "check the installation, and say how to mend what is wrong",
        "--excel --report xlbackflush-report.txt",
        (
            _flag("--excel", "try it in the real Excel: press the button, compare every cell"),
            _file("--report", "FILE", "write what was found to a text file, to send in"),
            *_PRINTED,
        ),
    ),
)  # fmt: skip
