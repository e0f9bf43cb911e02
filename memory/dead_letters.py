"""What could not be done, where people can see it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from memory.customers import insert_if_absent
from memory.schema import dead_letters


def bury(
    connection: Connection, kind: Literal["turn", "send"], ref: str, conversation: str, reason: str, now: datetime
) -> None:
    """Puts a turn or a message there that is given up. The same thing is there once."""
    insert_if_absent(
        connection,
        dead_letters,
        id=hashlib.sha256(f"{kind}-{ref}".encode()).hexdigest()[:40],
        kind=kind,
        ref=ref,
        conversation_id=conversation,
        reason=reason,
        at=now,
    )
