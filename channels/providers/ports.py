"""What the outbox's sender needs of a provider, and how a send can fail.

    SendError                 code, retryable, retry_after_s, opted_out, unknown, provider_code
    ├── Rejected              the provider will never take this message (bad number, too long, rejected for good)
    │   ├── Gone              there is nobody at this address any more; it is forgotten, and nobody need be told
    │   ├── TakenElsewhere    a person has the conversation at the provider's own desk; the bot's words are dropped
    │   └── OptedOut          because the recipient has opted out: goes to the consent ledger, is no provider's fault
    ├── NeedsPerson           it cannot leave in this form, now or later: a person decides what to do with it
    ├── Postponed             the provider says later: busy, over its limits, failing, or our credentials are refused
    ├── Unreachable           no connection was made, so nothing was sent
    └── FateUnknown           the message was handed over and no answer came: it may have been delivered
        └── PartlySent        of several parts some are delivered for certain

Rejected and OptedOut end the message; NeedsPerson parks it. Postponed and Unreachable are tried again on the outbox's
schedule, not before `retry_after_s`. FateUnknown is neither: the inbox's `on_unknown_send` says whether it is sent
again or parked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from agent.errors import FrontdeskError
from channels.render import Rendered
from memory.messages import BounceClass, Outbound


class SendError(FrontdeskError):
    """A message did not certainly leave. `provider_code` is the provider's own, for people to look up; `bounce` is what
    it says of the address, where it does."""

    code = "send"
    opted_out: ClassVar[bool] = False
    unknown: ClassVar[bool] = False

    def __init__(
        self,
        reason: str,
        *,
        provider_code: str = "",
        retry_after_s: float | None = None,
        bounce: BounceClass | None = None,
    ) -> None:
        super().__init__(reason)
        self.provider_code = provider_code
        self.retry_after_s = retry_after_s
        self.bounce = bounce


class Rejected(SendError):
    """The message is refused for good."""

    code = "rejected"


class OptedOut(Rejected):
    """The recipient has opted out with the provider."""

    code = "opted_out"
    opted_out = True
    purpose: ClassVar[str] = "all"


class OptedOutOfMarketing(OptedOut):
    """The recipient wants no marketing from this sender; everything else still reaches them."""

    purpose = "marketing"


class TakenElsewhere(Rejected):
    """A person speaks there by now, and the bot is silent."""

    code = "taken_elsewhere"


class NeedsPerson(SendError):
    """Nobody can send it as it is, and trying again changes nothing."""

    code = "needs_person"


class Gone(Rejected):
    """The recipient's address is of no use any more."""

    code = "gone"


class Postponed(SendError):
    """The provider would not take it now."""

    code = "postponed"
    retryable = True


class Unreachable(SendError):
    """No connection to the provider."""

    code = "unreachable"
    retryable = True


class FateUnknown(SendError):
    """It may have been delivered."""

    code = "fate_unknown"
    unknown = True


class PartlySent(FateUnknown):
    """The first `sent` of several parts were taken; sending again would repeat them."""

    code = "partly_sent"

    def __init__(self, reason: str, *, sent: tuple[str, ...], provider_code: str = "") -> None:
        super().__init__(reason, provider_code=provider_code)
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Sent:
    """Taken by the provider. `provider_ref` is its id of the message (of the last part), "" when it named none."""

    provider_ref: str


class Provider(Protocol):
    """Sends one message. One instance serves an inbox, for many messages at a time."""

    async def send(self, outbound: Outbound, rendered: Rendered) -> Sent:
        """Returns once the provider has taken the message. Raises SendError, and nothing else."""
        ...

    async def aclose(self) -> None:
        """Closes what is open; nothing can be sent afterwards."""
        ...
