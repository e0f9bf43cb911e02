"""The generic webhook's messages, as Inbound. Pure. The form is our own and described in docs/webhooks.md."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import datetime

from channels.normalise.json_body import Json, identifier, inner, items, json_object, line, words
from channels.normalise.keywords import keyword_kind
from channels.normalise.payloads import Arrived, Empty, Malformed, Oversized
from memory.messages import Attachment, Inbound

MAX_FILES = 10
MAX_BODY = 12 * 2**20
MAX_THREAD = 20
MESSAGE, PERSON = "message.received", "person.requested"


def messages(arrived: Arrived, *, inbox: str, now: datetime) -> list[Inbound]:
    """The message; none for a `type` that is not ours, as a receiver takes what it does not know. Raises BadPayload.

    `provider_id` is the message's `id`, or the delivery's `webhook-id` where the body has none.
    """
    body = json_object(arrived.body, MAX_BODY)
    kind = line(body, "type", 64)
    if kind not in (MESSAGE, PERSON):
        if not kind:
            raise Malformed("type", f"write {MESSAGE} or {PERSON}")
        return []
    data = inner(body, "data")
    if not data:
        raise Malformed("data", "not an object")
    text, files = words(data, "text"), _files(data)
    if not (text or files or kind == PERSON):
        raise Empty("data.text", "neither text nor attachments")
    thread = _thread(data)
    given = line(data, "conversation")
    key = hashlib.sha256(f"webhook:{given}".encode()).hexdigest()[:40] if given else ""
    return [
        Inbound(
            inbox=inbox,
            channel="webhook",
            provider_id=_id(data, arrived),
            sender=identifier(data, "sender"),
            text=text or ("[" + ", ".join(one.name for one in files) + "]" if files else "I would like a person."),
            received_at=now,
            kind="person" if kind == PERSON else keyword_kind(text),
            name=line(data, "name") or None,
            automatic=data.get("automatic") is True,
            thread=thread | ({"conversation": given} if given else {}),
            attachments=files,
            thread_key=key,
        )
    ]


def _id(data: Json, arrived: Arrived) -> str:
    if data.get("id") is not None:
        return f"id:{identifier(data, 'id')}"
    return f"delivery:{identifier({'webhook-id': arrived.headers.get('webhook-id', '')}, 'webhook-id')}"


def _thread(data: Json) -> dict[str, str]:
    """What the sender wants back with every reply: texts by name."""
    given = data.get("thread")
    if given is None:
        return {}
    if not isinstance(given, dict) or not all(isinstance(one, str) for one in given.values()):
        raise Malformed("data.thread", "not an object of texts")
    if len(given) > MAX_THREAD or len(json.dumps(given)) > 8000:
        raise Oversized("data.thread", f"more than {MAX_THREAD} texts or 8,000 characters")
    return dict(given)


def _files(data: Json) -> tuple[Attachment, ...]:
    found = items(data, "attachments")
    if len(found) > MAX_FILES:
        raise Oversized("data.attachments", f"more than {MAX_FILES}")
    return tuple(_file(one) for one in found)


def _file(one: Json) -> Attachment:
    given = one.get("content")
    try:
        content = base64.b64decode(given, validate=True) if isinstance(given, str) else None
    except (binascii.Error, ValueError):
        content = None
    if content is None:
        raise Malformed("data.attachments", "content is not base64")
    return Attachment(line(one, "name") or "file", line(one, "type", 100) or "application/octet-stream", content)
