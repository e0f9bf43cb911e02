"""Mailgun's event webhooks, as a report. Pure.

Fields: documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads (2026-11). Message-IDs come
without brackets; `user-variables` are those of the mail's X-Mailgun-Variables. A failure of severity "temporary" is
tried again by Mailgun, and so no news.
"""

from __future__ import annotations

from dataclasses import replace

from channels.normalise.json_body import Json, inner, json_object, line
from channels.normalise.payloads import FieldMissing
from channels.normalise.reports import TRACKED, bounce_class, without_addresses
from memory.messages import Report


def proof(body: bytes) -> dict[str, str]:
    """`timestamp`, `token` and `signature` of an event, "" where one is missing. Raises BadPayload."""
    signed = inner(json_object(body), "signature")
    return {name: line(signed, name, 200) for name in ("timestamp", "token", "signature")}


def reports(body: bytes) -> list[Report]:
    """One report, or none for what is in between. Its token brings this report and no other, since the signature covers
    nothing else. Raises BadPayload."""
    event = inner(json_object(body), "event-data")
    if not event:
        raise FieldMissing("event-data", "not there")
    ref = line(inner(event, "message", "headers"), "message-id", 255)
    ref = f"<{ref.strip('<> ')}>" if ref else ""
    outbox = line(inner(event, "user-variables"), TRACKED, 64)
    if not ref and not outbox:
        return []
    once = proof(body)["token"]
    return [replace(one, once=once) for one in _report(event, ref, outbox)]


def _report(event: Json, ref: str, outbox: str) -> list[Report]:
    match line(event, "event", 40):
        case "delivered":
            return [Report(ref, "delivered", detail=_detail(event), outbox=outbox)]
        case "failed" if line(event, "severity", 20) != "temporary":
            return [_failed(event, ref, outbox)]
        case "complained":
            return [Report(ref, "complained", outbox=outbox)]
        case "unsubscribed":
            return [Report(ref, "delivered", outbox=outbox, unsubscribed=True)]
    return []


def _failed(event: Json, ref: str, outbox: str) -> Report:
    status = inner(event, "delivery-status")
    code = line(status, "enhanced-code", 20) or line(status, "code", 20)
    why, gone = bounce_class(code, _words(status)), False
    match line(event, "reason", 40):
        case "suppress-bounce":
            why = "hard"
        case "suppress-complaint" | "suppress-unsubscribe":
            why, gone = "blocked", True
    return Report(ref, "bounced", detail=_detail(event), bounce=why, outbox=outbox, unsubscribed=gone)


def _words(status: Json) -> str:
    return line(status, "message", 1000) or line(status, "description", 1000)


def _detail(event: Json) -> dict[str, str]:
    status = inner(event, "delivery-status")
    code = line(status, "enhanced-code", 20) or line(status, "code", 20)
    detail = {"status": code, "reason": line(event, "reason", 40), "words": without_addresses(_words(status))}
    return {name: value for name, value in detail.items() if value}
