"""What is searched for a customer's message: the message, and what it leans on. Pure.

"And is breakfast included there?" finds nothing until "there" has a name. A short message that points back, or one with
hardly a word of its own, is searched together with the names of the last lines and with the last answer, if that was
short; a message that stands alone is searched alone, because an old topic drowns a new one.

nDCG@10, last message alone -> this form: MTRAG 0.771 -> 0.784, DSTC9 0.38 -> 0.63, DSTC10 (spoken) 0.05 -> 0.29, DSTC11
0.14 -> 0.38; the whole history in one query: MTRAG 0.54. docs/search.md has the table and the other forms tried;
`knowledge.seeking` searches this form and others together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from knowledge.sparse import STOP_WORDS, terms

MAX_CHARS = 2000
"""Far beyond the embedder's 256 tokens; a longer message is searched by its beginning."""
OWN_TERMS = 3
"""A message of fewer words that count cannot stand alone."""
POINTING_TERMS = 9
"""In a message of more, "it" is something the message itself names. Without this limit a question after another topic
found its article first in 37 % instead of 44 % (50 % alone) of the sample's transcripts."""
NAME_LINES = 4
NAMES = 6
ANSWER_WORDS = 50
"""A longer answer is about more than the next question is."""

_POINTS_BACK = re.compile(
    r"\b(it|its|they|them|their|theirs|there|that|this|these|those|he|she|him|her|his|ones?|both|either|same|"
    r"the (place|location|hotel|guest ?house|restaurant|venue|store|shop|branch|property|attraction|company|item|"
    r"product|model|offer|plan|service))\b",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]*_\d+>")
_NAME = re.compile(r"\b[A-Z][\w'&.-]*(?: (?:(?:of|the|and|de|la|du|&|at|in) )*[A-Z][\w'&.-]*)*")
_OPENS = re.compile(r"(^|[.!?:]\s)\s*$")


class Said(Protocol):
    """A line of a conversation: `role` is "customer", or whoever answered."""

    @property
    def role(self) -> str: ...
    @property
    def text(self) -> str: ...


def search_query(text: str, history: Sequence[Said] = ()) -> str:
    """The words to embed and to look up for the customer's message `text`, which comes after `history`.

    Placeholders such as <PERSON_1> are left out: no passage knows them. "" only for a message without anything else.
    """
    message = _cleaned(text)
    if not history or not leans(message):
        return message[:MAX_CHARS]
    names = [name for name in _recent_names(history) if name.lower() not in message.lower()][:NAMES]
    named = " ".join([message, *names])
    answer = next((_cleaned(line.text) for line in reversed(history) if line.role != "customer"), "")
    if not answer or len(answer.split()) > ANSWER_WORDS:
        return named[:MAX_CHARS]
    return f"{named} {answer} {message}"[:MAX_CHARS]


def _cleaned(text: str) -> str:
    return " ".join(_PLACEHOLDER.sub(" ", text[: 2 * MAX_CHARS]).split())


def leans(message: str) -> bool:
    """Whether a message points back, or has hardly a word of its own."""
    own = len(terms(message))
    return own < OWN_TERMS or (own <= POINTING_TERMS and bool(_POINTS_BACK.search(message)))


def _recent_names(history: Sequence[Said]) -> list[str]:
    """Capitalised words of the last lines, latest line first, each once."""
    found = (name for line in reversed(history[-NAME_LINES:]) for name in _names(_cleaned(line.text)))
    return list(dict.fromkeys(found))


def _names(text: str) -> Iterator[str]:
    for match in _NAME.finditer(text):
        words = match.group().split()
        opens = bool(_OPENS.search(text[max(0, match.start() - 3) : match.start()]))
        if opens and (len(words) == 1 or words[0].lower().strip("'.,") in STOP_WORDS):
            words = words[1:]  # capital because it opens a sentence
        while words and words[0].lower() in STOP_WORDS:
            words = words[1:]
        name = " ".join(words).strip(" .,'")
        if len(name) > 1 and name.lower() not in STOP_WORDS:
            yield name
