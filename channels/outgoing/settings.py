"""Webhooks that tell your own systems what happens: `[webhooks.NAME]` of `frontdesk.toml`."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field, field_validator

from agent.settings import Secret, Section
from channels.outgoing.addresses import AddressRefused, check_url
from channels.outgoing.signing import signing_key

Told = Literal[
    "received", "replied", "said", "handed_over", "taken", "released", "closed", "feedback", "opted_out", "opted_in",
    "delivered", "bounced", "complained", "assigned", "tasked",
]  # fmt: skip
DEFAULT: tuple[Told, ...] = ("handed_over", "taken", "released", "closed", "opted_out", "bounced", "complained")


class OutgoingWebhook(Section):
    """One receiver. `secrets` sign, all of them, so that one can be changed while the other holds. `include_text` sends
    what was said with its real values; without it only ids and facts leave. `allow_private` lets internal addresses
    and plain http through, for a receiver in one's own network.
    """

    url: str
    secrets: list[Secret] = Field(min_length=1)
    events: list[Told] = Field(default=list(DEFAULT), min_length=1)
    include_text: bool = False
    allow_private: bool = False
    timeout_s: float = Field(default=20.0, gt=0, le=30)

    @field_validator("url")
    @classmethod
    def _has_form(cls, value: str) -> str:
        try:
            return check_url(value, allow_private=True)
        except AddressRefused as error:
            raise ValueError(str(error)) from None

    def sign_with(self) -> list[str]:
        """The secrets. Raises ValueError for one that cannot sign or be read."""
        found = [secret.reveal() for secret in self.secrets]
        for each in found:
            signing_key(each)
        return found


KINDS: tuple[str, ...] = get_args(Told)
