"""A document into passages. Pure.

Passages keep to one section, so that what is cited stands under one heading; tables stay whole; paragraphs are cut
between sentences only, and a question is never cut from the first of its answer. Which lines stay together is in
blocks.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from knowledge.blocks import TABLE_BUDGETS, Block, blocks, count_tokens
from knowledge.passages import Document, Passage
from knowledge.sentences import item_marker, sentences

__all__ = ["BUDGET_TOKENS", "LEAST_TOKENS", "TABLE_BUDGETS", "VERSION", "WHOLE_TOKENS", "chunk", "count_tokens"]

BUDGET_TOKENS = 200
WHOLE_TOKENS = 512
"""Rows of a corpus are passages already: cut only when half or more would be beyond the embedder's 256 tokens."""
LEAST_TOKENS = 40
"""A section smaller than this goes with the next: alone it has too little to be found by."""

VERSION = "2"
"""Part of a document's hash: a change here cuts every document anew at the next ingest."""


def chunk(document: Document, *, budget_tokens: int = BUDGET_TOKENS, whole_tokens: int | None = None) -> list[Passage]:
    """The document's passages in order; none when it has no words.

    Up to `whole_tokens` (the budget, unless told) it is one passage, text unchanged.
    """
    if not any(c.isalnum() for c in document.text):
        return []
    if count_tokens(document.text) <= (whole_tokens or budget_tokens):
        return [_passage(document, document.id, "", document.text.strip())]
    pieces = list(_packed(blocks(document.text, budget_tokens), budget_tokens))
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


def _packed(found: Iterator[Block], budget: int) -> Iterator[tuple[str, str]]:
    """(section, text) of each passage: blocks of a section while they fit, and sections too small to stand alone."""
    held: list[Block] = []
    for block in found:
        tokens = sum(each.tokens for each in held)
        moved_on = bool(held) and block.section != held[-1].section
        if held and (tokens + block.tokens > budget or (moved_on and tokens >= LEAST_TOKENS)):
            kept = held[-1:] if held[-1].asks and not moved_on else []
            if done := held[: len(held) - len(kept)]:
                yield _joined(done)
            held = kept
        held.append(block)
    if held:
        yield _joined(held)


def _joined(found: list[Block]) -> tuple[str, str]:
    """The first block's heading is the passage's section; later ones stay in the text."""
    parts = [found[0].text]
    for block in found[1:]:
        tight = item_marker(block.text) and item_marker(parts[-1]) and not block.heading
        parts.append("\n" if tight else "\n\n")
        parts.append(f"{block.heading}\n{block.text}" if block.heading else block.text)
    return found[0].section, "".join(parts)
