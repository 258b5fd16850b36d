"""Reads a VBA project (vbaProject.bin) as [MS-OVBA] describes it, over an OLE reader that is not what wrote it."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import olefile


@dataclass(frozen=True)
class ModuleRecord:
    """One module: its name, where its source starts in its stream, the whole stream, its source."""

    name: str
    offset: int
    stream: bytes
    standard: bool

    @property
    def source(self) -> str:
        return decompress(self.stream[self.offset :]).decode("cp1252")

    @property
    def attributes(self) -> dict[str, str]:
        """Attributes of the module itself (VB_Name ...), in order."""
        lines = [line for line in self.source.split("\r\n") if line.startswith("Attribute VB_")]
        return dict(line.removeprefix("Attribute ").split(" = ", 1) for line in lines)


@dataclass(frozen=True)
class VbaProject:
    """The streams of storage VBA by name, and the modules as stream `dir` lists them."""

    streams: dict[str, bytes]
    modules: dict[str, ModuleRecord]
    cookies: set[int]


def read_project(content: bytes) -> VbaProject:
    """A project from the bytes of vbaProject.bin."""
    with olefile.OleFileIO(io.BytesIO(content)) as ole:
        assert not ole.parsing_issues
        streams = {name: ole.openstream([root, name]).read() for root, *rest in ole.listdir() for name in rest}
    records = list(_records(decompress(streams["dir"])))
    cookies = {struct.unpack("<H", data)[0] for kind, data in records if kind in (0x0013, 0x002C)}
    return VbaProject(streams, {m.name: m for m in _modules(records, streams)}, cookies)


def project_of(path: Path) -> VbaProject:
    """The project of a workbook or add-in."""
    with zipfile.ZipFile(path) as package:
        return read_project(package.read("xl/vbaProject.bin"))


def _records(directory: bytes) -> Iterator[tuple[int, bytes]]:
    """2.3.4.2: records of an id, a size and data; that of the version alone has two bytes more than its size says."""
    place = 0
    while place < len(directory):
        kind, size = struct.unpack_from("<HI", directory, place)
        yield kind, directory[place + 6 : place + 6 + size]
        place += 6 + size + (2 if kind == 0x0009 else 0)
        if kind == 0x0010:
            assert place == len(directory), "something behind the end"


def _modules(records: list[tuple[int, bytes]], streams: dict[str, bytes]) -> Iterator[ModuleRecord]:
    name, stream, offset = "", "", -1
    for kind, data in records:
        if kind == 0x0019:
            name, offset = data.decode("cp1252"), -1
        elif kind == 0x001A:
            stream = data.decode("cp1252")
        elif kind == 0x0031:
            offset = struct.unpack("<I", data)[0]
        elif kind in (0x0021, 0x0022):
            yield ModuleRecord(name, offset, streams[stream], kind == 0x0021)


def decompress(data: bytes) -> bytes:
    """2.4.1: chunks of at most 4,096 bytes, of tokens that are a byte or say what came before again."""
    assert data[0] == 1, "not compressed"
    out, place = bytearray(), 1
    while place < len(data):
        (header,) = struct.unpack_from("<H", data, place)
        assert header >> 12 & 7 == 3, "not a chunk"
        end, start = place + (header & 0xFFF) + 3, len(out)
        place += 2
        if not header >> 15:  # as it is
            out += data[place:end]
            place = end
        while place < end:
            flags, place = data[place], place + 1
            for bit in range(8):
                if place >= end:
                    break
                if not flags >> bit & 1:
                    out.append(data[place])
                    place += 1
                    continue
                (token,) = struct.unpack_from("<H", data, place)
                place += 2
                bits = max((len(out) - start - 1).bit_length(), 4)
                for _ in range((token & (0xFFFF >> bits)) + 3):
                    out.append(out[-(token >> (16 - bits)) - 1])
    return bytes(out)
