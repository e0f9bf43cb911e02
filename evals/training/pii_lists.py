"""Makes the three wide word lists of the recognisers: `python -m evals.training.pii_lists DIR`.

Given names and surnames come from Faker's locales (MIT), words of towns from the geocoding data of phonenumbers
(Apache-2.0) and Faker. Faker is needed for this alone: `pip install faker==40.63.0`.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import re
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from agent.guardrails.recognisers.words import places, plain_words

_LATIN = re.compile(r"[A-Za-zÀ-ɏḀ-ỿ'’.\- ]+\Z")
_WORD = re.compile(r"[^\W\d_]{2,}")
_STATE = re.compile(r",\s*[A-Z]{2}(?:/.*)?$")
_GIVEN = r"first_names?(_\w+)?|first_romanized_names"
_LAST = r"last_names?(_\w+)?|last_romanized_names"
_TOWNS = (
    r"(?!.*(?:format|suff|pref|abbr|code|alpha)).*(?:cit(?:y|ies)|municipal|town|countr(?:y|ies)$|states$|province|region"
    r"|department|district|county|counties|villages)\w*"
)
_HEADS: Final = {
    "wide_given_names": """# Given names of some ninety languages and countries in Latin letters, lower case, single
# words: made by `python -m evals.training.pii_lists` from Faker 40.63 (MIT).""",
    "surnames": "# Surnames likewise: from Faker 40.63 (MIT).",
    "place_words": """# Words of towns and regions likewise: from phonenumbers' geocoding data (Apache-2.0) and
# Faker 40.63 (MIT).""",
}


def made() -> dict[str, set[str]]:
    """Each list's words, lower case, everyday words left out. Raises ModuleNotFoundError without Faker."""
    from phonenumbers.geodata import GEOCODE_DATA

    plain = plain_words()
    geo = [_STATE.sub("", names["en"]) for names in GEOCODE_DATA.values() if "en" in names]
    towns = [town for town in _from_faker("address", _TOWNS) if len(town) < 30]
    counted, all_towns = Counter(_words(dict.fromkeys(geo))), Counter(_words(towns))
    often = {word for word in counted if counted[word] + all_towns[word] >= 2 and len(word) > 2}
    return {
        "wide_given_names": set(_words(_from_faker("person", _GIVEN))) - plain,
        "surnames": set(_words(_from_faker("person", _LAST))) - plain,
        "place_words": (often | set(_words(places()))) - plain,
    }


def _from_faker(what: str, names: str) -> Iterator[str]:
    """The values of all attributes called like `names` of all locales' providers of `what`."""
    package = importlib.import_module(f"faker.providers.{what}")
    for module in pkgutil.iter_modules(package.__path__):
        provider = importlib.import_module(f"faker.providers.{what}.{module.name}").Provider
        for name in dir(provider):
            value = getattr(provider, name)
            if re.fullmatch(names, name) and not (callable(value) or isinstance(value, property) or name[0] == "_"):
                yield from _texts(value)


def _texts(values: Any) -> Iterator[str]:
    for value in values or ():
        text = value[-1 if len(value) == 2 else 0] if isinstance(value, tuple | list) and value else value
        if isinstance(text, str) and _LATIN.match(text):
            yield text


def _words(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (word.lower() for word in _WORD.findall(unicodedata.normalize("NFC", text)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="recognisers/lists")
    folder = parser.parse_args().folder
    for name, words in made().items():
        body = textwrap.wrap(" ".join(sorted(words)), 118, break_long_words=False, break_on_hyphens=False)
        (folder / f"{name}.txt").write_text("\n".join([_HEADS[name], *body]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
