"""Email: Postmark in, SMTP out. A 403 ends Postmark's retries for good, so nothing here ever answers one."""

from __future__ import annotations

from datetime import datetime

from channels.adapters.email_reports import postmark_header, returned, tracked
from channels.adapters.ports import Adapter
from channels.inboxes.email import PostmarkEmailInbox
from channels.normalise import postmark_email, postmark_events
from channels.normalise.payloads import Arrived
from channels.providers.smtp_email import SmtpEmail
from channels.schedules import PATIENT
from channels.signatures import verify_address, verify_basic
from memory.messages import Inbound


def _verify(request: Arrived, inbox: PostmarkEmailInbox, now: datetime) -> None:
    """Both proofs where both are configured. Nothing is signed, so nothing can be stale: the same mail again is known
    by its Message-ID."""
    if inbox.allowed_ips:
        verify_address(client=request.client, networks=inbox.allowed_ips)
    verify_basic(
        authorization=request.headers.get("authorization"),
        user=inbox.webhook_user,
        passwords=[password.reveal() for password in inbox.webhook_passwords],
    )


def _normalise(request: Arrived, name: str, inbox: PostmarkEmailInbox, now: datetime) -> list[Inbound]:
    most = inbox.replies_per_hour
    return [postmark_email.normalise(request.body, inbox=name, address=inbox.address, now=now, most_replies=most)]


POSTMARK_EMAIL: Adapter[PostmarkEmailInbox] = Adapter(
    kind="postmark_email",
    channel="email",
    settings=PostmarkEmailInbox,
    verify=_verify,
    normalise=_normalise,
    render=tracked(postmark_header),
    beside=returned(lambda request: postmark_email.mail_in(request.body)),
    report=lambda request: postmark_events.reports(request.body),
    provider=lambda name, inbox, public_url: SmtpEmail(inbox),
    answer_within_s=120.0,
    retries="ten times, from after 1 minute to after 6 hours; a 403 ends them",
    schedule=PATIENT,
    max_body=40 * 2**20,
)
