"""Write the evidence: verify the workbook, lay out its pages and files, and put them into one folder.

The folder is written whole or not at all, with a manifest that `sha256sum -c` checks.
"""

import datetime as dt
import hashlib
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.inputs.accept import accept
from xlbackflush.engine.inputs.snapshot import input_hash
from xlbackflush.evidence.report import PRINTED, Subject, Verification, report, verification
from xlbackflush.evidence.words import as_csv, plain
from xlbackflush.ledgers.export import Warn, journal_as_posted
from xlbackflush.ledgers.formats import FORMATS
from xlbackflush.ledgers.writer import files as ledger_files
from xlbackflush.lifecycle.calculate import Progress
from xlbackflush.lifecycle.verify import verify
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.finding import has_errors
from xlbackflush.model.journal import Run
from xlbackflush.model.tables import Source
from xlbackflush.ooxml.atomic import explained, write_folder
from xlbackflush.terminal import warn
from xlbackflush.workbook.file import FileBook
from xlbackflush.workbook.open_file import check_name

PDF, JOURNAL, README, MANIFEST = "evidence.pdf", "journal-aicpa.csv", "README.txt", "manifest.sha256"

_README = """\
Evidence of run {run} in {workbook}

{standing}

{pdf}        Journal, ledger, variances, reconciliation, comparison, fit, findings and checks as they
                    were in the workbook, control totals of the inputs, and lines to sign on.
{journal}   The journal in the form of the AICPA audit data standard (general ledger detail), separated by
                    commas; amounts have no sign, and D or C beside them.
inputs/*.csv        Each input table as it was, with all digits; column "Sheet row" is the row on the sheet.
                    A text that a spreadsheet would take for a formula begins with an apostrophe.
{workbook}
                    The workbook itself, byte for byte. Do not change it: explain, sensitivity, suspects, run and
                    roll write into the workbook they are given, so give them a copy.
{manifest}     SHA-256 of all these files.

To verify that nothing was changed, in this folder:

    Linux       sha256sum -c {manifest}
    macOS       shasum -a 256 -c {manifest}
    Windows     Get-FileHash -Algorithm SHA256 {pdf}      (PowerShell; compare with the manifest)

To verify the posted runs once more: xlbackflush verify, which writes nothing.

The digest of all inputs at the foot of each page is the input hash of the run on sheet Runs of the workbook. Beside it is the
link of the last posted run, in full on the first page and the last. Keep a printed page outside the workbook: if the chain is
ever recomputed, its link no longer agrees with the printed one.

Characters that no font on the machine has are printed as code numbers in the PDF, such as [U+6728]; the CSV files contain the
characters themselves.
"""


@dataclass(frozen=True)
class Written:
    """The folder that was written, and the result of verifying the workbook."""

    folder: Path
    verification: Verification


def write_evidence(
    path: Path,
    folder: Path | None = None,
    force: bool = False,
    warn: Warn = warn,
    progress: Progress = lambda stage: None,
) -> Written:
    """Verify a workbook, and write the evidence of its last run into a folder, beside the workbook where none is named.

    An existing folder is replaced with `force` only, and never where it holds anything else. Raises UnusableError in plain
    words, also where the workbook was never run; then nothing was written. What stands against relying on the run (problems
    of verifying, inputs changed since, a draft) stands on the first page and in README.txt, and is told by `warn`.
    """
    check_name(path)
    with FileBook(path, to_write=False) as book:
        runs = book.runs()
        if not runs:
            raise UnusableError(f"{book.path.name} has not been run: there is nothing to give evidence of.")
        target = folder or book.path.with_name(f"{book.path.stem}-evidence-{runs[-1].run}")
        check_target(target, force)
        verified = verification(verify(book, progress))
        files, warnings = contents(book, runs, verified)
        files[MANIFEST] = manifest({name: digest(content) for name, content in files.items()})
    for sentence in warnings:
        warn(sentence)
    with explained(target, "close its files, or choose another folder"):
        write_folder(target, files, like=book.path)
    return Written(target, verified)


def contents(book: FileBook, runs: Sequence[Run], verified: Verification) -> tuple[dict[str, bytes], list[str]]:
    """Every file but the manifest, by name, and the warnings about them."""
    run, inputs = runs[-1], book.read()
    outputs = {name: book.table(name) for name in ("Journal", "Runs", *PRINTED)}
    accepted, errors = accept(inputs)
    warnings = list(_standing(inputs, outputs, run, verified, has_errors(errors)))
    files = {f"inputs/{name}.csv": as_csv(source) for name, source in inputs.items()}
    digests = {name: digest(files[f"inputs/{name}.csv"]) for name in inputs}
    try:
        journal = journal_as_posted(outputs["Journal"], accepted.settings, runs)
        # with commas, since the file is one for spreadsheets, too
        (files[JOURNAL],) = ledger_files(journal, replace(FORMATS["aicpa"], delimiter=","))
    except UnusableError as error:
        warnings.append(f"{JOURNAL} is missing: {error}")
    moment, settings = _moment(outputs["Runs"]), accepted.settings
    subject = Subject(book.path.name, run, moment, inputs, outputs, settings, verified, warnings, digests)
    files[PDF] = report(subject)
    files[README] = _readme(book.path.name, run, [verified.result, *warnings] if verified.holds else warnings)
    files[book.path.name] = book.content
    return files, warnings


def _readme(workbook: str, run: Run, standing: Sequence[str]) -> bytes:
    """What is what. standing: the result of verifying, and what else stands against relying on the run."""
    sentences = "\n".join(textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False) for text in standing)
    names = {"pdf": PDF, "journal": JOURNAL, "manifest": MANIFEST}
    return _README.format(run=run.run, workbook=workbook, standing=sentences, **names).encode()


def _standing(
    inputs: dict[str, Source], outputs: dict[str, Source], run: Run, verified: Verification, errors: bool
) -> Iterator[str]:
    """What stands against relying on the run, the worst first."""
    if not verified.holds:
        yield verified.result
        yield from verified.problems
    if run.input_hash != input_hash(inputs):
        wrong = " and now have errors" if errors else ""
        yield f"The inputs were changed after run {run.run}{wrong}: the journal no longer follows from them."
        yield from verified.changed
    stored = outputs["Findings"].by_column().get("Severity", [])
    if schema.ERROR in stored:
        yield "The last check or run stopped at errors: see section Findings. The journal is that of an earlier run."
    if run.is_draft:
        yield f"Run {run.run} is a draft: it is not posted, and the next run replaces it."


def _moment(runs: Source) -> dt.datetime:
    """When the last run was posted, or made."""
    last = dict(zip(runs.columns, runs.rows[-1], strict=True))
    for name in ("Posted", "Started"):
        try:
            return dt.datetime.strptime(plain(last.get(name)), "%Y-%m-%d %H:%M:%S")
        except ValueError:
            continue
    return dt.datetime(1980, 1, 1)


# --------------------------------------------------------------------------------------------- the folder


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def manifest(digests: Mapping[str, str]) -> bytes:
    """Lines of `sha256sum` for files by their name from within the folder; names with odd characters are escaped its way."""
    lines = []
    for name in sorted(digests):
        odd = name.translate({ord("\\"): "\\\\", ord("\n"): "\\n", ord("\r"): "\\r"})
        lines.append(f"{'' if odd == name else chr(92)}{digests[name]}  {odd}\n")
    return "".join(lines).encode()


def check_target(target: Path, force: bool) -> None:
    """Refuse what cannot be written, or what would be lost."""
    if not target.parent.is_dir():
        raise UnusableError(f"The folder {target.parent} does not exist.")
    if not target.exists():
        return
    if not target.is_dir():
        raise UnusableError(f"{target} is a file; choose another name for the folder.")
    if not force:
        raise UnusableError(f"{target} exists already; choose another folder, or add --force to replace it.")
    files = {path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir()}
    others = sorted(files - _listed(target) - {MANIFEST})
    if others:
        raise UnusableError(
            f"{target} also holds {others[0]}, which is not of the evidence and would be lost; move it first."
        )


def _listed(folder: Path) -> set[str]:
    """Files that the manifest of a folder names."""
    try:
        lines = (folder / MANIFEST).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        return set()
    return {name for line in lines if (name := _name(line))}


def _name(line: str) -> str:
    """The file that a line of a manifest names; "" where it is none. A backslash in front: odd characters are escaped."""
    digest_and_name = line.removeprefix("\\")
    name = digest_and_name[66:] if digest_and_name[64:66] == "  " else ""
    if digest_and_name == line:
        return name
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "r": "\r"}.get(match[1], match[1]), name)
