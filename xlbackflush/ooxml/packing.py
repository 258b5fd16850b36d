"""Parts of a package packed one by one, as they are made, and put into an archive as they are.

`zipfile` takes a part whole and deflates it with zlib. A sheet of half a million formulas is 50 MB; here it is never in memory
at once, and where isal is installed (see pyproject.toml), it is deflated by that, in a third of the time. What is not changed
goes from archive to archive without being unpacked. Formats: PKWARE APPNOTE 6.3.10, 4.3.7 (local header), 4.3.12 (central
directory), 4.3.16 (its end). A workbook has less than 2 GB and 10,000 parts (see `archive`), so none of it needs ZIP64.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from xlbackflush.dataclass import dataclass

_fast: Any
try:
    from isal import isal_zlib as _fast
except ImportError:  # no wheel for this computer
    _fast = zlib

_PIECE = 1 << 20  # bytes
_RAW = -15  # deflate without a header, as archives have it
_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
_VERSION, _MADE_BY = 20, 20 | 3 << 8  # 2.0: deflate; made on Unix, for the attributes of files
_UTF_8 = 0x800  # flag: the name is UTF-8
_DAY_1 = 1 | 1 << 5  # 1980-01-01, of changed parts, so that the same content gives the same file
_READABLE = 0o600 << 16


@dataclass(frozen=True)
class Packed:
    """A part, deflated or stored. size: before that; stamp: day and time as archives have them; look: attributes of the file."""

    data: bytes
    crc: int
    size: int
    method: int = zipfile.ZIP_DEFLATED
    stamp: tuple[int, int] = (_DAY_1, 0)
    look: int = _READABLE
    comment: bytes = b""

    def unpacked(self) -> bytes:
        """The part itself. Raises an error of zlib or ValueError where it is damaged."""
        return b"".join(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """The part, no more than a million bytes of it at a time, and no more of it than its size. Raises at the end, too."""
        crc = size = 0
        for piece in [self.data] if self.method == zipfile.ZIP_STORED else _inflated(self.data):
            crc, size = _fast.crc32(piece, crc), size + len(piece)
            if size > self.size:
                break
            yield piece
        if (crc, size) != (self.crc, self.size):
            raise ValueError("The part fails its checksum.")


def _inflated(data: bytes) -> Iterator[bytes]:
    inflate = _fast.decompressobj(_RAW)
    try:
        while data and not inflate.eof:
            yield inflate.decompress(data, _PIECE)
            data = inflate.unconsumed_tail
        yield inflate.flush()
    except _fast.error as error:
        raise zlib.error(str(error)) from error


def packed(pieces: Iterable[bytes], small: bool = False) -> Packed:
    """A part that is made piece by piece; small: in three times the time, and the same bytes on every computer."""
    deflate = zlib.compressobj(6, zlib.DEFLATED, _RAW) if small else _fast.compressobj(1, zlib.DEFLATED, _RAW)
    data, crc, size = [], 0, 0
    for piece in pieces:
        crc, size = _fast.crc32(piece, crc), size + len(piece)
        data.append(deflate.compress(piece))
    data.append(deflate.flush())
    return Packed(b"".join(data), crc, size)


def stored_in(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Packed:
    """An entry of an archive, as it is there. Raises BadZipFile where it is another one than the list of entries says."""
    file = archive.fp
    assert file
    file.seek(info.header_offset)
    header = _LOCAL.unpack(file.read(_LOCAL.size))
    name = file.read(header[-2]).decode("utf-8" if header[2] & _UTF_8 else "cp437")
    if header[0] != b"PK\x03\x04" or name != info.orig_filename:
        raise zipfile.BadZipFile(f"The entry {info.filename} has another name.")
    file.seek(header[-1], 1)
    year, month, day, hour, minute, second = info.date_time
    stamp = ((year - 1980) << 9 | month << 5 | day, hour << 11 | minute << 5 | second // 2)
    data = file.read(info.compress_size)
    return Packed(data, info.CRC, info.file_size, info.compress_type, stamp, info.external_attr, info.comment)


def write_archive(path: Path, parts: Iterable[tuple[str, Packed]], comment: bytes = b"") -> None:
    """Write an archive of these parts, in this order."""
    with path.open("wb") as file:
        _write(file, parts, comment)


def _write(file: BinaryIO, parts: Iterable[tuple[str, Packed]], comment: bytes) -> None:
    central, offset = [], 0
    for name, part in parts:
        text = name.encode()
        flags = 0 if text.isascii() else _UTF_8
        day, time = part.stamp
        common = (_VERSION, flags, part.method, time, day, part.crc, len(part.data), part.size, len(text), 0)
        file.write(_LOCAL.pack(b"PK\x03\x04", *common) + text)
        file.write(part.data)
        head = _CENTRAL.pack(b"PK\x01\x02", _MADE_BY, *common, len(part.comment), 0, 0, part.look, offset)
        central.append(head + text + part.comment)
        offset += _LOCAL.size + len(text) + len(part.data)
    listed = b"".join(central)
    file.write(listed)
    count = len(central)
    file.write(_END.pack(b"PK\x05\x06", 0, 0, count, count, len(listed), offset, len(comment)) + comment)
