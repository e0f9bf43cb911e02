"""A mail that a provider passed on, as Inbound: what SendGrid, Mailgun and Postmark have in common. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from channels.normalise.automatic import automatic
from channels.normalise.mime import Mail, address_in
from channels.normalise.payloads import Empty, FieldMissing, clean_line
from channels.normalise.quoting import strip_quoted
from memory.attachments import names
from memory.messages import Inbound

MAX_TEXT = 50_000  # characters kept of a reply, some twenty pages; what is longer is cut with a note
MAX_REFERENCES = 20  # the first and the newest; more would outgrow a header line
ID_CHARACTERS = 250
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,998}>")
_REPLY = re.compile(r"^\s*(?:re|aw|sv|antw|rif|tr|fwd?|wg|odp|vs|ynt)\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who the mail servers said it is from (None: unknown, "": a bounce) and to."""

    sender: str | None = None
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A mail with what its provider says beside it. `content` is what a mail without a Message-ID is known by: the same
    for every delivery of it. `subject`, `sender` stand in where the headers have none."""

    mail: Mail
    envelope: Envelope
    content: Sequence[bytes]
    subject: str = ""
    sender: str = ""
    spf: str = ""
    dkim: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """The inbox it came to: its name and address, and how many replies an hour one sender gets."""

    name: str
    address: str
    most_replies: int = 0


def as_inbound(came: ReceivedMail, box: Box, now: datetime, *, once: str = "") -> Inbound:
    """One message.

    `provider_id` is the Message-ID without brackets, or "sha256:…" of the content for a mail without one. `sender`
    is where an answer goes: Reply-To, else From. `text` is the customer's own words, below the subject where the mail
    opens a thread. `automatic` says that no machine should answer. `thread` has message_id, references, subject,
    and where known reply_automatic (why it is automatic), spf and dkim. Raises BadPayload.
    """
    headers = came.mail.headers
    sender, name = _sender(came, box.address)
    subject = headers.get("subject") or came.subject
    reason = automatic(headers, sender=sender, return_path=came.envelope.sender, own=box.address)
    return Inbound(
        inbox=box.name,
        channel="email",
        provider_id=_provider_id(headers, came.content),
        sender=sender,
        text=_said(came.mail, subject),
        received_at=now,
        recipient=_recipient(came, box.address),
        name=name or None,
        automatic=bool(reason),
        thread=_thread(came, subject, reason),
        attachments=came.mail.attachments,
        once=once,
        most_replies=box.most_replies,
    )


def _sender(came: ReceivedMail, address: str) -> tuple[str, str]:
    """(address, name) to answer to. A contact form's From is the shop itself, so Reply-To comes first."""
    headers = came.mail.headers
    reply_to, name = address_in(headers.get("reply-to", ""))
    sender, sender_name = address_in(headers.get("from") or came.sender)
    if reply_to and reply_to != address.lower():
        return reply_to, name or sender_name
    sender = sender or address_in(came.envelope.sender or "")[0]
    if not sender:
        raise FieldMissing("from", "no sender's address")
    return sender, sender_name


def _recipient(came: ReceivedMail, address: str) -> str:
    if not came.envelope.recipients:
        return address_in(came.mail.headers.get("to", ""))[0] or address.lower()
    return address.lower() if address.lower() in came.envelope.recipients else came.envelope.recipients[0]


def _said(mail: Mail, subject: str) -> str:
    """The customer's words. A question is often in the subject, so a mail that opens a thread begins with it."""
    said = strip_quoted(mail.text)
    if len(said) > MAX_TEXT:
        said = f"{said[:MAX_TEXT]}\n[shortened: {len(said)} characters]"
    opens = not (_REPLY.match(subject) or mail.headers.get("in-reply-to") or mail.headers.get("references"))
    if subject and (not said or opens) and subject.lower() not in said.lower():
        said = f"{subject}\n\n{said}".strip()
    if not said and mail.attachments:
        said = names(mail.attachments)
    if not said:
        raise Empty("text", "neither text, nor a subject, nor an attachment")
    return said


def _provider_id(headers: Mapping[str, str], content: Sequence[bytes]) -> str:
    ids = _MESSAGE_ID.findall(headers.get("message-id", ""))
    given = ids[0][1:-1] if ids else headers.get("message-id", "").strip("<> ")
    if given and len(given) <= ID_CHARACTERS:
        return given
    digest = hashlib.sha256(given.encode("utf-8", "replace"))
    if not given:  # not the whole body: a retry has another boundary
        for one in content:
            digest.update(one + b"\0")
    return "sha256:" + digest.hexdigest()


def _thread(came: ReceivedMail, subject: str, reason: str) -> dict[str, str]:
    headers = came.mail.headers
    ids = _MESSAGE_ID.findall(headers.get("message-id", ""))
    before = _MESSAGE_ID.findall(headers.get("references", "") or headers.get("in-reply-to", ""))
    references = before if len(before) <= MAX_REFERENCES else [before[0], *before[1 - MAX_REFERENCES :]]
    thread = {
        "message_id": ids[0] if ids else "",
        "references": " ".join(references),
        "subject": subject,
        "reply_automatic": reason,
        "spf": clean_line(came.spf, 40),
        "dkim": clean_line(came.dkim, 200),
    }
    return {key: value for key, value in thread.items() if value}
