"""SMS out, against a local server that speaks Twilio's form."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from provider_servers import TwilioServer

from agent.settings import Secret
from channels.inboxes.twilio import TwilioSmsInbox
from channels.providers.ports import (
    FateUnknown,
    OptedOut,
    PartlySent,
    Postponed,
    Rejected,
    SendError,
    Unreachable,
)
from channels.providers.twilio_sms import TwilioSms, retry_after
from channels.render import render
from memory.messages import Outbound

pytestmark = pytest.mark.server  # a local server that speaks as the real one does

SID = "AC00000000000000000000000000000000"


def inbox(url: str, **changes: Any) -> TwilioSmsInbox:
    settings: dict[str, Any] = {
        "account_sid": SID,
        "auth_tokens": [Secret("new"), Secret("old")],
        "number": "+44 1632 960123",
        "base_url": url,
        "timeout_s": 0.5,
    }
    return TwilioSmsInbox(**settings | changes)


async def send(to: TwilioSmsInbox, text: str = "Your parcel is here.", callback: str | None = None) -> str:
    provider = TwilioSms(to, status_callback=callback)
    outbound = Outbound("1", "sms", "sms", "c", "+442071838750", text, "reply")
    try:
        return (await provider.send(outbound, render(text, (), "sms"))).provider_ref
    finally:
        await provider.aclose()


async def test_a_message_is_posted_in_twilios_form(twilio: TwilioServer) -> None:
    ref = await send(inbox(twilio.url), "Grüße & 10 % off = +1", "https://help.example/v1/webhooks/sms/status")
    assert ref == "SM" + "1".zfill(32)
    (request,) = twilio.requests
    assert request.path == f"/2010-04-01/Accounts/{SID}/Messages.json"
    assert request.headers["authorization"] == "Basic " + base64.b64encode(f"{SID}:new".encode()).decode()
    assert request.form == {
        "To": "+442071838750",
        "From": "+441632960123",
        "Body": "Grüße & 10 % off = +1",
        "StatusCallback": "https://help.example/v1/webhooks/sms/status?outbox=1",
    }


async def test_a_messaging_service_stands_in_for_a_number(twilio: TwilioServer) -> None:
    await send(inbox(twilio.url, number=None, messaging_service_sid="MG0123"))
    assert twilio.requests[0].form["MessagingServiceSid"] == "MG0123"
    assert "From" not in twilio.requests[0].form
    assert "StatusCallback" not in twilio.requests[0].form


async def test_long_texts_leave_in_order(twilio: TwilioServer) -> None:
    text = " ".join(f"Sentence {n} of many." for n in range(150))
    ref = await send(inbox(twilio.url), text)
    bodies = [request.form["Body"] for request in twilio.requests]
    assert len(bodies) > 1
    assert " ".join(bodies) == text
    assert ref.endswith(str(len(bodies)))


def _error(status: int, code: int | None = None, **headers: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, {"code": code, "status": status}


@pytest.mark.parametrize(
    ("answer", "error", "retryable", "provider_code"),
    [
        (_error(400, 21610), OptedOut, False, "21610"),
        (_error(400, 21617), Rejected, False, "21617"),
        (_error(400, 21211), Rejected, False, "21211"),
        (_error(404, 20404), Rejected, False, "20404"),
        (_error(429, 20429), Postponed, True, "20429"),
        (_error(500), Postponed, True, "500"),
        (_error(503), Postponed, True, "503"),
        (_error(401, 20003), Postponed, True, "20003"),
        (_error(400, 21611), Postponed, True, "21611"),
        ((302, {"Location": "https://evil.example"}, b""), Rejected, False, "302"),
        ((400, {}, b"<html>not json"), Rejected, False, "400"),
        ((400, {}, b"[" * 5000), Rejected, False, "400"),
        ((400, {}, b'{"code": "21610"}'), Rejected, False, "400"),
    ],
)
async def test_what_twilio_answers_decides_what_happens_next(
    twilio: TwilioServer, answer: Any, error: type[SendError], retryable: bool, provider_code: str
) -> None:
    twilio.script = [answer]
    with pytest.raises(SendError) as raised:
        await send(inbox(twilio.url))
    assert type(raised.value) is error
    assert (raised.value.retryable, raised.value.provider_code) == (retryable, provider_code)
    assert raised.value.opted_out == (error is OptedOut)
    assert not raised.value.unknown
    assert len(twilio.requests) == 1


async def test_retry_after_is_handed_on(twilio: TwilioServer) -> None:
    twilio.script = [_error(429, 20429, Retry_After="17")]
    with pytest.raises(Postponed) as raised:
        await send(inbox(twilio.url))
    assert raised.value.retry_after_s == 17


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("0", 0.0),
        ("120", 120.0),
        ("99999999999999", 86_400.0),
        ("-5", None),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Sun, 01 Mar 2037 11:00:00 GMT", 86_400.0),
    ],
)
def test_retry_after_in_either_form(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, datetime(2026, 3, 1, 12, 0, tzinfo=UTC)) == seconds


async def test_a_refused_connection_means_nothing_was_sent(closed_port: int) -> None:
    with pytest.raises(Unreachable) as raised:
        await send(inbox(f"http://127.0.0.1:{closed_port}"))
    assert raised.value.retryable


@pytest.mark.parametrize("step", ["hang", "close", "drip"])
async def test_a_message_without_an_answer_has_an_unknown_fate(twilio: TwilioServer, step: str) -> None:
    twilio.script = [step]
    with pytest.raises(FateUnknown) as raised:
        await send(inbox(twilio.url))
    assert (raised.value.unknown, raised.value.retryable) == (True, False)
    assert len(twilio.requests) == 1  # it was not sent again


@pytest.mark.parametrize("step", [_error(500), "hang", _error(400, 21617)])
async def test_parts_that_left_are_not_forgotten_when_a_later_one_fails(twilio: TwilioServer, step: Any) -> None:
    twilio.script = [None, step]
    with pytest.raises(PartlySent) as raised:
        await send(inbox(twilio.url), "word " * 800)
    assert raised.value.sent == ("SM" + "1".zfill(32),)
    assert (raised.value.unknown, raised.value.retryable) == (True, False)


async def test_an_opt_out_between_two_parts_is_an_opt_out(twilio: TwilioServer) -> None:
    twilio.script = [None, _error(400, 21610)]
    with pytest.raises(OptedOut):
        await send(inbox(twilio.url), "word " * 800)


async def test_an_accepted_message_without_a_readable_answer_was_still_sent(twilio: TwilioServer) -> None:
    twilio.script = [(201, {}, b"oops")]
    assert await send(inbox(twilio.url)) == ""


async def test_nothing_is_not_sent(twilio: TwilioServer) -> None:
    with pytest.raises(Rejected):
        await send(inbox(twilio.url), " ")
    assert not twilio.requests
