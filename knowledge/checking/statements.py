"""Sentences as they can be compared: what they say, without their figures, in words that mean the same. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from knowledge.checking.figures import Figure, figures
from knowledge.checking.roots import root
from knowledge.passages import Passage

MAX_WORDS: Final = 60
_MAX_CHARS: Final = 600
"""A longer sentence says several things; two such seldom differ in one of them alone."""
_LINK: Final = re.compile(r"\[([^\]\n]{1,300})\]\([^)\s]{0,500}\)")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|[^\W_]+")
_NEGATIVE: Final = re.compile(r"not|no|never|cannot|nor|neither|none|without|unable|\w+n['’]t")
_BOUND_WORDS: Final = """
above after before below between each earliest every except first later latest least less max maximum min minimum more
most older once only over per sooner than under unless until younger
"""
_BOUNDS: Final = frozenset(_BOUND_WORDS.split())
"""Words that say which side of a figure is meant, or how often: with another of them it is another rule."""
_EMPTY_WORDS: Final = """
a able about accept accepted accepts all allow allowed allows also always am amount an and any are as at available
back be been being both but by calendar can come comes could currently customer customers date day days did do does
done during either euro euros for from get gets getting give given gives go got had has have having he her here him
his how i if in into is it its itself just keep last lasts made make makes maximum may me might must my need needs
normally now of off offer offers on or our ours own people person please possible pound pounds require required
requires run runs shall she should simply so some still such take taken takes taking than that the their them then
there these they this those through time times to too up us usually valid very want wants was we were what when where
which while who whom will window with within working would yet you your yours
"""
_EMPTY: Final = frozenset(_EMPTY_WORDS.split()) - _BOUNDS
"""Words that a sentence may have or lack without saying something else."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of a passage. `words` are what it speaks of, `frame` those with the bounds and kinds of its
    figures: two statements of one frame say the same of the same thing, save for figures and a "not"."""

    passage: Passage
    start: int
    end: int
    words: frozenset[str]
    frame: tuple[str, ...]
    figures: tuple[Figure, ...]
    negative: bool

    @property
    def is_row(self) -> bool:
        return self.text.startswith("|")

    @property
    def is_sentence(self) -> bool:
        """Prose that ends, and no item of a list of values."""
        return self.text.rstrip(" *_\"'”’)").endswith((".", "!", "。"))

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]

    @property
    def readable(self) -> str:
        """Without markup; figures count from its beginning."""
        return _readable(self.text)

    def says(self, figure: Figure) -> str:
        """The figure as it is written."""
        return self.readable[figure.start : figure.end]


def statements(passage: Passage) -> Iterator[Statement]:
    """The sentences that claim something comparable: no questions, nothing very long."""
    for start, end in passage.sentences:
        if end - start > _MAX_CHARS:
            continue
        text = _readable(passage.text[start:end])
        if text.rstrip(" *_\"'”").endswith("?"):
            continue
        found = figures(text)
        words, bounds, negations, count = _read(text, found)
        if words and count <= MAX_WORDS:
            kinds = sorted(each.kind for each in found)
            frame = (*sorted(words), "|", *sorted(bounds), "|", *kinds)
            yield Statement(passage, start, end, frozenset(words), frame, found, bool(negations % 2))


def _readable(text: str) -> str:
    """Links as their words, emphasis gone; a figure keeps its place in it."""
    return _LINK.sub(r"\1", text).replace("**", "").replace("__", "").replace("`", "")


def _read(text: str, found: tuple[Figure, ...]) -> tuple[set[str], set[str], int, int]:
    """(words, bounds, negations, words in all) outside the figures."""
    spans = [(each.start, each.end) for each in found]
    words: set[str] = set()
    bounds: set[str] = set()
    negations = count = 0
    for match in _WORD.finditer(text):
        count += 1
        if any(start <= match.start() < end for start, end in spans):
            continue
        word = match.group().lower().replace("’", "'").removesuffix("'s")
        if _NEGATIVE.fullmatch(word):
            negations += 1
        elif word in _BOUNDS:
            bounds.add(word)
        elif word not in _EMPTY:
            words.add(root(word))
    return words, bounds, negations, count
