"""Settings of the gate: `[gate]` of `frontdesk.toml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from agent.settings import Section
from channels.gating.regions import zone
from memory.limits import parse


def _zone(value: str) -> str:
    if value:
        zone(value)
    return value


def _limit(value: str) -> str:
    parse(value)
    return value


Written = Annotated[str, AfterValidator(_limit)]


class Throttles(Section):
    """How many proactive messages may leave, as "3/day"; [] for no limit. `customer` holds for each customer,
    `campaign` for each campaign, `channels` and `inboxes` by name. Replies take slots of both but never wait."""

    customer: list[Written] = Field(default_factory=lambda: ["3/day"])  # cautious; no standard names a number
    campaign: list[Written] = Field(default_factory=list)
    channels: dict[str, list[Written]] = Field(default_factory=dict)
    inboxes: dict[str, list[Written]] = Field(default_factory=dict)


class Words(Section):
    """What we answer to STOP, START and HELP where no provider does; {organisation} and {contact} are filled in."""

    stopped: str = (
        "{organisation}: you are unsubscribed and get no more messages from us. Send START to receive them again."
    )
    started: str = "{organisation}: you get our messages again. Send STOP to end messages, HELP for help."
    help: str = "{organisation} support: write your question here and we answer. {contact} Send STOP to end messages."

    @field_validator("stopped", "started", "help")
    @classmethod
    def _fillable(cls, value: str) -> str:
        try:
            value.format(organisation="", contact="")
        except (LookupError, ValueError):
            raise ValueError("only {organisation} and {contact} may stand in braces") from None
        return value


class Gate(Section):
    """`opt_out_scope` says what STOP ends: "all" messages on the channel, or the "purpose" of the last proactive one.

    `timezone` is whose clock counts for a customer of whom nothing is known, [organisation]'s where it is "". `regions`
    names a file of rules that replace the built-in ones, region by region. `no_quiet_hours` lists channels that wake
    nobody, such as "email". `contact` is a telephone number, address or page that HELP tells.
    """

    opt_out_scope: Literal["all", "purpose"] = "all"
    notifications_need_consent: bool = False
    timezone: Annotated[str, AfterValidator(_zone)] = ""
    regions: str = ""
    no_quiet_hours: list[str] = Field(default_factory=list)
    throttles: Throttles = Throttles()
    contact: str = ""
    words: Words = Words()
