"""HTML pages as the plain text a Document holds: what a reader reads, without the site around it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from knowledge.loaders.plain import File, metadata, text_of, title_from
from knowledge.passages import Document

_NOT_READ = ["script", "style", "nav", "header", "footer", "aside", "form", "noscript", "template", "svg", "head"]
_BLOCK_NAMES = (
    "address article blockquote body dd details div dl dt figcaption figure html main ol p pre section summary"
)
_BLOCKS = frozenset([*_BLOCK_NAMES.split(), "ul", "br", "hr"])
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SPACE = re.compile(r"[ \t\r\n\f\v\xa0]+")
_META = {"article:modified_time": "updated", "last-modified": "updated", "article:published_time": "published"}


def load(file: File) -> Iterator[Document]:
    """One document. The title is the page's first h1, else its <title>, else the file's name; `source` is the
    canonical link, else the path; named <meta> tags are metadata. Raises BadDocument."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(text_of(file), "lxml")
    values = _meta(soup)
    link = soup.find("link", rel="canonical")
    source = str(link.get("href") or "") if isinstance(link, Tag) else ""
    named = soup.title.get_text(" ", strip=True) if soup.title else ""
    body = _readable(soup)
    lines = [line for line in _lines(body) if line.strip()]
    if lines and lines[0].startswith("# "):
        named = lines.pop(0)[2:]
    yield Document(
        id=file.id,
        title=named or title_from(file.id),
        text="\n\n".join(lines),
        source=source or file.id,
        metadata=metadata(values),
    )


def _meta(soup: BeautifulSoup) -> dict[str, object]:
    values: dict[str, object] = {}
    for tag in soup.find_all("meta"):
        name = str(tag.get("name") or tag.get("property") or "").lower()
        if name and not name.startswith(("og:", "twitter:", "viewport", "theme-")):
            values[_META.get(name, name)] = str(tag.get("content") or "")
    if soup.html is not None and soup.html.get("lang"):
        values["language"] = str(soup.html["lang"]).split("-")[0].lower()
    return values


def _readable(soup: BeautifulSoup) -> Tag:
    for tag in soup.find_all(_NOT_READ):
        tag.decompose()
    found = soup.find("main") or soup.find("article") or soup.body or soup
    return found if isinstance(found, Tag) else soup


def _lines(root: Tag) -> Iterator[str]:
    """One line a block, in reading order. Walks without recursion: a page may nest as deep as it likes."""
    line: list[str] = []
    prefix = ""
    stack: list[PageElement | str] = [root]
    while stack:
        element = stack.pop()
        if isinstance(element, str) and not isinstance(element, NavigableString):
            yield _line(prefix, line)
            line, prefix = [], element
        elif isinstance(element, NavigableString):
            if not isinstance(element, PreformattedString):
                line.append(str(element))
        elif isinstance(element, Tag) and element.name == "table":
            yield _line(prefix, line)
            line, prefix = [], ""
            yield "\n".join(_rows(element))
        elif isinstance(element, Tag):
            opens = _opening(element)
            if opens is not None:
                stack.append("")
                stack.extend(reversed(list(element.children)))
                stack.append(opens)
            else:
                stack.extend(reversed(list(element.children)))
    yield _line(prefix, line)


def _opening(element: Tag) -> str | None:
    """What the line of a block begins with; None for what stands inside a line."""
    if element.name in _HEADINGS:
        return "#" * _HEADINGS[element.name] + " "
    if element.name == "li":
        return "- "
    return "" if element.name in _BLOCKS else None


def _line(prefix: str, parts: list[str]) -> str:
    text = _SPACE.sub(" ", "".join(parts)).strip()
    return prefix + text if text else ""


def _rows(table: Tag) -> Iterator[str]:
    for number, row in enumerate(table.find_all("tr")):
        cells = row.find_all(["td", "th"])
        yield "| " + " | ".join(_SPACE.sub(" ", cell.get_text(" ")).strip().replace("|", "/") for cell in cells) + " |"
        if number == 0 and cells and all(cell.name == "th" for cell in cells):
            yield "|---|"
