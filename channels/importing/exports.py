"""An export as it was downloaded, a file, a folder or a .zip, as the records in it. Nothing is unpacked onto the disk.

JSON comes whole or by the line, in either case also gzipped. An archive is read through bounds, whatever its directory
claims: entries, bytes an entry, bytes in all. What cannot be read is named and passed over, and the rest goes on.
"""

from __future__ import annotations

import gzip
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import orjson

from channels.errors import ChannelError
from channels.importing.shapes import Record, Skipped

LINES = (".jsonl", ".ndjson")
ENDINGS = (".json", *LINES)
MAX_LINE = 32_000_000
"""One ticket with the 5,000 comments Zendesk admits, several kilobytes each."""
MAX_DOCUMENT = 256_000_000
"""A JSON document is held whole while it is read, some six times its size; lines have no such bound."""
MAX_UNPACKED = 8_000_000_000
MAX_ENTRIES = 200_000
MAX_RATIO = 300
"""JSON of support desks shrinks to a tenth or a twentieth; deflate cannot do more than a thousandfold."""
_HINTS = {
    ".csv": "a CSV export does not hold what was said: export JSON",
    ".xml": "XML exports are not read: export JSON",
    ".zip": "an archive in an archive is not opened: unpack it first",
}


class BadExport(ChannelError):
    """The export as a whole is not there or cannot be opened."""

    code = "bad_export"


def records(path: Path) -> Iterator[Record | Skipped]:
    """Everything in the export, in the order of its names. Raises BadExport."""
    if not path.exists():
        raise BadExport(f"{path} does not exist")
    if path.is_dir():
        yield from _folder(path)
    elif _ending(path.name) == ".zip":
        yield from _archive(path)
    elif not _readable(path.name):
        raise BadExport(f"{path.name}: {_why_not(path.name)}")
    else:
        yield from _file(path, path.name)


def _folder(folder: Path) -> Iterator[Record | Skipped]:
    root = folder.resolve()
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            found = Path(here) / name
            place = found.relative_to(folder).as_posix()
            if name.startswith("."):
                continue
            if not _readable(name):
                yield Skipped(place, _why_not(name))
            elif not found.resolve().is_relative_to(root):
                yield Skipped(place, "is a link to somewhere outside the export", broken=True)
            elif not found.is_file():
                yield Skipped(place, "is no file")
            else:
                yield from _file(found, place)


def _file(path: Path, place: str) -> Iterator[Record | Skipped]:
    try:
        with path.open("rb") as file:
            yield from _stream(file, place)
    except OSError as error:
        yield Skipped(place, f"cannot be read: {error.strerror or error}", broken=True)


def _archive(path: Path) -> Iterator[Record | Skipped]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = sorted(archive.infolist(), key=lambda entry: entry.filename)
            if len(entries) > MAX_ENTRIES:
                raise BadExport(f"{path.name} has more than {MAX_ENTRIES:,} entries")
            left = MAX_UNPACKED
            for entry in entries:
                if entry.is_dir() or entry.filename.startswith("__MACOSX/"):
                    continue
                if reason := _entry_refused(entry, left):
                    yield Skipped(entry.filename, reason, broken=_readable(entry.filename))
                    continue
                left -= entry.file_size
                yield from _entry(archive, entry)
    except (zipfile.BadZipFile, OSError) as error:
        raise BadExport(f"{path.name} is no archive that can be read: {error}") from None


def _entry_refused(entry: zipfile.ZipInfo, left: int) -> str:
    parts = entry.filename.replace("\\", "/").split("/")
    if ".." in parts or parts[0] == "" or ":" in parts[0]:
        return "its name points outside the archive"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a link"
    if entry.flag_bits & 1:
        return "is encrypted"
    if not _readable(entry.filename):
        return _why_not(entry.filename)
    if entry.file_size > 10_000_000 and entry.file_size > MAX_RATIO * max(1, entry.compress_size):
        return f"unpacks to more than {MAX_RATIO} times its size"
    return f"more than {MAX_UNPACKED // 10**9} GB in the archive" if entry.file_size > left else ""


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[Record | Skipped]:
    try:
        with archive.open(entry) as file:
            yield from _stream(file, entry.filename)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        yield Skipped(entry.filename, f"cannot be unpacked: {error}", broken=True)


def _stream(file: IO[bytes], place: str) -> Iterator[Record | Skipped]:
    if not place.lower().endswith(".gz"):
        yield from _json(file, place)
        return
    try:
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield from _json(unpacked, place)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield Skipped(place, f"cannot be unpacked: {error}", broken=True)


def _json(file: IO[bytes] | gzip.GzipFile, place: str) -> Iterator[Record | Skipped]:
    """By the line where the first line is a whole object and others follow, else as one document."""
    first = file.readline(MAX_LINE).removeprefix(b"\xef\xbb\xbf")
    second = file.readline(MAX_LINE) if first.endswith(b"\n") else b""
    if _ending(place) in LINES or (second.strip() and isinstance(_loaded(first), dict)):
        yield from _lines(file, place, [line for line in (first, second) if line])
        return
    rest = file.read(MAX_DOCUMENT + 1 - len(first) - len(second))
    if len(first) + len(second) + len(rest) > MAX_DOCUMENT:
        yield Skipped(
            place, f"is one JSON document of more than {MAX_DOCUMENT // 10**6} MB: export it by the line", broken=True
        )
        return
    value = _loaded(first + second + rest)
    if isinstance(value, dict):
        yield Record(place, value)
    elif isinstance(value, list):
        yield from _listed(value, place)
    else:
        yield Skipped(place, "is not JSON" if value is None else "is no object and no list of objects", broken=True)


def _listed(values: list[Any], place: str) -> Iterator[Record | Skipped]:
    for number, each in enumerate(values, 1):
        if isinstance(each, dict):
            yield Record(f"{place}, entry {number}", each)
        else:
            yield Skipped(f"{place}, entry {number}", "is no object", broken=True)


def _lines(file: IO[bytes] | gzip.GzipFile, place: str, begun: list[bytes]) -> Iterator[Record | Skipped]:
    total = 0
    number = 0
    whole = True
    while line := begun.pop(0) if begun else file.readline(MAX_LINE):
        total += len(line)
        if total > MAX_UNPACKED:
            yield Skipped(place, f"more than {MAX_UNPACKED // 10**9} GB; what came before was read", broken=True)
            return
        started, whole = whole, line.endswith(b"\n")
        if not started:
            continue
        number += 1
        if len(line) >= MAX_LINE and not whole:
            yield Skipped(f"{place}, line {number}", f"is longer than {MAX_LINE // 10**6} MB", broken=True)
        elif line.strip():
            value = _loaded(line)
            named = f"{place}, line {number}"
            yield Record(named, value) if isinstance(value, dict) else Skipped(named, "is no JSON object", broken=True)


def _loaded(data: bytes) -> Any:
    """The value; None for what is not JSON (and for null, which is no record either)."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _ending(name: str) -> str:
    return Path(name.lower().removesuffix(".gz")).suffix


def _readable(name: str) -> bool:
    return _ending(name) in ENDINGS


def _why_not(name: str) -> str:
    return _HINTS.get(_ending(name), f"is none of {', '.join(ENDINGS)}, or a .zip of them")
