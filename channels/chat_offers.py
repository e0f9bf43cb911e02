"""What a live chat can do besides messages, as its welcome tells the browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from channels.inboxes.websocket import WebsocketInbox
from channels.push_encryption import encode, private_key, public_bytes

# What a browser's canvas writes, and what a telephone's camera and screen do.
PHOTO_TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")
# A picture of 2,000 pixels a side, as the widget sends it, has some 500 kB; an unresized one of a telephone 3 to 6 MB.
MAX_PHOTO = 6 * 2**20


@dataclass(frozen=True, slots=True)
class ChatOffers:
    """One inbox's. `push_key` is the public key browsers subscribe with, "" without web push."""

    title: str = ""
    greeting: str = ""
    photos: bool = False
    push_key: str = ""

    @classmethod
    def of(cls, inbox: WebsocketInbox) -> ChatOffers:
        """Raises ValueError when the push key is none."""
        key = encode(public_bytes(private_key(inbox.push.private_key.reveal()))) if inbox.push else ""
        return cls(inbox.title, inbox.greeting or "", inbox.photos, key)

    def frame(self) -> dict[str, Any]:
        """Fields of the welcome frame; None for what is not offered."""
        return {
            "greeting": self.greeting or None,
            "photos": {"types": list(PHOTO_TYPES), "max_bytes": MAX_PHOTO} if self.photos else None,
            "push": {"key": self.push_key} if self.push_key else None,
        }


NOTHING = ChatOffers()
"""A chat of words alone."""
