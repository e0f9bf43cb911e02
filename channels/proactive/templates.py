"""Messages written beforehand, in variants: chosen by who gets them, filled with values that were checked. Pure.

TemplateError     a template, or the values for it, cannot be used; the message names it and what is wrong
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from agent.errors import FrontdeskError
from channels.proactive.limits import fault, fault_of_words
from memory.messages import legible

DEFAULT = "default"
ALWAYS = frozenset({"organisation"})
LONGEST_VALUE = 500
# What a variant may ask for, the most telling first: words in the customer's language beat words for the channel.
_ASKS = ("language", "channel", "region", "tier")


class TemplateError(FrontdeskError):
    code = "template"
    status = 422


@dataclass(frozen=True, slots=True)
class Segment:
    """Who gets a message, as far as its words depend on it. Empty where it is not known."""

    channel: str
    language: str = ""
    region: str = ""
    tier: str = ""


@dataclass(frozen=True, slots=True)
class Variant:
    """The words for those whom every condition that is not empty fits."""

    name: str
    text: str
    subject: str = ""
    language: str = ""
    region: str = ""
    tier: str = ""
    channel: str = ""

    @property
    def conditions(self) -> tuple[str, ...]:
        return tuple(getattr(self, each) for each in _ASKS)

    def fits(self, segment: Segment) -> bool:
        return all(not wanted or wanted == getattr(segment, name) for name, wanted in self._asked())

    @property
    def weight(self) -> int:
        """Grows with what it asks for: language 8, channel 4, region 2, tier 1."""
        return sum(2 ** (len(_ASKS) - 1 - at) for at, wanted in enumerate(self.conditions) if wanted)

    def _asked(self) -> Iterable[tuple[str, str]]:
        return zip(_ASKS, self.conditions, strict=True)


@dataclass(frozen=True, slots=True)
class Filled:
    """The words as they will leave."""

    text: str
    subject: str
    variant: str


@dataclass(frozen=True)
class Template:
    """A message in its variants, the one named "default" first. Raises TemplateError when it cannot be used."""

    name: str
    purpose: Literal["notification", "marketing"]
    placeholders: frozenset[str]
    variants: tuple[Variant, ...]

    def __post_init__(self) -> None:
        for variant in self.variants:
            self._check(variant)

    def check_choice(self) -> None:
        """Raises TemplateError unless for every customer exactly one variant is the best."""
        twice = [name for name, count in Counter(v.name for v in self.variants).items() if count > 1]
        if twice:
            raise TemplateError(f"template {self.name}: two variants are named {twice[0]!r}")
        for variant in self.variants[1:]:
            if not any(variant.conditions):
                where = f"template {self.name}, variant {variant.name}"
                raise TemplateError(f"{where}: say whom it is for: language, region, tier or channel")
        for conditions, count in Counter(v.conditions for v in self.variants).items():
            if count > 1:
                names = ", ".join(v.name for v in self.variants if v.conditions == conditions)
                raise TemplateError(f"template {self.name}: the variants {names} are for the same customers")

    def _check(self, variant: Variant) -> None:
        where = f"template {self.name}, variant {variant.name}"
        known = self.placeholders | ALWAYS
        for text in (variant.text, variant.subject):
            if unknown := sorted(set(fields(text, where)) - known):
                raise TemplateError(
                    f"{where}: {{{unknown[0]}}} is no placeholder; there are {', '.join(sorted(known))}"
                )
        if variant.channel and (wrong := fault_of_words(variant.channel, variant.text)):
            raise TemplateError(f"{where}: {wrong}")

    def choose(self, segment: Segment) -> Variant:
        """The variant for a segment: of those that fit, the one that asks for most."""
        return max((v for v in self.variants if v.fits(segment)), key=lambda v: v.weight)

    def named(self, name: str) -> Variant:
        """Raises TemplateError when it has gone from the configuration since."""
        found = next((v for v in self.variants if v.name == name), None)
        if found is None:
            raise TemplateError(f"template {self.name} has no variant {name!r} any more")
        return found

    def checked(self, values: Mapping[str, object]) -> dict[str, str]:
        """The values as text on one line. Raises TemplateError for one that is missing, unknown or too long."""
        if missing := sorted(self.placeholders - set(values)):
            raise TemplateError(f"template {self.name}: there is no value for {', '.join(missing)}")
        if unknown := sorted(set(values) - self.placeholders):
            raise TemplateError(f"template {self.name} has no placeholder {', '.join(unknown)}")
        return {name: self._one_line(name, value) for name, value in values.items()}

    def _one_line(self, name: str, value: object) -> str:
        words = " ".join(legible(str(value)).split())
        if not words:
            raise TemplateError(f"template {self.name}: the value of {name} is empty")
        if len(words) > LONGEST_VALUE:
            raise TemplateError(f"template {self.name}: {name} has {len(words)} characters, {LONGEST_VALUE} at most")
        return words

    def fill(
        self, variant: Variant, values: Mapping[str, object], *, organisation: str, channel: str, max_sms_parts: int
    ) -> Filled:
        """The words for one customer. Raises TemplateError, also when they do not fit the channel."""
        given = {**self.checked(values), "organisation": organisation}
        subject = legible(_put(variant.subject or self.variants[0].subject, given))
        text = legible(_put(variant.text, given))
        if wrong := fault(channel, text, max_sms_parts):
            raise TemplateError(f"template {self.name}, variant {variant.name}: {wrong}")
        return Filled(text.strip(), subject.strip(), variant.name)


def fields(text: str, where: str) -> list[str]:
    """The placeholders of a text. Raises TemplateError for braces that are none: only {name} may be written."""
    found = []
    try:
        for _, name, form, conversion in string.Formatter().parse(text):
            if name is None:
                continue
            if form or conversion or not name.isidentifier():
                raise TemplateError(f"{where}: write {{name}} and nothing else between braces; for a brace write {{{{")
            found.append(name)
    except ValueError as error:
        raise TemplateError(f"{where}: {error}; for a brace itself write {{{{ or }}}}") from None
    return found


def _put(text: str, values: Mapping[str, str]) -> str:
    parts = string.Formatter().parse(text)
    return "".join(literal + (values[name] if name else "") for literal, name, _, _ in parts)
