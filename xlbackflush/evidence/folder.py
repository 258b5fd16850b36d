"""The folder of the evidence: written whole or not at all, with a manifest that `sha256sum -c` checks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from xlbackflush.model.errors import UnusableError
from xlbackflush.ooxml.atomic import explained, write_folder

MANIFEST = "manifest.sha256"


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
    others = sorted(_files(target) - _listed(target) - {MANIFEST})
    if others:
        raise UnusableError(
            f"{target} also holds {others[0]}, which is not of the evidence and would be lost; move it first."
        )


def _files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}


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


def write(target: Path, files: Mapping[str, bytes]) -> None:
    """Files by name into a new folder; it takes its place, and that of an old one, when it is whole."""
    with explained(target, "close its files, or choose another folder"):
        write_folder(target, files)
