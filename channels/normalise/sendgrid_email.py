"""SendGrid's Inbound Parse, parsed or raw, as Inbound. Pure.

Fields: twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook (2026-11).
With "POST the raw, full MIME message" the whole mail is in `email`; else `headers`, `text`, `html` and the files come
apart, each field in the charset that `charsets` names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from channels.normalise.html_text import text_of
from channels.normalise.mime import MAX_ATTACHMENTS, Mail, address_in, decode, decoded, header_block, parse_mail
from channels.normalise.payloads import FieldMissing, Part, clean, clean_line
from channels.normalise.received_mail import Box, Envelope, ReceivedMail, as_inbound
from memory.messages import Attachment, Inbound


def normalise(parts: Sequence[Part], *, inbox: str, address: str, now: datetime, most_replies: int = 0) -> Inbound:
    """One message from the fields of Inbound Parse, as `received_mail.as_inbound` has it; `address` is the inbox's
    own. Raises BadPayload."""
    fields, mail = _fields(parts), mail_in(parts)
    content = [
        name.encode() + b"\0" + fields.get(name, b"")
        for name in ("email", "headers", "from", "to", "subject", "text", "html")
    ]
    came = ReceivedMail(
        mail,
        _envelope(_text(fields, "envelope")),
        content,
        subject=clean_line(_text(fields, "subject")),
        sender=decoded(_text(fields, "from")),
        spf=_text(fields, "SPF"),
        dkim=_text(fields, "dkim"),
    )
    return as_inbound(came, Box(inbox, address, most_replies), now)


def mail_in(parts: Sequence[Part]) -> Mail:
    """The mail alone. Raises BadPayload."""
    fields = _fields(parts)
    return parse_mail(fields["email"]) if fields.get("email") else _assembled(parts, fields)


def _fields(parts: Sequence[Part]) -> dict[str, bytes]:
    """Plain fields by name, the first of each; `email` may come as a file."""
    found: dict[str, bytes] = {}
    for part in parts:
        if part.filename is None or part.name == "email":
            found.setdefault(part.name, part.value)
    if not found:
        raise FieldMissing("body", "no fields")
    return found


def _text(fields: Mapping[str, bytes], name: str) -> str:
    charsets = _json(fields.get("charsets", b"")) if name != "charsets" else {}
    charset = charsets.get(name)
    return clean(decode(fields.get(name, b""), charset if isinstance(charset, str) else ""))


def _json(raw: bytes) -> dict[str, object]:
    """The object in `raw`, or an empty one: a field that helps must not refuse a mail."""
    try:
        value = json.loads(raw.decode("utf-8", "replace")) if raw else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _assembled(parts: Sequence[Part], fields: Mapping[str, bytes]) -> Mail:
    headers = header_block(_text(fields, "headers"))
    for name in ("from", "to", "subject", "cc"):
        if name not in headers and fields.get(name):
            headers[name] = decoded(_text(fields, name))
    files = [
        Attachment(part.filename, part.content_type.partition(";")[0].strip(), part.value)
        for part in parts
        if part.filename is not None
    ]
    text = _text(fields, "text") or text_of(_text(fields, "html"))
    return Mail(headers, text, tuple(files[:MAX_ATTACHMENTS]))


def _envelope(text: str) -> Envelope:
    said = _json(text.encode("utf-8", "replace"))
    sender, to = said.get("from"), said.get("to")
    recipients = tuple(address_in(one)[0] for one in to if isinstance(one, str)) if isinstance(to, list) else ()
    return Envelope(sender if isinstance(sender, str) else None, tuple(one for one in recipients if one))
