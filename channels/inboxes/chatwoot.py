"""Settings of a Chatwoot inbox that an agent bot of ours works in."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from agent.settings import Secret
from channels.inboxes.base import InboxBase, UnknownSend


class ChatwootInbox(InboxBase):
    """One inbox of a Chatwoot account, through its agent bot. `base_url` is your Chatwoot, `token` the bot's access
    token, `secrets` what it signs webhooks with.

    `read_token` is a person's, for versions whose bots may not read a conversation's status; nothing is posted by it.

    Chatwoot signs an agent bot's webhooks from 4.13.0 on. For an older one give `path_secrets` instead: a word that the
    webhook's address carries as `?secret=…`.
    """

    kind: Literal["chatwoot"] = "chatwoot"
    base_url: str = Field(pattern=r"^https?://[^\s?#]+$")
    account_id: int = Field(gt=0)
    inbox_id: int | None = Field(default=None, gt=0)
    token: Secret
    read_token: Secret | None = None
    secrets: list[Secret] = Field(default_factory=list)
    path_secrets: list[Secret] = Field(default_factory=list)
    signature_tolerance_s: float = Field(default=300.0, gt=0)
    timeout_s: float = Field(default=10.0, gt=0)
    on_unknown_send: UnknownSend = "park"  # Chatwoot does not dedupe

    @model_validator(mode="after")
    def _is_proved(self) -> ChatwootInbox:
        if not (self.secrets or self.path_secrets):
            raise ValueError("give secrets (Chatwoot 4.13.0 and later) or path_secrets, or anyone could write to it")
        return self
