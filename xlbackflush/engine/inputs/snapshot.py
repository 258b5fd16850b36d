"""Snapshot: the inputs of a run as bytes that anybody can make again, their digests, and as text that fits into cells.

The content of a table is JSON as RFC 8785 (JSON Canonicalization Scheme) writes it: UTF-8, no spaces, members sorted by name,
numbers as JavaScript prints them. It is an object with one member for each column, its cells from top to bottom:

    {"Date":[{"date":"2026-04-01"},{"date":"2026-04-02"}],"Item":["DYE","RESIN"],"Quantity":[12,0.25]}

    number          the shortest decimal that reads back as the same 64-bit number: 12, 0.25, 1e-7; -0 is 0
    text            as a text, blank as the empty text ""; TRUE and FALSE as true and false
    date, time      under the name of its type, in ISO 8601: {"date":"2026-04-01"}, {"time":"13:30:00"},
                    {"datetime":"2026-04-01T13:30:00"}; a length of time {"timedelta":[days,seconds,microseconds]}
    error           {"error":["#REF!",true]}; false where a formula has no stored result
    no number       {"number":"Infinity"}, which no Excel writes

Left out is what says nothing, so that an optional column, sheet or setting of a later version changes no digest: columns and
rows that are wholly blank (rows are when they are read), settings without a value, tables without rows; and column Meaning of
table Setup, whose words are ours. Where a table stands does not matter, nor the order of its columns, which are sorted by
name, so that nobody needs our list of them; the order of rows does.

    digest of a table   SHA-256 of its content
    input hash          SHA-256 of {"BOM":"<digest>","Counts":"<digest>",...}, written in the same way
    pieces              a line that says where tables stand, then a line for each table, its content -> zlib -> base64

A piece reads `2/3 5f2a9c01b7d4 eJx...`: its number, how many there are, the first 12 hex digits of SHA-256 over the rest,
the text. So a piece that was changed, lost or moved is named.
"""

import base64
import binascii
import datetime as dt
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from xlbackflush.dataclass import dataclass, replace
from xlbackflush.late import pattern
from xlbackflush.model.journal import RunInputs
from xlbackflush.model.tables import CellError, Source

PIECE = 8_000  # characters; a cell holds 32,767, but Excel takes no more than 8,203 in a block that is written at once
_CHECK_DIGITS = 12


class DamagedError(ValueError):
    """A snapshot cannot be read any more: a sentence, and the piece that is to blame (from 0; None: not just one)."""

    def __init__(self, what: str, piece: int | None = None) -> None:
        super().__init__(what)
        self.piece = piece


@dataclass(frozen=True)
class Snapshot:
    """The input tables by name, and what is made of them: once, when it is first asked for."""

    sources: Mapping[str, Source]

    @cached_property
    def contents(self) -> dict[str, bytes]:
        """The content of each table."""
        return {name: content(source) for name, source in self.sources.items()}

    @cached_property
    def table_hashes(self) -> dict[str, str]:
        """The digest of each table that says something."""
        return {name: hashlib.sha256(text).hexdigest() for name, text in self.contents.items() if text != _object({})}

    @cached_property
    def input_hash(self) -> str:
        """The digest of all inputs."""
        return hashlib.sha256(_object({name: _text(digest) for name, digest in self.table_hashes.items()})).hexdigest()

    def recorded(self, pieces: Sequence[str]) -> RunInputs:
        """What sheet Run Inputs says of these inputs; pieces: as they were packed."""
        return RunInputs({name: len(source.rows) for name, source in self.sources.items()}, self.table_hashes, pieces)

    @cached_property
    def pieces(self) -> list[str]:
        """All tables as pieces of text."""
        places = json.dumps([_place(source) for source in self.sources.values()], separators=(",", ":")).encode()
        lines = b"\n".join([places, *self.contents.values()])  # a line break within JSON is written as \n
        text = base64.b64encode(zlib.compress(lines, 6)).decode("ascii")
        parts = [text[i : i + PIECE] for i in range(0, len(text), PIECE)]
        return [_piece(number, len(parts), part) for number, part in enumerate(parts, 1)]


def input_hash(sources: Mapping[str, Source]) -> str:
    """The digest of all inputs."""
    return Snapshot(sources).input_hash


def unpack(pieces: Sequence[str], only: str = "") -> dict[str, Source]:
    """The tables again, all or only one, as they were but for the words of column Meaning. Raises DamagedError."""
    if not pieces:
        raise DamagedError("The inputs of this run were not kept.")
    parts = [_part(i, len(pieces), piece) for i, piece in enumerate(pieces)]
    try:
        places, *contents = zlib.decompress(base64.b64decode("".join(parts), validate=True)).split(b"\n")
        lines = zip(json.loads(places), contents, strict=True)
        return {place["name"]: _source(place, line) for place, line in lines if only in ("", place["name"])}
    except (binascii.Error, zlib.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedError("What was kept of the inputs cannot be read.") from error


def stated(source: Source) -> Source:
    """A table without what says nothing: of Setup the settings without a value, and the words on what settings mean."""
    if source.name != "Setup":
        return source
    value = source.columns.index("Value")
    at = [k for k, name in enumerate(source.columns) if name != "Meaning"]
    rows = [(n, row) for n, row in zip(source.row_numbers, source.rows, strict=True) if row[value] not in ("", None)]
    return replace(
        source,
        columns=[source.columns[k] for k in at],
        rows=[[row[k] for k in at] for _, row in rows],
        row_numbers=[number for number, _ in rows],
    )


def _piece(number: int, count: int, part: str) -> str:
    check = hashlib.sha256(f"{number}/{count} {part}".encode()).hexdigest()[:_CHECK_DIGITS]
    return f"{number}/{count} {check} {part}"


_PIECE = pattern(r"(?P<number>\d+)/(?P<count>\d+) (?P<check>[0-9a-f]+) (?P<part>\S+)", re.ASCII)


def _part(i: int, count: int, piece: str) -> str:
    """The text in a piece, which must be the one that belongs at this place."""
    match = _PIECE.fullmatch(piece)
    if match and _piece(i + 1, count, match["part"]) == piece:
        return match["part"]
    if match and _piece(int(match["number"]), int(match["count"]), match["part"]) == piece:
        stands = f"piece {match['number']} of {match['count']} of the inputs"
        raise DamagedError(f"Here is {stands}, where piece {i + 1} of {count} should be.", i)
    raise DamagedError(f"Piece {i + 1} of {count} of the inputs was changed.", i)


def content(source: Source) -> bytes:
    """The content of a table; see above."""
    columns = {name: _column(cells) for name, cells in stated(source).by_column().items()}
    return _object({name: cells for name, cells in columns.items() if cells})


def cell_text(cell: object) -> str:
    """A cell in JSON, which is the same for equal cells only."""
    if type(cell) is float:  # the most frequent first
        return _number(cell)
    if cell is None or isinstance(cell, str):
        return _text(cell or "")
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return _number(float(cell))
    if isinstance(cell, CellError):
        return f'{{"error":[{_text(cell.text)},{"true" if cell.calculated else "false"}]}}'
    if isinstance(cell, dt.timedelta):
        return f'{{"timedelta":[{cell.days},{cell.seconds},{cell.microseconds}]}}'
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return f'{{"{type(cell).__name__}":"{cell.isoformat()}"}}'
    raise TypeError(f"a cell holds a {type(cell).__name__}")


def _column(cells: list[object]) -> str:
    """The cells of a column as an array; "" where all are blank. What occurs often is written once."""
    kinds = set(map(type, cells))
    if kinds <= {str, type(None)} and not any(cells):
        return ""
    if kinds == {str}:
        return _JSON.encode(cells)
    if bool in kinds:  # True equals 1
        return f"[{','.join(map(cell_text, cells))}]"
    texts = {cell: cell_text(cell) for cell in set(cells)}
    return f"[{','.join(map(texts.__getitem__, cells))}]"


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_text = _JSON.encode


def _number(number: float) -> str:
    """A number as JavaScript prints it: without exponent from 1e-6 to below 1e21."""
    text = repr(number).removesuffix(".0")
    if "n" in text:  # inf, nan
        return f'{{"number":"{text.replace("inf", "Infinity").replace("nan", "NaN")}"}}'
    if "e" in text:
        digits, _, exponent = text.partition("e")
        text = f"{Decimal(text):f}" if 1e-6 <= abs(number) < 1e21 else f"{digits}e{int(exponent):+d}"
    return "0" if text == "-0" else text


def _object(members: Mapping[str, str]) -> bytes:
    """A JSON object of members that are written already, sorted by name as RFC 8785 sorts: by units of UTF-16."""
    names = sorted(members, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    return f"{{{','.join(f'{_text(name)}:{members[name]}' for name in names)}}}".encode("utf-8", "surrogatepass")


def _place(source: Source) -> dict[str, object]:
    """A table but for its content: where it stands, all of its columns, and the settings that have no value."""
    numbers = stated(source).row_numbers
    place = {**vars(source), "letters": list(source.letters.items()), "row_numbers": numbers}
    for name in ("rows", "misnamed", "version"):
        del place[name]
    if len(numbers) < len(source.rows):
        settings = zip(source.row_numbers, source.by_column()["Setting"], strict=True)
        place["unset"] = [(number, setting) for number, setting in settings if number not in numbers]
    return place


def _source(place: dict[str, Any], line: bytes) -> Source:
    """A table as it was."""
    columns: dict[str, list[Any]] = json.loads(line.decode("utf-8", "surrogatepass"))
    names, numbers, unset = place["columns"], place["row_numbers"], place.pop("unset", ())
    blank = [""] * len(numbers)
    rows = [list(row) for row in zip(*(_cells(columns.get(name, blank)) for name in names), strict=True)]
    if unset:
        more = {number: [setting if name == "Setting" else "" for name in names] for number, setting in unset}
        by_number = dict(zip(numbers, rows, strict=True)) | more
        numbers = sorted(by_number)
        rows = [by_number[number] for number in numbers]
    return Source(**(place | {"letters": dict(place["letters"]), "rows": rows, "row_numbers": numbers}))


def _cells(column: list[Any]) -> list[Any]:
    """The cells of a column, from JSON: all numbers are floats."""
    kinds = set(map(type, column))
    if kinds <= {int, float}:
        return list(map(float, column))
    return column if kinds == {str} else list(map(_cell, column))


def _cell(cell: Any) -> Any:
    """A cell from JSON; what that has no type for, by the name of its type."""
    if type(cell) is int:
        return float(cell)
    if type(cell) is not dict:
        return cell
    [(name, value)] = cell.items()
    return _TYPES[name](value)


_TYPES: dict[str, Callable[[Any], object]] = {
    "date": dt.date.fromisoformat,
    "datetime": dt.datetime.fromisoformat,
    "time": dt.time.fromisoformat,
    "timedelta": lambda parts: dt.timedelta(*parts),
    "error": lambda parts: CellError(*parts),
    "number": float,
}
