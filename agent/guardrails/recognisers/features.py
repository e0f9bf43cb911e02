"""What the tagger sees of a text: its tokens, and for each the numbers of the features that hold there. Pure.

A feature is a short string, told apart by where the word stands that it speaks of ("0", "-1", "<" for somewhere
before), and its number is its CRC-32 modulo `SIZE`: the weights then need no dictionary (feature hashing, Weinberger
et al., ICML 2009). What a word says of itself and of its neighbours depends on the word and the text's `case` alone,
so it is worked out once a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from zlib import crc32

from agent.guardrails.recognisers.span import PiiSpan
from agent.guardrails.recognisers.words import (
    ambiguous_names,
    given_names,
    is_plain,
    place_words,
    places,
    street_words,
    surnames,
    wide_given_names,
)

SIZE: Final = 1 << 17
PLACES: Final = ("0", "-1", "+1", "-2", "+2", "<", ">")
"""Where a word stands that a token hears of: itself, two on either side, and three to eight before and behind."""
NEAR: Final = 2
FAR: Final = 8
_TOKEN = re.compile(r"\n|[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|\S")


@dataclass(frozen=True, slots=True)
class Token:
    """Characters [start, end) of the text; `glued` says that no blank stands before it."""

    start: int
    end: int
    word: str
    glued: bool


def tokens(text: str) -> list[Token]:
    """Words, runs of digits, line ends and other marks one by one, in order."""
    made, last = [], -1
    for match in _TOKEN.finditer(text):
        made.append(Token(match.start(), match.end(), match.group(), match.start() == last))
        last = match.end()
    return made


def case_of(text: str) -> str:
    """ "a" where nothing is a capital, "A" where nearly everything is, else "m": what a capital can tell there."""
    capitals = sum(map(str.isupper, text))
    if not capitals:
        return "a"
    return "A" if capitals >= 8 and capitals > 2 * sum(map(str.islower, text)) else "m"


def number(feature: str) -> int:
    """The row of the weights that stands for `feature`."""
    return crc32(feature.encode("utf-8", "replace")) % SIZE


@lru_cache(maxsize=16_384)
def of_word(word: str, case: str) -> tuple[tuple[int, ...], ...]:
    """The features a word gives to the tokens around it, one tuple for each of `PLACES`."""
    own = _own(word, case)
    near = _near(word)
    far = (f"w={word.lower()}",) if word.isalpha() else ()
    by_place = (own, near, near, near, near, far, far)
    return tuple(tuple(number(place + said) for said in says) for place, says in zip(PLACES, by_place, strict=True))


def of_place(words: Sequence[Token], rules: Sequence[str], at: int) -> list[int]:
    """The features that are no single word's: pairs and kinds of neighbours, the edges of the text, and what the other
    recognisers say of this token and the two beside it (`rules`, one string a token)."""
    lowers = [_lower(words, at + step) for step in (-2, -1, 0, 1, 2)]
    kinds = [_kind(words, at + step) for step in (-2, -1, 0, 1, 2)]
    said = [rules[place] if 0 <= place < len(rules) else "" for place in (at - 1, at, at + 1)]
    two, one, here, next_, after = lowers
    k2, k1, k0, n1, n2 = kinds
    length = min(len(words), 4)
    names = [
        f"a{one}|{here}",
        f"b{here}|{next_}",
        f"c{two}|{one}",
        f"d{next_}|{after}",
        f"e{one}|{k0}",
        f"f{k0}|{next_}",
        f"g{two}|{one}|{k0}",
        f"h{k1}|{k0}|{n1}",
        f"i{k2}|{k1}|{k0}|{n1}|{n2}",
        f"j{k1}|{k0}",
        f"k{k0}|{n1}",
        f"l{length}|{at if at < 2 else 2}|{min(len(words) - 1 - at, 2)}|{k0}",
        f"m{words[at].glued}|{k1}|{k0}",
        f"n{said[1]}",
        f"o{said[1]}|{k0}",
        f"p{said[0]}|{said[1]}|{said[2]}",
        "bias",
    ]
    return [number(name) for name in names]


def said_by(words: Sequence[Token], spans: Iterable[PiiSpan]) -> list[str]:
    """For each token what the other recognisers take it for, in one string; "" for nothing."""
    said: list[set[str]] = [set() for _ in words]
    for span in spans:
        for at, token in enumerate(words):
            if token.start < span.end and span.start < token.end:
                said[at].add(f"{'B' if token.start <= span.start else 'I'}{span.entity}{span.score:.2f}")
    return ["".join(sorted(each)) for each in said]


def _own(word: str, case: str) -> tuple[str, ...]:
    lower = word.lower()
    kind = kind_of(word)
    says = [f"w={lower}" if not word.isdigit() else f"d={len(word)}", f"k={kind}", f"c={case}{_shape(word)}"]
    says += [f"c={case}{kind}"]
    if word.isdigit():
        return (*says, f"z={word[0] == '0'}{len(word)}", f"y={word[:2]}{len(word)}")
    if word.isalpha() or len(word) > 1:
        says += [f"p{n}={lower[:n]}" for n in (1, 2, 3, 4) if len(lower) > n]
        says += [f"s{n}={lower[-n:]}" for n in (1, 2, 3, 4) if len(lower) > n]
        says += [f"g={lower[at : at + 3]}" for at in range(max(0, len(lower) - 2))] if not is_plain(word) else []
        says += [f"n={min(len(word), 12)}", f"ascii={word.isascii()}{word[0].isupper()}"]
    return tuple(says)


def _near(word: str) -> tuple[str, ...]:
    lower = word.lower()
    if word.isdigit():
        return (f"d={len(word)}", "digits")
    return (f"w={lower}", f"k={kind_of(word)}", f"s3={lower[-3:]}", f"c={_shape(word)}")


@lru_cache(maxsize=16_384)
def kind_of(word: str) -> str:
    """A short name of what sort of word it is: digits by their number, a line end or mark itself, else its lists and
    its capitals."""
    if word.isdigit():
        return f"d{min(len(word), 17)}"
    if len(word) == 1 and not word.isalpha():
        return word
    lower = word.lower()
    plain, given = is_plain(word), lower in given_names()
    flags = (
        ("w", plain),
        ("F", given),
        ("f", not given and lower in wide_given_names()),
        ("A", lower in ambiguous_names()),
        ("S", not plain and lower in surnames()),
        ("P", lower in places()),
        ("p", not plain and lower in place_words()),
        ("R", lower in street_words()),
    )
    letters = "".join(name for name, holds in flags if holds)
    return letters + ("1" if len(lower) == 1 else "") + _shape(word)


def _shape(word: str) -> str:
    if word.islower():
        return "x"
    if word.isupper():
        return "X" if len(word) > 1 else "I"
    return "Xx" if word[0].isupper() else "xX"


def _lower(words: Sequence[Token], at: int) -> str:
    if not 0 <= at < len(words):
        return "^" if at < 0 else "$"
    word = words[at].word
    return f"#{len(word)}" if word.isdigit() else word.lower()


def _kind(words: Sequence[Token], at: int) -> str:
    if not 0 <= at < len(words):
        return "^" if at < 0 else "$"
    return kind_of(words[at].word)
