"""Email: SendGrid in, SMTP out."""

from __future__ import annotations

from datetime import datetime

from channels.adapters.email_reports import returned, sendgrid_header, tracked
from channels.adapters.ports import Adapter
from channels.inboxes.email import SendgridEmailInbox
from channels.normalise import sendgrid_email, sendgrid_events
from channels.normalise.payloads import Arrived, form_parts
from channels.providers.smtp_email import SmtpEmail
from channels.schedules import PATIENT
from channels.signatures import verify_basic, verify_sendgrid
from memory.messages import Inbound


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
    parts, most = form_parts(request), inbox.replies_per_hour
    return [sendgrid_email.normalise(parts, inbox=name, address=inbox.address, now=now, most_replies=most)]


SENDGRID_EMAIL: Adapter[SendgridEmailInbox] = Adapter(
    kind="sendgrid_email",
    channel="email",
    settings=SendgridEmailInbox,
    verify=_verify_sendgrid,
    normalise=_normalise_sendgrid,
    render=tracked(sendgrid_header),
    beside=returned(lambda request: sendgrid_email.mail_in(form_parts(request))),
    report=lambda request: sendgrid_events.reports(request.body),
    provider=lambda name, inbox, public_url: SmtpEmail(inbox),
    answer_within_s=20.0,  # SendGrid documents none; a cautious guess
    retries="5xx for 72 hours; any 3xx or 4xx drops the mail without a word to its sender",
    schedule=PATIENT,
    max_body=40 * 2**20,
)
