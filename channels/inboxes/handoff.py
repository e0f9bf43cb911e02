"""Which other desk an inbox hands conversations over to."""

from __future__ import annotations

from pydantic import Field

from agent.settings import Section


class Handoff(Section):
    """Which people a conversation is handed over to, beside the queue of our own desk.

    "desk" is the queue alone, "slack:C0123" a channel (by the app of the inbox `by`, the only one where it is left
    out), "webhook:NAME" the address of an inbox of that kind, "chatwoot" the people of a Chatwoot inbox, where it is
    the default. Without `include_text` another desk is told that there is something to read, and not what.
    """

    to: str | None = Field(default=None, pattern=r"^(desk|chatwoot|slack:[A-Z0-9]{3,40}|webhook:[^\s:]{1,64})$")
    by: str | None = None
    include_text: bool = True
