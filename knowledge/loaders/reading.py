"""Files and folders into documents, whatever their formats; what cannot be read is named and passed over."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import BadDocument
from knowledge.loaders import site
from knowledge.loaders.aside import LIMIT_S, Aside
from knowledge.loaders.cleaning import cleaned
from knowledge.loaders.formats import FORMATS, PAGES, ROWS, ending, goes_aside
from knowledge.loaders.plain import File
from knowledge.loaders.site import Found
from knowledge.passages import Document


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


def read(path: Path, *, limit_s: float = LIMIT_S) -> Iterator[Read | Skipped]:
    """Everything under `path`, a file or a folder, in a stable order: web pages last, since what repeats on most of
    them is known when all are read. Names that begin with a dot are not looked at. A file that takes longer than
    `limit_s` is passed over.

    Raises BadDocument when there is no such path, or it is a file of a format nobody here reads.
    """
    path = Path(os.path.abspath(path))
    with Aside(limit_s=limit_s) as aside:
        if path.is_dir():
            yield from _folder(path, aside)
        elif not path.exists():
            raise BadDocument(f"{path} does not exist")
        elif ending(path) is None:
            raise BadDocument(f"{path.name} is none of {', '.join(FORMATS)}")
        else:
            yield from _read(File(path, path.name), aside)


def _folder(folder: Path, aside: Aside) -> Iterator[Read | Skipped]:
    pages: list[Found] = []
    maps: dict[str, str] = {}
    for path in _files(folder):
        file = File(path, path.relative_to(folder).as_posix())
        if site.is_sitemap(path.name):
            for _, listed in site.sitemaps([path]):
                if isinstance(listed, BadDocument):
                    yield Skipped(path.as_posix(), str(listed), whole=True)
                else:
                    maps |= listed
        elif ending(path) in PAGES:
            for found in _loaded(file, aside):
                if isinstance(found, Skipped):
                    yield found
                else:
                    pages.append(Found(file, found))
        else:
            yield from _read(file, aside)
    for tidy in site.tidied(pages, maps):
        yield from _out(tidy.file, tidy.what)


def _files(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not site.not_walked(name, names))
        for name in sorted(names):
            if not name.startswith(".") and (ending(Path(name)) is not None or site.is_sitemap(name)):
                yield Path(here) / name


def _read(file: File, aside: Aside) -> Iterator[Read | Skipped]:
    for found in _loaded(file, aside):
        if isinstance(found, Skipped):
            yield found
        else:
            yield from _out(file, found)


def _loaded(file: File, aside: Aside) -> Iterator[Document | BadDocument | Skipped]:
    """What the loader yields; the fault that ended it last, as Skipped."""
    origin = file.path.as_posix()
    try:
        if not file.path.is_file():
            raise BadDocument("is no regular file")
        yield from aside.read(file) if goes_aside(file) else FORMATS[ending(file.path) or ""](file)
    except BadDocument as error:
        yield Skipped(origin, str(error), whole=True)
    except OSError as error:
        yield Skipped(origin, f"cannot be read: {error.strerror or error}", whole=True)
    except (RecursionError, MemoryError):
        yield Skipped(origin, "is nested too deeply, or too large", whole=True)


def _out(file: File, found: Document | BadDocument) -> Iterator[Read | Skipped]:
    origin = file.path.as_posix()
    if isinstance(found, BadDocument):
        yield Skipped(origin, str(found), whole=False)
        return
    document, faults = cleaned(found)
    yield Read(document, origin, row=ending(file.path) in ROWS or document.id != file.id)
    for fault in faults:
        yield Skipped(origin, fault if document.id == file.id else f"{document.id!r}: {fault}", whole=False)


def within(origin: str, roots: Sequence[Path]) -> bool:
    """Whether a file is one of `roots` or lies under one."""
    places = [os.path.abspath(root) for root in roots]
    return any(origin == place or origin.startswith(place.rstrip("/") + "/") for place in places)
