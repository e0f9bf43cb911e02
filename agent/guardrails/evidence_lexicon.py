"""Which words mean the same, the opposite or something wider, and how near two words are. Pure after one read.

The table (`weights/grounding_words.npz`, 2 MB) is made from WordNet 3.0 and the bundled sentence embedder by
`frontdesk train grounding --wordnet DIR`; a word that it lacks (a name, a code) is near to nothing but itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

PARTS: Final = "nvarx"
"""Noun, verb, adjective, adverb; x for a word of no known part of speech, mostly a name."""
_ENDINGS: Final = (
    ("ies", ("y",)),
    ("es", ("", "e")),
    ("s", ("",)),
    ("ied", ("y",)),
    ("ed", ("e", "")),
    ("ing", ("e", "")),
    ("er", ("e", "")),
    ("est", ("e", "")),
)
_SETS: Final = ("own", "means", "wider", "against")


class Senses(Protocol):
    """The senses of each word, by its place."""

    def __len__(self) -> int: ...
    def __getitem__(self, place: int, /) -> frozenset[int]: ...


def bare_forms(word: str) -> Iterator[str]:
    """What an inflected word may be a form of, likeliest first: "stopped" gives "stoppe", "stopp" and "stop"."""
    for ending, replacements in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            for replacement in replacements:
                base = word[: -len(ending)] + replacement
                yield base
                if len(base) > 3 and base[-1] == base[-2]:
                    yield base[:-1]


class Lexicon:
    """Words by number, in sorted order; senses are numbers that only compare with one another.

    `vectors` is (n_words, dim) int8, 127 times unit rows; `parts` are places in PARTS. Of each word: `own` its senses,
    `means` also those of words derived from it, `wider` what it is a kind of, `against` what it is the opposite of.
    """

    def __init__(
        self,
        words: tuple[str, ...],
        vectors: NDArray[np.int8],
        parts: NDArray[np.uint8],
        own: Senses,
        means: Senses,
        wider: Senses,
        against: Senses,
        irregular: Mapping[str, str],
    ) -> None:
        self.words, self.vectors, self.parts = words, vectors, parts
        self.own, self.means, self.wider, self.against = own, means, wider, against
        self.irregular = irregular

    @cached_property
    def places(self) -> Mapping[str, int]:
        return {word: place for place, word in enumerate(self.words)}

    def find(self, lemma: str) -> int | None:
        return self.places.get(lemma)

    def part(self, lemma: str) -> str:
        place = self.places.get(lemma)
        return "x" if place is None else PARTS[self.parts[place]]

    def lemma(self, word: str) -> str:
        """The dictionary form of a lower-case word; the word itself where the table knows none."""
        if word in self.places and not (word.endswith("s") and word[:-1] in self.places and self.part(word) == "x"):
            return word
        if (base := self.irregular.get(word)) is not None:
            return base
        return next((base for base in bare_forms(word) if base in self.places), word)

    def dump(self) -> bytes:
        """The table as a compressed .npz."""
        arrays: dict[str, NDArray[np.generic]] = {
            "words": _packed(self.words),
            "vectors": self.vectors,
            "parts": self.parts,
            "irregular": _packed([f"{form} {base}" for form, base in self.irregular.items()]),
        }
        for name in _SETS:
            senses: Senses = getattr(self, name)
            rows = [senses[place] for place in range(len(self.words))]
            arrays[f"{name}_n"] = np.array([len(row) for row in rows], dtype=np.uint16)
            arrays[name] = np.array([sense for row in rows for sense in sorted(row)], dtype=np.int32)
        out = BytesIO()
        np.savez_compressed(out, **arrays)  # type: ignore[arg-type]
        return out.getvalue()


def _packed(lines: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(lines).encode(), dtype=np.uint8)


def _lines(packed: NDArray[np.uint8]) -> list[str]:
    return packed.tobytes().decode().split("\n")


class _Rows:
    """Sets cut from two arrays as they are asked for: 43,000 frozensets would take 0.2 s and 20 MB at start."""

    def __init__(self, lengths: NDArray[np.uint16], senses: NDArray[np.int32]) -> None:
        self._ends = np.cumsum(lengths)
        self._lengths, self._senses = lengths, senses

    def __len__(self) -> int:
        return len(self._lengths)

    def __getitem__(self, place: int, /) -> frozenset[int]:
        end = int(self._ends[place])
        return frozenset(self._senses[end - int(self._lengths[place]) : end].tolist())


def load(raw: bytes) -> Lexicon:
    """The table that `dump` wrote."""
    with np.load(BytesIO(raw), allow_pickle=False) as kept:
        own, means, wider, against = (_Rows(kept[f"{name}_n"], kept[name]) for name in _SETS)
        irregular = dict(line.split(" ", 1) for line in _lines(kept["irregular"]) if line)
        return Lexicon(
            tuple(_lines(kept["words"])), kept["vectors"], kept["parts"], own, means, wider, against, irregular
        )


WORDS: Final = "weights/grounding_words.npz"


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The table of this release, read once (40 ms)."""
    return load(files("agent.guardrails").joinpath(WORDS).read_bytes())


def write(table: Lexicon, path: Path) -> None:
    path.write_bytes(table.dump())
