"""Where a place lies: the country and the wider regions of what a customer names. Pure, from `places.json`.

A help centre says "EU" or "Ireland" where a customer says "Madrid" or "Galway". The list is small and general (large
cities, countries, regions), so a place that is not in it says nothing either way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

_NAMES_THAT_NEED_CAPITALS: Final = "cities_that_are_words"


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """`belongs` says of each name (lower case) everything it lies in, narrowest first; `canonical` how it is spelt."""

    belongs: Mapping[str, tuple[str, ...]]
    capitals_only: frozenset[str]
    cities: frozenset[str]
    pattern: re.Pattern[str]


@lru_cache(maxsize=1)
def gazetteer() -> Gazetteer:
    """The shipped list, read once."""
    data = json.loads(files("agent.understanding").joinpath("places.json").read_text(encoding="utf-8"))
    parents: dict[str, list[str]] = {}
    for group, members in data["groups"].items():
        for member in members:
            parents.setdefault(member, []).append(group)

    def above(name: str) -> tuple[str, ...]:
        found: list[str] = []
        queue = list(parents.get(name, ()))
        while queue:
            group = queue.pop(0)
            if group not in found:
                found.append(group)
                queue.extend(parents.get(group, ()))
        return tuple(found)

    known = {*parents, *data["groups"]}
    belongs = {name.lower(): (name, *above(name)) for name in known}
    for sort in ("aliases", "cities"):
        for country, names in data[sort].items():
            belongs.update({name.lower(): (country, *above(country)) for name in names})
    ordered = sorted(belongs, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, ordered))})(?!\w)", re.IGNORECASE)
    capitals = frozenset(name.lower() for name in data[_NAMES_THAT_NEED_CAPITALS])
    cities = frozenset(name.lower() for names in data["cities"].values() for name in names)
    return Gazetteer(belongs, capitals, cities, pattern)


def named(text: str) -> Iterator[str]:
    """Each place named in the text, as written. Words that are also names count only when capitalised."""
    known = gazetteer()
    shouted = text.isupper()
    for match in known.pattern.finditer(text):
        word = match.group(0)
        if word.lower() in known.capitals_only:
            initial = not text[: match.start()].strip() or text[: match.start()].rstrip()[-1:] in ".!?"
            if shouted or not word[0].isupper() or (initial and len(word) < 5):
                continue
            if word.upper() == "US" and word != "US":
                continue
        yield word


@lru_cache(maxsize=8192)
def regions(text: str) -> frozenset[str]:
    """Everything the named places lie in, in canonical spelling: "Galway" gives Ireland, EU, Europe."""
    belongs = gazetteer().belongs
    return frozenset(region for word in named(text) for region in belongs[word.lower()])


@lru_cache(maxsize=8192)
def countries(text: str) -> frozenset[str]:
    """The narrowest region of each named place only: "Galway" gives Ireland, "the EU" gives EU."""
    belongs = gazetteer().belongs
    return frozenset(belongs[word.lower()][0] for word in named(text))


@lru_cache(maxsize=8192)
def declared(text: str) -> frozenset[str]:
    """The countries and regions a heading names for itself. A city in it is more often part of a name."""
    known = gazetteer()
    return frozenset(known.belongs[word.lower()][0] for word in named(text) if word.lower() not in known.cities)
