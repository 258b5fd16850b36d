"""Text files as rows of cells: any encoding and delimiter, broken quoting, HTML entities.

Nothing is sniffed from a few characters: the delimiter is the one by which the lines have as many cells as their headings.
"""

import csv
import html
import re
from collections import Counter
from collections.abc import Iterator

from xlbackflush.dataclass import dataclass, field
from xlbackflush.model.errors import UnusableError

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DELIMITERS = "\t;|,"
_LOOKED_AT = 400  # lines, to find the delimiter
_OFTEN = 0.8
_RECORD_MAX = 50  # lines of a record with line breaks in quotes
_ENTITY = re.compile(r"&(#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_HELD, _HELD_QUOTE = (
    "\ue000",
    "\ue001",
)  # in place of the semicolon of an entity, and of its quotation mark, while lines are cut
_ODD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f]")
_FIELD_MAX = 1 << 20


@dataclass
class Lines:
    """Rows of cells, all texts, with the line on which each starts. broken: lines with a quotation mark that does not close."""

    rows: list[list[str]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)


def decoded(content: bytes, name: str) -> str:
    """The text of a file in UTF-8, UTF-16 or the code page of Western Windows; UnusableError where it is none."""
    encodings = [encoding for mark, encoding in _MARKS if content.startswith(mark)]
    if not encodings and b"\0" in content[:4000]:
        zeros = content[:4000:2].count(0), content[1:4000:2].count(0)
        encodings = ["utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"]
    for encoding in encodings or ("utf-8", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(_ODD.findall(text[:100_000])) <= len(text) // 10_000:
            return text
    raise UnusableError(f"{name} is neither a text file nor a workbook that can be read.")


def lines_of(text: str) -> Lines:
    """The rows of a text file; lines without a character are left out."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    has_entities = "&" in text and ";" in text
    if has_entities:
        text = _ENTITY.sub(_held, text)
    said, _, rest = text.partition("\n")
    skipped = 0
    if said.lower().startswith("sep=") and len(said) == 5:  # what Excel writes to say its delimiter
        delimiter, text, skipped = said[4], rest, 1
    else:
        delimiter = delimiter_of(text)
    lines = _cut(text, delimiter)
    if has_entities:
        lines.rows = [[_released(cell) if _HELD in cell else cell for cell in row] for row in lines.rows]
    lines.numbers = [number + skipped for number in lines.numbers]
    lines.broken = [number + skipped for number in lines.broken]
    return lines


def _held(entity: re.Match[str]) -> str:
    """An entity without the semicolon that could be taken for a delimiter; what is none stays as it is."""
    return f"&{entity[1]}{_HELD}" if html.unescape(entity[0]) != entity[0] else entity[0]


def _released(cell: str) -> str:
    return html.unescape(cell.replace(_HELD, ";")).replace("\xa0", " ")


def delimiter_of(text: str) -> str:
    """The delimiter by which most lines have as many cells as others; a comma that is a decimal mark is in no heading."""
    lines = [line for line in text[:400_000].split("\n")[:_LOOKED_AT] if line.strip()]
    best, score = ",", (0.0, 0)
    for place, delimiter in enumerate(_DELIMITERS):
        widths = [len(_row(line, delimiter)) for line in lines]
        width, count = Counter(w for w in widths if w > 1).most_common(1)[0] if any(w > 1 for w in widths) else (1, 0)
        share = count / len(lines) if lines else 0.0
        is_headed = width in widths[: max(1, len(widths) // 2)][:10]
        mine = (1.0 if share >= _OFTEN and is_headed else share / 2, -place)
        if count and mine > score:
            best, score = delimiter, mine
    return best


def _cut(text: str, delimiter: str) -> Lines:
    """Rows as the quotation marks say, unless these run away with the lines that follow."""
    csv.field_size_limit(max(len(text) + 1, _FIELD_MAX))
    if '"' not in text:
        rows = [line.split(delimiter) for line in text.split("\n")]
        numbers = range(1, len(rows) + 1)
        both = [(row, number) for row, number in zip(rows, numbers, strict=True) if row != [""]]
        return Lines([row for row, _ in both], [number for _, number in both])
    lines = Lines()
    reader = csv.reader(text.split("\n"), delimiter=delimiter, skipinitialspace=False)
    start = 1
    whole = True
    for row in reader:
        whole = whole and reader.line_num == start
        if row:
            lines.rows.append(row)
            lines.numbers.append(start)
        start = reader.line_num + 1
    return lines if whole else _cut_carefully(text.split("\n"), delimiter)


def _cut_carefully(text: list[str], delimiter: str) -> Lines:
    """Line by line: a record goes on over a line break only where its marks close, and it then is as wide as most."""
    single = [len(_row(line, delimiter)) for line in text[:_LOOKED_AT] if line.strip()]
    width = Counter(single).most_common(1)[0][0] if single else 1
    lines, at = Lines(), 0
    while at < len(text):
        row, end, is_broken = _record(text, at, delimiter, width)
        if row:
            lines.rows.append(row)
            lines.numbers.append(at + 1)
            if is_broken:
                lines.broken.append(at + 1)
        at = end
    return lines


def _record(text: list[str], at: int, delimiter: str, width: int) -> tuple[list[str], int, bool]:
    """The record that starts on a line, the line after it, and whether its quotation marks were read as plain characters."""
    line = text[at]
    if line.count('"') % 2 == 0:
        return _row(line, delimiter), at + 1, False
    for end in _ends(text, at):
        row = _row("\n".join(text[at:end]), delimiter)
        if len(row) == width:
            return [cell.replace("\n", " ") for cell in row], end, False
    return [cell.strip().strip('"') for cell in line.split(delimiter)], at + 1, True


def _row(record: str, delimiter: str) -> list[str]:
    """The cells of one record; one that `csv` does not take, such as a line break outside of marks, has none."""
    try:
        return next(csv.reader([record], delimiter=delimiter), [])
    except csv.Error:
        return []


def _ends(text: list[str], at: int) -> Iterator[int]:
    """Lines after which the marks that a line opened are closed."""
    marks = text[at].count('"')
    for end in range(at + 1, min(at + _RECORD_MAX, len(text))):
        marks += text[end].count('"')
        if marks % 2 == 0:
            yield end + 1
