"""Web push by its standards' own examples, and against a browser written from the other side of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st
from push_service import Browser

from channels.push_encryption import (
    MAX_PAYLOAD,
    decode,
    encode,
    encrypt,
    new_private_key,
    private_key,
    public_bytes,
    vapid,
)

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
# RFC 8291, section 5 and appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RECEIVER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
    "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_published_example_comes_out_byte_for_byte() -> None:
    body = encrypt(PLAIN, p256dh=P256DH, auth=AUTH, sender=private_key(SENDER), salt=decode(SALT))
    assert encode(body) == BODY
    assert Browser(private_key(RECEIVER), decode(AUTH)).open(body) == PLAIN


@given(st.binary(max_size=MAX_PAYLOAD))
def test_a_browser_opens_what_was_sealed_for_it(plain: bytes) -> None:
    browser, once = Browser(), ec.generate_private_key(ec.SECP256R1())
    keys = browser.subscription("")["keys"]
    body = encrypt(plain, **keys, sender=once, salt=b"0" * 16)
    assert len(body) <= 4096
    assert browser.open(body) == plain


def test_more_than_a_push_service_takes_is_refused() -> None:
    with pytest.raises(ValueError, match="3,993"):
        encrypt(b"x" * (MAX_PAYLOAD + 1), p256dh=P256DH, auth=AUTH, sender=private_key(SENDER), salt=decode(SALT))


@pytest.mark.parametrize("p256dh", ["", "BCVx", encode(b"\x04" + b"\x01" * 64), "not base64!"])
def test_keys_that_are_none_are_a_value_error(p256dh: str) -> None:
    with pytest.raises(ValueError):
        encrypt(b"x", p256dh=p256dh, auth=AUTH, sender=private_key(SENDER), salt=decode(SALT))


def test_the_service_can_check_who_sends_and_that_it_is_meant() -> None:
    key = private_key(new_private_key())
    header = vapid("https://fcm.googleapis.com/fcm/send/abc?x=1", key, "mailto:help@example.com", NOW)
    token, k = (part.partition("=")[2] for part in header.removeprefix("vapid ").split(", "))
    head, claims, signature = token.split(".")
    raw = decode(signature)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(k))
    theirs.verify(encode_dss_signature(r, s), f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    assert decode(k) == public_bytes(key)
    assert orjson.loads(decode(head)) == {"typ": "JWT", "alg": "ES256"}
    said = orjson.loads(decode(claims))
    assert (said["aud"], said["sub"]) == ("https://fcm.googleapis.com", "mailto:help@example.com")
    assert timedelta(0) < datetime.fromtimestamp(said["exp"], UTC) - NOW <= timedelta(hours=24)


@pytest.mark.parametrize("text", ["", "x", "a" * 42, "é" * 43, encode(b"\x00" * 32), encode(b"\xff" * 32)])
def test_a_key_that_is_none_is_said_so_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match="frontdesk push-key") as caught:
        private_key(text)
    assert not text or len(text) < 3 or text not in str(caught.value)
