"""What a customer thought of a reply, or of a conversation: an event of the log, once for each id."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from memory.errors import UnknownTurn
from memory.log import Head
from memory.receive import claim, claimed, settle
from memory.schema import turns
from memory.vault import Vault

_OF = select(turns.c.id).where(turns.c.id == bindparam("turn"), turns.c.conversation_id == bindparam("of"))


def rate(
    connection: Connection,
    vault: Vault,
    conversation: str,
    *,
    turn: str,
    score: int,
    text: str,
    id: str,
    now: datetime,
) -> int:
    """The event's seq; the same id again is the same event. `turn` "" rates the conversation as a whole.

    Raises UnknownConversation, and UnknownTurn for a turn that is not of this conversation.
    """
    head = Head.lock(connection, vault, conversation)
    inbox, claim_id = f"{head.row['inbox']}/ratings", f"{head.id}:{id}"
    if not claim(connection, inbox, claim_id, now):
        return (claimed(connection, inbox, claim_id) or ("", 0))[1]
    if turn and connection.execute(_OF, {"turn": turn, "of": head.id}).first() is None:
        raise UnknownTurn("there is no such answer in this conversation")
    seq = head.append("feedback", now, text, turn=turn or None, meta={"turn": turn, "score": score})
    head.save()
    settle(connection, inbox, claim_id, head.id, seq)
    return seq
