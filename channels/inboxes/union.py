"""Every kind of inbox, told apart by `kind`: what a settings model holds.

A kind that an installed package adds (entry point group `frontdesk.channels`) arrives as `OtherInbox`;
`channels.adapters.registry.resolve` reads it again with its own class.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Discriminator, Field, Tag

from channels.inboxes.base import OtherInbox
from channels.inboxes.chatwoot import ChatwootInbox
from channels.inboxes.email import MailgunEmailInbox, PostmarkEmailInbox, SendgridEmailInbox
from channels.inboxes.slack import SlackInbox
from channels.inboxes.twilio import TwilioSmsInbox, TwilioVoiceInbox
from channels.inboxes.webhook import WebhookInbox
from channels.inboxes.websocket import WebsocketInbox
from channels.inboxes.whatsapp import WhatsappInbox

_KINDS = (
    "websocket",
    "twilio_sms",
    "twilio_voice",
    "sendgrid_email",
    "mailgun_email",
    "postmark_email",
    "webhook",
    "whatsapp",
    "slack",
    "chatwoot",
)


def _tag(value: Any) -> str:
    """`value` is what the file says: a table, or a model already read."""
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return kind if kind in _KINDS else "other"


Inbox = Annotated[
    Annotated[WebsocketInbox, Tag("websocket")]
    | Annotated[TwilioSmsInbox, Tag("twilio_sms")]
    | Annotated[TwilioVoiceInbox, Tag("twilio_voice")]
    | Annotated[SendgridEmailInbox, Tag("sendgrid_email")]
    | Annotated[MailgunEmailInbox, Tag("mailgun_email")]
    | Annotated[PostmarkEmailInbox, Tag("postmark_email")]
    | Annotated[WebhookInbox, Tag("webhook")]
    | Annotated[WhatsappInbox, Tag("whatsapp")]
    | Annotated[SlackInbox, Tag("slack")]
    | Annotated[ChatwootInbox, Tag("chatwoot")]
    | Annotated[OtherInbox, Tag("other")],
    Discriminator(_tag),
]


class Inboxes(BaseModel):
    """Reads a table of inboxes on its own, as tools and tests want it."""

    inboxes: dict[str, Inbox] = Field(default_factory=dict)
