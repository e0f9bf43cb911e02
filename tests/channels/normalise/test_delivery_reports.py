"""What providers say became of a message, and why it bounced: read right, and never trusted to be well formed."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.normalise import dsn, mailgun_events, postmark_events, sendgrid_events, twilio_status
from channels.normalise.mime import parse_mail
from channels.normalise.payloads import BadPayload
from channels.normalise.reports import bounce_class, without_addresses
from memory.messages import Report

OURS = "<turn-7@help.acme.example>"


@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        ("5.1.1", "user unknown", "hard"),
        ("5.1.10", "RESOLVER.ADR.RecipientNotFound", "hard"),
        ("5.4.4", "unable to route", "hard"),
        ("5.2.1", "mailbox disabled", "hard"),
        ("4.1.1", "user unknown, for now", "soft"),
        ("5.2.2", "mailbox full", "soft"),
        ("4.4.7", "delivery time expired", "soft"),
        ("4.7.1", "greylisted, try again later", "soft"),
        ("5.7.1", "message refused by policy", "blocked"),
        ("5.7.1", "550 5.7.1 no such user here", "hard"),
        ("5.7.26", "unauthenticated", "blocked"),
        ("5.6.1", "media not supported", "blocked"),
        ("5.0.0", "550 recipient rejected", "hard"),
        ("5.0.0", "blocked using Spamhaus", "blocked"),
        ("550", "5.1.1 The email account that you tried to reach does not exist", "hard"),
        ("550", "", "unknown"),
        ("421", "", "soft"),
        ("", "something else", "unknown"),
        ("5.999.999", "", "unknown"),
        ("", "", "unknown"),
    ],
)
def test_a_bounce_has_the_class_that_its_status_and_words_say(status: str, words: str, expected: str) -> None:
    assert bounce_class(status, words) == expected


def test_a_providers_words_lose_the_addresses_in_them() -> None:
    said = without_addresses("550 <ann.lee@example.org>\r\nunknown, call +44 1632 960 001 " + "x" * 500)
    assert "ann.lee" not in said
    assert "960" not in said
    assert len(said) <= 300
    assert "\n" not in said


def bounced_mail(action: str = "failed", returned: str = "message/rfc822", extra: str = "") -> bytes:
    return f"""From: MAILER-DAEMON@mx.example
To: help@acme.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <dsn-1@mx.example>
Auto-Submitted: auto-replied
{extra}MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I could not deliver your message.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Fri, 27 Nov 2026 12:00:00 +0000

Final-Recipient: rfc822; ann@example.org
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <ann@example.org>: user unknown

--b
Content-Type: {returned}

From: help@acme.example
Message-ID: {OURS}
Subject: Re: parcel

It left yesterday.
--b--
""".encode()


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers"])
def test_a_bounce_that_comes_in_as_mail_names_the_mail_it_returns(returned: str) -> None:
    raw = bounced_mail(returned=returned)
    assert dsn.may_be_report(raw)
    (report,) = dsn.reports(parse_mail(raw))
    assert (report.provider_ref, report.state, report.bounce) == (OURS, "bounced", "hard")
    assert report.alone
    assert "ann@" not in json.dumps(dict(report.detail))


def test_a_mail_that_is_only_delayed_is_no_bounce() -> None:
    assert dsn.reports(parse_mail(bounced_mail(action="delayed"))) == []


def test_a_bounce_without_our_mail_in_it_is_known_by_its_references() -> None:
    raw = bounced_mail(returned="text/x-nothing", extra=f"In-Reply-To: {OURS}\n")
    (report,) = dsn.reports(parse_mail(raw.replace(b"Message-ID: " + OURS.encode(), b"X-Nothing: 1")))
    assert report.provider_ref == OURS


def test_an_ordinary_mail_reports_nothing() -> None:
    raw = b"From: ann@example.org\nTo: help@acme.example\nSubject: parcel\n\nWhere is it?\n"
    assert not dsn.may_be_report(raw)
    assert dsn.reports(parse_mail(raw)) == []


def test_an_abuse_report_is_a_complaint() -> None:
    raw = f"""From: feedback@isp.example
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: ISP/1.0
Version: 1

--b
Content-Type: message/rfc822

Message-ID: {OURS}

words
--b--
""".encode()
    (report,) = dsn.reports(parse_mail(raw))
    assert (report.provider_ref, report.state) == (OURS, "complained")


def test_sendgrids_batch_holds_several_reports() -> None:
    common = {"smtp-id": OURS, "sg_message_id": "sg", "timestamp": 1764244800, "frontdesk": "turn-7"}
    events: list[Any] = [
        {**common, "event": "processed"},
        {**common, "event": "delivered", "response": "250 OK"},
        {
            **common,
            "event": "bounce",
            "type": "bounce",
            "status": "5.1.1",
            "reason": "550 5.1.1 ann@example.org unknown",
        },
        {**common, "event": "bounce", "type": "blocked", "status": "5.0.0", "reason": "come back"},
        {**common, "event": "dropped", "reason": "Bounced Address"},
        {**common, "event": "dropped", "reason": "Unsubscribed Address"},
        {**common, "event": "spamreport"},
        {**common, "event": "group_unsubscribe"},
        {**common, "event": "open"},
        {"event": "delivered"},
        "no object",
    ]
    found = sendgrid_events.reports(json.dumps(events).encode())
    assert [(one.state, one.bounce, one.unsubscribed) for one in found] == [
        ("delivered", None, False),
        ("bounced", "hard", False),
        ("bounced", "blocked", False),
        ("bounced", "hard", False),
        ("bounced", "blocked", True),
        ("complained", None, False),
        ("delivered", None, True),
    ]
    assert {one.outbox for one in found} == {"turn-7"}
    assert {one.provider_ref for one in found} == {OURS}
    assert "ann@" not in str(found)


def mailgun(event: str, **fields: Any) -> list[Report]:
    data = {"event": event, "message": {"headers": {"message-id": OURS.strip("<>")}}, **fields}
    return mailgun_events.reports(json.dumps({"signature": {}, "event-data": data}).encode())


def test_mailguns_event_is_one_report_or_none() -> None:
    (delivered,) = mailgun("delivered", **{"user-variables": {"frontdesk": "turn-7"}})
    assert (delivered.provider_ref, delivered.outbox) == (OURS, "turn-7")
    (failed,) = mailgun(
        "failed", severity="permanent", **{"delivery-status": {"code": 550, "message": "5.1.1 unknown user"}}
    )
    assert (failed.state, failed.bounce) == ("bounced", "hard")
    assert mailgun("failed", severity="temporary") == []
    (suppressed,) = mailgun("failed", severity="permanent", reason="suppress-unsubscribe")
    assert suppressed.unsubscribed
    assert suppressed.bounce == "blocked"
    assert mailgun("complained")[0].state == "complained"
    assert mailgun("unsubscribed")[0].unsubscribed
    assert mailgun("opened") == []


def postmark(kind: str, **fields: Any) -> list[Report]:
    said = {"RecordType": kind, "MessageID": "883953f4", "Metadata": {"frontdesk": "turn-7"}, **fields}
    return postmark_events.reports(json.dumps(said).encode())


def test_postmarks_record_is_one_report_or_none() -> None:
    assert (postmark("Delivery")[0].state, postmark("Delivery")[0].outbox) == ("delivered", "turn-7")
    for kind, expected in {
        "HardBounce": "hard",
        "SoftBounce": "soft",
        "Blocked": "blocked",
        "Nonsense": "unknown",
    }.items():
        (report,) = postmark("Bounce", Type=kind, Details="to ann@example.org")
        assert (report.state, report.bounce) == ("bounced", expected)
        assert "ann@" not in str(report)
    assert postmark("Bounce", Type="AutoResponder") == []
    assert postmark("SpamComplaint")[0].state == "complained"
    assert postmark("SubscriptionChange", SuppressSending=True, SuppressionReason="ManualSuppression")[0].unsubscribed
    assert postmark("SubscriptionChange", SuppressSending=False) == []
    assert postmark("Open") == []


def test_twilios_codes_say_what_is_wrong_with_a_number() -> None:
    fields = [("MessageSid", "SM1"), ("MessageStatus", "undelivered"), ("ErrorCode", "30005")]
    report = twilio_status.report(fields)
    assert report is not None
    assert report.bounce == "hard"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
NAMES = ("event", "smtp-id", "event-data", "RecordType", "Metadata", "Type", "message", "delivery-status", "reason")


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(NAMES), values, max_size=6) | values)
def test_whatever_json_comes_is_read_or_refused(said: Any) -> None:
    body = json.dumps(said).encode()
    for read in (sendgrid_events.reports, mailgun_events.reports, postmark_events.reports):
        with contextlib.suppress(BadPayload):
            assert all(isinstance(one, Report) for one in read(body))
