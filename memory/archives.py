"""The list of contents of a zip file, read without unpacking anything and without trusting what it says of itself.

APPNOTE.TXT sections 4.3.12 and 4.3.16 (PKWARE): the end record names where the central directory begins; each of its
headers names one file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_END = struct.Struct("<4s4H2LH")
_HEADER = struct.Struct("<4s6H3L5H2L")
_FURTHEST = 65_535 + _END.size  # the end record may have a comment behind it
_UNKNOWN = 0xFFFFFFFF  # the size stands in a zip64 field: at least 4 GB, or a writer that hides it


class BadArchive(ValueError):
    """It is cut off, or has more in it than is looked at; the words are for people."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in it: its name, the size it says it unpacks to, whether it needs a password."""

    name: str
    unpacked: int
    locked: bool


def is_zip(body: bytes) -> bool:
    return body[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


def contents(body: bytes, most: int) -> list[Entry]:
    """Every file it lists. Raises BadArchive for more than `most`, or for a list that cannot be read."""
    at = body.rfind(b"PK\x05\x06", max(0, len(body) - _FURTHEST))
    if at < 0 or at + _END.size > len(body):
        raise BadArchive("an archive that is cut off")
    _, _, _, _, count, size, _, _ = _END.unpack_from(body, at)
    if count > most:
        raise BadArchive("an archive with too many files in it")
    start = at - size  # not the offset it names: something may stand before the archive
    if start < 0 or size == _UNKNOWN:
        raise BadArchive("an archive that cannot be looked into")
    return _entries(body, start, at, most)


def _entries(body: bytes, start: int, end: int, most: int) -> list[Entry]:
    found: list[Entry] = []
    while start + _HEADER.size <= end and body[start : start + 4] == b"PK\x01\x02":
        if len(found) >= most:
            raise BadArchive("an archive with too many files in it")
        fields = _HEADER.unpack_from(body, start)
        flags, unpacked, name, extra, comment = fields[3], fields[9], fields[10], fields[11], fields[12]
        raw = body[start + _HEADER.size : start + _HEADER.size + name]
        found.append(Entry(raw.decode("utf-8", "replace"), unpacked, bool(flags & 1)))
        start += _HEADER.size + name + extra + comment
    if start != end:
        raise BadArchive("an archive that cannot be looked into")
    return found
