"""Email: SendGrid in, SMTP out."""

from __future__ import annotations

from datetime import datetime

from channels.adapters.ports import Adapter
from channels.inboxes.email import SendgridEmailInbox
from channels.normalise import sendgrid_email
from channels.normalise.payloads import Arrived, form_parts
from channels.providers.smtp_email import SmtpEmail
from channels.render import Letter, Rendered, render
from channels.signatures import verify_basic, verify_sendgrid
from memory.messages import Inbound, Outbound


def _verify_sendgrid(request: Arrived, inbox: SendgridEmailInbox, now: datetime) -> None:
    """Each proof that is configured is required."""
    if inbox.webhook_user is not None:
        verify_basic(
            authorization=request.headers.get("authorization"),
            user=inbox.webhook_user,
            passwords=[password.reveal() for password in inbox.webhook_passwords],
        )
    if inbox.public_keys:
        verify_sendgrid(
            body=request.body,
            timestamp=request.headers.get("x-twilio-email-event-webhook-timestamp"),
            signature=request.headers.get("x-twilio-email-event-webhook-signature"),
            public_keys=inbox.public_keys,
            now=now,
            tolerance_s=inbox.signature_tolerance_s,
        )


def _normalise_sendgrid(request: Arrived, name: str, inbox: SendgridEmailInbox, now: datetime) -> list[Inbound]:
    return [sendgrid_email.normalise(form_parts(request), inbox=name, address=inbox.address, now=now)]


def _render_email(outbound: Outbound, inbox: SendgridEmailInbox) -> Rendered:
    letter = Letter(
        id=outbound.id,
        domain=inbox.address.partition("@")[2],
        subject=f"A message from {inbox.from_name}" if inbox.from_name else "Your message",
        purpose=outbound.purpose,
        thread=outbound.thread,
    )
    return render(outbound.text, outbound.sources, "email", letter=letter)


SENDGRID_EMAIL: Adapter[SendgridEmailInbox] = Adapter(
    kind="sendgrid_email",
    channel="email",
    settings=SendgridEmailInbox,
    verify=_verify_sendgrid,
    normalise=_normalise_sendgrid,
    render=_render_email,
    provider=lambda name, inbox, public_url: SmtpEmail(inbox),
    answer_within_s=20.0,  # SendGrid documents none; a cautious guess
    retries="5xx for 72 hours; any 3xx or 4xx drops the mail without a word to its sender",
    max_body=40 * 2**20,
)
