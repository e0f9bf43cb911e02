"""What an endpoint is told of an event. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memory.messages import Event

# Facts of an event that say nothing of the customer. `person` is somebody of the staff.
FACTS = (
    "code", "priority", "score", "channel", "class", "status", "campaign", "purpose", "team", "person", "kind",
    "automatic", "outbox",
)  # fmt: skip


def body(event: Event, head: Mapping[str, Any], *, include_text: bool) -> dict[str, Any]:
    """The JSON of an event, as docs/delivery.md describes it. `head` is the conversation's row. Without `include_text`
    the customer is an id and nothing that anybody said is in it."""
    data: dict[str, Any] = {
        "conversation": event.conversation,
        "customer": head["customer_id"],
        "inbox": head["inbox"],
        "channel": head["channel"],
        "seq": event.seq,
        "turn": event.turn,
        "facts": {name: event.meta[name] for name in FACTS if name in event.meta},
    }
    if include_text:
        data["text"] = event.text
    return {"type": f"conversation.{event.kind}", "timestamp": event.at.isoformat(), "data": data}
