"""Commands on the installation: install, uninstall, doctor."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from xlbackflush import __version__
from xlbackflush.commands.report import say, tell
from xlbackflush.machine import this_machine

if TYPE_CHECKING:
    from xlbackflush.doctor import Finding
    from xlbackflush.install import Step


def install(args: argparse.Namespace) -> int:
    """Put the add-in where Excel looks, or into a folder."""
    from xlbackflush import install as installation

    steps = installation.install(this_machine(), args.folder, args.force)
    if args.folder:
        hint = "Copy both files; INTERPRETER_WIN in the .conf names the Python that Excel starts."
    elif all(step.done == installation.UNCHANGED for step in steps):
        hint = "Everything is in place. To check: xlbackflush doctor"
    else:
        hint = "Start Excel again to see the tab Backflush. To check: xlbackflush doctor"
    return _told(steps, hint, args)


def uninstall(args: argparse.Namespace) -> int:
    """Take away what `install` wrote."""
    from xlbackflush import install as installation
    from xlbackflush.excel import previous

    steps = installation.uninstall(this_machine(), args.folder)
    hint = "Workbooks stay as they are." if steps else "Nothing is installed."
    if previous.folder().is_dir():
        hint += f" Copies for Restore previous run are in {previous.folder()}; delete that folder to be rid of them."
    return _told(steps, hint, args)


def _told(steps: list[Step], hint: str, args: argparse.Namespace) -> int:
    files = [{"done": s.done, "file": str(s.path), "note": s.note} for s in steps]
    return tell(args, {"files": files}, "\n".join([*(step.line for step in steps), hint]))


def doctor(args: argparse.Namespace) -> int:
    """Check the installation; with --excel, the whole way through a real Excel."""
    from xlbackflush import doctor as examination

    machine = this_machine()
    found = examination.examine(machine)
    if args.excel:
        if not (args.quiet or args.json or machine.system == "Other" or examination.failed(found)):
            say("Trying it in Excel. When Excel shows a message, press OK there ...")
        found += examination.in_excel(machine, found)
    code = int(examination.failed(found))
    target: Path | None = args.report or (Path("xlbackflush-report.txt") if args.excel else None)
    if target:
        target.write_text(_report_text(found), encoding="utf-8")
    if args.json:
        rows = [{"check": f.check, "result": f.result, "what": f.what, "mend": f.mend} for f in found]
        return tell(args, {"checks": rows, "report": str(target) if target else None}, "", code)
    for finding in found:
        if finding.result == "FAIL" or not args.quiet:
            say(finding.line)
    said = ["FAIL: see above." if code else "PASS: nothing stands in the way."]
    said += [f"Wrote {target}; to report a problem, read this file and send it in."] if target else []
    return tell(args, {}, "\n".join(said), code)


_DETAILS = 500  # lines of each finding that a report holds


def _report_text(found: list[Finding]) -> str:
    """The report as a file: what was found, and every detail behind it."""
    lines = [f"xlbackflush {__version__} on {sys.platform}, Python {sys.version}", ""]
    for finding in found:
        lines += [finding.line, *(f"      {detail}" for detail in finding.details[:_DETAILS])]
    return "\n".join([*lines, ""])
