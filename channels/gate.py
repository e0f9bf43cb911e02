"""The one gate. Every message that leaves is judged here, once, right before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from memory.consent import opted_out
from memory.controls import stopped
from memory.messages import Outbound


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """`send` it, `hold` it until what stops it ends, or `park` it for a person. `why` is stored with the row."""

    decision: Literal["send", "hold", "park"]
    why: str


def judge(connection: Connection, outbound: Outbound, customer: str) -> GateVerdict:
    """Reads switches and the consent ledger as they stand now.

    An answer to a customer's own message is never dropped: what an opt-out forbids to send waits for a person.
    """
    if switch := stopped(connection, inbox=outbound.inbox, channel=outbound.channel):
        return GateVerdict("hold", f"stopped by {switch}")
    if outbound.purpose == "confirmation":
        return GateVerdict("send", "the one confirmation of an opt-out")
    if opted_out(connection, customer, outbound.channel):
        return GateVerdict("park", f"the customer opted out of {outbound.channel}")
    return GateVerdict("send", "nothing forbids it")
