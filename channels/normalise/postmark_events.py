"""Postmark's webhooks for deliveries, bounces, spam complaints and subscription changes, as a report. Pure.

Fields: postmarkapp.com/developer/webhooks (2026-11). `MessageID` is Postmark's own and never the mail's, so a message
is known again by its metadata (X-PM-Metadata-frontdesk).
"""

from __future__ import annotations

from channels.normalise.json_body import Json, inner, json_object, line
from channels.normalise.reports import TRACKED, bounce_class, without_addresses
from memory.messages import BounceClass, Report

# postmarkapp.com/developer/api/bounce-api, "Bounce types"; those of none are answers by machines, not failures.
_CLASSES: dict[str, BounceClass | None] = {
    "HardBounce": "hard",
    "BadEmailAddress": "hard",
    "AddressChange": "hard",
    "SoftBounce": "soft",
    "Transient": "soft",
    "DnsError": "soft",
    "Blocked": "blocked",
    "SpamNotification": "blocked",
    "VirusNotification": "blocked",
    "DMARCPolicy": "blocked",
    "ManuallyDeactivated": "blocked",
    "AutoResponder": None,
    "ChallengeVerification": None,
    "OpenRelayTest": None,
    "Subscribe": None,
}


def reports(body: bytes) -> list[Report]:
    """One report, or none for what says nothing of a message of ours. Raises BadPayload."""
    said = json_object(body)
    outbox, ref = line(inner(said, "Metadata"), TRACKED, 64), line(said, "MessageID", 255)
    if not outbox and not ref:
        return []
    match line(said, "RecordType", 40):
        case "Delivery":
            return [Report(ref, "delivered", detail=_detail(said), outbox=outbox)]
        case "Bounce":
            return _bounce(said, ref, outbox)
        case "SpamComplaint":
            return [Report(ref, "complained", outbox=outbox)]
        case "SubscriptionChange":
            return _change(said, ref, outbox)
    return []


def _bounce(said: Json, ref: str, outbox: str) -> list[Report]:
    kind = line(said, "Type", 40)
    if kind == "SpamComplaint":
        return [Report(ref, "complained", outbox=outbox)]
    if kind == "Unsubscribe":
        return [Report(ref, "delivered", outbox=outbox, unsubscribed=True)]
    words = line(said, "Details", 1000) or line(said, "Description", 1000)
    why = _CLASSES.get(kind, bounce_class("", words))
    return [] if why is None else [Report(ref, "bounced", detail=_detail(said), bounce=why, outbox=outbox)]


def _change(said: Json, ref: str, outbox: str) -> list[Report]:
    """Postmark stops sending to somebody; a reactivation is no consent, and only people record one."""
    if said.get("SuppressSending") is not True:
        return []
    match line(said, "SuppressionReason", 40):
        case "ManualSuppression":
            return [Report(ref, "delivered", outbox=outbox, unsubscribed=True)]
        case "SpamComplaint":
            return [Report(ref, "complained", outbox=outbox)]
    return []


def _detail(said: Json) -> dict[str, str]:
    words = line(said, "Details", 1000) or line(said, "Description", 1000)
    detail = {"reason": line(said, "Type", 40), "words": without_addresses(words)}
    return {name: value for name, value in detail.items() if value}
