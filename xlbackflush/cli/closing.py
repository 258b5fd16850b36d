"""Close a period in one command: import, check and run, post, export what is new, write the evidence.

Each step is the command of its name, and is passed over where it is done already, so that the command goes on where it
stopped. It stops where a person must decide: files that cannot be read for sure, errors in the inputs, warnings that nobody has
looked at, a draft that nobody has approved. What was imported before is not imported again: corrections in the workbook stay.
"""

import argparse
import datetime as dt
from pathlib import Path

from xlbackflush import __version__
from xlbackflush.addin.computer import user
from xlbackflush.cli.import_commands import import_new
from xlbackflush.cli.printed import progress, report, tell
from xlbackflush.engine.inputs.snapshot import input_hash
from xlbackflush.ledgers.chosen import Choice
from xlbackflush.ledgers.export import export, form_of
from xlbackflush.lifecycle import post as posting
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.model.journal import Run
from xlbackflush.schema import WARNING
from xlbackflush.terminal import warn
from xlbackflush.workbook.file import FileBook


def close(args: argparse.Namespace) -> int:
    """Import, check, run, post, export, give evidence; code 1 where a person must decide before it goes on."""
    form_of(args.format)  # a wrong name is told before anything is done
    imported = import_new(args) if args.files else None
    if imported and imported.failed:
        return 1
    warned = any(finding.severity == WARNING for finding in imported.findings) if imported else False
    with FileBook(args.book) as book:
        run = _standing(book)
        if run is None:
            outcome = lifecycle.run(book, user(), dt.datetime.now(), progress(args))
            warned |= any(finding.severity == WARNING for finding in outcome.findings)
            run = outcome.run
            if run is None or (run.is_draft and (warned or not args.approved_by)):
                report(outcome, args, book)
                return _stopped(args, run)
        elif run.is_draft and not args.approved_by:
            tell(args, {"run": run.run, "status": run.status}, [], 1)
            return _stopped(args, run)
        if run.is_draft:
            posting.post(book, args.approved_by, dt.datetime.now(), progress(args))
    return _handed_over(args, run.run)


def _standing(book: FileBook) -> Run | None:
    """The last run, where it is one of the inputs as they are now."""
    last = book.runs()[-1:]
    current = [run for run in last if run.input_hash == input_hash(book.read()) or run.is_closed]
    return next((run for run in current if not run.is_draft or run.version == __version__), None)


def _stopped(args: argparse.Namespace, draft: Run | None) -> int:
    """What a person must do before the command goes on."""
    warn(
        f"Stopped: draft {draft.run} is not posted yet. Look at sheet Findings and the results; then somebody else than "
        f"{draft.user} approves it: type the command again with --approved-by NAME."
        if draft
        else "Stopped: correct the errors, and type the command again. Nothing was posted."
    )
    return 1


def _handed_over(args: argparse.Namespace, run: str) -> int:
    """Export of what is new, and evidence, of a run that is posted."""
    from xlbackflush.evidence.write import write_evidence

    exported = export(args.book, args.format, choice=Choice(new=True))
    files, lines = [str(file) for file in exported.files], [f"Run {run} is posted."]
    lines += [f"Wrote {file}." for file in files] or exported.to_do
    lines += (
        ["Before the import:", *(f"- {sentence}" for sentence in exported.to_do)] if files and exported.to_do else []
    )
    folder, code = Path(args.book).with_name(f"{Path(args.book).stem}-evidence-{run}"), 0
    if folder.is_dir() and not files:
        lines.append(f"The evidence is in {folder} already.")
    else:
        evidence = write_evidence(args.book, folder, force=True, progress=progress(args))
        code = 0 if evidence.verification.holds else 1
        lines.append(f"Wrote {folder}.")
    return tell(args, {"run": run, "files": files, "to_do": exported.to_do, "evidence": str(folder)}, lines, code)
