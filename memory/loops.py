"""Two machines that answer each other: a sender who got as many replies within an hour as their inbox allows is
answered by no machine any more, and a person sees why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from memory.log import Head
from memory.messages import Inbound
from memory.schema import outbox
from memory.silent_handover import hand_over_silently

WITHIN: Final = timedelta(hours=1)
_REPLIES = select(func.count()).where(
    outbox.c.customer_id == bindparam("customer"),
    outbox.c.channel == bindparam("channel"),
    outbox.c.purpose == "reply",
    outbox.c.created_at > bindparam("since"),
)


def goes_round(connection: Connection, customer: str, inbound: Inbound, now: datetime) -> bool:
    """Whether one more reply to this sender would be one too many. Replies count over all their conversations, since a
    closed one begins anew."""
    if not inbound.most_replies or inbound.automatic:
        return False
    given = {"customer": customer, "channel": inbound.channel, "since": now - WITHIN}
    return int(connection.execute(_REPLIES, given).scalar_one()) >= inbound.most_replies


def break_off(head: Head, inbound: Inbound, now: datetime) -> None:
    """Hands the conversation to people without a word to the sender: any word would be answered."""
    reason = f"{inbound.most_replies} replies within an hour: perhaps a machine that answers ours."
    hand_over_silently(head, "loop", reason, now, priority="low")
