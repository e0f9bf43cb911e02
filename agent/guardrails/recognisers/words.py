"""The word lists beside this file: given names, places, and words that are neither."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files

WORD = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*")


@cache
def given_names() -> frozenset[str]:
    """Given names that are hardly ever anything else, lower case."""
    return _words("first_names.txt") - ambiguous_names() - plain_words()


@cache
def ambiguous_names() -> frozenset[str]:
    """Given names that are everyday words as well, lower case."""
    return _words("ambiguous_names.txt")


@cache
def wide_given_names() -> frozenset[str]:
    """Given names of some ninety languages, lower case; many are words in others."""
    return _words("wide_given_names.txt")


@cache
def surnames() -> frozenset[str]:
    """Surnames likewise."""
    return _words("surnames.txt")


@cache
def place_words() -> frozenset[str]:
    """Words that names of towns and regions are made of, lower case."""
    return _words("place_words.txt")


@cache
def street_words() -> frozenset[str]:
    """Words that stand in addresses ("street", "apt", "zip"), lower case."""
    return _words("street_words.txt")


@cache
def plain_words() -> frozenset[str]:
    """Words of support conversations that are nobody's name, lower case; makers and carriers too."""
    return _words("plain_words.txt") | _words("brands.txt")


@cache
def places() -> frozenset[str]:
    """Countries, regions and cities, lower case, of up to four words."""
    return frozenset(_lines("places.txt"))


@cache
def places_if_capital() -> frozenset[str]:
    """Places that are things or adjectives when written small ("oxford" shoes, "cologne"), lower case."""
    return _words("places_if_capital.txt")


_ENDINGS = ("ing", "tion", "ness", "ment", "able", "ible", "ed", "ly", "ful", "less", "ous")


@lru_cache(maxsize=16_384)
def is_plain(word: str) -> bool:
    """Whether `word` is everyday vocabulary, with or without a plural s or a verb's ending."""
    lowered = word.lower().replace("’", "'").removesuffix("'s").replace("'", "")
    if lowered in plain_words() or lowered.removesuffix("s") in plain_words():
        return True
    # Endings of verbs and adverbs; names that have one ("ahmed") are listed.
    ending = ("ing", "tion", "ness", "ment", "able", "ible") if word[0].isupper() else _ENDINGS
    return len(lowered) > 5 and lowered.endswith(ending) and lowered not in given_names()


def _words(name: str) -> frozenset[str]:
    return frozenset(word for line in _lines(name) for word in line.split())


def _lines(name: str) -> list[str]:
    text = files(__package__).joinpath("lists", name).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
