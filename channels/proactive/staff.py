"""Messages to staff: by an inbox of this installation, through the gate and the outbox like all others.

They are a colleague's words ("agent"): a switch stops them, quiet hours do not, as an alert must come at night.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from channels.proactive.limits import LONGEST
from channels.proactive.recipients import canonical
from channels.proactive.settings import Audience, Destination, Digests
from channels.proactive.ways import Ways
from memory import outreach
from memory.customers import find_or_make
from memory.outreach import Words
from memory.vault import Vault

_SHORT = frozenset({"sms", "push"})


@dataclass(frozen=True, slots=True)
class StaffMessage:
    """`short` is for channels where every character costs."""

    subject: str
    text: str
    short: str


@dataclass(frozen=True, slots=True)
class Staff:
    """Where staff read, by audience."""

    digests: Digests
    ways: Ways

    def tell(
        self,
        connection: Connection,
        vault: Vault,
        audience: Audience,
        message: StaffMessage,
        key: str,
        meta: Mapping[str, Any],
        now: datetime,
    ) -> list[str]:
        """Queues it for each place of the audience, in the caller's transaction; the conversations.

        `key` makes each row's idempotency key, so it is different for each message.
        """
        places = self.digests.places(audience)
        return [self._tell(connection, vault, place, message, key, meta, now) for place in places]

    def fits(self, audience: Audience, message: StaffMessage) -> str:
        """What is wrong with the message for one of its places, "" where it is well."""
        for place in self.digests.places(audience):
            channel = self.ways[place.inbox].channel
            text = message.short if channel in _SHORT else message.text
            if len(text) > LONGEST.get(channel, 20_000):
                return f"{place.inbox}: {len(text)} characters are more than {channel} takes"
        return ""

    def audiences(self) -> Iterable[str]:
        """Audiences that somebody reads."""
        return sorted({each for place in self.digests.destinations.values() for each in place.gets})

    def _tell(
        self,
        connection: Connection,
        vault: Vault,
        place: Destination,
        message: StaffMessage,
        key: str,
        meta: Mapping[str, Any],
        now: datetime,
    ) -> str:
        way = self.ways[place.inbox]
        to = canonical(way.channel, place.to)
        digest = hashlib.sha256(f"{key}:{place.inbox}:{to}".encode()).hexdigest()[:32]
        customer = find_or_make(connection, vault, way.channel, to, f"p-{digest}", now)
        whom = {"customer": customer, "inbox": way.inbox, "channel": way.channel}
        head = outreach.reach(connection, vault, **whom, new_id=f"c-{digest}", now=now)
        assert head is not None  # noqa: S101  (the identity was found or made just now)
        head.set(data_class="staff")
        text = message.short if way.channel in _SHORT else message.text
        words = Words(text, message.subject, "agent", meta)
        outreach.say_first(head, f"staff-{digest}", words, now, push=True)
        return head.id
