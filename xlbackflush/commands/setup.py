"""Commands on the installation: install, uninstall, doctor."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from xlbackflush import __version__
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

    steps = installation.uninstall(this_machine(), args.folder)
    return _told(steps, "Workbooks stay as they are." if steps else "Nothing is installed.", args)


def _told(steps: list[Step], hint: str, args: argparse.Namespace) -> int:
    if args.json:
        files = [{"done": s.done, "file": str(s.path), "note": s.note} for s in steps]
        print(json.dumps({"exit": 0, "files": files}, indent=2))
    elif not args.quiet:
        print("\n".join([*(step.line for step in steps), hint]))
    return 0


def doctor(args: argparse.Namespace) -> int:
    """Check the installation; with --excel, the whole way through a real Excel."""
    from xlbackflush import doctor as examination

    found = examination.examine(this_machine())
    if args.excel:
        from xlbackflush.excel.trial import in_excel

        found += in_excel()
    code = int(examination.failed(found))
    target: Path | None = args.report or (Path("xlbackflush-report.txt") if args.excel else None)
    if target:
        target.write_text(_report_text(found), encoding="utf-8")
    if args.json:
        rows = [{"check": f.check, "result": f.result, "what": f.what, "mend": f.mend} for f in found]
        print(json.dumps({"exit": code, "checks": rows, "report": str(target) if target else None}, indent=2))
        return code
    print("\n".join(f.line for f in found if f.result == "FAIL" or not args.quiet))
    if not args.quiet:
        print("FAIL: see above." if code else "PASS: nothing stands in the way.")
        if target:
            print(f"Wrote {target}; to report a problem, send this file.")
    return code


def _report_text(found: list[Finding]) -> str:
    """The report as a file: what was found, and every detail behind it."""
    lines = [f"xlbackflush {__version__} on {sys.platform}, Python {sys.version}", ""]
    for finding in found:
        lines += [finding.line, *(f"      {detail}" for detail in finding.details)]
    return "\n".join([*lines, ""])
