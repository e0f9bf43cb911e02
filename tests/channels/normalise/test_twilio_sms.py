"""Twilio's form, read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.normalise import twilio_sms, twilio_status
from channels.normalise.keywords import HELP, OPT_IN, OPT_OUT, keyword_kind
from channels.normalise.payloads import Arrived, BadPayload, Empty, FieldMissing, Oversized, Unsupported, form_pairs
from channels.normalise.telephones import e164
from memory.messages import Inbound

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FORM = {
    "MessageSid": "SM0123456789abcdef0123456789abcdef",
    "SmsSid": "SM0123456789abcdef0123456789abcdef",
    "AccountSid": "AC00000000000000000000000000000000",
    "From": "+442071838750",
    "To": "+441632960123",
    "Body": "Where is my parcel?",
    "NumMedia": "0",
}


def read(**changes: str) -> Inbound:
    return twilio_sms.normalise(list((FORM | changes).items()), inbox="sms", now=NOW)


def test_an_sms_becomes_one_inbound() -> None:
    assert read() == Inbound(
        inbox="sms",
        channel="sms",
        provider_id=FORM["MessageSid"],
        sender="+442071838750",
        text="Where is my parcel?",
        received_at=NOW,
        recipient="+441632960123",
    )


def test_a_number_is_e164_however_it_is_written() -> None:
    assert e164("+44 (0)20 7183 8750") == "+442071838750"
    assert e164(" +1-415-867-5309 ") == "+14158675309"
    for none in ("", "020 7183 8750", "+", "+1", "hello", "+999999999999999999", "+1" * 500):
        assert e164(none) is None


@pytest.mark.parametrize("word", sorted(OPT_OUT))
def test_the_whole_body_must_be_the_word(word: str) -> None:
    for body in (word, word.upper(), f"  {word.title()}.\n", f'"{word}"'):
        assert read(Body=body).kind == "opt_out"
    for body in (f"{word} please", f"the {word}", f"{word}{word}"):
        assert read(Body=body).kind == "message"


def test_start_and_help_words_are_known_and_words_of_no_list_are_messages() -> None:
    assert {keyword_kind(word.upper()) for word in OPT_IN} == {"opt_in"}
    assert {keyword_kind(word.upper()) for word in HELP} == {"help"}
    for body in ("", "stopped", "the delivery stopped", "no", "ok", "start my return", "I want to cancel my order"):
        assert keyword_kind(body) == "message"


@pytest.mark.parametrize(
    ("said", "kind"), [("STOP", "opt_out"), ("START", "opt_in"), ("HELP", "help"), ("?", "message")]
)
def test_twilios_own_opt_out_type_decides(said: str, kind: str) -> None:
    assert read(Body="arrêtez", OptOutType=said).kind == kind


def test_media_are_listed_and_stand_in_for_a_missing_text() -> None:
    sms = read(Body="", NumMedia="2", MediaContentType0="image/jpeg", MediaUrl0="https://x", MediaContentType1="")
    assert json.loads(sms.thread["attachments"]) == [
        {"name": "media 1", "type": "image/jpeg"},
        {"name": "media 2", "type": ""},
    ]
    assert sms.text == "[media 1 (image/jpeg), media 2 (unknown type)]"
    assert len(json.loads(read(NumMedia="999").thread["attachments"])) == 10
    assert read(NumMedia="many").thread == {}


def test_a_machine_is_not_answered() -> None:
    assert read(From="63336").automatic
    assert read(From="MyBank").automatic
    assert not read().automatic


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"MessageSid": "", "SmsSid": ""}, FieldMissing, "MessageSid"),
        ({"MessageSid": "S" * 65}, BadPayload, "MessageSid"),
        ({"From": ""}, FieldMissing, "From"),
        ({"From": "whatsapp:+442071838750"}, Unsupported, "From"),
        ({"Body": " \n\t "}, Empty, "Body"),
        ({"Body": "\x00\x01"}, Empty, "Body"),
        ({"Body": "x" * 10_001}, Oversized, "Body"),
    ],
)
def test_what_cannot_be_read_names_its_field(changes: dict[str, str], error: type[BadPayload], field: str) -> None:
    with pytest.raises(error) as raised:
        read(**changes)
    assert raised.value.field == field
    assert raised.value.status == 400


def test_control_characters_and_lone_surrogates_never_reach_the_log() -> None:
    sms = read(Body="a\x00b\ud83dc\r\nd\x1b[31m")
    assert sms.text == "abc\nd[31m"
    sms.text.encode()


def test_of_a_field_that_repeats_the_first_counts() -> None:
    fields = [*FORM.items(), ("Body", "forged"), ("From", "+10000000000")]
    assert twilio_sms.normalise(fields, inbox="sms", now=NOW).text == FORM["Body"]


names = st.sampled_from([*FORM, "OptOutType", "MediaContentType0", "x"]) | st.text(max_size=5)


@settings(deadline=None)
@given(st.lists(st.tuples(names, st.text(max_size=50)), max_size=12))
def test_any_fields_give_an_inbound_or_a_bad_payload(fields: list[tuple[str, str]]) -> None:
    try:
        sms = twilio_sms.normalise(fields, inbox="sms", now=NOW)
    except BadPayload:
        return
    assert sms.text
    assert sms.provider_id
    sms.text.encode()


@settings(deadline=None)
@given(st.dictionaries(names, st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=8))
def test_a_urlencoded_form_comes_back_as_it_was(form: dict[str, str]) -> None:
    body = urlencode(form).encode()
    request = Arrived("https://a", {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}, body)
    assert form_pairs(request) == list(form.items())


def test_a_form_with_too_many_fields_is_refused() -> None:
    request = Arrived("https://a", {"content-type": "application/x-www-form-urlencoded"}, b"a=1&" * 1001)
    with pytest.raises(Oversized):
        form_pairs(request)


def test_status_callbacks_tell_delivered_from_bounced() -> None:
    ref = ("MessageSid", "SM1")
    delivered = twilio_status.report([ref, ("MessageStatus", "delivered")])
    assert delivered is not None
    assert (delivered.provider_ref, delivered.state, delivered.opted_out) == ("SM1", "delivered", False)
    failed = twilio_status.report([ref, ("MessageStatus", "undelivered"), ("ErrorCode", "21610")])
    assert failed is not None
    assert (failed.state, failed.opted_out, failed.detail["error_code"]) == ("bounced", True, "21610")
    assert twilio_status.report([ref, ("MessageStatus", "sent")]) is None
    for fields in ([ref], [("MessageStatus", "sent")], []):
        with pytest.raises(FieldMissing):
            twilio_status.report(fields)
