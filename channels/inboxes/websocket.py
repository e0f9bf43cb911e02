"""Live chat's settings."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from agent.settings import Secret, Section
from channels.inboxes.base import InboxBase, Line, UnknownSend


def _service(value: str) -> str:
    if not re.fullmatch(r"https?://(\*\.)?[A-Za-z0-9.-]+(:\d+)?", value):
        raise ValueError("write a push service as https://host, or https://*.host for all below it")
    return value.lower()


class WebPush(Section):
    """Tells a browser of an answer when the chat is closed (RFC 8030, 8291, 8292).

    `private_key` is what `frontdesk push-key` prints. `subject` is where a push service reaches you. A notification
    holds no word of the conversation unless `show_text`. A browser's address is used only when one of `services` serves
    it, so that nobody can make this server call another; the list has those of Chrome, Firefox, Edge and Safari.
    """

    private_key: Secret
    subject: str = Field(pattern=r"^(mailto:[^\s@]+@[^\s@]+|https://\S+)$")
    show_text: bool = False
    ttl_s: int = Field(default=86_400, gt=0, le=2_419_200)
    timeout_s: float = Field(default=10.0, gt=0)
    services: list[Annotated[str, AfterValidator(_service)]] = Field(
        default=[
            "https://fcm.googleapis.com",
            "https://*.push.services.mozilla.com",
            "https://*.notify.windows.com",
            "https://*.push.apple.com",
        ],
        min_length=1,
    )


class WebsocketInbox(InboxBase):
    """Live chat. `greeting` is shown before the first message; it is not part of the conversation. `photos` lets a
    customer send pictures. `identity_secret` is what your own server signs identities of visitors with:
    32 characters or more, see docs/identity.md; without it every visitor is a stranger."""

    kind: Literal["websocket"] = "websocket"
    title: Line = "Chat with us"
    greeting: str | None = None
    photos: bool = True
    push: WebPush | None = None
    identity_secret: Secret | None = None
    on_unknown_send: UnknownSend = "resend"  # a browser drops an event whose seq it has
