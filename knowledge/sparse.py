"""BM25 term weights of a text, the same for every store; the store multiplies them by IDF.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with k1 and b at their usual
values. A passage's length is measured against a fixed average, so that adding a document changes no other.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from dataclasses import dataclass

K1 = 1.2
B = 0.75
AVERAGE_TERMS = 60
"""Terms in a passage of 120 tokens without its stop words; 30, 120 and 200 found a little less (docs/search.md)."""

_TERM = re.compile(r"\w+(?:['’.]\w+)*", re.UNICODE)
_LONGEST_TERM = 64

_STOP_WORDS = """
a about above after again against all also am an and any are as at be because been before being below between
both but by can could did do does doing don down during each few for from further had has have having he her here
hers him his how i if in into is it its itself just me more most my myself no nor not now of off on once only or
other our ours out over own please s same she should so some such t than that the their theirs them then there
these they this those through to too under until up us very was we were what when where which while who whom why
will with would you your yours i'm i've i'd i'll it's don't can't what's that's there's you're hi hello thanks
thank ok okay yes
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Term ids, ascending and unique, with their weights."""

    indices: list[int]
    values: list[float]


def terms(text: str) -> list[str]:
    """The words that count, in order: lower case, without accents, lightly stemmed, without stop words."""
    found = []
    for match in _TERM.finditer(_fold(text)):
        word = match.group().replace("’", "'")
        if word not in STOP_WORDS:
            found.append(stem(word.removesuffix("'s"))[:_LONGEST_TERM])
    return found


def _fold(text: str) -> str:
    lower = text.lower()
    if lower.isascii():
        return lower
    return "".join(c for c in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(c))


def stem(word: str) -> str:
    """`word` without the commonest English endings; words with digits are kept as they are."""
    if len(word) < 4 or not word.isalpha():
        return word
    for ending, replacement in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return _tidy(word[: -len(ending)] + replacement)
    return word


_ENDINGS = (
    ("ational", "ate"),
    ("ization", "ize"),
    ("ements", "e"),
    ("ement", "e"),
    ("ingly", ""),
    ("edly", ""),
    ("ness", ""),
    ("ings", ""),
    ("ies", "y"),
    ("ing", ""),
    ("ed", ""),
    ("ly", ""),
    ("sses", "ss"),
    ("es", "e"),
    ("s", ""),
)


def _tidy(word: str) -> str:
    """A stem whose doubled last letter is single and whose last e is gone: stopp and stope both become stop."""
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        return word[:-1]
    return word


def _index(term: str) -> int:
    return zlib.crc32(term.encode("utf-8", "surrogatepass"))


def document_vector(text: str) -> SparseVector:
    """Term frequencies, saturated and normalised by length; empty when no word counts."""
    counts = Counter(_index(term) for term in terms(text))
    length = K1 * (1 - B + B * counts.total() / AVERAGE_TERMS)
    ids = sorted(counts)
    return SparseVector(ids, [counts[i] * (K1 + 1) / (counts[i] + length) for i in ids])


def query_vector(text: str) -> SparseVector:
    """Every different term once, weight 1."""
    ids = sorted({_index(term) for term in terms(text)})
    return SparseVector(ids, [1.0] * len(ids))
