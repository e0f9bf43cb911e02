"""Settings of a pair of webhooks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent.settings import Secret
from channels.inboxes.base import InboxBase


class WebhookInbox(InboxBase):
    """A pair of webhooks under Standard Webhooks; reserved, no adapter serves it yet."""

    kind: Literal["webhook"] = "webhook"
    secrets: list[Secret] = Field(min_length=1)
