"""What every kind of inbox has, and the forms its values take."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict

from agent.settings import Section
from channels.inboxes.handoff import Handoff
from channels.normalise.telephones import e164
from channels.signatures import public_key
from channels.staffing import Hours

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


Telephone = Annotated[str, AfterValidator(_telephone)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Line = Annotated[str, AfterValidator(_line)]
PublicKey = Annotated[str, AfterValidator(_key)]


class InboxBase(Section):
    """What every kind has. `approve` None means as [agent] says, `collection` None as [qdrant] says.

    `on_unknown_send` decides what happens to a message whose fate is unknown, as after a crash: sent again, which may
    deliver it twice where the provider does not dedupe, or parked for a person. `hours` are those in which people
    answer, None for always.
    """

    kind: str
    approve: Literal["never", "always"] | None = None
    collection: str | None = None
    on_unknown_send: UnknownSend = "park"
    handoff: Handoff = Handoff()
    hours: Hours | None = None


class OtherInbox(InboxBase):
    """A kind that an installed package adds, with its settings unread."""

    model_config = ConfigDict(extra="allow", frozen=True)
