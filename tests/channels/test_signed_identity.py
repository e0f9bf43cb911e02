"""A token says who a visitor is only when the organisation signed it, for this chat, for now."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import Misconfigured
from agent.settings import Secret
from channels.inboxes.websocket import WebsocketInbox
from channels.signed_identity import MAX_AHEAD_S, IdentityRefused, SignedIdentity, identities
from memory.identity.signing_in import Signed

SECRET, OTHER = "s" * 32, "t" * 32
NOW = 1_800_000_000.0
CHAT = SignedIdentity("web", SECRET)


def token(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    whole = {"sub": "user-1", "aud": "web", "exp": NOW + 600, **claims}
    return jwt.encode({k: v for k, v in whole.items() if v is not ...}, secret, algorithm=algorithm)


def why(given: str, chat: SignedIdentity = CHAT, now: float = NOW) -> str:
    with pytest.raises(IdentityRefused) as caught:
        chat.verified(given, now)
    assert caught.value.code == "identity_refused"
    return caught.value.why


def test_a_signed_token_says_who_it_is() -> None:
    whole = token(email="jo@example.com", phone="+44 20 7946 0018", name=" Jo   Lee ")
    assert CHAT.verified(whole, NOW) == Signed("user-1", "jo@example.com", "+44 20 7946 0018", "Jo Lee")
    assert CHAT.verified(token(sub=4711), NOW) == Signed("4711")
    assert CHAT.verified(token(aud=["other", "web"], email=None), NOW) == Signed("user-1")


def test_a_token_of_another_key_or_of_none_is_refused() -> None:
    for forged in (token(OTHER), token("", "none"), token("s" * 64, "HS512"), token()[:-4], token() + "x"):
        assert why(forged) == "the identity is not signed with this chat's secret"


def test_a_token_signed_with_anothers_public_key_as_the_secret_is_refused() -> None:
    head, body, _ = token().split(".")
    assert "not signed" in why(f"{head}.{body}.")


@pytest.mark.parametrize("hostile", ["", ".", "..", "a.b.c", "\x00", "ü.ü.ü", "x" * 5000, "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_is_refused(hostile: str) -> None:
    why(hostile)


@given(st.text(max_size=80) | st.binary(max_size=80).map(lambda raw: raw.decode("latin-1")))
def test_nothing_but_a_signature_gets_in(text: str) -> None:
    why(text)


@pytest.mark.parametrize("claim", ["sub", "aud", "exp"])
def test_a_token_without_a_needed_claim_is_refused_and_says_which(claim: str) -> None:
    assert why(token(**{claim: ...})) == f"the identity has no {claim}"


def test_a_token_for_another_chat_is_refused() -> None:
    assert "another chat" in why(token(aud="shop"))
    assert "another chat" in why(token(), SignedIdentity("shop", SECRET))


@pytest.mark.parametrize(
    "times",
    [
        {"exp": NOW - 61}, {"exp": 0}, {"exp": NOW + MAX_AHEAD_S + 61}, {"exp": float("1e30")}, {"nbf": NOW + 120},
        {"iat": NOW + 120}, {"exp": "soon"}, {"exp": True}, {"exp": None}, {"exp": [NOW + 60]}, {"iat": {}},
    ],
)  # fmt: skip
def test_a_token_is_good_for_now_and_at_most_a_day(times: dict[str, Any]) -> None:
    why(token(**times))


def test_clocks_may_differ_by_a_minute() -> None:
    for times in ({"exp": NOW - 30}, {"nbf": NOW + 30}, {"exp": NOW + MAX_AHEAD_S}):
        assert CHAT.verified(token(**times), NOW).subject == "user-1"


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": ""}, {"sub": "  "}, {"sub": "x" * 256}, {"sub": None}, {"sub": ["a"]}, {"sub": True}, {"sub": "a\nb"},
        {"email": 7}, {"email": "x" * 321}, {"phone": {"a": 1}}, {"name": "x" * 201}, {"name": "a\x00b"},
    ],
)  # fmt: skip
def test_a_claim_that_is_no_plain_text_is_refused(claims: dict[str, Any]) -> None:
    why(token(**claims))


def test_no_refusal_repeats_what_the_token_says() -> None:
    for claims in ({"aud": "SECRETS"}, {"email": "SECRETS" * 90}, {"exp": "SECRETS"}):
        assert "SECRETS" not in why(token(**claims))


def test_a_chat_without_a_secret_takes_no_identity() -> None:
    assert "takes no identity" in why(token(), SignedIdentity("web"))
    assert SignedIdentity.of("web", WebsocketInbox()) == SignedIdentity("web")


def test_a_short_secret_or_one_that_is_not_there_is_named_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_THERE", raising=False)
    for secret in ("short", "env:NOT_THERE"):
        with pytest.raises(ValueError, match=r"inboxes\.shop\.identity_secret"):
            SignedIdentity.of("shop", WebsocketInbox(identity_secret=Secret(secret)))
        with pytest.raises(Misconfigured, match=r"inboxes\.shop\.identity_secret"):
            identities({"shop": WebsocketInbox(identity_secret=Secret(secret)), "sms": object()})
    assert list(identities({"web": WebsocketInbox(), "sms": object()})) == ["web"]
    chat = SignedIdentity.of("web", WebsocketInbox(identity_secret=Secret(SECRET)))
    assert SECRET not in repr(chat)
    assert chat.verified(token(), NOW).subject == "user-1"


def test_ten_lines_of_a_shops_own_server_make_one() -> None:
    claims = {"sub": "4711", "aud": "web", "exp": int(time.time()) + 3600, "email": "jo@example.com"}
    assert CHAT.verified(jwt.encode(claims, SECRET, algorithm="HS256"), time.time()).email == "jo@example.com"
