"""Other words for the same thing: what links a customer's wording to a help centre's. Pure, from `synonyms.txt`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from knowledge.sparse import STOP_WORDS, stem


@lru_cache(maxsize=1)
def _sets() -> tuple[tuple[str, ...], ...]:
    raw = files("agent.understanding").joinpath("synonyms.txt").read_text(encoding="utf-8")
    lines = (line.strip() for line in raw.splitlines())
    return tuple(tuple(word.strip() for word in line.split(",")) for line in lines if line and not line.startswith("#"))


@lru_cache(maxsize=1)
def alike() -> Mapping[str, frozenset[str]]:
    """Stem to the stems of its synonyms (itself left out). The words of a phrase get no synonyms from it."""
    found: dict[str, set[str]] = {}
    for words in _sets():
        single = {stem(word) for word in words if " " not in word and word not in STOP_WORDS}
        for word in single:
            found.setdefault(word, set()).update(single - {word})
    return {word: frozenset(others) for word, others in found.items()}


@lru_cache(maxsize=1)
def phrases() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Phrases of several words, each with the single words that mean the same."""
    return tuple(
        (word, tuple(other for other in words if " " not in other)[:2])
        for words in _sets()
        for word in words
        if " " in word
    )


@lru_cache(maxsize=1)
def _canonical() -> Mapping[str, tuple[str, ...]]:
    """Stem of a word to the first two words of each set that it is in: what help centres mostly call it."""
    found: dict[str, list[str]] = {}
    for words in _sets():
        for word in words:
            if " " not in word:
                found.setdefault(stem(word), []).extend(other for other in words[:2] if stem(other) != stem(word))
    return {word: tuple(dict.fromkeys(others)) for word, others in found.items()}


def expansions(text: str, limit: int = 6) -> list[str]:
    """At most `limit` words that help centres use for what the text says, none of which it has itself."""
    lower = text.lower()
    words = ["".join(char for char in word if char.isalnum() or char in "-'") for word in lower.split()]
    there = {stem(word) for word in words}
    found: list[str] = []
    for phrase, others in phrases():
        if phrase in lower:
            found.extend(others)
    for word in words:
        if word not in STOP_WORDS:
            found.extend(_canonical().get(stem(word), ())[:2])
    return [word for word in dict.fromkeys(found) if stem(word) not in there][:limit]
