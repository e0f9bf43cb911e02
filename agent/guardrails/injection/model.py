"""The detector: what a text looks like as a whole, and whether a sentence in it is not of it. Pure but for loading.

Two linear heads over character n-grams, learnt by `frontdesk train injection`. `direct` reads a message, or a block of
a long one, together with the named signals: is it an attempt to steer the assistant? `aside` reads every sentence of an
e-mail or passage: is it addressed to an assistant, where its neighbours are not? Weights are `weights/injection.npz`
with a card beside them (`injection.json`: data, date, licences, figures).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import numpy as np

from agent.guardrails.injection.grams import BITS, Floats, Grams, grams, weigh
from agent.guardrails.injection.pieces import blocks, folded, levelled, pieces
from agent.guardrails.injection.signals import NAMES, raw, shown

SHAPES: Final = ("capitals", "marks", "two scripts", "shows no sign")
FIGURES: Final = (*NAMES, *SHAPES)
DOCUMENT_PIECES: Final = 3
DOCUMENT_CHARS: Final = 160
"""From so many sentences and characters on a text is also read sentence by sentence."""
FEW: Final = 6
SHORT: Final = 320
"""Sentences and characters up to which a message is read by its worst sentence too. In longer texts there is always a
worst one."""
CLOSEST: Final = 2
"""Blocks of a long text whose signals are looked for: those whose n-grams are most like an attack's."""
CONTAIN: Final = 0.5
"""Scores are laid so that the threshold chosen at training is 0.5."""
_BEYOND_LATIN: Final = re.compile("[^\x00-\u024f]")
_MARKS: Final = re.compile(r"[^\w\s]|_")


@dataclass(frozen=True, eq=False)
class Part:
    """A block of a text as the heads read it. `extra` are signals that only the text as it came can show."""

    plain: str
    extra: tuple[str, ...] = ()

    @cached_property
    def level(self) -> str:
        return levelled(self.plain)

    @cached_property
    def grams(self) -> Grams:
        return grams(self.level, self.pieces)

    @cached_property
    def pieces(self) -> list[tuple[int, int]]:
        return pieces(self.level)

    @cached_property
    def signals(self) -> tuple[str, ...]:
        return (*shown(self.plain), *self.extra)

    @cached_property
    def figures(self) -> Floats:
        """(len(FIGURES),): 1 for each signal that is there, then the shapes."""
        there = set(self.signals)
        named = [float(name in there) for name in NAMES]
        return np.array([*named, *_shapes(self.plain), float(not there)], dtype=np.float32)


def _shapes(text: str) -> tuple[float, float, float]:
    letters = sum(map(str.isalpha, text))
    beyond = sum(map(str.isalpha, _BEYOND_LATIN.findall(text)))
    capitals = sum(map(str.isupper, text)) / max(1, letters)
    marks = len(_MARKS.findall(text)) / max(1, len(text))
    return capitals, marks, float(letters * 0.1 < letters - beyond < letters * 0.9)


def parts(text: str) -> list[Part]:
    """The blocks of a text; one for most, none for an empty one."""
    plain, extra = folded(text), raw(text)
    return [Part(plain[start:end], extra) for start, end in blocks(len(plain)) if plain[start:end].strip()]


@dataclass(frozen=True, slots=True)
class Score:
    """How much like an attack a text is, 0 to 1: as a whole, and by its most foreign sentence ("" where none was
    looked for)."""

    direct: float
    aside: float
    signals: tuple[str, ...]
    sentence: str

    @property
    def value(self) -> float:
        return max(self.direct, self.aside)


@dataclass(frozen=True, slots=True, eq=False)
class Detector:
    """`direct` and `aside` are (2^BITS,) weights of n-grams, `rarity` theirs in the language, `figures` those of
    FIGURES. A head's logit is less its `edge` and times its `slope` before it becomes a score; a
    long text has an edge of its own; `plain` is the score of the whole
    from which a message is plainly an attack, `page` and `passage` those of the whole and of a sentence from which a
    passage carries one."""

    direct: Floats
    aside: Floats
    rarity: Floats
    figures: Floats
    direct_edge: float
    long_edge: float
    direct_slope: float
    aside_edge: float
    aside_slope: float
    plain: float
    page: float
    passage: float

    def score(self, text: str) -> Score:
        """What it looks like; 0 for a text without words."""
        found = parts(text)
        if not found:
            return Score(0.0, 0.0, (), "")
        logit, part = max(((self.direct_logit(part), part) for part in self._closest(found)), key=lambda each: each[0])
        aside, sentence = self.aside_logit(found)
        edge = self.long_edge if is_long(found) else self.direct_edge
        return Score(
            sigmoid((logit - edge) * self.direct_slope),
            sigmoid((aside - self.aside_edge) * self.aside_slope),
            self._telling(part),
            sentence,
        )

    def _closest(self, found: list[Part]) -> list[Part]:
        if len(found) <= CLOSEST:
            return found
        return sorted(found, key=self._worded, reverse=True)[:CLOSEST]

    def _worded(self, part: Part) -> float:
        """By its n-grams: of the whole, or in a short text of its most telling sentence, so that a question before an
        attack does not hide it."""
        spans = [(0, part.grams.length), *(() if is_long([part]) else part.pieces)]
        return float(weigh(part.grams, spans, self.direct, self.rarity).max())

    def direct_logit(self, part: Part) -> float:
        return self._worded(part) + float(part.figures @ self.figures)

    def aside_logit(self, found: list[Part]) -> tuple[float, str]:
        """The most foreign sentence of a text of several, with the head's logit; (-inf, "") for a short text."""
        if not is_document(found):
            return -math.inf, ""
        best, sentence = -math.inf, ""
        for part in found:
            if part.pieces:
                values = weigh(part.grams, part.pieces, self.aside, self.rarity)
                at = int(values.argmax())
                if values[at] > best:
                    start, end = part.pieces[at]
                    best, sentence = float(values[at]), part.level[start:end].strip()
        return best, sentence

    def _telling(self, part: Part) -> tuple[str, ...]:
        """The signals that speak for an attack, the strongest first."""
        weight = dict(zip(FIGURES, self.figures.tolist(), strict=True))
        return tuple(sorted((name for name in part.signals if weight[name] > 0), key=lambda name: -weight[name]))


def is_long(found: list[Part]) -> bool:
    """Whether a text is beyond FEW sentences or SHORT characters: an e-mail or a page, not a message of a chat."""
    return sum(len(part.pieces) for part in found) > FEW or sum(len(part.level) for part in found) > SHORT


def is_document(found: list[Part]) -> bool:
    """Whether a text has sentences enough for one to be foreign among them."""
    return (
        sum(len(part.pieces) for part in found) >= DOCUMENT_PIECES
        and sum(len(part.level) for part in found) >= DOCUMENT_CHARS
    )


def sigmoid(logit: float) -> float:
    """0 to 1; 0 for minus infinity, no overflow for any other."""
    return 0.0 if logit == -math.inf else 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def load(path: Path) -> Detector:
    """The weights at `path`. Raises ValueError where they were learnt with other signals than this code's."""
    with np.load(path) as stored:
        if tuple(str(name) for name in stored["names"]) != FIGURES or len(stored["rarity"]) != 1 << BITS:
            raise ValueError(f"{path} was trained on other signals; train it again")
        arrays = {name: stored[name].astype(np.float32) for name in ("direct", "aside", "rarity", "figures")}
        scalars: Mapping[str, float] = dict(zip(SCALARS, (float(each) for each in stored["scalars"]), strict=True))
    return Detector(
        arrays["direct"], arrays["aside"], arrays["rarity"], arrays["figures"], *(scalars[name] for name in SCALARS)
    )


SCALARS: Final = ("direct_edge", "long_edge", "direct_slope", "aside_edge", "aside_slope", "plain", "page", "passage")


def save(detector: Detector, path: Path) -> None:
    """Half precision is enough: no score moves by more than 0.001."""
    np.savez_compressed(
        path,
        names=np.array(FIGURES),
        figures=detector.figures,
        scalars=np.array([getattr(detector, name) for name in SCALARS]),
        **{name: getattr(detector, name).astype(np.float16) for name in ("direct", "aside", "rarity")},
    )


@lru_cache(maxsize=1)
def shipped() -> Detector:
    """The weights of this release, read once."""
    with as_file(files("agent.guardrails").joinpath("weights/injection.npz")) as path:
        return load(path)
