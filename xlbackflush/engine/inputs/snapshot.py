"""Snapshot: the inputs of a run as text that fits into cells, so that they can be looked at again and run again.

    tables -> JSON (every cell with its type and place) -> zlib -> base64 -> numbered pieces, each with a check of its own

A piece reads `2/3 5f2a9c01b7d4 eJx...`: its number, how many there are, the first 12 hex digits of SHA-256 over the rest,
the text. So a piece that was changed, lost or moved is named.

Each table has a hash, over its columns and cells from top to bottom. Blank rows and the place on the sheet do not matter to
it; the order of rows does. It is SHA-256 over JSON, so that anybody can compute it again.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from xlbackflush.model.tables import CellError, Source

PIECE = 8_000  # characters; a cell holds 32,767, but Excel takes no more than 8,203 in a block that is written at once
_CHECK_DIGITS = 12


class DamagedError(ValueError):
    """A snapshot cannot be read any more: a sentence, and the piece that is to blame (from 0; None: not just one)."""

    def __init__(self, what: str, piece: int | None = None) -> None:
        super().__init__(what)
        self.piece = piece


def table_hashes(sources: Mapping[str, Source]) -> dict[str, str]:
    """SHA-256 of each table, by name."""
    return {name: hashlib.sha256(_json(_content(source))).hexdigest() for name, source in sources.items()}


def pack(sources: Mapping[str, Source]) -> list[str]:
    """All tables as pieces of text; see above."""
    whole = _json([_placed(source) for source in sources.values()])
    text = base64.b64encode(zlib.compress(whole, 6)).decode("ascii")
    parts = [text[i : i + PIECE] for i in range(0, len(text), PIECE)]
    return [_piece(i, len(parts), part) for i, part in enumerate(parts)]


def unpack(pieces: Sequence[str]) -> dict[str, Source]:
    """The tables again, equal to those that were packed. Raises DamagedError."""
    if not pieces:
        raise DamagedError("The inputs of this run were not kept.")
    parts = [_part(i, len(pieces), piece) for i, piece in enumerate(pieces)]
    try:
        tables = json.loads(zlib.decompress(base64.b64decode("".join(parts), validate=True)), object_hook=_special)
        return {table["name"]: _source(table) for table in tables}
    except (binascii.Error, zlib.error, ValueError, KeyError, TypeError) as error:
        raise DamagedError("What was kept of the inputs cannot be read.") from error


# -------------------------------------------------------------------------------------------------- pieces


def _piece(i: int, count: int, part: str) -> str:
    return f"{i + 1}/{count} {_check(i, count, part)} {part}"


def _check(i: int, count: int, part: str) -> str:
    return hashlib.sha256(f"{i + 1}/{count} {part}".encode()).hexdigest()[:_CHECK_DIGITS]


_PIECE = re.compile(r"(?P<number>\d+)/(?P<count>\d+) (?P<check>[0-9a-f]+) (?P<part>\S+)", re.ASCII)


def _part(i: int, count: int, piece: str) -> str:
    """The text in a piece, which must be the one that belongs at this place."""
    match = _PIECE.fullmatch(piece)
    if match and _piece(i, count, match["part"]) == piece:
        return match["part"]
    if match and _piece(int(match["number"]) - 1, int(match["count"]), match["part"]) == piece:
        raise DamagedError(
            f"Here is piece {match['number']} of {match['count']} of the inputs, where piece {i + 1} of {count} should be.",
            i,
        )
    raise DamagedError(f"Piece {i + 1} of {count} of the inputs was changed.", i)


# --------------------------------------------------------------------------------------------------- cells


def _json(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":"), default=_plain).encode("ascii")


def _content(source: Source) -> list[object]:
    return [source.name, source.columns, source.rows]


def _placed(source: Source) -> dict[str, object]:
    """A table with its place; cells column by column, where like stands by like and packs better."""
    return vars(source) | {"letters": list(source.letters.items()), "rows": list(source.by_column().values())}


def _source(table: dict[str, Any]) -> Source:
    rows = [list(row) for row in zip(*table["rows"], strict=True)]
    return Source(**(table | {"letters": dict(table["letters"]), "rows": rows}))


def _plain(value: object) -> dict[str, object]:
    """What JSON has no type for, under the name of its type."""
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return {type(value).__name__: value.isoformat()}
    if isinstance(value, dt.timedelta):
        return {"timedelta": [value.days, value.seconds, value.microseconds]}
    if isinstance(value, CellError):
        return {"error": [value.text, value.calculated]}
    raise TypeError(f"a cell holds a {type(value).__name__}")


def _special(found: dict[str, Any]) -> Any:
    """The way back; a table has more than one field."""
    if len(found) != 1:
        return found
    [(name, value)] = found.items()
    if name == "error":
        return CellError(*value)
    if name == "timedelta":
        return dt.timedelta(*value)
    return _MOMENTS[name].fromisoformat(value)


_MOMENTS: dict[str, type[dt.datetime] | type[dt.date] | type[dt.time]] = {
    kind.__name__: kind for kind in (dt.datetime, dt.date, dt.time)
}
