"""`[lookups.NAME]` in `frontdesk.toml`: what may be looked up in the organisation's own systems, and for whom."""

from __future__ import annotations

import re
from string import Formatter
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from agent.lookups.addresses import checked, places
from agent.settings import Secret, Section

PERSONAL = ("user", "email", "phone")
"""Kinds of identity that may stand in an address: what the customer proved, never what they wrote."""
FieldKind = Literal["auto", "text", "date", "moment", "amount", "number"]


class FieldSettings(Section):
    """One field of the answer as a statement. `path` is where it lies: names and positions with dots, `items[].name`
    for each of a list, `$.` before what lies outside `root`. `words` say a value otherwise ("in_transit" = "on its
    way"). `says` is the whole sentence, with {value}, {subject}, {title} and {label}. An amount has its `currency`, or
    `currency_at` where the answer names it; `minor_units` says that 1250 means 12.50."""

    path: str = Field(min_length=1, max_length=200)
    label: str = ""
    kind: FieldKind = "auto"
    words: dict[str, str] = Field(default_factory=dict)
    says: str = ""
    currency: str = Field(default="", pattern="^([A-Z]{3})?$")
    currency_at: str = ""
    minor_units: bool = False

    @field_validator("says")
    @classmethod
    def _named(cls, says: str) -> str:
        return braced(says, ("value", "subject", "title", "label"))


class OwnerSettings(Section):
    """Whose it is: the answer's `field` must be the customer's proven identity of this kind."""

    field: str = Field(min_length=1, max_length=200)
    identity: str = Field(default="email", pattern="^[a-z][a-z_]{0,15}$")


class LookUpSettings(Section):
    """One look-up. `url` has the value's name in braces; `slot` is that name, and `pattern` how such a value is written
    where it is not one of the usual forms. `when` are messages that ask for it and `intents` those taught to triage;
    without either, the usual ones of its slot. `ask` and `not_found` are said to the customer. An answer is used again
    in its conversation for `cache_s`."""

    url: str
    slot: str = Field(default="", pattern="^([a-z][a-z0-9_]{0,31})?$")
    pattern: str = ""
    title: str = ""
    headers: dict[str, Secret] = Field(default_factory=dict)
    root: str = ""
    subject: str = ""
    fields: list[str | FieldSettings] = Field(min_length=1, max_length=40)
    when: list[str] = Field(default_factory=list, max_length=200)
    intents: list[str] = Field(default_factory=list)
    owner: OwnerSettings | None = None
    ask: str = ""
    not_found: str = ""
    not_found_status: list[int] = Field(default=[404, 410])
    timeout_s: float = Field(default=3.0, gt=0, le=30)
    cache_s: float = Field(default=30.0, ge=0, le=600)
    at_once: int = Field(default=8, gt=0, le=64)
    most_kb: int = Field(default=256, gt=0, le=4096)
    ca: str = ""
    allow_http: bool = False

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            empty = pattern and re.compile(pattern).match("")
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
        if empty:
            raise ValueError("matches nothing at all as well; say what a value looks like")
        return pattern

    @field_validator("ask", "not_found")
    @classmethod
    def _as_templates(cls, text: str) -> str:
        return braced(text, ("organisation", "when"))

    @model_validator(mode="after")
    def _holds(self) -> Self:
        checked(self.url, allow_http=self.allow_http)
        named = set(places(self.url))
        unknown = named - {self.slot, *PERSONAL}
        if unknown or (self.slot and self.slot not in named):
            wrong = ", ".join(sorted(unknown)) or self.slot
            raise ValueError(f"{wrong}: url and slot must name the same; besides it only {', '.join(PERSONAL)} may")
        if self.slot in PERSONAL:
            raise ValueError(f"slot may not be {self.slot}: that is what the customer proved, not what they write")
        if self.owner is None and not named & set(PERSONAL):
            raise ValueError("say whose it is: add owner = { field, identity }, or {user}, {email} or {phone} to url")
        return self


def braced(text: str, names: tuple[str, ...]) -> str:
    """The text as it was given. Raises ValueError where its braces name anything else."""
    try:
        fields = [(name, form, turned) for _, name, form, turned in Formatter().parse(text) if name is not None]
    except ValueError:
        fields = [("", "", "")]
    if any(name not in names or form or turned for name, form, turned in fields):
        raise ValueError(f"may use {', '.join(f'{{{name}}}' for name in names)} and no other braces")
    return text
