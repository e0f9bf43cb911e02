"""Markdown articles, with front matter, as the plain text a Document holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge.loaders import front_matter
from knowledge.loaders.plain import File, code, metadata, text_of, title_from
from knowledge.passages import Document

_PARSER = MarkdownIt("commonmark").enable("table")
_TAG = re.compile(r"<!--.*?-->|<[^>\n]{1,500}>", re.DOTALL)


def load(file: File) -> Iterator[Document]:
    """One document. The title is the front matter's, else the first heading's, else the file's name; `source` is the
    front matter's `url` or `source`, else the path. Raises BadDocument."""
    values, body = front_matter.split(text_of(file))
    blocks = list(_blocks(_PARSER.parse(body)))
    title = str(values.pop("title", "") or "").strip()
    if blocks and blocks[0].startswith("# ") and title in ("", blocks[0][2:]):
        title = blocks.pop(0)[2:]
    source = str(values.pop("url", "") or values.pop("source", "") or file.id)
    yield Document(
        id=file.id,
        title=title or title_from(file.id),
        text="\n\n".join(blocks),
        source=source,
        metadata=metadata(values),
    )


def _blocks(tokens: Sequence[Token]) -> Iterator[str]:
    """Headings with their #, table rows with their |, list items with their marker, everything else as words."""
    items: list[str] = []
    markers: list[str | int] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.type in ("bullet_list_open", "ordered_list_open"):
            markers.append("-" if token.type == "bullet_list_open" else int(token.attrGet("start") or 1))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            markers.pop()
            if not markers and items:
                yield "\n".join(items)
                items = []
        elif token.type == "list_item_open":
            items.append(_marker(markers))
        elif token.type == "table_open":
            end = _closing(tokens, position)
            yield from _out(items, bool(markers), "\n".join(_rows(tokens[position:end])))
            position = end
        elif token.type == "inline":
            opened = tokens[position - 1]
            prefix = "#" * int(opened.tag[1]) + " " if opened.type == "heading_open" else ""
            yield from _out(items, bool(markers), prefix + _words(token))
        elif token.type in ("fence", "code_block"):
            yield from _out(items, bool(markers), code(token.content))
        elif token.type == "html_block":
            yield from _out(items, bool(markers), _TAG.sub(" ", token.content).strip())
        position += 1


def _out(items: list[str], inside: bool, text: str) -> Iterator[str]:
    """A block of its own, or more of the list item that is open."""
    if not text:
        return
    if inside and items:
        items[-1] += text if items[-1].endswith(" ") else f" {text}"
    else:
        yield text


def _marker(markers: list[str | int]) -> str:
    depth, marker = "  " * (len(markers) - 1), markers[-1]
    if isinstance(marker, int):
        markers[-1] = marker + 1
        return f"{depth}{marker}. "
    return f"{depth}{marker} "


def _closing(tokens: Sequence[Token], position: int) -> int:
    return next(i for i in range(position, len(tokens)) if tokens[i].type == "table_close")


def _rows(tokens: Sequence[Token]) -> Iterator[str]:
    cells: list[str] = []
    for token in tokens:
        if token.type == "inline":
            cells.append(_words(token).replace("|", "/"))
        elif token.type == "tr_close":
            yield f"| {' | '.join(cells)} |"
            cells = []
        elif token.type == "thead_close":
            yield "|---|"


def _words(token: Token) -> str:
    """Inline text without its marks: a link is its words, an image its description, a soft line end a space."""
    parts = []
    for child in token.children or []:
        if child.type in ("softbreak", "hardbreak"):
            parts.append(" " if child.type == "softbreak" else "\n")
        elif child.type == "html_inline":
            parts.append("\n" if child.content.lower().startswith("<br") else "")
        else:
            parts.append(child.content)
    return "".join(parts).strip()
