"""Twilio's status callbacks, as a delivery report. Pure.

Statuses: twilio.com/docs/messaging/guides/track-outbound-message-status (checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from channels.normalise.payloads import FieldMissing, clean_line


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a message of ours: `provider_ref` is what `Sent` named; `detail` holds the provider's words."""

    provider_ref: str
    state: Literal["delivered", "bounced"]
    opted_out: bool = False
    detail: Mapping[str, str] = field(default_factory=dict)


_STATES: Mapping[str, Literal["delivered", "bounced"]] = {
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "bounced",
    "failed": "bounced",
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
    return Report(ref, state, opted_out=code == "21610", detail=detail)
