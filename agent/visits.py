"""What a customer's browser does besides writing: it rates, says that somebody types, asks how long a person takes, and
wants to be told of an answer when it is closed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from agent.dispatch.signals import Signal
from agent.ports import Bus
from agent.waits import Wait, usual
from memory import ratings, subscriptions
from memory.consent import record_consent
from memory.log import Head
from memory.messages import Role
from memory.store import Store
from memory.vault import Vault
from memory.waits import recent_waits

# Waits are those of the last days, and a figure of them holds for a minute: a busy chat asks at every connection.
_LATELY = timedelta(days=7)
_FRESH_S = 60.0

Hours = Callable[[str, datetime], datetime | None]
"""When an inbox's people come back, None while they are there: `(inbox, now) -> opens_at`."""


def _always(_inbox: str, _now: datetime) -> None:
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Visits:
    """One for each process, shared by all its sockets."""

    store: Store
    vault: Vault
    bus: Bus
    hours: Hours = _always
    _waits: dict[str, tuple[float, int | None]] = field(default_factory=dict)

    async def wait(self, inbox: str) -> Wait | None:
        """What may be said of the wait for a person in this inbox; None when nothing is known."""
        now = datetime.now(UTC)
        if (opens_at := self.hours(inbox, now)) is not None:
            return Wait("closed", opens_at=opens_at)
        fresh, seconds = self._waits.get(inbox, (0.0, None))
        if time.monotonic() >= fresh:
            self._waits[inbox] = (time.monotonic() + _FRESH_S, seconds)  # a crowd that comes at once looks once
            seconds = usual(await self.store.read(lambda c: recent_waits(c, inbox, now - _LATELY)))
            self._waits[inbox] = (time.monotonic() + _FRESH_S, seconds)
        return None if seconds is None else Wait("open", seconds)

    async def rate(self, conversation: str, turn: str, score: int, text: str, id: str | None) -> int:
        """Keeps a rating; its event's seq. Raises UnknownTurn when the answer is not of this conversation."""
        now, name = datetime.now(UTC), id or uuid.uuid4().hex
        return await self.store.write(
            lambda c: ratings.rate(c, self.vault, conversation, turn=turn, score=score, text=text, id=name, now=now)
        )

    async def subscribe(self, conversation: str, subscription: Mapping[str, str] | None) -> None:
        """Tells this browser of answers from now on, or (None) no browser of this conversation any more. The customer
        asked for it, so it is an entry in the consent ledger too."""
        now, consent = datetime.now(UTC), f"k-{uuid.uuid4().hex}"

        def work(connection: Connection) -> None:
            head = Head.lock(connection, self.vault, conversation)
            if subscription is None:
                changed = subscriptions.unsubscribe(head, now)
            else:
                changed = not subscriptions.subscribed(connection, conversation)
                subscriptions.subscribe(head, subscription, now)
            if changed:
                record_consent(
                    connection,
                    id=consent,
                    customer=head.row["customer_id"],
                    channel=subscriptions.CHANNEL,
                    state="in" if subscription else "out",
                    evidence={"conversation": conversation, "by": "the browser"},
                    now=now,
                )

        await self.store.write(work)

    async def subscribed(self, conversation: str) -> bool:
        return await self.store.read(lambda c: subscriptions.subscribed(c, conversation))

    async def seen(self, conversation: str, seq: int) -> None:
        """The customer has it before their eyes: nobody need tell them again."""
        await self.store.write(lambda c: subscriptions.seen(c, conversation, seq))

    async def typing(self, conversation: str, role: Role, name: str = "") -> None:
        """Whoever watches this conversation sees that somebody writes. Kept nowhere."""
        await self.bus.publish(conversation, Signal("typing", conversation, role=role, text=name))
