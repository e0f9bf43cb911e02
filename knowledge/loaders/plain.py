"""Plain text files, and what every format shares: reading bytes, titles, metadata names."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import BadDocument
from knowledge.passages import Document

MAX_BYTES = 50_000_000
"""A larger article is no article; corpora (CSV, JSONL) are read by the row and have no limit."""

_WIDTH = 50
"""Characters from which a line may be one that a text editor wrapped."""

_NOT_KEY = re.compile(r"[^a-z0-9]+")
_ENDS = re.compile(r"[.!?:;…|]$")


@dataclass(frozen=True, slots=True)
class File:
    """A file to read. `id` is its path relative to the ingested root, with forward slashes."""

    path: Path
    id: str


def text_of(file: File) -> str:
    """The file's text, line ends as \\n. Raises BadDocument when it is too large, binary or unreadable."""
    try:
        if file.path.stat().st_size > MAX_BYTES:
            raise BadDocument(f"larger than {MAX_BYTES // 1_000_000} MB")
        return decoded(file.path.read_bytes())
    except OSError as error:
        raise BadDocument(f"cannot be read: {error.strerror}") from error


def decoded(data: bytes) -> str:
    """UTF-8, UTF-16 with its mark, or Windows-1252, which older office programs write."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", "replace")
    else:
        if b"\0" in data:
            raise BadDocument("is not text")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def title_from(id: str) -> str:
    """A title for a file that has none: `returns-policy.md` is "Returns policy"."""
    words = Path(id).stem.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def key(name: str) -> str:
    """A metadata name as filters use it: "Valid from" is valid_from."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NOT_KEY.sub("_", folded).strip("_")[:64]


def metadata(pairs: Mapping[str, object]) -> dict[str, str]:
    """Names folded, values as strings; what is empty is left out."""
    named = ((key(str(name)), value) for name, value in pairs.items())
    return {name: word(value) for name, value in named if name and value not in (None, "", [], {})}


def word(value: object) -> str:
    """A value as metadata holds it: lists with commas."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(word(each) for each in value)
    return str(value).strip()


def code(text: str) -> str:
    """Lines of code as a block of text: indented, so that a comment in them is no heading."""
    return textwrap.indent(text.strip("\n").rstrip(), "    ")


def load(file: File) -> Iterator[Document]:
    """One document: the title is the file's name, hard-wrapped lines are joined."""
    text = unwrapped(text_of(file))
    yield Document(id=file.id, title=title_from(file.id), text=text, source=file.id)


def unwrapped(text: str) -> str:
    """`text` in which a line cut off at a width goes on to the next: it is long, and ends without a stop."""
    out: list[str] = []
    for line in text.split("\n"):
        wrapped = bool(out) and len(out[-1].rsplit("\n", 1)[-1]) >= _WIDTH and not _ENDS.search(out[-1].rstrip())
        if wrapped and line[:1].isalnum():
            out[-1] = f"{out[-1].rstrip()} {line.strip()}"
        else:
            out.append(line.rstrip())
    return "\n".join(out).strip()
