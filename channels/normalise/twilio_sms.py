"""Twilio's inbound SMS and MMS, as Inbound. Pure.

Fields: twilio.com/docs/messaging/guides/webhook-request (checked 2026-11).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from channels.normalise.keywords import keyword_kind
from channels.normalise.payloads import Empty, FieldMissing, Malformed, Oversized, Unsupported, clean, clean_line
from channels.normalise.telephones import e164, is_machine
from memory.messages import Inbound

MAX_TEXT = 10_000  # Twilio's own limit is 1,600 characters
MAX_MEDIA = 10  # as many as Twilio passes on
SID_CHARACTERS = 64  # a MessageSid has 34


def normalise(fields: Sequence[tuple[str, str]], *, inbox: str, now: datetime) -> Inbound:
    """One message from the form fields of Twilio's webhook.

    `provider_id` is the MessageSid and `sender` E.164; a short code or a name is `automatic`, as it answers nobody.
    `thread["attachments"]` lists media as JSON (`name`, `type`; Twilio tells no size). Raises BadPayload.
    """
    form = dict(reversed(fields))  # of a name that repeats, the first counts
    sid = clean_line(form.get("MessageSid") or form.get("SmsMessageSid") or form.get("SmsSid") or "")
    if not sid:
        raise FieldMissing("MessageSid", "not there")
    if len(sid) > SID_CHARACTERS:
        raise Malformed("MessageSid", "longer than any MessageSid")
    sender, automatic = _sender(form.get("From", ""))
    if len(form.get("Body", "")) > MAX_TEXT:
        raise Oversized("Body", f"more than {MAX_TEXT} characters")
    text = clean(form.get("Body", ""))
    media = _media(form)
    if not text and not media:
        raise Empty("Body", "neither text nor media")
    recipient = clean_line(form.get("To", ""), 64)
    return Inbound(
        inbox=inbox,
        channel="sms",
        provider_id=sid,
        sender=sender,
        text=text or _listed(media),
        received_at=now,
        recipient=e164(recipient) or recipient,
        kind=keyword_kind(text, form.get("OptOutType", "")),
        automatic=automatic,
        thread={"attachments": json.dumps(media)} if media else {},
    )


def _sender(given: str) -> tuple[str, bool]:
    given = clean_line(given, 80)
    if not given:
        raise FieldMissing("From", "not there")
    number = e164(given)
    if number:
        return number, False
    if is_machine(given):
        return given, True
    raise Unsupported("From", "neither a telephone number nor a short code")


def _media(form: dict[str, str]) -> list[dict[str, str]]:
    count = form.get("NumMedia", "0").strip()
    if not (count.isascii() and count.isdigit() and len(count) <= 3):
        return []
    return [
        {"name": f"media {n + 1}", "type": clean_line(form.get(f"MediaContentType{n}", ""), 100)}
        for n in range(min(int(count), MAX_MEDIA))
    ]


def _listed(media: list[dict[str, str]]) -> str:
    return "[" + ", ".join(f"{one['name']} ({one['type'] or 'unknown type'})" for one in media) + "]"
