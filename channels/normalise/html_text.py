"""The text of an HTML mail, as a reader would see it, quotes marked by ">". Pure.

Parsed by libxml2, which is linear in whatever it is fed, and walked without recursion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from lxml import etree  # type: ignore[import-untyped]

MAX_HTML = 1_000_000  # characters; a customer's own words come first

_SKIPPED = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "object", "iframe", "meta"})
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figure"}
    | {"footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol", "p"}
    | {"pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul"}
)
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "table", "pre"})
# Containers in which mail programs put what they quote. Outlook's own is recognised by its header block in the text.
_QUOTES = re.compile(
    r"\b(?:gmail_quote|gmail_attr|gmail_quote_container|yahoo_quoted|moz-cite-prefix|protonmail_quote|zmail_extra|"
    r"OLK_SRC_BODY_SECTION|divRplyFwdMsg|mailru-blockquote|tutanota_quote|wl-quote|x_gmail_quote)\b"
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|mso-hide\s*:\s*all", re.I)


Event = Literal["start", "end", "text"]


def text_of(html: str) -> str:
    """Plain text: one line a block, list items with "- ", quotes marked by ">", nothing that is hidden from a reader.

    An empty string when nothing is to be read. Never raises for malformed HTML.
    """
    source = html[:MAX_HTML].replace("\0", "").encode("utf-8", "replace")
    if not source.strip():
        return ""
    parser = etree.HTMLParser(
        encoding="utf-8", recover=True, no_network=True, remove_comments=True, remove_pis=True, huge_tree=True
    )
    try:
        root = etree.fromstring(source, parser)
    except etree.LxmlError:
        root = None
    if root is None:  # a document of comments alone
        return ""
    lines = _Lines()
    for event, name, value in _walk(root):
        if event == "text":
            lines.write(value)
        else:
            lines.tag(name, quotes=bool(value), entering=event == "start")
    return lines.text()


def _walk(root: etree._Element) -> Iterator[tuple[Event, str, str]]:
    """(event, tag, text) in order; for tags the text is "quote" where mail programs put what they quote.

    Tags that are skipped or hidden are left out with all that is in them.
    """
    steps = etree.iterwalk(root, events=("start", "end"))
    unseen: etree._Element | None = None
    for event, node in steps:
        if event == "start" and (not isinstance(node.tag, str) or _unseen(node)):
            unseen = node
            steps.skip_subtree()
            continue
        if event == "start":
            quote = "quote" if _quotes(node) else ""
            yield "start", node.tag, quote
            yield "text", node.tag, node.text or ""
            continue
        if node is unseen:
            unseen = None
        else:
            yield "end", node.tag, "quote" if _quotes(node) else ""
        if node is not root:
            yield "text", "", node.tail or ""


def _unseen(node: etree._Element) -> bool:
    return node.tag in _SKIPPED or "hidden" in node.attrib or bool(_HIDDEN.search(node.get("style", "")[:500]))


def _quotes(node: etree._Element) -> bool:
    if node.tag == "blockquote":
        return True
    names = f"{node.get('class', '')[:500]} {node.get('id', '')[:200]}"
    return len(names) > 1 and bool(_QUOTES.search(names))


class _Lines:
    """Collects lines; knows how deep in quotes and preformatted text it is."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._line: list[str] = []
        self._quoted = 0
        self._preformatted = 0

    def tag(self, name: str, *, quotes: bool, entering: bool) -> None:
        if name == "br":
            if entering:
                self._end(always=True)
            return
        if name in _BLOCKS or quotes:
            self._end()
            if name in _PARAGRAPHS and self._done and self._done[-1].strip("> "):
                self._done.append(self._mark())
        step = 1 if entering else -1
        self._quoted += step * quotes
        self._preformatted += step * (name == "pre")
        if entering and name == "li":
            self._line = ["- "]
        elif name in ("td", "th") and self._line:
            self._space()

    def write(self, text: str) -> None:
        if self._preformatted:
            first, *rest = text.split("\n")
            self._line.append(first)
            for line in rest:
                self._end(always=True)
                self._line = [line]
            return
        words = " ".join(text.split())
        if text[:1].isspace() and self._line:
            self._space()
        if words:
            self._line.append(words)
            if text[-1:].isspace():
                self._space()

    def text(self) -> str:
        self._end()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._done)).strip()

    def _space(self) -> None:
        if not self._line[-1].endswith(" "):
            self._line.append(" ")

    def _end(self, always: bool = False) -> None:
        line = "".join(self._line)
        line = line.rstrip() if self._preformatted else line.strip()
        if line or always:
            self._done.append((self._mark() + line).rstrip())
        self._line = []

    def _mark(self) -> str:
        return "> " if self._quoted > 0 else ""
