"""Whether a customer asks for their rights: to see their data, have it erased or put right, or object to its use.

Patterns of eight languages, clause by clause (`privacy_words`). A question about how things are done ("how do I delete
my account?") and a wish that something not be done are no requests; a message may be in any of the languages, whatever
the rest of the conversation is in. Measured in docs/desk.md. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, get_args

from agent.understanding.privacy_words import ARTICLES, HINT, LAW, WORDS, Words
from memory.tasks import Kind

_LONGEST: Final = 8000
"""Characters read of a message; a longer one says what it wants at its start."""
_HINT: Final = re.compile(HINT)
_LAW: Final = re.compile(LAW)
_SENTENCE: Final = re.compile(r"(?<=[.!?;])\s+|\n+")
_CLAUSE: Final = re.compile(r"[,;:–—]|\b(?:and|but|und|aber|et|mais|y|pero|e|ma|però|en|maar|i|ale|mas)\b")
_PAUSE: Final = re.compile(r"[,;:–—]")
_NEAR: Final = 25
"""Characters before a match in which a negation counts."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language's patterns, compiled."""

    kinds: tuple[tuple[Kind, re.Pattern[str]], ...]
    asks: re.Pattern[str]
    negates: re.Pattern[str]

    @classmethod
    def of(cls, words: Words) -> Language:
        # An objection is tried first: "do not use my data" holds the words of others too.
        order: tuple[Kind, ...] = ("objection", "erasure", "rectification", "access")
        kinds = tuple((kind, re.compile(getattr(words, kind))) for kind in order)
        return cls(kinds, re.compile(words.asks), re.compile(words.negates))


_LANGUAGES: Final = tuple(Language.of(words) for words in WORDS.values())
assert set(get_args(Kind)) == {kind for kind, _ in _LANGUAGES[0].kinds}  # noqa: S101  (said at import, not in a turn)


def privacy_request(text: str) -> Kind | None:
    """What right the message asks for, the first that it names; None for every other message."""
    plain = " ".join(text[:_LONGEST].lower().replace("’", "'").split(" "))
    if not _HINT.search(plain):
        return None
    for sentence in _SENTENCE.split(plain):
        if found := _of(sentence.strip()):
            return found
    return None


def _of(sentence: str) -> Kind | None:
    if law := _LAW.search(sentence):
        article: Kind = ARTICLES[law["article"]]  # type: ignore[assignment]  # the table's values are kinds
        return article
    for language in _LANGUAGES:
        for kind, pattern in language.kinds:
            match = pattern.search(sentence)
            if match is not None and not _only_talks(language, kind, sentence, match):
                return kind
    return None


def _only_talks(language: Language, kind: Kind, sentence: str, match: re.Match[str]) -> bool:
    """Whether the words are a question about it, or say that it is not wanted."""
    before = sentence[: match.start()]
    if language.asks.search(_PAUSE.split(before)[-1].rstrip()):
        return True
    if kind == "objection":
        return False
    clause = _CLAUSE.split(before)[-1][-_NEAR:]
    after = _CLAUSE.split(sentence[match.end() :])[0][:12]
    return bool(language.negates.search(f"{clause}{match.group(0)}{after}"))
