"""SendGrid's Event Webhook, as reports. Pure.

Fields: twilio.com/docs/sendgrid/for-developers/tracking-events/event (2026-11). One request carries a list of events;
unique arguments (X-SMTPAPI) stand beside an event's own fields. "deferred" and "processed" are in between; opens and
clicks are not looked at.
"""

from __future__ import annotations

import orjson

from channels.normalise.json_body import Json, line
from channels.normalise.payloads import Malformed, Oversized
from channels.normalise.reports import TRACKED, bounce_class, without_addresses
from memory.messages import BounceClass, Report

MAX_EVENTS = 10_000  # SendGrid closes a batch at 768 kB, some 1,500 events
# `bounce_classification` where it says more than the status does.
_CLASSES: dict[str, BounceClass] = {
    "invalid address": "hard",
    "mailbox unavailable": "soft",
    "content": "blocked",
    "reputation": "blocked",
    "frequency or volume too high": "blocked",
    "frequency/volume": "blocked",
}
# Why SendGrid itself does not send: what it remembers of the address.
_DROPPED: dict[str, BounceClass] = {
    "bounced address": "hard",
    "invalid": "hard",
    "invalid smtpapi header": "unknown",
    "spam content": "blocked",
    "spam content (if spam checker app enabled)": "blocked",
}


def reports(body: bytes) -> list[Report]:
    """The reports in a request, in the order given. Raises Malformed, Oversized."""
    try:
        found = orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError):
        raise Malformed("body", "not JSON") from None
    events = found if isinstance(found, list) else [found]
    if len(events) > MAX_EVENTS:
        raise Oversized("body", f"more than {MAX_EVENTS} events")
    read = (_report(event) for event in events if isinstance(event, dict))
    return [report for report in read if report is not None]


def _report(event: Json) -> Report | None:
    """None for what is in between, and for an event that names no message."""
    kind, ref, outbox = line(event, "event", 40), line(event, "smtp-id", 255), line(event, TRACKED, 64)
    if not ref and not outbox:
        return None
    words = line(event, "reason", 1000) or line(event, "response", 1000)
    status = line(event, "status", 20)
    detail = {"status": status, "words": without_addresses(words)}
    detail = {name: value for name, value in detail.items() if value}
    match kind:
        case "delivered":
            return Report(ref, "delivered", detail=detail, outbox=outbox)
        case "bounce":
            return Report(ref, "bounced", detail=detail, bounce=_bounce(event, status, words), outbox=outbox)
        case "dropped":
            return _dropped(ref, outbox, words, detail)
        case "spamreport":
            return Report(ref, "complained", detail=detail, outbox=outbox)
        case "unsubscribe" | "group_unsubscribe":
            return Report(ref, "delivered", detail={}, outbox=outbox, unsubscribed=True)
    return None


def _bounce(event: Json, status: str, words: str) -> BounceClass:
    named = _CLASSES.get(line(event, "bounce_classification", 60).lower())
    if named is not None:
        return named
    if line(event, "type", 20) == "blocked":
        return "blocked"
    return bounce_class(status, words)


def _dropped(ref: str, outbox: str, words: str, detail: dict[str, str]) -> Report:
    """SendGrid took it and did not send it. An address on its list of unsubscribes tells us what we did not know."""
    reason = words.strip().lower()
    gone = reason in ("unsubscribed address", "spam reporting address")
    why = _DROPPED.get(reason) or ("blocked" if gone else bounce_class("", words))
    return Report(ref, "bounced", detail=detail, bounce=why, outbox=outbox, unsubscribed=gone)
