"""A provider that sends nothing: it has each channel's limits, and the habits of real ones, always the same by seed.

It answers as a provider would (taken, busy, refused, no answer) and afterwards gives the reports that would come: late,
twice, bounced, complained. What it does to a message depends on the seed and the message's own key alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from channels.proactive.limits import LONGEST
from channels.proactive.recipients import BadRecipient, canonical
from channels.providers.ports import FateUnknown, OptedOut, Postponed, Rejected, Sent
from channels.render import Rendered
from memory.messages import Outbound

Kind = Literal["delivered", "bounced", "complained"]

# Channels whose providers show one message once however often it comes under the same key: email by its Message-ID,
# a webhook by its id. Twilio and Slack do not.
DEDUPES = frozenset({"email", "webhook", "push"})
_LATE_S = (300.0, 7_200.0)  # receipts of real providers come within seconds, and now and then after hours


@dataclass(frozen=True, slots=True)
class Habits:
    """Shares of messages, from 0 to 1. The defaults are assumptions, to be replaced by what your provider shows."""

    busy: float = 0.01
    silent: float = 0.001
    unreachable: float = 0.005
    opted_out: float = 0.002
    bounced: float = 0.01
    complained: float = 0.0002
    late: float = 0.05
    twice: float = 0.02


@dataclass(frozen=True, slots=True)
class Receipt:
    """A report that comes `after_s` the message was taken."""

    key: str
    provider_ref: str
    kind: Kind
    after_s: float
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Simulator:
    """A `Provider`. `deliveries` counts, by the message's key, what a customer would have got; `receipts` is what the
    provider would report. `journal` is told of each delivery as it happens."""

    channel: str
    seed: int = 0
    habits: Habits = field(default_factory=Habits)
    journal: Callable[[str], None] = lambda key: None
    deliveries: dict[str, int] = field(default_factory=dict)
    receipts: list[Receipt] = field(default_factory=list)

    async def send(self, outbound: Outbound, rendered: Rendered) -> Sent:
        """Raises SendError, as providers do."""
        first = outbound.attempts <= 1
        self._check(outbound, rendered)
        habits = self.habits
        if first and self._falls(outbound.id, "busy", habits.busy):
            raise Postponed("the simulator is busy", retry_after_s=1.0, provider_code="429")
        if self._falls(outbound.id, "unreachable", habits.unreachable):
            raise Rejected("nobody is reached there", provider_code="30003")
        if self._falls(outbound.id, "opted_out", habits.opted_out):
            raise OptedOut("the recipient has opted out", provider_code="21610")
        self._deliver(outbound.id)
        if first and self._falls(outbound.id, "silent", habits.silent):
            raise FateUnknown("the simulator did not answer")
        return Sent(self._ref(outbound.id))

    async def aclose(self) -> None:
        """There is nothing to close."""

    def _check(self, outbound: Outbound, rendered: Rendered) -> None:
        """The channel's limits, by the codes that Twilio and WhatsApp have for them."""
        try:
            canonical(self.channel, outbound.recipient)
        except BadRecipient as error:
            raise Rejected(str(error), provider_code="21211") from None
        if not any(part.strip() for part in rendered.parts):
            raise Rejected("there is nothing to send", provider_code="21602")
        most = LONGEST.get(self.channel)
        if most is not None and any(len(part) > most for part in rendered.parts):
            raise Rejected(f"the text is longer than {most} characters", provider_code="21617")
        if self.channel == "email" and not rendered.subject:
            raise Rejected("a mail needs a subject", provider_code="550")

    def _deliver(self, key: str) -> None:
        seen = self.deliveries.get(key, 0)
        if seen and self.channel in DEDUPES:
            return
        self.deliveries[key] = seen + 1
        self.journal(key)
        if seen:
            return
        bounced = self._falls(key, "bounced", self.habits.bounced)
        late = self._falls(key, "late", self.habits.late)
        after_s = _LATE_S[0] + self._share(key, "hours") * (_LATE_S[1] - _LATE_S[0]) if late else 2.0
        first = Receipt(key, self._ref(key), "bounced" if bounced else "delivered", after_s)
        self.receipts.append(first)
        if self._falls(key, "twice", self.habits.twice):
            self.receipts.append(Receipt(key, first.provider_ref, first.kind, after_s + 30.0))
        if not bounced and self._falls(key, "complained", self.habits.complained):
            self.receipts.append(Receipt(key, first.provider_ref, "complained", after_s + 3_600.0))

    def _falls(self, key: str, what: str, share: float) -> bool:
        return self._share(key, what) < share

    def _share(self, key: str, what: str) -> float:
        digest = hashlib.sha256(f"{self.seed}:{what}:{key}".encode()).digest()
        return int.from_bytes(digest[:8], "big") / 2**64

    def _ref(self, key: str) -> str:
        return "sim-" + hashlib.sha256(f"{self.seed}:{key}".encode()).hexdigest()[:24]
