"""Settings of a pair of webhooks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from agent.settings import Secret
from channels.errors import ChannelError
from channels.inboxes.base import InboxBase, UnknownSend
from channels.outgoing.addresses import check_url
from channels.outgoing.signing import signing_key


def _secret(value: Secret) -> Secret:
    """One that is written down is checked at start; one from elsewhere when it is opened."""
    raw = value.get_secret_value()
    if not raw.startswith(("env:", "file:")):
        signing_key(raw)
    return value


SigningSecret = Annotated[Secret, AfterValidator(_secret)]


class WebhookInbox(InboxBase):
    """A pair of webhooks under Standard Webhooks (standardwebhooks.com).

    `secrets` are all that are valid now for what comes in: `whsec_…` (HMAC, v1) or `whpk_…` (an ed25519 public key,
    v1a). `url` is where replies are posted, none to only receive; `url_secrets` sign them, every one of them so that a
    receiver can rotate: `whsec_…` or `whsk_…` (an ed25519 private key). Without `url_secrets` the `whsec_…` of
    `secrets` sign.
    """

    kind: Literal["webhook"] = "webhook"
    secrets: list[SigningSecret] = Field(min_length=1)
    url: str | None = None
    url_secrets: list[SigningSecret] = Field(default_factory=list)
    allow_private: bool = False
    signature_tolerance_s: float = Field(default=300.0, gt=0)
    timeout_s: float = Field(default=20.0, gt=0)  # Standard Webhooks recommends 15 to 30
    on_unknown_send: UnknownSend = "resend"  # the receiver knows the id again

    @model_validator(mode="after")
    def _address(self) -> WebhookInbox:
        if self.url is not None:
            try:
                check_url(self.url, allow_private=self.allow_private)
            except ChannelError as error:
                raise ValueError(f"url: {error}") from None
        return self

    def sign_with(self) -> list[str]:
        """The secrets that sign what leaves. Raises ValueError when there is none."""
        given = [secret.reveal() for secret in self.url_secrets or self.secrets]
        able = [secret for secret in given if not secret.startswith("whpk_")]
        if self.url and not able:
            raise ValueError("url_secrets needs a whsec_… or a whsk_…: a public key signs nothing")
        return able
