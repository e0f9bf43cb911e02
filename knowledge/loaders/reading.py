"""Files and folders into documents, whatever their formats; what cannot be read is named and passed over."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import BadDocument
from knowledge.loaders import beir, html, markdown, plain, tables
from knowledge.loaders.plain import File
from knowledge.passages import Document

FORMATS: dict[str, Callable[[File], Iterator[Document | BadDocument]]] = {
    ".md": markdown.load,
    ".markdown": markdown.load,
    ".html": html.load,
    ".htm": html.load,
    ".txt": plain.load,
    ".csv": tables.load,
    ".tsv": tables.load,
    ".jsonl": beir.load,
    ".jsonl.gz": beir.load,
}


@dataclass(frozen=True, slots=True)
class Read:
    """A document and the file it came from (an absolute path). `row` says that it is one of many in a corpus."""

    document: Document
    origin: str
    row: bool


@dataclass(frozen=True, slots=True)
class Skipped:
    """What was passed over, and why, in one line. `whole` says that nothing of the file was read to its end."""

    origin: str
    reason: str
    whole: bool


def read(path: Path) -> Iterator[Read | Skipped]:
    """Everything under `path`, a file or a folder, in a stable order. Names that begin with a dot are not looked at.

    Raises BadDocument when there is no such path, or it is a file of a format nobody here reads.
    """
    path = Path(os.path.abspath(path))
    if path.is_dir():
        for found in _files(path):
            yield from _read(File(found, found.relative_to(path).as_posix()))
    elif not path.exists():
        raise BadDocument(f"{path} does not exist")
    elif _format(path) is None:
        raise BadDocument(f"{path.name} is none of {', '.join(FORMATS)}")
    else:
        yield from _read(File(path, path.name))


def _files(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and _format(Path(name)) is not None:
                yield Path(here) / name


def _format(path: Path) -> str | None:
    name = path.name.lower()
    return next((ending for ending in sorted(FORMATS, key=len, reverse=True) if name.endswith(ending)), None)


def _read(file: File) -> Iterator[Read | Skipped]:
    origin = file.path.as_posix()
    ending = _format(file.path) or ""
    try:
        for found in FORMATS[ending](file):
            if isinstance(found, BadDocument):
                yield Skipped(origin, str(found), whole=False)
            else:
                yield Read(found, origin, row=ending.startswith((".jsonl", ".csv", ".tsv")))
    except BadDocument as error:
        yield Skipped(origin, str(error), whole=True)
    except RecursionError:
        yield Skipped(origin, "is nested too deeply", whole=True)


def within(origin: str, roots: Sequence[Path]) -> bool:
    """Whether a file is one of `roots` or lies under one."""
    places = [os.path.abspath(root) for root in roots]
    return any(origin == place or origin.startswith(place.rstrip("/") + "/") for place in places)
