"""Twilio's voice webhooks: a call, and what was said in it as Inbound. Pure.

Fields: twilio.com/docs/voice/twiml and twilio.com/docs/voice/twiml/gather (2026-11).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from channels.normalise.payloads import FieldMissing, Malformed, clean, clean_line
from channels.normalise.telephones import e164
from memory.messages import Inbound

MAX_SPEECH = 5000  # a minute's speech, which Twilio takes at most, has some 1,000 characters
SID_CHARACTERS = 64  # a CallSid has 34
PERSON_KEY = "0"
ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
"""States of a call that is over."""
_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
# Who withholds their number calls from what one of these words spells on a keypad.
_WITHHELD = frozenset(
    "+" + word.translate(_KEYPAD) for word in ("ANONYMOUS", "BLOCKED", "RESTRICTED", "UNKNOWN", "UNAVAILABLE")
)
# Twilio's word for a full attestation whose signature it checked.
_ATTESTED = "TN-Validation-Passed-A"


@dataclass(frozen=True, slots=True)
class Call:
    """One request about a call. `caller` is E.164, or the name of a client or SIP address; "" where it is withheld.
    `dialled` says how the attempt to connect a person ended, `attested` that the caller's own carrier vouches for the
    number (STIR/SHAKEN, in full): without it any number can be shown."""

    sid: str
    caller: str
    called: str
    status: str
    speech: str = ""
    digits: str = ""
    dialled: str = ""
    attested: bool = False

    @property
    def sender(self) -> str:
        """Who to remember it under: nobody is known again by a withheld number."""
        return self.caller or f"withheld:{self.sid}"


def call(fields: Sequence[tuple[str, str]]) -> Call:
    """Raises BadPayload."""
    form = dict(reversed(fields))  # of a name that repeats, the first counts
    sid = clean_line(form.get("CallSid", ""))
    if not sid:
        raise FieldMissing("CallSid", "not there")
    if len(sid) > SID_CHARACTERS:
        raise Malformed("CallSid", "longer than any CallSid")
    return Call(
        sid,
        _caller(form.get("From", "")),
        _number(form.get("To", "")),
        clean_line(form.get("CallStatus", ""), 32).lower(),
        clean(form.get("SpeechResult", "")[: MAX_SPEECH * 2])[:MAX_SPEECH],
        clean_line(form.get("Digits", ""), 16),
        clean_line(form.get("DialCallStatus", ""), 32).lower(),
        form.get("StirVerstat", "") == _ATTESTED,
    )


def said(found: Call, number: int, *, inbox: str, now: datetime) -> Inbound | None:
    """The caller's `number`th turn, None where they said nothing. The same turn posted again is the same message; each
    call is a conversation of its own."""
    person = found.digits == PERSON_KEY
    if not (found.speech or person):
        return None
    return Inbound(
        inbox=inbox,
        channel="voice",
        provider_id=f"{found.sid}:{number}",
        sender=found.sender,
        text=found.speech or "[pressed 0 for a person]",
        received_at=now,
        recipient=found.called,
        kind="person" if person else "message",
        thread={"call": found.sid},
        thread_key=found.sid,
        proof="provider" if found.attested else "",
    )


def _caller(given: str) -> str:
    given = clean_line(given, 120)
    number = e164(given)
    if given in _WITHHELD or number in _WITHHELD:
        return ""
    if number:
        return number
    return given.lower() if given.startswith(("client:", "sip:")) else ""


def _number(given: str) -> str:
    given = clean_line(given, 120)
    return e164(given) or given
