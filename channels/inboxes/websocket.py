"""Live chat's settings."""

from __future__ import annotations

from typing import Literal

from channels.inboxes.base import InboxBase, Line, UnknownSend


class WebsocketInbox(InboxBase):
    """Live chat. `greeting` is shown before the first message; it is not part of the conversation."""

    kind: Literal["websocket"] = "websocket"
    title: Line = "Chat with us"
    greeting: str | None = None
    on_unknown_send: UnknownSend = "resend"  # a browser drops an event whose seq it has
