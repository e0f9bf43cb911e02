"""A text as the grounding judge compares it: its words in dictionary form, where they stand, what they mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.guardrails.claims import figures
from agent.guardrails.evidence_lexicon import Senses, lexicon
from knowledge.sparse import STOP_WORDS, stem

_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_NEGATIVE_WORDS: Final = """
not no never none nobody nothing neither nor without cannot unable unless except hardly
dont doesnt didnt cant wont isnt arent
"""
_NEGATIVE: Final = frozenset(_NEGATIVE_WORDS.split())
_REACH: Final = 4
"""Words after a negative word that it still denies."""
_QUALIFIERS: Final = {
    "only": "only just merely solely exclusively",
    "all": "all every each always any entire whole everyone everything anyone completely fully entirely totally both",
    "most": "most mostly majority many usually often generally mainly",
    "some": "some few several sometimes occasionally partly partially various",
    "never": "never none neither nor nothing nobody",
    "must": "must required mandatory need",
    "may": "may might could possibly perhaps maybe optional",
    "should": "should recommended",
    "more": "more greater higher larger better increase increased up above over",
    "less": "less fewer lower smaller worse reduce reduced down below under",
    "before": "before until by prior",
    "after": "after since following",
    "very": "very significantly extremely highly greatly dramatically slightly strongly",
    "first": "first initially",
    "last": "last final finally",
}
_QUALIFIER: Final = {word: kind for kind, words in _QUALIFIERS.items() for word in words.split()}


@dataclass(frozen=True, eq=False)
class Text:
    """`words` in lower case and order, `lemmas` in step with them."""

    raw: str
    words: tuple[str, ...]
    lemmas: tuple[str, ...]

    @cached_property
    def there(self) -> frozenset[str]:
        return frozenset(self.lemmas)

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(map(stem_of, self.words))

    @cached_property
    def content(self) -> tuple[str, ...]:
        """The lemmas that carry meaning, each once, in order."""
        return tuple(lemma for lemma in dict.fromkeys(self.lemmas) if lemma not in STOP_WORDS)

    @cached_property
    def known(self) -> NDArray[np.intp]:
        """The places in the lexicon of the content words that it has."""
        places = map(lexicon().find, self.content)
        return np.array([place for place in places if place is not None], dtype=np.intp)

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        return lexicon().vectors[self.known].astype(np.float32) / np.float32(127)

    @cached_property
    def own(self) -> Mapping[int, list[int]]:
        """Sense to the places of the words that have it; so `means`, `wider` and `against`."""
        return _by_sense(self.known, lexicon().own)

    @cached_property
    def means(self) -> Mapping[int, list[int]]:
        return _by_sense(self.known, lexicon().means)

    @cached_property
    def wider(self) -> Mapping[int, list[int]]:
        return _by_sense(self.known, lexicon().wider)

    @cached_property
    def against(self) -> Mapping[int, list[int]]:
        return _by_sense(self.known, lexicon().against)

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Neighbouring lemmas."""
        return frozenset(pairwise(self.lemmas))

    @cached_property
    def places(self) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = {}
        for place, lemma in enumerate(self.lemmas):
            found.setdefault(lemma, []).append(place)
        return found

    @cached_property
    def denied(self) -> Mapping[str, list[bool]]:
        """Of each occurrence of a lemma, whether a negative word stands up to four words before it."""
        found: dict[str, list[bool]] = {}
        last = -_REACH - 1
        for place, (word, lemma) in enumerate(zip(self.words, self.lemmas, strict=True)):
            if is_negative(word):
                last = place
            else:
                found.setdefault(lemma, []).append(place - last <= _REACH)
        return found

    @cached_property
    def negative(self) -> bool:
        return any(map(is_negative, self.words))

    @cached_property
    def qualifiers(self) -> frozenset[str]:
        """Kinds of words that widen or narrow a claim: only, all, must, may, before…"""
        return frozenset(_QUALIFIER[word] for word in self.words if word in _QUALIFIER)

    @cached_property
    def figures(self) -> frozenset[str]:
        return figures(self.raw)

    def has(self, lemma: str) -> bool:
        """Whether the word is there, in any form."""
        return lemma in self.there or stem_of(lemma) in self.stems

    def said_as(self, lemma: str) -> list[str]:
        """The word itself where it is there; else the words there that mean it, or a kind of it."""
        if lemma in self.there:
            return [lemma]
        table = lexicon()
        place = table.find(lemma)
        if place is None:
            return []
        same = [other for sense in table.means[place] for other in self.means.get(sense, ())]
        kinds = [other for sense in table.own[place] for other in self.wider.get(sense, ())]
        return [table.words[other] for other in dict.fromkeys([*same, *kinds])][:6]


def _by_sense(places: Iterable[int], senses: Senses) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = {}
    for place in places:
        for sense in senses[place]:
            found.setdefault(sense, []).append(int(place))
    return found


def is_negative(word: str) -> bool:
    return word in _NEGATIVE or word.endswith(("n't", "n’t"))


@lru_cache(maxsize=4096)
def read(raw: str) -> Text:
    """Remembered: passages and their sentences come back turn after turn."""
    words = [match.group(0).lower().replace("’", "'").removesuffix("'s") for match in _WORD.finditer(raw)]
    return Text(raw, tuple(words), tuple(map(_lemma, words)))


@lru_cache(maxsize=65536)
def stem_of(word: str) -> str:
    return stem(word)


@lru_cache(maxsize=65536)
def _lemma(word: str) -> str:
    return lexicon().lemma(word)
