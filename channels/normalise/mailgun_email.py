"""Mailgun's routes, as Inbound. Pure.

Fields: documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/receive-http (2026-11). A route whose
address ends in "mime" posts the whole mail in `body-mime`; any other posts it parsed, all of it in UTF-8. What Mailgun
itself took for quotes and signatures (`stripped-text`) is not used: one reading for every provider.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from channels.normalise.html_text import text_of
from channels.normalise.mime import MAX_ATTACHMENTS, MAX_HEADERS, Mail, address_in, decode, decoded, parse_mail
from channels.normalise.payloads import FieldMissing, Part, clean, clean_line
from channels.normalise.received_mail import Box, Envelope, ReceivedMail, as_inbound
from memory.messages import Attachment, Inbound

TOKEN_CHARACTERS = 200  # one has 50


def proof(parts: Sequence[Part]) -> dict[str, str]:
    """`timestamp`, `token` and `signature` as posted, "" where one is missing."""
    fields = _fields(parts)
    return {name: clean_line(_text(fields, name), TOKEN_CHARACTERS) for name in ("timestamp", "token", "signature")}


def normalise(parts: Sequence[Part], *, inbox: str, address: str, now: datetime, most_replies: int = 0) -> Inbound:
    """One message, as `received_mail.as_inbound` has it. Its token brings this message and no other. Raises
    BadPayload."""
    fields = _fields(parts)
    if not fields:
        raise FieldMissing("body", "no fields")
    mail = mail_in(parts)
    sender, recipient = _text(fields, "sender"), address_in(_text(fields, "recipient"))[0]
    came = ReceivedMail(
        mail,
        Envelope(sender if "sender" in fields else None, (recipient,) if recipient else ()),
        [
            name.encode() + b"\0" + fields.get(name, b"")
            for name in ("body-mime", "message-headers", "from", "recipient", "subject", "body-plain", "body-html")
        ],
        subject=clean_line(_text(fields, "subject")),
        sender=decoded(_text(fields, "from")),
        spf=mail.headers.get("x-mailgun-spf", ""),
        dkim=mail.headers.get("x-mailgun-dkim-check-result", ""),
    )
    return as_inbound(came, Box(inbox, address, most_replies), now, once=proof(parts)["token"])


def mail_in(parts: Sequence[Part]) -> Mail:
    """The mail alone. Raises BadPayload."""
    fields = _fields(parts)
    raw = fields.get("body-mime")
    return parse_mail(raw) if raw else _assembled(parts, fields)


def _fields(parts: Sequence[Part]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in parts:
        if part.filename is None or part.name == "body-mime":
            found.setdefault(part.name, part.value)
    return found


def _text(fields: Mapping[str, bytes], name: str) -> str:
    return clean(decode(fields.get(name, b""), "utf-8"))


def _assembled(parts: Sequence[Part], fields: Mapping[str, bytes]) -> Mail:
    headers = _headers(fields.get("message-headers", b""))
    for name, field in (("from", "from"), ("to", "To"), ("subject", "subject"), ("message-id", "Message-Id")):
        if name not in headers and fields.get(field):
            headers[name] = decoded(_text(fields, field))
    files = [
        Attachment(part.filename, part.content_type.partition(";")[0].strip(), part.value)
        for part in parts
        if part.filename is not None
    ]
    text = _text(fields, "body-plain") or text_of(_text(fields, "body-html"))
    return Mail(headers, text, tuple(files[:MAX_ATTACHMENTS]))


def _headers(raw: bytes) -> dict[str, str]:
    """A JSON list of [name, value]; what is not one is left out, as it must not refuse a mail."""
    try:
        listed = json.loads(raw.decode("utf-8", "replace")) if raw else []
    except (ValueError, RecursionError):
        return {}
    found: dict[str, str] = {}
    for pair in listed[:MAX_HEADERS] if isinstance(listed, list) else ():
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, str) for one in pair):
            found.setdefault(clean_line(pair[0], 100).lower(), decoded(pair[1]))
    return found
