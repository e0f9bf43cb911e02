"""SendGrid's Inbound Parse, parsed or raw, as Inbound. Pure.

Fields: twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook (2026-11).
With "POST the raw, full MIME message" the whole mail is in `email`; else `headers`, `text`, `html` and the files come
apart, each field in the charset that `charsets` names.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from channels.normalise.automatic import automatic
from channels.normalise.html_text import text_of
from channels.normalise.mime import (
    MAX_ATTACHMENTS,
    Attachment,
    Mail,
    address_in,
    decode,
    decoded,
    file_name,
    header_block,
    parse_mail,
)
from channels.normalise.payloads import Empty, FieldMissing, Part, clean, clean_line
from channels.normalise.quoting import strip_quoted
from memory.messages import Inbound

MAX_TEXT = 50_000  # characters kept of a reply, some twenty pages; what is longer is cut with a note
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,998}>")
_REPLY = re.compile(r"^\s*(?:re|aw|sv|antw|rif|tr|fwd?|wg|odp|vs|ynt)\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE)
MAX_REFERENCES = 20  # the first and the newest; more would outgrow a header line


@dataclass(frozen=True, slots=True)
class _Envelope:
    """Who the mail servers said it is from (None: unknown, "": a bounce) and to."""

    sender: str | None
    recipients: tuple[str, ...]


def normalise(parts: Sequence[Part], *, inbox: str, address: str, now: datetime) -> Inbound:
    """One message from the fields of Inbound Parse; `address` is the inbox's own.

    `provider_id` is the Message-ID without brackets, or "sha256:…" of the content for a mail without one. `sender`
    is where an answer goes: Reply-To, else From. `text` is the customer's own words, below the subject where the mail
    opens a thread. `automatic` says that no machine should answer. `thread` has message_id, references, subject,
    and where known reply_automatic (why it is automatic), spf, dkim, and attachments as JSON
    (`[{"name","type","bytes"}]`). Raises BadPayload.
    """
    fields = _fields(parts)
    mail = parse_mail(fields["email"]) if fields.get("email") else _assembled(parts, fields)
    envelope = _envelope(_text(fields, "envelope"))
    sender, name = _sender(mail.headers, fields, envelope, address)
    subject = mail.headers.get("subject") or clean_line(_text(fields, "subject"))
    text = _said(mail, subject)
    reason = automatic(mail.headers, sender=sender, return_path=envelope.sender, own=address)
    return Inbound(
        inbox=inbox,
        channel="email",
        provider_id=_provider_id(mail.headers, fields),
        sender=sender,
        text=text,
        received_at=now,
        recipient=_recipient(mail.headers, envelope, address),
        name=name or None,
        automatic=bool(reason),
        thread=_thread(mail, fields, subject, reason),
    )


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
        Attachment(file_name(part.filename), part.content_type.partition(";")[0].strip(), len(part.value))
        for part in parts
        if part.filename is not None
    ]
    text = _text(fields, "text") or text_of(_text(fields, "html"))
    return Mail(headers, text, tuple(files[:MAX_ATTACHMENTS]))


def _envelope(text: str) -> _Envelope:
    said = _json(text.encode("utf-8", "replace"))
    sender, to = said.get("from"), said.get("to")
    recipients = tuple(address_in(one)[0] for one in to if isinstance(one, str)) if isinstance(to, list) else ()
    return _Envelope(sender if isinstance(sender, str) else None, tuple(one for one in recipients if one))


def _sender(
    headers: Mapping[str, str], fields: Mapping[str, bytes], envelope: _Envelope, address: str
) -> tuple[str, str]:
    """(address, name) to answer to. A contact form's From is the shop itself, so Reply-To comes first."""
    reply_to, name = address_in(headers.get("reply-to", ""))
    sender, sender_name = address_in(headers.get("from") or decoded(_text(fields, "from")))
    if reply_to and reply_to != address.lower():
        return reply_to, name or sender_name
    sender = sender or address_in(envelope.sender or "")[0]
    if not sender:
        raise FieldMissing("from", "no sender's address")
    return sender, sender_name


def _recipient(headers: Mapping[str, str], envelope: _Envelope, address: str) -> str:
    if not envelope.recipients:
        return address_in(headers.get("to", ""))[0] or address.lower()
    return address.lower() if address.lower() in envelope.recipients else envelope.recipients[0]


def _said(mail: Mail, subject: str) -> str:
    """The customer's words. A question is often in the subject, so a mail that opens a thread begins with it."""
    said = strip_quoted(mail.text)
    if len(said) > MAX_TEXT:
        said = f"{said[:MAX_TEXT]}\n[shortened: {len(said)} characters]"
    opens = not (_REPLY.match(subject) or mail.headers.get("in-reply-to") or mail.headers.get("references"))
    if subject and (not said or opens) and subject.lower() not in said.lower():
        said = f"{subject}\n\n{said}".strip()
    if not said and mail.attachments:
        said = "[" + ", ".join(one.name for one in mail.attachments) + "]"
    if not said:
        raise Empty("text", "neither text, nor a subject, nor an attachment")
    return said


def _provider_id(headers: Mapping[str, str], fields: Mapping[str, bytes]) -> str:
    ids = _MESSAGE_ID.findall(headers.get("message-id", ""))
    given = ids[0][1:-1] if ids else headers.get("message-id", "").strip("<> ")
    if given and len(given) <= 250:
        return given
    digest = hashlib.sha256(given.encode("utf-8", "replace"))
    if not given:  # not the whole body: a retry has another boundary
        for name in ("email", "headers", "from", "to", "subject", "text", "html"):
            digest.update(name.encode() + b"\0" + fields.get(name, b"") + b"\0")
    return "sha256:" + digest.hexdigest()


def _thread(mail: Mail, fields: Mapping[str, bytes], subject: str, reason: str) -> dict[str, str]:
    ids = _MESSAGE_ID.findall(mail.headers.get("message-id", ""))
    before = _MESSAGE_ID.findall(mail.headers.get("references", "") or mail.headers.get("in-reply-to", ""))
    references = before if len(before) <= MAX_REFERENCES else [before[0], *before[1 - MAX_REFERENCES :]]
    files = json.dumps([asdict(one) for one in mail.attachments]) if mail.attachments else ""
    thread = {
        "message_id": ids[0] if ids else "",
        "references": " ".join(references),
        "subject": subject,
        "reply_automatic": reason,
        "spf": clean_line(_text(fields, "SPF"), 40),
        "dkim": clean_line(_text(fields, "dkim"), 200),
        "attachments": files,
    }
    return {key: value for key, value in thread.items() if value}
