"""Settings of Twilio's kinds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from agent.settings import Secret
from channels.inboxes.base import InboxBase, Line, Telephone, UnknownSend


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


class TwilioVoiceInbox(InboxBase):
    """Calls by Twilio, in turns: the caller speaks, and the answer is said. `auth_tokens` are all that are valid now.

    `language` (BCP 47) is what is listened for and spoken; `voice` is one of Twilio's names, "" for its own choice.
    `greeting` replaces the first sentences, which must say that it is automated: {organisation} may stand in it. `dial`
    is where a caller who wants a person is connected in opening hours; without it somebody rings back. `patience_s` is
    how long a caller waits for one answer before that.
    """

    kind: Literal["twilio_voice"] = "twilio_voice"
    account_sid: str = Field(pattern=r"^AC[0-9a-zA-Z]{1,62}$")
    auth_tokens: list[Secret] = Field(min_length=1)
    language: str = Field(default="en-GB", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")
    voice: Line = Field(default="", max_length=80)
    greeting: Line = Field(default="", max_length=500)
    hints: list[Line] = Field(default_factory=list, max_length=500)
    speech_model: str = Field(default="", pattern=r"^[A-Za-z0-9_.-]{0,80}$")
    speech_timeout: Literal["auto"] | Annotated[int, Field(ge=1, le=10)] = "auto"
    dial: Telephone | None = None
    dial_timeout_s: int = Field(default=25, ge=5, le=120)
    patience_s: float = Field(default=30.0, ge=5, le=120)
    longest_answer: int = Field(default=600, ge=100, le=2500)
    on_unknown_send: UnknownSend = "resend"  # a call says each answer once, however often it is made ready

    @model_validator(mode="after")
    def _greets(self) -> TwilioVoiceInbox:
        try:
            self.greeting.format(organisation="")
        except (LookupError, ValueError):
            raise ValueError("greeting may use {organisation} and no other braces") from None
        return self
