"""Postmark's inbound webhook, as Inbound. Pure.

Fields: postmarkapp.com/developer/webhooks/inbound-webhook (2026-11). With "Include raw email content" the whole mail
is in `RawEmail`, and that is read. `MessageID` is Postmark's own; the mail's is among `Headers`.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from channels.normalise.html_text import text_of
from channels.normalise.json_body import Json, inner, items, json_object
from channels.normalise.mime import MAX_ATTACHMENTS, MAX_HEADERS, Mail, address_in, decoded, parse_mail
from channels.normalise.payloads import MAX_BODY, clean, clean_line
from channels.normalise.received_mail import Box, Envelope, ReceivedMail, as_inbound
from memory.messages import Attachment, Inbound


def normalise(body: bytes, *, inbox: str, address: str, now: datetime, most_replies: int = 0) -> Inbound:
    """One message, as `received_mail.as_inbound` has it. Raises BadPayload."""
    said = json_object(body, MAX_BODY)
    mail = _mail(said)
    came = ReceivedMail(
        mail,
        Envelope(_return_path(mail), tuple(_recipients(said))),
        [f"{name}\0{_words(said, name)}".encode("utf-8", "replace") for name in ("MessageID", "From", "Subject")],
        subject=clean_line(_words(said, "Subject")),
        sender=_words(said, "From") or _words(inner(said, "FromFull"), "Email"),
        spf=mail.headers.get("received-spf", "").partition(" ")[0],
    )
    return as_inbound(came, Box(inbox, address, most_replies), now)


def mail_in(body: bytes) -> Mail:
    """The mail alone. Raises BadPayload."""
    return _mail(json_object(body, MAX_BODY))


def _mail(said: Json) -> Mail:
    raw = said.get("RawEmail")
    return parse_mail(raw.encode("utf-8", "replace")) if isinstance(raw, str) and raw.strip() else _assembled(said)


def _return_path(mail: Mail) -> str | None:
    """Postmark passes it on as a header; what is not there is unknown, not a bounce."""
    path = mail.headers.get("return-path")
    return None if path is None else path.strip("<> ")


def _words(said: Json, name: str) -> str:
    found = said.get(name)
    return clean(found) if isinstance(found, str) else ""


def _recipients(said: Json) -> list[str]:
    given = [_words(said, "OriginalRecipient"), *(_words(one, "Email") for one in items(said, "ToFull"))]
    found = (address_in(one)[0] for one in given if one)
    return [one for one in found if one]


def _assembled(said: Json) -> Mail:
    headers: dict[str, str] = {}
    for one in items(said, "Headers")[:MAX_HEADERS]:
        headers.setdefault(clean_line(_words(one, "Name"), 100).lower(), decoded(_words(one, "Value")))
    for name, field in (("from", "From"), ("to", "To"), ("subject", "Subject"), ("reply-to", "ReplyTo")):
        if name not in headers and (value := _words(said, field)):
            headers[name] = clean_line(value, 10_000)
    text = _words(said, "TextBody") or text_of(_words(said, "HtmlBody"))
    return Mail(headers, text, tuple(_file(one) for one in items(said, "Attachments")[:MAX_ATTACHMENTS]))


def _file(said: Json) -> Attachment:
    """What is no base64 stays as it came: a file is shown broken rather than lost."""
    content = said.get("Content")
    raw = content.encode("utf-8", "replace") if isinstance(content, str) else b""
    try:
        body = base64.b64decode(raw)
    except (ValueError, binascii.Error):
        body = raw
    return Attachment(_words(said, "Name"), _words(said, "ContentType").partition(";")[0].strip(), body)
