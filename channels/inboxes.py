"""Settings of each kind of inbox, `[inboxes.NAME]` of `frontdesk.toml`, told apart by `kind`.

`Inbox` is the union to put into a settings model. A kind that an installed package adds (entry point group
`frontdesk.channels`) arrives as `OtherInbox`; `channels.adapters.resolve` reads it again with its own class.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from agent.settings import Secret, Section
from channels.normalise.telephones import e164
from channels.signatures import TOLERANCE_S, public_key

UnknownSend = Literal["resend", "park"]


def _telephone(value: str) -> str:
    if re.fullmatch(r"\d{3,8}", value):  # a short code
        return value
    number = e164(value)
    if number is None:
        raise ValueError("write the number in international form, such as +442071838750, or a short code")
    return number


def _mailbox(value: str) -> str:
    if not re.fullmatch(r"[^\s@<>\"(),;:\\]{1,64}@[A-Za-z0-9.-]{1,255}", value):
        raise ValueError("write an address such as help@example.com, without a name")
    return value.lower()


def _line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("line breaks and control characters are not allowed here")
    return value


def _key(value: str) -> str:
    public_key(value)
    return value


Telephone = Annotated[str, AfterValidator(_telephone)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Line = Annotated[str, AfterValidator(_line)]
PublicKey = Annotated[str, AfterValidator(_key)]


class InboxBase(Section):
    """What every kind has. `approve` None means as [agent] says, `collection` None as [qdrant] says.

    `on_unknown_send` decides what happens to a message whose fate is unknown, as after a crash: sent again, which may
    deliver it twice where the provider does not dedupe, or parked for a person.
    """

    kind: str
    approve: Literal["never", "always"] | None = None
    collection: str | None = None
    on_unknown_send: UnknownSend = "park"


class WebsocketInbox(InboxBase):
    """Live chat. `greeting` is shown before the first message; it is not part of the conversation."""

    kind: Literal["websocket"] = "websocket"
    title: Line = "Chat with us"
    greeting: str | None = None
    on_unknown_send: UnknownSend = "resend"  # a browser drops an event whose seq it has


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


class Smtp(Section):
    """A mail server to send through. `tls` "starttls" (587), "implicit" (465) or "none" (a relay on this machine).

    `ca_file` holds the certificates to trust instead of the system's, for a server with a private authority.
    """

    host: str
    port: int = Field(default=587, gt=0, lt=65536)
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    user: str | None = None
    password: Secret | None = None
    timeout_s: float = Field(default=30.0, gt=0)
    ca_file: str | None = None

    @model_validator(mode="after")
    def _has_both(self) -> Smtp:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together")
        return self


class SendgridEmailInbox(InboxBase):
    """Email in by SendGrid's Inbound Parse, out by SMTP.

    Inbound is proved by `public_keys` (a security policy's signature), by `webhook_user` with `webhook_passwords`
    (basic authentication in the webhook's URL), or by both, and then both are required. At least one must be given.
    A replay within `signature_tolerance_s` is harmless: the same Message-ID is the same message.
    """

    kind: Literal["sendgrid_email"] = "sendgrid_email"
    address: Mailbox
    from_name: Line = ""
    smtp: Smtp
    webhook_user: str | None = Field(default=None, pattern=r"^[^:]+$")
    webhook_passwords: list[Secret] = Field(default_factory=list)
    public_keys: list[PublicKey] = Field(default_factory=list)
    signature_tolerance_s: float = Field(default=TOLERANCE_S, gt=0)
    on_unknown_send: UnknownSend = "resend"  # the Message-ID stays the same, and readers show a mail once

    @model_validator(mode="after")
    def _is_proved(self) -> SendgridEmailInbox:
        if bool(self.webhook_user) != bool(self.webhook_passwords):
            raise ValueError("webhook_user and webhook_passwords belong together")
        if not (self.public_keys or self.webhook_user):
            raise ValueError("give public_keys or webhook_user and webhook_passwords, or anyone could write to it")
        return self


class WebhookInbox(InboxBase):
    """A pair of webhooks under Standard Webhooks; reserved, no adapter serves it yet."""

    kind: Literal["webhook"] = "webhook"
    secrets: list[Secret] = Field(min_length=1)


class OtherInbox(InboxBase):
    """A kind that an installed package adds, with its settings unread."""

    model_config = ConfigDict(extra="allow", frozen=True)


_KINDS = ("websocket", "twilio_sms", "sendgrid_email", "webhook")


def _tag(value: Any) -> str:
    """`value` is what the file says: a table, or a model already read."""
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return kind if kind in _KINDS else "other"


Inbox = Annotated[
    Annotated[WebsocketInbox, Tag("websocket")]
    | Annotated[TwilioSmsInbox, Tag("twilio_sms")]
    | Annotated[SendgridEmailInbox, Tag("sendgrid_email")]
    | Annotated[WebhookInbox, Tag("webhook")]
    | Annotated[OtherInbox, Tag("other")],
    Discriminator(_tag),
]


class Inboxes(BaseModel):
    """Reads a table of inboxes on its own, as tools and tests want it."""

    inboxes: dict[str, Inbox] = Field(default_factory=dict)
