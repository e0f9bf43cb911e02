"""Made-up messages for the tagger: what labelled sets lack, by patterns filled from the word lists and at random.

Customers give their details in ever the same ways, in any case and with or without marks; and they write numbers that
are nobody's, of orders, parcels and prices, which must stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final

from agent.guardrails.recognisers.words import (
    ambiguous_names,
    given_names,
    place_words,
    places,
    surnames,
    wide_given_names,
)

Row = Mapping[str, Any]
_GREETINGS: Final = (
    "hi",
    "hii",
    "hiya",
    "hello",
    "helo",
    "hloo",
    "heya",
    "hey",
    "yo",
    "good morning",
    "gday",
    "morning",
    "hola",
    "thanks",
    "ty",
    "cheers",
    "ok",
    "okay",
    "k",
)
_GENERAL: Final = (
    "uni",
    "euro",
    "visa",
    "app",
    "gore-tex",
    "wifi",
    "lol",
    "omg",
    "asap",
    "eta",
    "faq",
    "uk",
    "thyroid",
    "prepaid",
    "sim",
    "wallet",
    "premium",
    "gym",
    "nope",
    "yep",
    "done",
    "correct",
    "sorry",
    "whatever",
    "none",
    "both",
    "later",
    "blue",
    "large",
    "medium",
    "pizza",
    "laptop",
    "monday",
    "today",
    "refund",
    "delivery",
    "cancel",
    "agent",
    "human",
)
_DAYS: Final = (
    "january",
    "March",
    "May",
    "June 2025",
    "3 March",
    "12/11/2025",
    "2024-05-01",
    "monday",
    "last week",
    "24 December",
    "the 5th of may",
    "2023",
    "Sunday",
)
_STREETS: Final = (
    "street",
    "st",
    "road",
    "rd",
    "avenue",
    "ave",
    "lane",
    "drive",
    "close",
    "court",
    "way",
    "crescent",
    "square",
    "hill",
    "park",
    "place",
    "blvd",
)
_MAILS: Final = (
    "gmail",
    "yahoo",
    "hotmail",
    "outlook",
    "icloud",
    "aol",
    "live",
    "proton",
    "gmx",
    "mail",
    "web",
    "rediffmail",
    "company",
    "work",
)
_MARK = re.compile(r"\{([A-Z_]+)(?::(\w+))?\}")


class Maker:
    """Makes rows, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)  # noqa: S311 - no secret hangs on it
        self._common = sorted(given_names())
        self._given = sorted(wide_given_names() | given_names() | ambiguous_names())
        self._last = sorted(surnames())
        self._towns = sorted(places())
        self._town_words = sorted(place_words())
        self._makers: Mapping[str, Callable[[str], str]] = {
            "PERSON": self._person,
            "LOCATION": self._location,
            "PHONE_NUMBER": self._phone,
            "EMAIL_ADDRESS": self._email,
            "CREDIT_CARD": lambda how: self.digits(4 if how else self._rng.choice((4, 8, 12, 16))),
            "US_SSN": lambda how: self.digits(4 if how else self._rng.choice((4, 9))),
            "US_BANK_NUMBER": lambda how: self.digits(self._rng.choice((4, 5, 8, 9, 10, 11, 12))),
            "PASSWORD": self._password,
            "USERNAME": lambda how: self._given_name() + self.digits(self._rng.randrange(4)),
        }

    def personal(self, count: int) -> list[Row]:
        """Messages with details of a person in them, labelled."""
        patterns = _patterns("pii_personal.txt")
        return [self._filled(self._rng.choice(patterns)) for _ in range(count)]

    def nobodys(self) -> str:
        """Words around a number, a price or a day that is nobody's secret."""
        rng = self._rng
        said = rng.choice(_patterns("pii_nobodys.txt"))
        for mark, make in (
            ("{o}", self._order),
            ("{p}", lambda: rng.choice("£$€") + str(rng.randrange(1, 400)) + rng.choice(("", ".99", ".50"))),
            ("{d}", lambda: rng.choice(_DAYS)),
            ("{t}", lambda: rng.choice(("14:30", "9am", "10:15 pm", "noon"))),
            ("{n}", lambda: str(rng.randrange(1, 60))),
            ("{w}", lambda: rng.choice(rng.choice((self._last, self._town_words))).capitalize()),
            ("{h}", lambda: rng.choice(_GREETINGS)),
            ("{g}", lambda: rng.choice(_GENERAL)),
        ):
            while mark in said:
                said = said.replace(mark, make(), 1)
        return said

    def name_like(self, name: str) -> str:
        """Another name of as many words, written alike."""
        words = re.findall(r"[^\W\d_]+|[\W\d_]+", name)
        return "".join(
            alike(self._given_name() if at == 0 else self._rng.choice(self._last), word)
            if len(word) > 1 and word[0].isalpha()
            else word
            for at, word in enumerate(words)
        )

    def town_like(self, town: str) -> str:
        """Another town or country, written alike."""
        return alike(self._rng.choice(self._rng.choice((self._towns, self._town_words))), town)

    def digits_like(self, written: str) -> str:
        """`written` with other digits."""
        return re.sub(r"\d", lambda _: self.digits(1), written)

    def digits(self, count: int) -> str:
        return "".join(self._rng.choice("0123456789") for _ in range(count))

    def _filled(self, pattern: str) -> Row:
        text, spans, at = "", [], 0
        for mark in _MARK.finditer(pattern):
            text += pattern[at : mark.start()]
            value = self._makers[mark.group(1)](mark.group(2) or "")
            spans.append({"start": len(text), "end": len(text) + len(value), "label": mark.group(1)})
            text, at = text + value, mark.end()
        return {"text": text + pattern[at:], "spans": spans}

    def _given_name(self) -> str:
        return self._rng.choice(self._common if self._rng.random() < 0.4 else self._given)

    def _person(self, how: str) -> str:
        first, last = self._given_name().capitalize(), self._rng.choice(self._last).capitalize()
        if how == "last" or how == "first":
            return last if how == "last" else first
        return first if self._rng.random() < 0.3 else f"{first} {last}"

    def _location(self, how: str) -> str:
        rng = self._rng
        town = (rng.choice(self._towns) if rng.random() < 0.5 else rng.choice(self._town_words)).title()
        zip_code = self.digits(rng.choice((4, 5, 5, 6)))
        if how in ("city", "zip"):
            return town if how == "city" else zip_code
        name = rng.choice(self._last if rng.random() < 0.6 else self._town_words).capitalize()
        street = f"{self.digits(rng.randrange(1, 5))} {name} {rng.choice(_STREETS).capitalize()}"
        if rng.random() < 0.2:
            street = f"{name}{rng.choice(('straße', ' utca', 'gatan', 'weg', 'vej', 'laan'))} {self.digits(2)}"
        unit = rng.choice(
            ("", "", "", f"Apt. {self.digits(2)} ", f"Flat {self.digits(1)}, ", f"Suite {self.digits(3)} ")
        )
        if how == "street":
            return unit + street
        gap = rng.choice((", ", " ", "\n"))
        return unit + street + gap + town + rng.choice((" ", ", ")) + zip_code

    def _phone(self, how: str) -> str:
        rng = self._rng
        form = rng.choice(
            (
                "##########",
                "### ### ####",
                "##### ######",
                "+## ## ########",
                "0#### ######",
                "###-####",
                "## ### ###",
                "(###) ###-####",
                "#### ###",
            )
        )
        return re.sub("#", lambda _: self.digits(1), form)

    def _email(self, how: str) -> str:
        rng = self._rng
        user = (
            self._given_name()
            + rng.choice(("", " ", ".", " dot "))
            + rng.choice((self._rng.choice(self._last), self.digits(2)))
        )
        host = rng.choice(_MAILS)
        return (
            user
            + rng.choice((" at ", " ", "", "@"))
            + host
            + rng.choice(("com", " com", " dot com", ".com", " dot co dot uk"))
        )

    def _password(self, how: str) -> str:
        rng = self._rng
        if how == "digits":
            return self.digits(rng.choice((4, 5, 6)))
        word = rng.choice((rng.choice(self._last), self._given_name(), rng.choice(self._town_words)))
        return word + self.digits(rng.randrange(5)) if rng.random() < 0.8 else self.digits(6)

    def _order(self) -> str:
        rng = self._rng
        number = self.digits(rng.choice((3, 4, 5, 6, 7, 8, 9, 10, 12)))
        return (
            rng.choice(("", "", "FD-", "INV-", "ORD-", "RMA-", "A", "fd ", rng.choice("abcdkx") + rng.choice("rstuvz")))
            + number
        )


@cache
def _patterns(name: str) -> tuple[str, ...]:
    lines = files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()
    return tuple(line.replace("\\n", "\n") for line in lines if line and not line.startswith("#"))


def alike(word: str, model: str) -> str:
    """`word` with capitals where `model` has them."""
    if model.isupper() and len(model) > 1:
        return word.upper()
    return word.title() if model[:1].isupper() else word
