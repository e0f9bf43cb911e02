"""What every kind of inbox has, and the forms its values take."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints

from agent.settings import Section
from channels.inboxes.handoff import Handoff
from channels.normalise.telephones import e164
from channels.signatures import public_key
from channels.staffing import Hours
from knowledge.seeking.ports import FOR_CUSTOMERS, Scope

UnknownSend = Literal["resend", "park"]


def _telephone(value: str) -> str:
    if re.fullmatch(r"\d{3,8}", value):  # a short code
        return value
    number = e164(value)
    if number is None:
        raise ValueError("write the number in international form, such as +442071838750, or a short code")
    return number


def _mailbox(value: str) -> str:
    if not re.fullmatch(r"[^\s@<>\"(),;:\\]{1,64}@[A-Za-z0-9.-]{1,255}", value):
        raise ValueError("write an address such as help@example.com, without a name")
    return value.lower()


def _line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("line breaks and control characters are not allowed here")
    return value


def _key(value: str) -> str:
    public_key(value)
    return value


def _values(value: object) -> object:
    return (value,) if isinstance(value, str) else value


MetadataKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Values = Annotated[tuple[str, ...], BeforeValidator(_values), Field(min_length=1)]
Telephone = Annotated[str, AfterValidator(_telephone)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Line = Annotated[str, AfterValidator(_line)]
PublicKey = Annotated[str, AfterValidator(_key)]


class InboxBase(Section):
    """What every kind has. `approve` None means as [agent] says, `collection` None as [qdrant] says.

    `on_unknown_send` decides what happens to a message whose fate is unknown, as after a crash: sent again, which may
    deliver it twice where the provider does not dedupe, or parked for a person. `hours` are those in which people
    answer, None for always. `passages` narrows what may be found: a metadata key (region, language, tier, audience, or
    one of your own) to the values that suit; passages without the key suit everybody. Without `audience` in it, what
    was written for staff alone is never found.
    """

    kind: str
    approve: Literal["never", "always"] | None = None
    collection: str | None = None
    on_unknown_send: UnknownSend = "park"
    handoff: Handoff = Handoff()
    hours: Hours | None = None
    passages: dict[MetadataKey, Values] = Field(default_factory=dict)

    def scope(self) -> Scope:
        """What this inbox may find."""
        if "audience" in self.passages:
            return Scope(suits=self.passages)
        return replace(FOR_CUSTOMERS, suits=self.passages)


class OtherInbox(InboxBase):
    """A kind that an installed package adds, with its settings unread."""

    model_config = ConfigDict(extra="allow", frozen=True)
