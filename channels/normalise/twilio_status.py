"""Twilio's status callbacks, as a delivery report. Pure.

Statuses: twilio.com/docs/messaging/guides/track-outbound-message-status (checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from channels.normalise.payloads import FieldMissing, clean_line
from memory.messages import BounceClass, Report

_STATES: Mapping[str, Literal["delivered", "bounced"]] = {
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "bounced",
    "failed": "bounced",
}
# twilio.com/docs/api/errors (checked 2026-11): what a code says of the number, not of this message alone.
_CLASSES: Mapping[str, BounceClass] = {
    "21211": "hard",  # no valid number
    "21614": "hard",  # not a mobile number
    "30005": "hard",  # unknown destination handset
    "30006": "hard",  # landline, or a carrier that cannot be reached
    "30001": "soft",  # queue overflow
    "30003": "soft",  # the handset is off or out of reach
    "30017": "soft",  # carrier network congestion
    "30002": "blocked",  # account suspended
    "30004": "blocked",
    "30007": "blocked",  # filtered by the carrier
    "30034": "blocked",  # unregistered sender
    "21610": "blocked",  # opted out
}


def report(fields: Sequence[tuple[str, str]]) -> Report | None:
    """The report, or None for a status in between (queued, sending, sent, …). Raises FieldMissing."""
    form = dict(reversed(fields))
    ref = clean_line(form.get("MessageSid") or form.get("SmsSid") or "", 64)
    status = clean_line(form.get("MessageStatus") or form.get("SmsStatus") or "", 32).lower()
    if not ref:
        raise FieldMissing("MessageSid", "not there")
    if not status:
        raise FieldMissing("MessageStatus", "not there")
    state = _STATES.get(status)
    if state is None:
        return None
    code = clean_line(form.get("ErrorCode", ""), 16)
    detail = {"status": status} | ({"error_code": code} if code else {})
    why = _CLASSES.get(code, "unknown") if state == "bounced" else None
    return Report(ref, state, opted_out=code == "21610", detail=detail, bounce=why)
