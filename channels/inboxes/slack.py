"""Settings of a Slack app."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent.settings import Secret
from channels.inboxes.base import InboxBase, UnknownSend


class SlackInbox(InboxBase):
    """A Slack app. `signing_secrets` are all that are valid now, `token` is the bot's (xoxb-…)."""

    kind: Literal["slack"] = "slack"
    signing_secrets: list[Secret] = Field(min_length=1)
    token: Secret
    base_url: str = Field(default="https://slack.com/api", pattern=r"^https?://")
    timeout_s: float = Field(default=15.0, gt=0)
    signature_tolerance_s: float = Field(default=300.0, gt=0)
    on_unknown_send: UnknownSend = "park"  # Slack does not dedupe
