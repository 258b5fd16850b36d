"""`make vba`: build the VBA project of workbooks and the add-in again, and put both in their place."""

from __future__ import annotations

from pathlib import Path

from xlbackflush.ooxml.atomic import write_file
from xlbackflush.schema.excel import ADDIN

from . import addin, project

BUILT = Path(__file__).parents[1] / "built"


def contents() -> dict[str, bytes]:
    """Name -> content of every file that is built."""
    return {"vbaProject.bin": project.of_workbooks(), ADDIN: addin.build()}


def main() -> None:
    """Write what differs from what is there."""
    BUILT.mkdir(exist_ok=True)
    for name, content in contents().items():
        path = BUILT / name
        changed = not path.is_file() or path.read_bytes() != content
        if changed:
            write_file(path, content)
        print(f"{'Wrote' if changed else 'Unchanged':<9}  {path}  {len(content):,} bytes")


if __name__ == "__main__":
    main()
