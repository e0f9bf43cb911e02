"""Settings of the kinds of email: how it comes in, and the mail server it leaves by."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from agent.settings import Secret, Section
from channels.inboxes.base import InboxBase, Line, Mailbox, PublicKey, UnknownSend
from channels.signatures import TOLERANCE_S


class Smtp(Section):
    """A mail server to send through. `tls` "starttls" (587), "implicit" (465) or "none" (a relay on this machine).

    `ca_file` holds the certificates to trust instead of the system's, for a server with a private authority.
    """

    host: str
    port: int = Field(default=587, gt=0, lt=65536)
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    user: str | None = None
    password: Secret | None = None
    timeout_s: float = Field(default=30.0, gt=0)
    ca_file: str | None = None

    @model_validator(mode="after")
    def _has_both(self) -> Smtp:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together")
        return self


class EmailInbox(InboxBase):
    """What every kind of email has: the address customers write to, and the mail server that replies leave by.

    `replies_per_hour` is how many replies one sender gets from the assistant within an hour; the next mail waits for a
    person, so that two machines never answer each other for ever. A customer who writes is far below it.
    """

    address: Mailbox
    from_name: Line = ""
    smtp: Smtp
    replies_per_hour: int = Field(default=10, ge=1, le=1000)
    on_unknown_send: UnknownSend = "resend"  # the Message-ID stays the same, and readers show a mail once


class SendgridEmailInbox(EmailInbox):
    """Email in by SendGrid's Inbound Parse, out by SMTP.

    Inbound is proved by `public_keys` (a security policy's signature), by `webhook_user` with `webhook_passwords`
    (basic authentication in the webhook's URL), or by both, and then both are required. At least one must be given.
    A replay within `signature_tolerance_s` is harmless: the same Message-ID is the same message.
    """

    kind: Literal["sendgrid_email"] = "sendgrid_email"
    webhook_user: str | None = Field(default=None, pattern=r"^[^:]+$")
    webhook_passwords: list[Secret] = Field(default_factory=list)
    public_keys: list[PublicKey] = Field(default_factory=list)
    signature_tolerance_s: float = Field(default=TOLERANCE_S, gt=0)

    @model_validator(mode="after")
    def _is_proved(self) -> SendgridEmailInbox:
        if bool(self.webhook_user) != bool(self.webhook_passwords):
            raise ValueError("webhook_user and webhook_passwords belong together")
        if not (self.public_keys or self.webhook_user):
            raise ValueError("give public_keys or webhook_user and webhook_passwords, or anyone could write to it")
        return self


# Mailgun tries again for 8 hours and does not say that it signs anew; each token works once, so waiting costs nothing.
_MAILGUN_TOLERANCE_S = 9 * 3600.0


class MailgunEmailInbox(EmailInbox):
    """Email in by a route of Mailgun, out by SMTP. `signing_keys` are the account's HTTP webhook signing keys that are
    valid now. A token within `signature_tolerance_s` brings one message, ever."""

    kind: Literal["mailgun_email"] = "mailgun_email"
    signing_keys: list[Secret] = Field(min_length=1)
    signature_tolerance_s: float = Field(default=_MAILGUN_TOLERANCE_S, gt=0)


def _network(value: str) -> str:
    return str(ipaddress.ip_network(value, strict=False))


class PostmarkEmailInbox(EmailInbox):
    """Email in by Postmark's inbound webhook, out by SMTP. Postmark signs nothing: `webhook_user` and
    `webhook_passwords` are in the webhook's address; `allowed_ips` (addresses or networks) adds where it may come from.
    """

    kind: Literal["postmark_email"] = "postmark_email"
    webhook_user: str = Field(pattern=r"^[^:]+$")
    webhook_passwords: list[Secret] = Field(min_length=1)
    allowed_ips: list[Annotated[str, AfterValidator(_network)]] = Field(default_factory=list)
