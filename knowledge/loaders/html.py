"""HTML pages as the plain text a Document holds: what a reader reads, without the site around it."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, ParserRejectedMarkup, XMLParsedAsHTMLWarning
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from knowledge.errors import BadDocument
from knowledge.loaders import faq, page_head
from knowledge.loaders.plain import MAX_BYTES, File, code, decoded, metadata, title_from
from knowledge.passages import Document

_NOT_READ = [
    "script", "style", "noscript", "template", "svg", "title", "meta", "link", "dialog", "iframe", "object", "select",
]  # fmt: skip
_FURNITURE = (
    "nav, aside, footer, header, form, "
    "[role=navigation], [role=banner], [role=contentinfo], [role=search], [role=dialog], [role=alertdialog]"
)
_OWN = ["h1", "main", "article"]
"""What makes a header or form the page's own: articles have headers, and old sites wrap all of a page in a form."""
_BLOCK_NAMES = (
    "address article blockquote body dd details div dl dt figcaption figure header html main ol p section summary"
)
_BLOCKS = frozenset([*_BLOCK_NAMES.split(), "ul", "br", "hr", "form", "table", "tr", "td", "th"])
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?([A-Za-z0-9_.:-]{2,40})""")
_SPACE = re.compile(r"[ \t\r\n\f\v\xa0]+")


def load(file: File) -> Iterator[Document | BadDocument]:
    """The page, and a row for each question its FAQPage data answers. The title is the page's first h1, else its
    <title>, else the file's name; `source` is the address it gives itself, else the path. Raises BadDocument."""
    yield from page(file, _markup(file))


def page(file: File, markup: str, address: str = "") -> Iterator[Document | BadDocument]:
    """The same of markup already at hand; `address` is where it was saved from, when the page does not say."""
    soup = _parsed(markup)
    values = page_head.values(soup)
    source = page_head.address(soup) or address or file.id
    questions = page_head.questions(soup)
    named = soup.title.get_text(" ", strip=True) if soup.title else ""
    body = _readable(soup)
    lines = [line for line in _lines(body) if line.strip()]
    first = next((n for n, line in enumerate(lines) if line.startswith("# ")), None)
    if first is not None:
        named = lines.pop(first)[2:]
    seen: Counter[str] = Counter()
    known = metadata(values)
    for question, markup_of_answer in questions:
        answer = fragment(markup_of_answer)
        lines = _without(lines, question, answer)
        if answer:
            row = faq.document(file.id, {"url": source}, _line("", [question]), answer, seen)
            yield replace(row, metadata=known)
    if lines or not seen:
        yield Document(file.id, named or title_from(file.id), "\n\n".join(lines), source, known)


def _markup(file: File) -> str:
    """The page decoded as UTF-8 or UTF-16 where it is, else as the encoding it names."""
    try:
        if file.path.stat().st_size > MAX_BYTES:
            raise BadDocument(f"larger than {MAX_BYTES // 1_000_000} MB")
        data = file.path.read_bytes()
    except OSError as error:
        raise BadDocument(f"cannot be read: {error.strerror}") from error
    return decoded_page(data)


def decoded_page(data: bytes) -> str:
    """Markup from bytes; a name of an encoding that nobody knows is passed over. Raises BadDocument for binary."""
    named = _CHARSET.search(data[:4096])
    with contextlib.suppress(UnicodeDecodeError, LookupError):
        data.decode("utf-8")
        return decoded(data)
    if named and b"\0" not in data:
        with contextlib.suppress(LookupError, UnicodeDecodeError):
            return data.decode(named.group(1).decode("ascii"), "replace")
    return decoded(data)


def fragment(markup: str) -> str:
    """The text of a piece of HTML (an article's body): headings, lists and tables as `load` makes them; "" for
    nothing. Raises BadDocument for more than MAX_BYTES characters."""
    if len(markup) > MAX_BYTES:
        raise BadDocument(f"larger than {MAX_BYTES // 1_000_000} MB")
    return "\n\n".join(line for line in _lines(_readable(_parsed(markup))) if line.strip())


def _parsed(markup: str) -> BeautifulSoup:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        try:
            return BeautifulSoup(markup, "lxml")
        except (ParserRejectedMarkup, AssertionError, ValueError) as error:
            raise BadDocument(f"is no HTML: {error}") from error


def _without(lines: list[str], question: str, answer: str) -> list[str]:
    """The page's lines without a question that is a row of its own, and without its answer."""
    said = {_line("", [question]), *answer.split("\n\n")}
    return [line for line in lines if line.lstrip("#- ") not in said and line not in said]


def _readable(soup: BeautifulSoup) -> Tag:
    """Where the page's own words stand: <main>, the only <article>, or the body without what every page has."""
    for tag in soup.find_all(_NOT_READ):
        tag.decompose()
    for tag in soup.select(_FURNITURE):
        if not (tag.name in ("header", "form") and tag.find(_OWN)):
            tag.decompose()
    articles = soup.find_all("article", limit=2)
    found = soup.find("main") or soup.find(role="main") or (articles[0] if len(articles) == 1 else soup)
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
        elif isinstance(element, Tag) and element.name == "table" and not _arranges(element):
            yield _line(prefix, line)
            line, prefix = [], ""
            yield "\n".join(_rows(element))
        elif isinstance(element, Tag) and element.name == "pre":
            yield _line(prefix, line)
            line, prefix = [], ""
            yield code(element.get_text())
        elif isinstance(element, Tag):
            opens = _opening(element)
            if opens is not None:
                stack.append("")
                stack.extend(reversed(list(element.children)))
                stack.append(opens)
            else:
                stack.extend(reversed(list(element.children)))
    yield _line(prefix, line)


def _arranges(table: Tag) -> bool:
    """Whether a table only places things on the page, as old sites and emails do."""
    return table.get("role") == "presentation" or table.find(["table", "h1", "h2", "h3"]) is not None


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
