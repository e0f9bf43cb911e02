"""Settings of Twilio's kinds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from agent.settings import Secret
from channels.inboxes.base import InboxBase, Telephone


class TwilioSmsInbox(InboxBase):
    """SMS by Twilio. `auth_tokens` are all that are valid now; the first one sends.

    `confirms_stop` says who answers STOP: "provider" (Twilio does by default) or "us"; never both.
    """

    kind: Literal["twilio_sms"] = "twilio_sms"
    account_sid: str = Field(pattern=r"^AC[0-9a-zA-Z]{1,62}$")
    auth_tokens: list[Secret] = Field(min_length=1)
    number: Telephone | None = None
    messaging_service_sid: str | None = Field(default=None, pattern=r"^MG[0-9a-zA-Z]{1,62}$")
    confirms_stop: Literal["provider", "us"] = "provider"
    base_url: str = Field(default="https://api.twilio.com", pattern=r"^https?://")
    timeout_s: float = Field(default=15.0, gt=0)
    status_callbacks: bool = True

    @model_validator(mode="after")
    def _has_sender(self) -> TwilioSmsInbox:
        if not (self.number or self.messaging_service_sid):
            raise ValueError("give number or messaging_service_sid: an SMS needs a sender")
        return self
