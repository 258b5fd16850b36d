"""Commands on the installation: install, uninstall, doctor."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from xlbackflush import __version__
from xlbackflush.addin import doctor as examination
from xlbackflush.addin import install as installation
from xlbackflush.addin.computer import Machine, this_machine
from xlbackflush.addin.doctor import Diagnosis
from xlbackflush.addin.install import Step
from xlbackflush.cli.printed import tell
from xlbackflush.ooxml.atomic import write_file
from xlbackflush.terminal import say
from xlbackflush.workbook import undo


def install(args: argparse.Namespace) -> int:
    """Put the add-in where Excel looks, or into a folder."""
    machine = this_machine()
    steps = installation.install(machine, args.folder, args.force, args.addin)
    if args.folder:
        hint = "Copy both files; INTERPRETER_WIN in the .conf names the Python that Excel starts."
    elif all(step.done == installation.UNCHANGED for step in steps):
        hint = "Everything is in place. To check: xlbackflush doctor"
    else:
        hint = "Start Excel again to see the tab Backflush. To check: xlbackflush doctor"
        if machine.system == "Windows":
            also = "If your Windows profile follows you to other computers, so does the add-in: install it there, too."
            return _told(steps, [hint, also], args)
    return _told(steps, [hint], args)


def uninstall(args: argparse.Namespace) -> int:
    """Take away what `install` wrote."""
    steps = installation.uninstall(this_machine(), args.folder)
    hint = "Workbooks stay as they are." if steps else "Nothing is installed."
    if any(step.done == installation.IN_USE for step in steps):
        hint = "One file is left: close Excel and run this again. " + hint
    if undo.folder().is_dir():
        hint += f" Copies for Restore previous run are in {undo.folder()}; delete that folder to be rid of them."
    return _told(steps, [hint], args)


def _told(steps: list[Step], hints: list[str], args: argparse.Namespace) -> int:
    files = [{"done": s.done, "file": str(s.path), "note": s.note} for s in steps]
    return tell(args, {"files": files}, [*(step.line for step in steps), *hints])


def doctor(args: argparse.Namespace) -> int:
    """Check the installation; with --excel, the whole way through a real Excel."""
    machine = this_machine()
    diagnoses = examination.examine(machine)
    if args.excel:
        if not (args.quiet or args.json or machine.system == "Other" or examination.failed(diagnoses)):
            say("Trying it in Excel. When Excel shows a message, press OK there ...")
        diagnoses += examination.in_excel(machine, diagnoses)
    code = int(examination.failed(diagnoses))
    target: Path | None = args.report or (Path("xlbackflush-report.txt") if args.excel else None)
    if target:
        write_file(target, _report_text(diagnoses).encode("utf-8", "backslashreplace"))
    if args.json:
        rows = [{"check": d.check, "result": d.result, "what": d.what, "mend": d.mend} for d in diagnoses]
        return tell(args, {"checks": rows, "report": str(target) if target else None}, [], code)
    for diagnosis in diagnoses:
        if diagnosis.result == "FAIL" or not args.quiet:
            say(diagnosis.line)
    lines = [_summary(machine, diagnoses)]
    lines += [f"Wrote {target}; to report a problem, read this file and send it in."] if target else []
    return tell(args, {}, lines, code)


def _summary(machine: Machine, diagnoses: list[Diagnosis]) -> str:
    """The last line: what all the others come to."""
    count = Counter(diagnosis.result for diagnosis in diagnoses)
    if count["FAIL"]:
        return "FAIL: see above."
    if machine.system == "Other":
        return "PASS for the command line; there is no Excel on this system."
    if count["WARN"]:
        return f"PASS, with {count['WARN']} warning{'s' if count['WARN'] > 1 else ''}: see above."
    return "PASS: everything is in place."


_DETAILS = 500  # lines of each finding that a report holds


def _report_text(diagnoses: list[Diagnosis]) -> str:
    """The report as a file: what was found, and every detail behind it."""
    lines = [f"xlbackflush {__version__} on {sys.platform}, Python {sys.version}", ""]
    for diagnosis in diagnoses:
        lines += [diagnosis.line, *(f"      {detail}" for detail in diagnosis.details[:_DETAILS])]
    return "\n".join([*lines, ""])
