"""A document into passages. Pure.

Passages keep to one section, so that what is cited stands under one heading; tables stay whole; paragraphs are cut
between sentences only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.passages import Document, Passage
from knowledge.sentences import is_heading, is_row, is_ruler, item_marker, sentences

BUDGET_TOKENS = 200
WHOLE_TOKENS = 512
"""Rows of a corpus are passages already: cut only when half or more would be beyond the embedder's 256 tokens."""
LEAST_TOKENS = 40
"""A section smaller than this goes with the next: alone it has too little to be found by."""
TABLE_BUDGETS = 3
"""A table of more budgets than this is cut between rows, under its header again."""

VERSION = "1"
"""Part of a document's hash: a change here cuts every document anew at the next ingest."""

_TOKEN = re.compile(r"\w+|[^\w\s]")


def count_tokens(text: str) -> int:
    """Roughly the word pieces of an English text (within a tenth on help articles): long words count more."""
    return sum(1 + max(0, len(word) - 4) // 6 for word in _TOKEN.findall(text))


@dataclass(slots=True)
class _Block:
    """Lines that stay together, the section they stand in, and what is written above them if they open it."""

    text: str
    section: str
    heading: str
    tokens: int


def chunk(document: Document, *, budget_tokens: int = BUDGET_TOKENS, whole_tokens: int | None = None) -> list[Passage]:
    """The document's passages in order; none when it has no words.

    Up to `whole_tokens` (the budget, unless told) it is one passage, text unchanged.
    """
    if not any(c.isalnum() for c in document.text):
        return []
    if count_tokens(document.text) <= (whole_tokens or budget_tokens):
        return [_passage(document, document.id, "", document.text.strip())]
    pieces = list(_packed(list(_blocks(document.text, budget_tokens)), budget_tokens))
    if len(pieces) == 1:
        return [_passage(document, document.id, *pieces[0])]
    return [_passage(document, f"{document.id}#{n}", *piece) for n, piece in enumerate(pieces)]


def _passage(document: Document, id: str, section: str, text: str) -> Passage:
    return Passage(
        id=id,
        document_id=document.id,
        title=document.title,
        text=text,
        source=document.source,
        section=section,
        sentences=tuple(sentences(text)),
        metadata=document.metadata,
    )


def _packed(blocks: list[_Block], budget: int) -> Iterator[tuple[str, str]]:
    """(section, text) of each passage: blocks of a section while they fit, and sections too small to stand alone."""
    held: list[_Block] = []
    for block in blocks:
        tokens = sum(each.tokens for each in held)
        moved_on = bool(held) and block.section != held[-1].section
        if held and (tokens + block.tokens > budget or (moved_on and tokens >= LEAST_TOKENS)):
            yield _joined(held)
            held = []
        held.append(block)
    if held:
        yield _joined(held)


def _joined(blocks: list[_Block]) -> tuple[str, str]:
    """The first block's heading is the passage's section; later ones stay in the text."""
    parts = [blocks[0].text]
    for block in blocks[1:]:
        tight = item_marker(block.text) and item_marker(parts[-1]) and not block.heading
        parts.append("\n" if tight else "\n\n")
        parts.append(f"{block.heading}\n{block.text}" if block.heading else block.text)
    return blocks[0].section, "".join(parts)


def _blocks(text: str, budget: int) -> Iterator[_Block]:
    path: list[tuple[int, str]] = []
    heading = ""
    for lines in _groups(text):
        if is_heading(lines[0]):
            level = len(lines[0].lstrip()) - len(lines[0].lstrip().lstrip("#"))
            path = [entry for entry in path if entry[0] < level]
            path.append((level, lines[0].strip().strip("#").strip()))
            heading = lines[0].strip()
            continue
        section = " > ".join(name for _, name in path if name)
        for piece in _fitted(lines, budget):
            yield _Block(piece, section, heading, count_tokens(piece))
            heading = ""


def _groups(text: str) -> Iterator[list[str]]:
    """Headings alone, tables whole, list items one by one, and paragraphs."""
    held: list[str] = []
    for line in text.splitlines():
        same_table = bool(held) and is_row(held[-1]) and is_row(line)
        joins = bool(held) and bool(line.strip()) and not is_row(held[-1]) and not is_row(line)
        joins = joins and not is_heading(line) and not item_marker(line) and not is_heading(held[-1])
        if held and not (same_table or joins):
            yield held
            held = []
        if line.strip():
            held.append(line.rstrip())
    if held:
        yield held


def _fitted(lines: list[str], budget: int) -> Iterator[str]:
    """One block, or several where it is far too long: a table by rows, prose by sentences."""
    text = "\n".join(lines)
    if is_row(lines[0]):
        yield from _table(lines, budget) if count_tokens(text) > TABLE_BUDGETS * budget else [text]
    elif count_tokens(text) > budget:
        yield from _filled([text[start:end] for start, end in sentences(text)], budget, " ")
    else:
        yield text


def _table(rows: list[str], budget: int) -> Iterator[str]:
    head = rows[:2] if len(rows) > 1 and is_ruler(rows[1]) else []
    for part in _filled(rows[len(head) :], budget, "\n"):
        yield "\n".join([*head, part])


def _filled(parts: list[str], budget: int, joint: str) -> Iterator[str]:
    held: list[str] = []
    tokens = 0
    for part in parts:
        size = count_tokens(part)
        if held and tokens + size > budget:
            yield joint.join(held)
            held, tokens = [], 0
        held.append(part)
        tokens += size
    if held:
        yield joint.join(held)
