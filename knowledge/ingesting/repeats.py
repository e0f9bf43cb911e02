"""Which passages and paragraphs of a run say the same, word for word. Pure; nothing is left out because of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from knowledge.passages import Passage

LEAST_WORDS = 8
"""A shorter paragraph is a heading or a courtesy, and repeats in any help centre."""
LEAST_DOCUMENTS = 3
NAMED = 5
_SHOWN_CHARS = 80
_WORD = re.compile(r"\w+")


def _said(text: str) -> tuple[bytes, int]:
    """A digest of the words, whatever their case, spacing and punctuation, and how many there are. Numbers count: a
    paragraph with another number says something else."""
    words = _WORD.findall(text.casefold())
    return hashlib.blake2b(" ".join(words).encode("utf-8", "surrogatepass"), digest_size=8).digest(), len(words)


class Repeats:
    """What was said so far, a few bytes a passage and paragraph."""

    def __init__(self) -> None:
        self.duplicates = 0
        self._passages: dict[bytes, str] = {}
        self._paragraphs: dict[bytes, tuple[str, str, int]] = {}

    def add(self, passages: Iterable[Passage]) -> None:
        """A document's passages. What a document repeats of itself does not count."""
        for passage in passages:
            said, _ = _said(passage.text)
            self.duplicates += self._passages.setdefault(said, passage.document_id) != passage.document_id
            for paragraph in _paragraphs(passage.text):
                self._count(paragraph, passage.document_id)

    def _count(self, paragraph: str, document: str) -> None:
        said, words = _said(paragraph)
        if words < LEAST_WORDS:
            return
        opening, last, documents = self._paragraphs.get(said, (" ".join(paragraph.split())[:_SHOWN_CHARS], "", 0))
        self._paragraphs[said] = (opening, document, documents + (document != last))

    def most(self) -> list[tuple[str, int]]:
        """The paragraphs that most documents share, by their opening words, and how many share each."""
        found = [(opening, n) for opening, _, n in self._paragraphs.values() if n >= LEAST_DOCUMENTS]
        return sorted(found, key=lambda each: (-each[1], each[0]))[:NAMED]


def _paragraphs(text: str) -> Iterator[str]:
    return (paragraph for paragraph in text.split("\n\n") if paragraph.strip())
