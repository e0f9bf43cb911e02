"""The saved pages of a site: what stands on most of them left out, the same page once, addresses from its sitemap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from knowledge.errors import BadDocument
from knowledge.loaders import sitemap
from knowledge.loaders.plain import File
from knowledge.passages import Document

LEAST_PAGES = 5
"""Fewer pages say nothing about what is on most."""
MOST = 0.5
"""Share of a site's pages on which a block is furniture."""
_HTTRACK = ("Index of locally available", "Local index - HTTrack")


@dataclass(frozen=True, slots=True)
class Found:
    """What a loader made of a page, or of one of the questions on it."""

    file: File
    what: Document | BadDocument

    @property
    def page(self) -> bool:
        return isinstance(self.what, Document) and self.what.id == self.file.id


def tidied(found: Sequence[Found], maps: Mapping[str, str]) -> Iterator[Found]:
    """The same in the same order, tidied; a page left with nothing, or that is another once more, is a BadDocument.
    `maps` is the sitemap: addresses, with the time of the last change.
    """
    located = list(_located(found, maps))
    furniture = _furniture(located)
    kept_once: set[str] = set()
    seen: dict[tuple[str, str, str], str] = {}
    for each in located:
        if not isinstance(each.what, Document):
            yield each
            continue
        document = each.what
        if each.page:
            document = _without(document, furniture.get(_site(document), frozenset()), kept_once)
        same = _identity(document, each.page)
        if document.title.startswith(_HTTRACK):
            yield replace(each, what=BadDocument("is the list of sites that HTTrack writes"))
        elif not document.text and each.what.text:
            yield replace(each, what=BadDocument("says nothing that does not stand on most pages of its site"))
        elif same not in seen:
            seen[same] = document.id
            yield replace(each, what=document)
        elif each.page:
            yield replace(each, what=BadDocument(f"is the same page as {seen[same]}"))


def _identity(document: Document, page: bool) -> tuple[str, str, str]:
    """A page is its address and its words, a question on it is itself wherever on the site it stands."""
    if page:
        return sitemap.same_page(document.source), "", document.text
    return _site(document), document.title, document.text


def _site(document: Document) -> str:
    return (urlsplit(document.source).netloc if sitemap.is_web(document.source) else "").removeprefix("www.")


def _furniture(found: Iterable[Found]) -> dict[str, frozenset[str]]:
    """The blocks that stand on most pages, by site. A heading is none: it goes when nothing is left below it."""
    pages: Counter[str] = Counter()
    blocks: dict[str, Counter[str]] = {}
    for each in found:
        if each.page and isinstance(each.what, Document):
            site = _site(each.what)
            pages[site] += 1
            said = {block for block in each.what.text.split("\n\n") if not _level(block)}
            blocks.setdefault(site, Counter()).update(said)
    return {
        site: frozenset(block for block, count in blocks[site].items() if count > MOST * pages[site])
        for site in blocks
        if pages[site] >= LEAST_PAGES
    }


def _without(document: Document, furniture: frozenset[str], kept_once: set[str]) -> Document:
    """The page without furniture; what says something (a sentence, a telephone number) stays on the first page that
    has it, so that nothing is lost."""
    if not furniture:
        return document
    kept = []
    for block in document.text.split("\n\n"):
        if block not in furniture:
            kept.append(block)
        elif _says_something(block) and block not in kept_once:
            kept_once.add(block)
            kept.append(block)
    return replace(document, text="\n\n".join(_with_something_below(kept)))


def _says_something(block: str) -> bool:
    return len(block.split()) > 4 and (
        block.rstrip(")\"'").endswith((".", "!", "?")) or any(c.isdigit() for c in block)
    )


def _with_something_below(blocks: Sequence[str]) -> Iterator[str]:
    """Without headings that have lost all that stood under them."""
    for block, following in zip(blocks, [*blocks[1:], "# "], strict=True):
        level, below = _level(block), _level(following)
        if not level or not below or below > level:
            yield block


def _level(block: str) -> int:
    return len(block) - len(block.lstrip("#")) if block.startswith("#") else 0


def _located(found: Iterable[Found], maps: Mapping[str, str]) -> Iterator[Found]:
    by_page = {sitemap.same_page(address): address for address in maps}
    by_path: dict[str, list[str]] = {}
    for address in maps:
        by_path.setdefault(sitemap.path_key(urlsplit(address).path), []).append(address)
    for each in found:
        if isinstance(each.what, Document) and maps:
            address = by_page.get(sitemap.same_page(each.what.source)) or _by_path(each.file.id, by_path)
            yield replace(each, what=_at(each.what, address, maps, each.file)) if address else each
        else:
            yield each


def _by_path(id: str, by_path: Mapping[str, list[str]]) -> str:
    """The only address whose path is the file's, in the folder or in one called like the host."""
    found = by_path.get(sitemap.path_key(id), [])
    host, _, rest = id.partition("/")
    inside = [one for one in by_path.get(sitemap.path_key(rest), []) if urlsplit(one).hostname == host]
    found = inside or found
    return found[0] if len(found) == 1 else ""


def _at(document: Document, address: str, maps: Mapping[str, str], file: File) -> Document:
    values = dict(document.metadata)
    if maps[address]:
        values.setdefault("updated", maps[address])
    source = address if document.source == file.id or sitemap.is_web(document.source) else document.source
    return replace(document, source=source, metadata=values)


def sitemaps(files: Iterable[Path]) -> Iterator[tuple[Path, dict[str, str] | BadDocument]]:
    """What each sitemap among the files lists."""
    for path in files:
        try:
            if path.stat().st_size > sitemap.MAX_BYTES:
                raise BadDocument("is larger than a sitemap may be")
            yield path, sitemap.parse(path.read_bytes()).pages
        except BadDocument as error:
            yield path, error
        except OSError as error:
            yield path, BadDocument(f"cannot be read: {error.strerror}")


def is_sitemap(name: str) -> bool:
    return "sitemap" in name.lower() and name.lower().endswith((".xml", ".xml.gz"))


def not_walked(folder: str, names: Sequence[str]) -> bool:
    """Whether a folder holds what a browser or HTTrack saved beside its pages: frames, advertisements, caches."""
    stem = folder.removesuffix("_files")
    beside = stem != folder and any(f"{stem}{ending}" in names for ending in (".html", ".htm", ".xhtml"))
    return beside or folder == "hts-cache"
