"""What the knowledge base has names for, read off its titles, and where a line of a conversation says one. Pure.

"RICE BOAT: Does Rice Boat allow BYOB?" names Rice Boat; "Silver Plus Saver Account: Relationship bonuses explained" the
account. A conversation that said such a name is about the documents under it until it names another.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.seeking.spelling import Vocabulary, words

_PREFIX_WORDS: Final = 7
_TITLE_WORDS: Final = 6
_COVERED: Final = 0.7
"""Share of a name's weight that a line must say: of "Rice Boat Hotel" "rice boat" says enough, "hotel" does not."""
_LEAST_DOCUMENTS: Final = 3
_RARE: Final = 5.0
"""Inverse document frequency from which a name is as telling as it gets; in a small collection, that of a name that
stands in one title."""
_REMEMBERED: Final = 4096
_CAPITALS: Final = re.compile(
    r"[A-Z0-9][\w'’&.+-]*(?:\s+(?:(?:of|the|and|at|in|on|de|la|du|&|n)\s+){0,2}[A-Z0-9][\w'’&.+-]*)*"
)
_INSIDE: Final = re.compile(r" (?:at|in|on) ")
"""In "WiFi at Gonville Hotel" the last part is a name too."""
_OPENERS = """
is are do does did can could may will would should has have what when where which who why how if hey hi the a an there i
my your at in for to on any about
"""
_QUESTION_WORDS: Final = frozenset(_OPENERS.split())


@dataclass(frozen=True, slots=True)
class Name:
    """A name as written, the documents under it, and how much of an entity it is, 0 to 1: rare, and not one of many
    names of the same documents ("Free WiFi" stands in the titles of a hundred hotels)."""

    text: str
    words: tuple[str, ...]
    documents: frozenset[str]
    weight: float


@dataclass(frozen=True, slots=True)
class Mention:
    """A name said in a line, from word `start` to before `end`; `covered` is the share of the name that was said."""

    name: int
    start: int
    end: int
    covered: float


class Names:
    """The names of a collection. `titles` maps each document's id to its title."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        documents: dict[tuple[str, ...], set[str]] = {}
        written: dict[tuple[str, ...], str] = {}
        leading: set[tuple[str, ...]] = set()
        for document, title in titles.items():
            for name, leads in in_title(title):
                key = tuple(words(name))
                if key:
                    documents.setdefault(key, set()).add(document)
                    written.setdefault(key, name)
                    leading.update([key] if leads else [])
        keys = list(documents)
        self._rarity = _rarities(documents, len(titles))
        weights = _weights(documents, leading, [frozenset(words(title)) for title in titles.values()])
        self.all = [Name(written[key], key, frozenset(documents[key]), weights[key]) for key in keys]
        self._vocabulary = Vocabulary(word for key in keys for word in key)
        self._shares = _shares(keys, self._vocabulary, self._rarity)
        self._heard: dict[str, tuple[Mention, ...]] = {}

    def mentions(self, line: str) -> tuple[Mention, ...]:
        """The names said in a line, each where it is said most fully, none inside a longer one."""
        if line not in self._heard:
            if len(self._heard) > _REMEMBERED:
                self._heard.clear()
            self._heard[line] = tuple(_outermost(self._said(words(line))))
        return self._heard[line]

    def _said(self, spoken: list[str]) -> list[Mention]:
        heard = [self._vocabulary.alike(word) for word in spoken]
        return [mention for name in self._possible(heard).tolist() if (mention := self._best(name, heard)) is not None]

    def _possible(self, heard: list[dict[int, float]]) -> NDArray[np.int64]:
        """Names of which enough is said somewhere in the line."""
        known = dict.fromkeys(place for each in heard for place in each)
        if not known or not self.all:
            return np.empty(0, dtype=np.int64)
        names = np.concatenate([self._shares[place][0] for place in known])
        shares = np.concatenate([self._shares[place][1] for place in known])
        covered = np.bincount(names, weights=shares, minlength=0)
        return np.flatnonzero(covered >= _COVERED - 1e-9)

    def _best(self, number: int, heard: list[dict[int, float]]) -> Mention | None:
        """The window of the line, one word longer than the name, that says most of it."""
        wanted = self.all[number].words
        places = [self._vocabulary.places[word] for word in wanted]
        total = sum(self._rarity[word] for word in wanted)
        at = [(where, place) for where, each in enumerate(heard) for place in each if place in places]
        best: Mention | None = None
        for start in sorted({where for where, _ in at}):
            end = start + len(wanted) + (1 if len(wanted) > 1 else 0)
            inside = [(where, place) for where, place in at if start <= where < end]
            said: dict[int, float] = {}
            for where, place in inside:
                said[place] = max(said.get(place, 0.0), heard[where][place])
            covered = sum(self._rarity[word] * said.get(place, 0.0) for word, place in zip(wanted, places, strict=True))
            last = max(where for where, _ in inside)
            if covered / total >= _COVERED and (best is None or covered / total > best.covered):
                best = Mention(number, start, last + 1, covered / total)
        return best


def in_title(title: str) -> Iterator[tuple[str, bool]]:
    """Names in a title, and whether they lead it: what stands before a colon and a short title as a whole do, runs of
    capitals do not."""
    before, colon, _ = title.partition(": ")
    if colon and len(before.split()) <= _PREFIX_WORDS:
        yield before, True
    elif title.strip() and not colon and "?" not in title and len(title.split()) <= _TITLE_WORDS:
        yield title, True
    for match in _CAPITALS.finditer(title):
        run = match.group().split()
        if len(run) == 1 and not title[: match.start()].strip() and title[match.end() :].lstrip()[:1].islower():
            continue  # "Hire a tent": a capital because it opens the title
        while run and run[0].lower() in _QUESTION_WORDS:
            run = run[1:]
        for part in {" ".join(run), _INSIDE.split(" ".join(run))[-1]}:
            if any(len(word) > 1 for word in part.split()):
                yield part.rstrip(".'’"), False


def _rarities(documents: Mapping[tuple[str, ...], set[str]], total: int) -> dict[str, float]:
    """Inverse document frequency of each word of the names."""
    by_word: dict[str, set[str]] = {}
    for key, of in documents.items():
        for word in key:
            by_word.setdefault(word, set()).update(of)
    return {word: math.log(1 + total / len(of)) for word, of in by_word.items()}


def _weights(
    documents: Mapping[tuple[str, ...], set[str]], leading: set[tuple[str, ...]], titles: Sequence[frozenset[str]]
) -> dict[tuple[str, ...], float]:
    """How much of an entity each name is: rare, seldom written as anything but a name ("outdoor seating" stands in
    three hundred titles, "Outdoor" in three), and not one of many names of the same documents. One that leads titles is
    measured against others that do: "Silver Card: Getting Started", "Silver Card: Fees" are about the card."""
    of_document: dict[str, list[tuple[str, ...]]] = {}
    for key, of in documents.items():
        for document in of:
            of_document.setdefault(document, []).append(key)
    with_word: dict[str, set[int]] = {}
    for number, title in enumerate(titles):
        for word in title:
            with_word.setdefault(word, set()).add(number)
    found = {}
    for key, of in documents.items():
        own = set(key)
        near = {other for document in of for other in of_document[document] if own.isdisjoint(other)}
        others = near & leading if key in leading else near
        entity = 1 - min(1.0, len(others) / max(_LEAST_DOCUMENTS, len(of)))
        # A run of capitals may begin inside a word ("iPhone"), whose rest no title has as a word.
        written = max(len(of), len(set.intersection(*(with_word.get(word, set()) for word in own))))
        rare = math.log(1 + len(titles) / written) / min(_RARE, math.log(1 + len(titles)))
        found[key] = entity * min(1.0, len(of) / written) * min(1.0, rare)
    return found


def _shares(
    keys: Iterable[tuple[str, ...]], vocabulary: Vocabulary, rarity: Mapping[str, float]
) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """By word: the names that have it, and what share of each it is."""
    rows: list[list[tuple[int, float]]] = [[] for _ in vocabulary.words]
    for number, key in enumerate(keys):
        total = sum(rarity[word] for word in key)
        for word in set(key):
            rows[vocabulary.places[word]].append((number, key.count(word) * rarity[word] / total))
    return [
        (np.array([n for n, _ in row], dtype=np.int64), np.array([share for _, share in row], dtype=np.float64))
        for row in rows
    ]


def _outermost(found: list[Mention]) -> Iterator[Mention]:
    for each in found:
        wider = (o for o in found if o.start <= each.start and each.end <= o.end and o.covered >= each.covered)
        if not any(o.end - o.start > each.end - each.start for o in wider):
            yield each
