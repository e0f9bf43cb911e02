"""Our signatures of what leaves, against the published example and our own verification."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.outgoing.signing import headers, signature, signing_key
from channels.signatures import Forged, verify_standard_webhooks

AT = datetime.fromtimestamp(1614265330, UTC)
# The example of the reference libraries: github.com/standard-webhooks/standard-webhooks, libraries/*/tests.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PRIVATE = "whsk_" + base64.b64encode(KEY.private_bytes_raw()).decode()
PUBLIC = "whpk_" + base64.b64encode(KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def test_the_published_example_is_signed_alike() -> None:
    found = signature([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", AT, b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_every_secret_signs_so_that_a_receiver_can_rotate() -> None:
    signed = headers([SECRET, PRIVATE], "msg_1", AT, b"{}")
    assert [part[:4] for part in signed["webhook-signature"].split()] == ["v1,s", "v1a,"] or len(
        signed["webhook-signature"].split()
    ) == 2
    for secret in (SECRET, PUBLIC):
        verify_standard_webhooks(
            body=b"{}",
            id="msg_1",
            timestamp=signed["webhook-timestamp"],
            signature=signed["webhook-signature"],
            secrets=[secret],
            now=AT,
        )


def test_an_ed25519_signature_over_something_else_is_forged() -> None:
    signed = headers([PRIVATE], "msg_1", AT, b"{}")
    for body, id, text in (
        (b"{ }", "msg_1", signed["webhook-signature"]),
        (b"{}", "msg_2", signed["webhook-signature"]),
        (b"{}", "msg_1", "v1a,AAAA"),
        (b"{}", "msg_1", "v1a,%%%"),
        (b"{}", "msg_1", signed["webhook-signature"].replace("v1a,", "v1,")),
    ):
        with pytest.raises(Forged):
            verify_standard_webhooks(
                body=body, id=id, timestamp=signed["webhook-timestamp"], signature=text, secrets=[PUBLIC], now=AT
            )


@pytest.mark.parametrize("secret", ["whsec_", "whsec_c2hvcnQ=", "whsec_%%%", "whsk_AAAA", "whpk_AAAA", "what_AAAA", ""])
def test_a_secret_that_is_none_is_refused_without_being_quoted(secret: str) -> None:
    with pytest.raises(ValueError) as caught:
        signing_key(secret)
    assert not secret.partition("_")[2] or secret not in str(caught.value)


def test_a_public_key_signs_nothing() -> None:
    with pytest.raises(ValueError, match="signs nothing"):
        signature([PUBLIC], "msg_1", AT, b"{}")
