"""A message as plain words: what every feature below it is read from. Pure.

What names somebody (a mention, a link, a pseudonym, a number) becomes a placeholder: who was meant says nothing of how
the message sounds.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Final

LONGEST: Final = 2000
"""Characters read from either end of a message: beyond them a mood has long shown itself."""
_REPLACED: Final = (
    (re.compile(r"<url>|https?://\S+|www\.\S+", re.IGNORECASE), " urlx "),
    (re.compile(r"<[A-Za-z][A-Za-z_]*\d*>"), " namex "),
    (re.compile(r"(?<!\w)@\w+"), " userx "),
    (re.compile(r"<br\s*/?>|\s+", re.IGNORECASE), " "),
)
_RUN: Final = re.compile(r"(\w)\1{2,}")
_DIGITS: Final = re.compile(r"\d+")
_TOKEN: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s]+")
_NEGATES: Final = re.compile(
    r"(?:not|no|never|none|nobody|nothing|neither|nor|cannot|cant|wont|dont|doesnt|didnt|isnt|wasnt|arent|couldnt|"
    r"wouldnt|without|hardly|barely|\w+n't)$"
)
_ENDS: Final = frozenset(".,!?;:()…—")
_REACH: Final = 4
"""Words after a negation that it turns round, as VADER's window of three and one more for an adverb."""


def clip(text: str) -> str:
    """The text, or its start and its end where it is long."""
    return text if len(text) <= 2 * LONGEST else f"{text[:LONGEST]} \n {text[-LONGEST:]}"


def plain(text: str) -> str:
    """Lower case, one space between words, entities and typographic quotes resolved, names replaced."""
    found = clip(text).replace("’", "'").replace("‘", "'")
    if "&" in found:
        found = html.unescape(found)
    for pattern, instead in _REPLACED:
        found = pattern.sub(instead, found)
    return _DIGITS.sub("0", _RUN.sub(r"\1\1", found.lower())).strip()


def tokens(plain_text: str) -> list[str]:
    """Words and runs of punctuation, in order."""
    return _TOKEN.findall(plain_text)


def negated(words: Sequence[str]) -> list[bool]:
    """For each token whether a negation shortly before it, in the same clause, turns it round."""
    found, left = [], 0
    for word in words:
        found.append(left > 0)
        if word[0] in _ENDS or word == "but":
            left = 0
        elif _NEGATES.match(word):
            left = _REACH
        elif left:
            left -= 1
    return found
