"""How long a channel still takes a person's own words. Pure."""

from __future__ import annotations

from datetime import datetime

from channels.providers.whatsapp import open_until
from channels.web.desk.words import duration
from memory.views import ConversationView


def reply_window(view: ConversationView, now: datetime) -> str:
    """A sentence and a space, "" for a channel that takes everything at any time."""
    if view.channel != "whatsapp":
        return ""
    until = open_until(view.heard_at, now)
    if until is None:
        return (
            "The customer's last message is more than 24 hours old: WhatsApp takes an approved template only, and what "
            "you write leaves in one, or waits where none is set. "
        )
    return f"WhatsApp takes your own words for another {duration(until - now)}. "
