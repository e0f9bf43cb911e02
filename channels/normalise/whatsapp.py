"""WhatsApp's webhooks (Cloud API), as Inbound and Report. Pure.

Fields: developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components (checked 2026-11). One request holds several
messages and statuses, in no order, and is sent again for up to seven days until it is answered 200.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime

from channels.normalise.json_body import Json, identifier, inner, items, json_object, line, words
from channels.normalise.keywords import keyword_kind
from channels.normalise.payloads import Arrived, Malformed, clean_line
from channels.normalise.telephones import e164
from memory.messages import BounceClass, Inbound, Report

_MEDIA = ("image", "video", "audio", "voice", "document", "sticker")
_SILENT = frozenset({"reaction", "system", "request_welcome"})
"""Kinds that say something without asking anything: written down, never answered."""
OPTED_OUT = "131050"
# developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes (checked 2026-11).
_CLASSES: Mapping[str, BounceClass] = {
    "131026": "hard",  # not on WhatsApp, or it cannot be delivered to
    "131021": "hard",  # the sender's own number
    "131047": "soft",  # the window of 24 hours has passed
    "131049": "blocked",  # held back by Meta, for the ecosystem's health
    "131050": "blocked",  # the recipient stopped marketing
    "130472": "blocked",
    "131031": "blocked",  # our account is locked
}
_STATES: Mapping[str, str] = {"delivered": "delivered", "read": "delivered", "failed": "bounced"}


def messages(arrived: Arrived, *, inbox: str, number_id: str, now: datetime) -> list[Inbound]:
    """The messages to our number, in the order given; none when there are only statuses. Raises BadPayload.

    `provider_id` is the message's own id and `sender` E.164, as for SMS: the same telephone is the same customer.
    """
    found = []
    for value in _values(arrived, number_id):
        names = {line(one, "wa_id"): line(inner(one, "profile"), "name") for one in items(value, "contacts")}
        recipient = _number(line(inner(value, "metadata"), "display_phone_number"))
        found += [_message(one, inbox, recipient, names, now) for one in items(value, "messages")]
    return found


def reports(arrived: Arrived, *, number_id: str) -> list[Report]:
    """What became of messages of ours; "sent" says nothing and is left out. Raises BadPayload."""
    statuses = [status for value in _values(arrived, number_id) for status in items(value, "statuses")]
    return [found for one in statuses if (found := _report(one)) is not None]


def _values(arrived: Arrived, number_id: str) -> Iterator[Json]:
    """The parts of a request that are about messages of this number; one app may serve several."""
    body = json_object(arrived.body, 3 * 2**20)
    if body.get("object") != "whatsapp_business_account":
        raise Malformed("object", "not whatsapp_business_account")
    for entry in items(body, "entry"):
        for change in items(entry, "changes"):
            value = inner(change, "value")
            if change.get("field") == "messages" and line(inner(value, "metadata"), "phone_number_id") == number_id:
                yield value


def _message(message: Json, inbox: str, recipient: str, names: Mapping[str, str], now: datetime) -> Inbound:
    sender, kind = identifier(message, "from", 32), line(message, "type", 32)
    media = _media(message, kind)
    text = _text(message, kind) or (f"[{media[0]['name']} ({media[0]['type'] or 'unknown type'})]" if media else "")
    return Inbound(
        inbox=inbox,
        channel="whatsapp",
        provider_id=identifier(message, "id"),
        sender=_number(sender),
        text=text or f"[a message of a kind that cannot be shown here: {kind or 'unknown'}]",
        received_at=now,
        recipient=recipient,
        kind=keyword_kind(text) if kind == "text" else "message",
        name=names.get(sender) or None,
        automatic=kind in _SILENT,
        thread={"attachments": json.dumps(media)} if media else {},
    )


def _number(digits: str) -> str:
    """Meta writes numbers without "+"."""
    written = clean_line(digits, 40)
    return e164(written if written.startswith("+") else f"+{written}") or written


def _media(message: Json, kind: str) -> list[dict[str, str]]:
    if kind not in _MEDIA:
        return []
    part = inner(message, kind)
    name = line(part, "filename") or f"{'voice message' if part.get('voice') is True else kind}"
    return [{"name": name, "type": line(part, "mime_type", 100), "id": line(part, "id", 100)}]


def _text(message: Json, kind: str) -> str:
    """The words in a message of any kind, "" where there are none."""
    part = inner(message, kind)
    if kind == "text":
        return words(part, "body")
    if kind == "button":
        return words(part, "text")
    if kind == "interactive":
        chosen = inner(part, line(part, "type"))
        return words(chosen, "title") or words(chosen, "body")
    if kind in _MEDIA:
        return words(part, "caption")
    describe = {"location": _location, "contacts": _contacts, "reaction": _reaction, "order": _order}
    return describe[kind](message) if kind in describe else words(part, "body")


def _location(message: Json) -> str:
    at = inner(message, "location")
    place = ", ".join(one for one in (line(at, "name"), line(at, "address", 500)) if one)
    latitude, longitude = at.get("latitude"), at.get("longitude")
    where = f"{latitude:g}, {longitude:g}" if _is_number(latitude) and _is_number(longitude) else ""
    return f"[location: {'; '.join(one for one in (place, where) if one) or 'unknown'}]"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _contacts(message: Json) -> str:
    shown = []
    for one in items(message, "contacts")[:10]:
        ways = [line(way, key) for key, of in (("phone", "phones"), ("email", "emails")) for way in items(one, of)[:3]]
        shown.append(" ".join(part for part in (line(inner(one, "name"), "formatted_name"), *ways) if part))
    return f"[contact: {'; '.join(shown)}]"


def _reaction(message: Json) -> str:
    emoji = line(inner(message, "reaction"), "emoji", 16)
    return f"[reaction: {emoji}]" if emoji else "[reaction taken back]"


def _order(message: Json) -> str:
    order = inner(message, "order")
    listed = [f"{line(one, 'quantity')} × {line(one, 'product_retailer_id')}" for one in items(order, "product_items")]
    said = words(order, "text")
    return f"[order: {', '.join(listed[:50])}]" + (f"\n{said}" if said else "")


def _report(status: Json) -> Report | None:
    ref, said = identifier(status, "id"), line(status, "status", 32).lower()
    state = _STATES.get(said)
    if state is None:
        return None
    fault = (items(status, "errors") or [{}])[0]
    code = line(fault, "code", 16)
    detail = {"status": said} | ({"error_code": code} if code else {})
    own = line(status, "biz_opaque_callback_data", 64)
    if state == "delivered":
        return Report(ref, "delivered", detail=detail, outbox=own)
    kind = _CLASSES.get(code, "unknown")
    return Report(ref, "bounced", detail=detail, bounce=kind, outbox=own, unsubscribed=code == OPTED_OUT)
