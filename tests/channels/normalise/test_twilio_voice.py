"""Twilio's calls, read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from channels.normalise.payloads import FieldMissing, Malformed
from channels.normalise.twilio_voice import MAX_SPEECH, Call, call, said

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FORM = {"CallSid": "CA1", "From": "+44 1632 960001", "To": "+441632960100", "CallStatus": "in-progress"}


def read(**form: str) -> Call:
    return call(list((FORM | form).items()))


def test_a_turn_is_a_message_of_its_call() -> None:
    found = said(read(SpeechResult=" Where is\x00 it? "), 3, inbox="phone", now=NOW)
    assert found is not None
    assert (found.provider_id, found.thread_key, found.sender) == ("CA1:3", "CA1", "+441632960001")
    assert (found.text, found.kind, found.channel) == ("Where is it?", "message", "voice")


def test_a_key_asks_for_a_person_and_silence_is_no_message() -> None:
    found = said(read(Digits="0"), 1, inbox="phone", now=NOW)
    assert found is not None
    assert (found.kind, found.text) == ("person", "[pressed 0 for a person]")
    assert said(read(Digits="5"), 1, inbox="phone", now=NOW) is None
    assert said(read(SpeechResult="  "), 1, inbox="phone", now=NOW) is None


@pytest.mark.parametrize(
    "given", ["anonymous", "+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253", "", "Restricted", "x@y"]
)
def test_a_withheld_number_is_another_nobody_in_each_call(given: str) -> None:
    found = read(From=given)
    assert (found.caller, found.sender) == ("", "withheld:CA1")


def test_clients_and_sip_addresses_are_callers_too() -> None:
    assert read(From="client:Ann").sender == "client:ann"
    assert read(From="sip:ann@pbx.example").sender == "sip:ann@pbx.example"


def test_what_is_no_call_is_refused() -> None:
    with pytest.raises(FieldMissing):
        read(CallSid=" ")
    with pytest.raises(Malformed):
        read(CallSid="C" * 65)
    assert len(read(SpeechResult="a" * 100_000).speech) == MAX_SPEECH
