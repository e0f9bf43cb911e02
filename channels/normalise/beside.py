"""What comes in beside a customer's messages: what a person did at another desk.

A provider's webhook may carry all of it in one request: messages (Inbound), reports of delivery (Report), and this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Deed = Literal["take", "opened", "say", "note", "release", "close"]


@dataclass(frozen=True, slots=True)
class PersonAct:
    """A person did something elsewhere with one of our conversations.

    The conversation is the open one of `thread_key` in this inbox, or that whose handover stands in `post` there.
    `key` is the same however often it is delivered. `said_there` means that the customer has the words already; without
    it they are to be sent. "opened" is no wish to have it: only the bot has to be silent from there on.
    """

    act: Deed
    person: str
    key: str
    text: str = ""
    thread_key: str = ""
    post: str = ""
    said_there: bool = False
