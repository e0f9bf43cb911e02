"""Meta's, Chatwoot's and shared-word proofs, and what all schemes have in common: rotation, staleness, replay."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from adapter_examples import (
    EXAMPLES,
    chatwoot_body,
    chatwoot_signed,
    slack_body,
    slack_signed,
    webhook_body,
    webhook_signed,
)

from channels.adapters.contract import NOW, Example
from channels.adapters.whatsapp import WHATSAPP
from channels.inboxes.whatsapp import WhatsappInbox
from channels.normalise.payloads import Arrived, Malformed
from channels.signatures import Forged, Stale, Unsigned, verify_chatwoot, verify_shared, verify_slack, verify_whatsapp


def _hex(key: str, signed: bytes) -> str:
    return "sha256=" + hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()


def test_metas_signature_is_over_the_raw_body_and_needs_its_prefix() -> None:
    body = '{"text":"\\u00e9 é"}'.encode()
    verify_whatsapp(body=body, signature=_hex("new", body), secrets=["old", "new"])
    for signature in (_hex("wrong", body), _hex("new", body)[7:], _hex("new", body).upper(), "sha256=", "sha256=é"):
        with pytest.raises(Forged):
            verify_whatsapp(body=body, signature=signature, secrets=["old", "new"])
    for missing in (None, ""):
        with pytest.raises(Unsigned):
            verify_whatsapp(body=body, signature=missing, secrets=["new"])


def test_chatwoots_signature_covers_the_time() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    stamp = str(int(at.timestamp()))
    signature = _hex("s", stamp.encode() + b".{}")
    verify_chatwoot(body=b"{}", timestamp=stamp, signature=signature, secrets=["s"], now=at)
    with pytest.raises(Stale):
        verify_chatwoot(
            body=b"{}", timestamp=stamp, signature=signature, secrets=["s"], now=at + timedelta(seconds=301)
        )
    with pytest.raises(Forged):
        verify_chatwoot(body=b"{}", timestamp=str(int(stamp) + 1), signature=signature, secrets=["s"], now=at)
    for timestamp, given in ((None, signature), (stamp, None)):
        with pytest.raises(Unsigned):
            verify_chatwoot(body=b"{}", timestamp=timestamp, signature=given, secrets=["s"], now=at)


def test_a_shared_word_is_compared_whole() -> None:
    verify_shared(given="new", secrets=["old", "new"], what="it")
    with pytest.raises(Forged):
        verify_shared(given="ne", secrets=["new"], what="it")
    with pytest.raises(Unsigned):
        verify_shared(given=None, secrets=["new"], what="it")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.name)
def test_every_secret_but_one_that_was_taken_out_is_good(example: Example) -> None:
    for secret in range(example.secrets):
        example.adapter.verify(example.request(secret=secret), example.inbox, NOW)
    with pytest.raises(Forged):
        example.adapter.verify(example.request(secret=99), example.inbox, NOW)


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (
            slack_signed(slack_body("1", "a"), NOW, 0),
            slack_signed(slack_body("1", "a"), NOW + timedelta(seconds=60), 0),
        ),
        (
            chatwoot_signed(chatwoot_body("1", "a"), NOW, 0),
            chatwoot_signed(chatwoot_body("1", "a"), NOW + timedelta(seconds=60), 1),
        ),
        (webhook_signed(webhook_body("1", "a"), NOW, 0), webhook_signed(webhook_body("1", "a"), NOW, 2, id="msg_2")),
    ],
    ids=["slack", "chatwoot", "webhook"],
)
def test_a_replay_within_the_window_is_the_same_message(first: Arrived, again: Arrived) -> None:
    (example,) = [one for one in EXAMPLES if one.name == first.url.rpartition("/")[2]]
    ids = [example.adapter.normalise(each, example.name, example.inbox, NOW)[0].provider_id for each in (first, again)]
    assert ids[0] == ids[1]


WA = WhatsappInbox.model_validate(
    {"phone_number_id": "10654", "token": "t", "app_secrets": ["s"], "verify_token": "the-word"}
)


def ask(query: str) -> Arrived:
    return Arrived(f"https://h.example/v1/webhooks/wa?{query}", {}, b"")


def test_metas_handshake_echoes_the_challenge_only_to_who_knows_the_word() -> None:
    assert WHATSAPP.handshake is not None
    answer = WHATSAPP.handshake(ask("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=the-word"), WA)
    assert answer is not None
    assert answer.body == b"1158201444"
    with pytest.raises(Forged):
        WHATSAPP.handshake(ask("hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong"), WA)
    with pytest.raises(Unsigned):
        WHATSAPP.handshake(ask("hub.mode=subscribe&hub.challenge=1"), WA)
    with pytest.raises(Malformed):
        WHATSAPP.handshake(ask("hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=the-word"), WA)
    assert WHATSAPP.handshake(ask(""), WA) is None


def test_slacks_published_example_passes() -> None:
    # docs.slack.dev/authentication/verifying-requests-from-slack, "A recipe for security"
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    verify_slack(
        body=body,
        timestamp="1531420618",
        signature="v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        secrets=["8f742231b10e8888abcd99yyyzzz85a5"],
        now=datetime.fromtimestamp(1531420618, UTC),
    )
