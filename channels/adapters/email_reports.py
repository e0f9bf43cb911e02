"""What the kinds of email have in common about what became of a mail: its own id travels with it, bounces that come in
as mail are recognised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import orjson

from channels.adapters.email_letters import render_email
from channels.inboxes.email import EmailInbox
from channels.normalise import dsn
from channels.normalise.beside import PersonAct
from channels.normalise.mime import Mail
from channels.normalise.payloads import Arrived, BadPayload
from channels.normalise.reports import TRACKED
from channels.render import Rendered
from memory.messages import Outbound, Report

Read = Callable[[Arrived], Mail]
Header = Callable[[str], Mapping[str, str]]


def sendgrid_header(id: str) -> Mapping[str, str]:
    """Unique arguments: SendGrid takes the header off and gives them back with every event."""
    return {"X-SMTPAPI": orjson.dumps({"unique_args": {TRACKED: id}}).decode()}


def mailgun_header(id: str) -> Mapping[str, str]:
    return {"X-Mailgun-Variables": orjson.dumps({TRACKED: id}).decode()}


def postmark_header(id: str) -> Mapping[str, str]:
    """Metadata; and the Message-ID stays ours, where Postmark would give the mail another."""
    return {f"X-PM-Metadata-{TRACKED}": id, "X-PM-KeepID": "true"}


def tracked(header: Header) -> Callable[[Outbound, EmailInbox], Rendered]:
    """How a kind renders a mail: with our id of it for the provider to give back. A server of somebody else's passes
    the header on, which says no more than the Message-ID does."""

    def rendered(outbound: Outbound, inbox: EmailInbox) -> Rendered:
        mail = render_email(outbound, inbox)
        return replace(mail, headers={**mail.headers, **header(outbound.id)})

    return rendered


def returned(read: Read) -> Callable[[Arrived, str, EmailInbox], list[Report | PersonAct]]:
    """What a mail that comes in reports of one of ours; `read` takes the mail out of the provider's request."""

    def beside(arrived: Arrived, _name: str, _inbox: EmailInbox) -> list[Report | PersonAct]:
        if not dsn.may_be_report(arrived.body):
            return []
        try:
            return [*dsn.reports(read(arrived))]
        except BadPayload:  # what is wrong with the mail is said where it is read as a message
            return []

    return beside
