"""A mail that says what became of a mail of ours: a bounce (RFC 3464) or a complaint (RFC 5965). Pure.

Its Message-ID is found in what it returns of our mail, else in its own In-Reply-To and References. Anybody can write
such a mail; whoever does knows the Message-ID, so they are the recipient, and all they reach is that we write less.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from email import message_from_bytes

from channels.normalise.mime import Mail, read_headers
from channels.normalise.reports import bounce_class, without_addresses
from memory.messages import Attachment, Report

MAX_RECIPIENTS = 100
# As it stands in a mail, in JSON, and in a form.
_TOLD = re.compile(rb"message(?:/|\\/|%2f)(?:(?:global-)?delivery-status|feedback-report)", re.IGNORECASE)
_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_FEEDBACK = "message/feedback-report"
_RETURNED = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"})
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_ID_LINE = re.compile(r"^message-id:\s*(<[!-;=?-~]{1,900}>)", re.IGNORECASE | re.MULTILINE)


def may_be_report(body: bytes) -> bool:
    """Whether a request's body is worth reading as a report: a cheap look, before the mail is taken apart."""
    return _TOLD.search(body) is not None


def reports(mail: Mail) -> list[Report]:
    """What the mail reports of ours, none for any other mail. `provider_ref` is the Message-ID, with its brackets."""
    machine = [one for one in mail.attachments if one.type.lower() in _STATUS or one.type.lower() == _FEEDBACK]
    of = _returned_id(mail) if machine else ""
    if not of:
        return []
    found = [report for one in machine for report in _of_part(one, of)]
    # One mail of ours has one recipient: if it failed for them, it failed.
    found.sort(key=lambda report: report.state == "delivered")
    return found[:1]


def _of_part(part: Attachment, of: str) -> Iterator[Report]:
    if part.type.lower() == _FEEDBACK:
        if (complaint := _complaint(part, of)) is not None:
            yield complaint
        return
    for recipient in _blocks(part)[:MAX_RECIPIENTS]:
        if (report := _delivery(recipient, of)) is not None:
            yield report


def _delivery(fields: Mapping[str, str], of: str) -> Report | None:
    """One recipient's part of a delivery status; None while it is only delayed, or passed on."""
    action = fields.get("action", "").partition(";")[0].strip().lower()
    status, words = fields.get("status", "").split("(")[0].strip()[:20], fields.get("diagnostic-code", "")
    detail = {"status": without_addresses(status), "words": without_addresses(words)}
    detail = {name: value for name, value in detail.items() if value}
    if action == "failed":
        return Report(of, "bounced", detail=detail, bounce=bounce_class(status, words), alone=True)
    if action == "delivered":
        return Report(of, "delivered", detail=detail, alone=True)
    return None


def _complaint(part: Attachment, of: str) -> Report | None:
    """An abuse report; None for the other kinds of feedback ("not-spam", "auth-failure", …)."""
    kind = next((one["feedback-type"] for one in _blocks(part) if one.get("feedback-type")), "").strip().lower()
    if kind not in ("abuse", "fraud", "other"):
        return None
    return Report(of, "complained", detail={"words": kind}, alone=True)


def _blocks(part: Attachment) -> list[dict[str, str]]:
    """The groups of fields in a machine-readable part, with names in lower case."""
    raw = part.body[:200_000].replace(b"\r\n", b"\n")
    return [_fields(block) for block in re.split(rb"\n{2,}", raw) if block.strip()]


def _fields(block: bytes) -> dict[str, str]:
    return read_headers(message_from_bytes(block.strip(b"\n") + b"\n\n"))


def _returned_id(mail: Mail) -> str:
    """The Message-ID of the mail that is spoken of, "" where it is not named."""
    for part in mail.attachments:
        if part.type.lower() in _RETURNED:
            head = part.body[:100_000].decode("latin-1").replace("\r\n", "\n").lstrip("\n").split("\n\n", 1)[0]
            if found := _ID_LINE.search(head):
                return found[1]
    if found := _ID_LINE.search(mail.text):  # text/rfc822-headers is text to a mail program
        return found[1]
    named = _MESSAGE_ID.findall(mail.headers.get("in-reply-to", "") + " " + mail.headers.get("references", ""))
    return named[0] if named else ""
