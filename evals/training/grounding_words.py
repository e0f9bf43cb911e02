"""The word table of the grounding judge, from WordNet and the sentence embedder: which words mean the same, the
opposite or something wider, and how near any two are.

WordNet 3.0 (Princeton University, its own permissive licence) is read in its `dict` form, as Debian's wordnet-base
lays it in /usr/share/wordnet. Its commoner words and all verbs, adjectives and adverbs are kept, with the whole words
of the embedder's vocabulary; each word gets the vector that the embedder gives it alone, in fewer dimensions.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.guardrails.evidence_lexicon import PARTS, Lexicon, bare_forms

Floats = NDArray[np.float32]
Key = tuple[str, str]
"""A synset: part of speech and its offset in the file."""

SENSES: Final = 4
"""Senses of a word and part of speech that count, the commonest first: rarer ones make everything a synonym."""
DIMENSIONS: Final = 40
"""Enough: from 32 to 64 the figures of the judge move by less than 0.005."""
_FILES: Final = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
_WORD: Final = re.compile(r"[a-z]{2,}(?:-[a-z]+)*")


@dataclass(frozen=True, slots=True)
class Pointer:
    kind: str
    target: Key
    source_word: int  # 1-based; 0 for the whole synset


@dataclass(slots=True)
class WordNet:
    """`senses` of a word by part of speech, commonest first; `counts` how often a text had it so."""

    synsets: dict[Key, tuple[tuple[str, ...], bool, tuple[Pointer, ...]]] = field(default_factory=dict)
    senses: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    exceptions: dict[str, list[str]] = field(default_factory=dict)


def read_wordnet(folder: Path) -> WordNet:
    """Raises ValueError for a folder that does not hold WordNet's files."""
    found = WordNet()
    try:
        for part, name in _FILES.items():
            _read_data(found, part, folder / f"data.{name}")
            _read_index(found, part, folder / f"index.{name}")
            _read_exceptions(found, folder / f"{name}.exc")
        _read_counts(found, folder / "cntlist.rev")
    except (OSError, IndexError) as error:
        raise ValueError(f"{folder} does not hold WordNet's files: {error}") from None
    return found


def _lines(path: Path) -> Iterator[list[str]]:
    """Fields of each line; the licence at the top is indented."""
    with path.open(encoding="latin-1") as lines:
        for line in lines:
            if not line.startswith("  "):
                yield line.split("|")[0].split()


def _read_data(found: WordNet, part: str, path: Path) -> None:
    for fields in _lines(path):
        n_words = int(fields[3], 16)
        words = tuple(re.sub(r"\(.*\)$", "", word).lower() for word in fields[4 : 4 + 2 * n_words : 2])
        at = 4 + 2 * n_words
        pointers = tuple(
            Pointer(
                fields[i], ("a" if fields[i + 2] == "s" else fields[i + 2], fields[i + 1]), int(fields[i + 3][:2], 16)
            )
            for i in range(at + 1, at + 1 + 4 * int(fields[at]), 4)
        )
        found.synsets[(part, fields[0])] = (words, fields[2] == "s", pointers)


def _read_index(found: WordNet, part: str, path: Path) -> None:
    for fields in _lines(path):
        n_pointers = int(fields[3])
        found.senses.setdefault(fields[0], {})[part] = tuple(fields[6 + n_pointers :])


def _read_exceptions(found: WordNet, path: Path) -> None:
    for fields in _lines(path):
        if len(fields) > 1 and "_" not in fields[0]:
            found.exceptions.setdefault(fields[0], []).append(fields[1])


def _read_counts(found: WordNet, path: Path) -> None:
    for key, _, count in _lines(path):
        word, sense = key.split("%")
        part = "nvara"[int(sense[0]) - 1]
        found.counts[(word, part)] = found.counts.get((word, part), 0) + int(count)


def chosen_words(wordnet: WordNet, vocabulary: Sequence[str]) -> list[str]:
    """The words of the table, sorted: those of WordNet that texts use or that are no nouns, and those of the
    vocabulary that are no inflected form of one."""
    single = {word for word in wordnet.senses if _WORD.fullmatch(word)}
    common = {word for word in vocabulary if _WORD.fullmatch(word) and "-" not in word}
    kept = {word for word in single if _kept(wordnet, word, common)}
    return sorted(kept | {word for word in common if word not in single and not _inflected(wordnet, word, single)})


def _kept(wordnet: WordNet, word: str, common: set[str]) -> bool:
    parts = wordnet.senses[word]
    used = any(wordnet.counts.get((word, part)) for part in parts)
    return word in common or used or "v" in parts or "r" in parts or ("a" in parts and "-" not in word)


def _inflected(wordnet: WordNet, word: str, single: set[str]) -> bool:
    return any(base in single for base in (*wordnet.exceptions.get(word, ()), *bare_forms(word)))


@dataclass(frozen=True, slots=True)
class _Meanings:
    own: frozenset[int]
    means: frozenset[int]
    wider: frozenset[int]
    against: frozenset[int]


def _meanings(wordnet: WordNet, word: str, ids: Mapping[Key, int]) -> _Meanings:
    """`means` are its senses and those derived from them (discuss, discussion); `wider` what they are a kind of;
    `against` the opposite senses, for adjectives also those around the opposite's head (inferior: superb)."""
    own, means, wider, against = set(), set(), set(), set()
    for part, offsets in wordnet.senses.get(word, {}).items():
        for offset in offsets[:SENSES]:
            words, satellite, pointers = wordnet.synsets[(part, offset)]
            place = words.index(word) + 1 if word in words else 0
            own.add(ids[(part, offset)])
            for pointer in pointers:
                own_word = pointer.source_word in (0, place)
                if pointer.kind in ("+", "\\") and own_word:
                    means.add(ids[pointer.target])
                elif pointer.kind in ("@", "@i", "&"):
                    wider.add(ids[pointer.target])
                    if satellite and pointer.kind == "&":
                        against |= {ids[key] for key in _opposites(wordnet, pointer.target)}
                elif pointer.kind == "!" and own_word:
                    against |= {ids[pointer.target], *(ids[key] for key in _around(wordnet, pointer.target))}
    return _Meanings(frozenset(own), frozenset(own | means), frozenset(wider), frozenset(against))


def _opposites(wordnet: WordNet, head: Key) -> Iterator[Key]:
    for pointer in wordnet.synsets[head][2]:
        if pointer.kind == "!":
            yield pointer.target
            yield from _around(wordnet, pointer.target)


def _around(wordnet: WordNet, key: Key) -> Iterator[Key]:
    return (pointer.target for pointer in wordnet.synsets[key][2] if pointer.kind == "&")


def _part(wordnet: WordNet, word: str) -> int:
    """Its commonest part of speech as a place in PARTS; a word that WordNet lacks counts as a name."""
    parts = wordnet.senses.get(word, {})
    order = "ravn"
    best = max(parts, key=lambda part: (wordnet.counts.get((word, part), 0), order.index(part)), default="x")
    return PARTS.index(best)


async def build(
    wordnet: WordNet, vocabulary: Sequence[str], embed: Callable[[Sequence[str]], Awaitable[Floats]]
) -> Lexicon:
    """The table. `embed` gives (n, dim) unit rows. The same input gives the same table."""
    words = chosen_words(wordnet, vocabulary)
    ids = {key: number for number, key in enumerate(sorted(wordnet.synsets))}
    meanings = [_meanings(wordnet, word, ids) for word in words]
    known = set(words)
    irregular = {
        form: bases[0]
        for form, all_bases in sorted(wordnet.exceptions.items())
        if form not in known and (bases := [base for base in all_bases if base in known and base != form])
    }
    return Lexicon(
        tuple(words),
        _fewer(await embed(words), DIMENSIONS),
        np.array([_part(wordnet, word) for word in words], dtype=np.uint8),
        tuple(each.own for each in meanings),
        tuple(each.means for each in meanings),
        tuple(each.wider for each in meanings),
        tuple(each.against for each in meanings),
        irregular,
    )


def _fewer(vectors: Floats, dimensions: int) -> NDArray[np.int8]:
    """Principal components about the mean, unit rows, in steps of 1/127."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    reduced = centred @ axes[:, ::-1][:, :dimensions]
    reduced /= np.linalg.norm(reduced, axis=1, keepdims=True) + 1e-9
    steps: NDArray[np.int8] = np.round(reduced * 127).astype(np.int8)
    return steps
