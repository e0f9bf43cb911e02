"""A look-up as it is run: what the settings say, read once. Pure.

`words.py` has the usual messages and forms of the common slots, so that a shop that says "order" need list none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.lookups.settings import FieldKind, FieldSettings, LookUpSettings, OwnerSettings
from agent.lookups.words import FORMS, WHEN

PREFIX = "lookup_"
"""What the names of a look-up's own templates begin with."""


@dataclass(frozen=True, slots=True)
class Statement:
    """How one field of an answer is said: see settings.FieldSettings. `label` is what it is called, never empty."""

    path: str
    label: str
    kind: FieldKind = "auto"
    words: Mapping[str, str] = field(default_factory=dict)
    says: str = ""
    currency: str = ""
    currency_at: str = ""
    minor_units: bool = False


@dataclass(frozen=True, slots=True)
class LookUp:
    """One look-up: see settings.LookUpSettings. `forms` are what its values look like, none without a slot."""

    name: str
    title: str
    url: str
    slot: str
    forms: tuple[re.Pattern[str], ...]
    patterned: bool
    statements: tuple[Statement, ...]
    when: tuple[str, ...]
    intents: frozenset[str]
    owner: OwnerSettings | None
    root: str
    subject: str
    cache_s: float
    asks: str
    misses: str

    def named_in(self, text: str) -> tuple[str, ...]:
        """The values of its slot that a text names, in order, each once, as they are written there."""
        found = (match for form in self.forms for match in form.finditer(text))
        ordered = sorted(found, key=lambda match: match.start())
        values = (next((g for g in match.groups() if g), match.group()).strip().lstrip("#") for match in ordered)
        return tuple(dict.fromkeys(value for value in values if value))

    @property
    def called(self) -> str:
        """What customers call one of them: "order"."""
        return self.name.replace("_", " ")

    def takes(self, kind: str) -> bool:
        """Whether what was pinned as `kind` is a value of it by that alone: not where it says how its values look."""
        return kind == self.slot and not self.patterned

    def __hash__(self) -> int:
        return hash(self.name)


def compiled(name: str, given: LookUpSettings) -> LookUp:
    """The look-up of these settings."""
    forms = (given.pattern,) if given.pattern else FORMS.get(given.slot, (FORMS["reference"]))
    when = tuple(given.when) or (() if given.intents else WHEN.get(given.slot, WHEN.get(name, ())))
    title = given.title or name.replace("_", " ").capitalize()
    return LookUp(
        name=name,
        title=title,
        url=given.url,
        slot=given.slot,
        forms=tuple(re.compile(form, re.IGNORECASE) for form in forms) if given.slot else (),
        patterned=bool(given.pattern),
        statements=tuple(map(_statement, given.fields)),
        when=when,
        intents=frozenset(given.intents),
        owner=given.owner,
        root=given.root,
        subject=given.subject,
        cache_s=given.cache_s,
        asks=f"{PREFIX}{name}_ask" if given.ask else "which_one",
        misses=f"{PREFIX}{name}_not_found" if given.not_found else "not_found",
    )


def _statement(given: str | FieldSettings) -> Statement:
    if isinstance(given, str):
        given = FieldSettings(path=given)
    label = given.label or given.path.replace("[]", "").rsplit(".", 1)[-1].replace("_", " ").strip()
    return Statement(
        given.path,
        label,
        given.kind,
        {key.casefold(): words for key, words in given.words.items()},
        given.says,
        given.currency,
        given.currency_at,
        given.minor_units,
    )


def own_templates(given: Mapping[str, LookUpSettings]) -> dict[str, str]:
    """The words that look-ups say of their own, by the name of their template."""
    asks = {f"{PREFIX}{name}_ask": each.ask for name, each in given.items() if each.ask}
    misses = {f"{PREFIX}{name}_not_found": each.not_found for name, each in given.items() if each.not_found}
    return asks | misses


def examples(look_ups: Sequence[LookUp]) -> tuple[str, ...]:
    """Every message that asks for one of them, each once."""
    return tuple(dict.fromkeys(text for each in look_ups for text in each.when))
