"""Settings of WhatsApp's Cloud API."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent.settings import Secret, Section
from channels.inboxes.base import InboxBase, Telephone, UnknownSend


class Template(Section):
    """An approved template. `with_text` puts the message into its one variable; without it, the template's own words
    ask the customer to write, and the message waits for a person."""

    name: str = Field(pattern=r"^[a-z0-9_]{1,512}$")
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")
    with_text: bool = True


class Templates(Section):
    """What is sent when a customer's last message is more than 24 hours old, by why it is sent."""

    reply: Template | None = None
    notification: Template | None = None
    marketing: Template | None = None


class WhatsappInbox(InboxBase):
    """WhatsApp by Meta's Cloud API. `app_secrets` are all that are valid now; `verify_token` is what you typed into the
    app's webhook settings. Messages to another `phone_number_id` of the same app are none of this inbox's."""

    kind: Literal["whatsapp"] = "whatsapp"
    phone_number_id: str = Field(pattern=r"^\d{5,32}$")
    number: Telephone | None = None
    token: Secret
    app_secrets: list[Secret] = Field(min_length=1)
    verify_token: Secret
    templates: Templates = Templates()
    base_url: str = Field(default="https://graph.facebook.com", pattern=r"^https?://")
    version: str = Field(default="v23.0", pattern=r"^v\d{1,3}\.\d$")
    timeout_s: float = Field(default=15.0, gt=0)
    on_unknown_send: UnknownSend = "park"  # Meta does not dedupe
