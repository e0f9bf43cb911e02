"""Email: Mailgun in, SMTP out."""

from __future__ import annotations

from datetime import datetime

from channels.adapters.email_reports import mailgun_header, returned, tracked
from channels.adapters.ports import Adapter
from channels.inboxes.email import MailgunEmailInbox
from channels.normalise import mailgun_email, mailgun_events
from channels.normalise.payloads import Arrived, form_parts
from channels.providers.smtp_email import SmtpEmail
from channels.schedules import PATIENT
from channels.signatures import verify_mailgun
from memory.messages import Inbound


def _verify(request: Arrived, inbox: MailgunEmailInbox, now: datetime) -> None:
    """A route posts a form, an event JSON: both have the same three values in them, and sign nothing else."""
    proof = mailgun_email.proof(form_parts(request)) if request.is_form else mailgun_events.proof(request.body)
    verify_mailgun(
        **proof,
        secrets=[key.reveal() for key in inbox.signing_keys],
        now=now,
        tolerance_s=inbox.signature_tolerance_s,
    )


def _normalise(request: Arrived, name: str, inbox: MailgunEmailInbox, now: datetime) -> list[Inbound]:
    parts, most = form_parts(request), inbox.replies_per_hour
    return [mailgun_email.normalise(parts, inbox=name, address=inbox.address, now=now, most_replies=most)]


MAILGUN_EMAIL: Adapter[MailgunEmailInbox] = Adapter(
    kind="mailgun_email",
    channel="email",
    settings=MailgunEmailInbox,
    verify=_verify,
    normalise=_normalise,
    render=tracked(mailgun_header),
    beside=returned(lambda request: mailgun_email.mail_in(form_parts(request))),
    report=lambda request: mailgun_events.reports(request.body),
    provider=lambda name, inbox, public_url: SmtpEmail(inbox),
    answer_within_s=20.0,  # Mailgun documents none; a cautious guess
    retries="after 10, 15 and 30 minutes, 1, 2 and 4 hours; a 406 ends them",
    schedule=PATIENT,
    max_body=40 * 2**20,
)
