"""`[proactive]` and `[digests]`: templates with their variants, how campaigns go, and who of the staff is told what."""

from __future__ import annotations

import re
from datetime import time
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from agent.settings import Section
from channels.inboxes.base import Line
from channels.proactive.templates import DEFAULT, Template, TemplateError, Variant

Audience = Literal["digest", "desk", "engineers", "status"]
_NAME = r"^[a-z0-9][a-z0-9_-]{0,31}$"
Percent = Annotated[float, Field(gt=0, le=100)]


def _growing(steps: list[float]) -> list[float]:
    if any(later <= before for before, later in pairwise(steps)) or steps[-1] != 100:
        raise ValueError("steps are shares of the whole in per cent: they grow, and the last is 100")
    return steps


def _hour(value: str) -> str:
    if not re.fullmatch(r"\d\d:\d\d", value):
        raise ValueError('write a time of day such as "08:00"')
    time.fromisoformat(value)
    return value


Steps = Annotated[list[Percent], Field(min_length=1, max_length=20), AfterValidator(_growing)]


class VariantSettings(Section):
    """Who gets these words instead: what is left empty does not matter. `language` is "de", `region` "GB"."""

    name: str = Field(pattern=_NAME)
    text: str = Field(min_length=1, max_length=20_000)
    subject: Line = ""
    language: str = Field(default="", pattern=r"^([a-z]{2,3})?$")
    region: str = Field(default="", pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$")
    tier: str = Field(default="", max_length=16)
    channel: str = Field(default="", max_length=16)


class TemplateSettings(Section):
    """A message written beforehand. `text` is for whoever no variant is for. `placeholders` are the values a caller
    gives; {organisation} is always there. Marketing needs consent; a notification is about what the customer did."""

    text: str = Field(min_length=1, max_length=20_000)
    subject: Line = ""
    purpose: Literal["notification", "marketing"] = "notification"
    placeholders: list[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]] = Field(default_factory=list)
    variants: list[VariantSettings] = Field(default_factory=list, max_length=200)

    def template(self, name: str) -> Template:
        """Raises TemplateError naming the template and the variant."""
        variants = [Variant(**each.model_dump()) for each in self.variants]
        base = Variant(name=DEFAULT, text=self.text, subject=self.subject)
        made = Template(name, self.purpose, frozenset(self.placeholders), (base, *variants))
        made.check_choice()
        return made


class Stop(Section):
    """When a campaign stops by itself: shares of what was sent, in per cent, once `at_least` of the kind were seen.

    Complaints: mail providers count more than 0.3 % as spam (Gmail's sender guidelines). The others are starting
    points of this project, not standards.
    """

    bounces: Percent = 5.0
    complaints: Percent = 0.3
    opt_outs: Percent = 2.0
    at_least: int = Field(default=3, ge=1)


class Proactive(Section):
    """How proactive messages go. `batch` members are queued in one transaction. No more than `window` of a campaign's
    messages are due in the outbox at a time, and no more than `held` wait there for the morning, so that answers are
    never far behind them. `soak_minutes` is how long a step is watched before the
    next one starts by itself; 0 means that a person starts each."""

    templates: dict[Annotated[str, Field(pattern=_NAME)], TemplateSettings] = Field(default_factory=dict)
    steps: Steps = Field(default=[1, 10, 50, 100])
    soak_minutes: float = Field(default=0.0, ge=0, le=43_200)
    stop: Stop = Stop()
    max_sms_parts: int = Field(default=3, ge=1, le=10)
    max_members: int = Field(default=50_000, ge=1)
    batch: int = Field(default=20, ge=1, le=200)
    window: int = Field(default=100, ge=1, le=5_000)
    held: int = Field(default=1_000, ge=1, le=100_000)
    sweep_s: float = Field(default=2.0, gt=0)
    words: dict[str, str] = Field(default_factory=dict, description="your own sentences for incidents")

    @model_validator(mode="after")
    def _are_whole(self) -> Proactive:
        for name, each in self.templates.items():
            try:
                each.template(name)
            except TemplateError as error:
                raise ValueError(str(error)) from None
        return self


class Destination(Section):
    """A place where staff read: an inbox of this file, and whom to write to there (a mail address, a Slack channel, a
    telephone). `gets` says what comes there."""

    inbox: str
    to: str = Field(min_length=1, max_length=320)
    gets: list[Audience] = Field(default=["digest"], min_length=1)


class Digests(Section):
    """The daily digest, `at` a time of day in the organisation's own time zone; None for none."""

    at: Annotated[str, AfterValidator(_hour)] | None = None
    destinations: dict[str, Destination] = Field(default_factory=dict)

    def places(self, audience: Audience) -> list[Destination]:
        """Where this audience reads."""
        return [each for each in self.destinations.values() if audience in each.gets]
