"""Signatures against independent implementations: the vendors' own packages, and published examples."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from sendgrid.helpers.eventwebhook import EventWebhook
from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator

from channels.signatures import (
    Forged,
    SignatureError,
    Stale,
    Unsigned,
    public_key,
    verify_basic,
    verify_sendgrid,
    verify_slack,
    verify_standard_webhooks,
    verify_twilio,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
pairs = st.lists(st.tuples(words, words), max_size=8)


class _Repeated(ImmutableMultiDict[str, str]):
    """Form fields as Twilio's validator likes them."""

    def getall(self, name: str) -> list[str]:
        return self.getlist(name)


# --- Twilio ---

# twilio.com/docs/usage/security, "Validating signatures from Twilio"
TWILIO_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
TWILIO_FORM = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]


def test_twilios_published_example_passes_with_a_rotated_token() -> None:
    signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    verify_twilio(url=TWILIO_URL, params=TWILIO_FORM, signature=signature, secrets=["old", "12345"])


@settings(deadline=None)
@given(params=pairs, token=words, query=st.text("abc=&%20", max_size=10), port=st.sampled_from(["", ":443", ":8443"]))
def test_whatever_twilios_own_package_signs_is_accepted_and_anything_else_is_not(
    params: list[tuple[str, str]], token: str, query: str, port: str
) -> None:
    url = f"https://help.example.com{port}/desk/v1/webhooks/sms?{query}x"
    signature = RequestValidator(token).compute_signature(url, _Repeated(params))
    verify_twilio(url=url, params=params, signature=signature, secrets=[token])
    for changed in (
        {"url": url + "1"},
        {"params": [*params, ("Extra", "1")]},
        {"secrets": [token + "x"]},
        {"signature": signature[::-1] + "x"},
    ):
        arguments = {"url": url, "params": params, "signature": signature, "secrets": [token]} | changed
        with pytest.raises(Forged):
            verify_twilio(**arguments)


def test_twilio_may_leave_the_standard_port_out_or_write_it() -> None:
    for signed, seen in (
        ("https://a.example/x", "https://a.example:443/x"),
        ("https://a.example:443/x", "https://a.example/x"),
        ("http://a.example:80/x", "http://a.example/x"),
    ):
        signature = RequestValidator("t").compute_signature(signed, {"A": "1"})
        verify_twilio(url=seen, params=[("A", "1")], signature=signature, secrets=["t"])


def test_a_json_body_counts_only_through_its_hash_in_the_query() -> None:
    body = b'{"property": "value", "boolean": true}'
    url = f"{TWILIO_URL}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
    verify_twilio(url=url, params=(), body=body, signature="a9nBmqA0ju/hNViExpshrM61xv4=", secrets=["12345"])
    with pytest.raises(Forged):
        verify_twilio(url=url, params=(), body=body + b" ", signature="a9nBmqA0ju/hNViExpshrM61xv4=", secrets=["12345"])
    bare = RequestValidator("12345").compute_signature(TWILIO_URL, {})
    with pytest.raises(Forged):
        verify_twilio(url=TWILIO_URL, params=(), body=body, signature=bare, secrets=["12345"])


def test_twilios_sha256_signatures_are_known_and_unknown_algorithms_are_not() -> None:
    signature = RequestValidator("t").compute_signature(TWILIO_URL, {"A": "1"}, "HMAC_SHA256")
    arguments = {"url": TWILIO_URL, "params": [("A", "1")], "signature": signature, "secrets": ["t"]}
    verify_twilio(**arguments, algorithm="HMAC_SHA256")
    for algorithm in ("HMAC_SHA1", "none", ""):
        with pytest.raises(Forged):
            verify_twilio(**arguments, algorithm=algorithm)


@settings(deadline=None)
@given(url=st.text(max_size=60), signature=st.text(max_size=40), params=st.lists(st.tuples(st.text(), st.text())))
def test_garbage_is_unsigned_or_forged_and_never_another_error(
    url: str, signature: str, params: list[tuple[str, str]]
) -> None:
    with pytest.raises(SignatureError) as error:
        verify_twilio(url=url, params=params, signature=signature, secrets=["t"])
    assert error.value.code in ("unsigned", "forged")
    assert error.value.status == 401
    assert not error.value.retryable


# --- SendGrid ---

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
OTHER = base64.b64encode(
    ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()


def _sendgrid(body: bytes, stamp: str = STAMP) -> str:
    return base64.b64encode(KEY.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()


@settings(deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_sendgrids_own_package_and_ours_agree(text: str) -> None:
    signature = _sendgrid(text.encode())
    assert EventWebhook(PUBLIC).verify_signature(text, signature, STAMP)
    verify_sendgrid(body=text.encode(), timestamp=STAMP, signature=signature, public_keys=[OTHER, PUBLIC], now=NOW)
    assert not EventWebhook(PUBLIC).verify_signature(text + "x", signature, STAMP)
    with pytest.raises(Forged):
        verify_sendgrid(body=text.encode() + b"x", timestamp=STAMP, signature=signature, public_keys=[PUBLIC], now=NOW)
    with pytest.raises(Forged):
        verify_sendgrid(body=text.encode(), timestamp=STAMP, signature=signature, public_keys=[OTHER], now=NOW)


def test_a_key_may_be_pem_and_anything_else_is_named_at_start() -> None:
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    verify_sendgrid(body=b"x", timestamp=STAMP, signature=_sendgrid(b"x"), public_keys=[pem], now=NOW)
    for bad in ("", "hello", "aGVsbG8=", pem[:60], "é"):
        with pytest.raises(ValueError, match="public key"):
            public_key(bad)


# --- Standard Webhooks (the specification's example) and Slack (its documentation's) ---

STANDARD = {
    "body": b'{"test": 2432232314}',
    "id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "timestamp": "1614265330",
    "signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    "secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    "now": datetime.fromtimestamp(1614265330, UTC),
}


def test_standard_webhooks_example_passes_among_other_signatures() -> None:
    verify_standard_webhooks(**STANDARD)
    several = STANDARD | {"signature": f"v1a,xx v1,AAAA {STANDARD['signature']}"}
    verify_standard_webhooks(**several)
    rotated = STANDARD | {"secrets": ["whsec_" + base64.b64encode(b"x" * 24).decode(), *STANDARD["secrets"]]}
    verify_standard_webhooks(**rotated)


@pytest.mark.parametrize(
    "change", [{"body": b"{}"}, {"id": "msg_2"}, {"signature": "v1,AAAA"}, {"signature": "v2," + "A" * 44}]
)
def test_standard_webhooks_refuses_what_was_changed(change: dict[str, object]) -> None:
    with pytest.raises(Forged):
        verify_standard_webhooks(**STANDARD | change)


def test_slack_signs_version_time_and_body() -> None:
    signature = "v0=" + hmac.new(b"s3", b"v0:%s:a=1" % STAMP.encode(), hashlib.sha256).hexdigest()
    verify_slack(body=b"a=1", timestamp=STAMP, signature=signature, secrets=["old", "s3"], now=NOW)
    for body, shown in ((b"a=2", signature), (b"a=1", signature[3:]), (b"a=1", "v0=é")):
        with pytest.raises(Forged):
            verify_slack(body=body, timestamp=STAMP, signature=shown, secrets=["s3"], now=NOW)


# --- freshness, absence and basic authentication ---


@pytest.mark.parametrize(("off_s", "fresh"), [(300, True), (-300, True), (301, False), (-301, False), (86400, False)])
def test_a_stamp_holds_for_five_minutes_either_way(off_s: int, fresh: bool) -> None:
    now = NOW + timedelta(seconds=off_s)
    slack = "v0=" + hmac.new(b"s", b"v0:%s:x" % STAMP.encode(), hashlib.sha256).hexdigest()
    signed = base64.b64encode(hmac.new(b"k" * 24, b"1.%s.x" % STAMP.encode(), hashlib.sha256).digest()).decode()
    secret = base64.b64encode(b"k" * 24).decode()
    checks = [
        lambda: verify_slack(body=b"x", timestamp=STAMP, signature=slack, secrets=["s"], now=now),
        lambda: verify_sendgrid(body=b"x", timestamp=STAMP, signature=_sendgrid(b"x"), public_keys=[PUBLIC], now=now),
        lambda: verify_standard_webhooks(
            body=b"x", id="1", timestamp=STAMP, signature=f"v1,{signed}", secrets=[secret], now=now
        ),
    ]
    for check in checks:
        if fresh:
            check()
        else:
            with pytest.raises(Stale):
                check()


@pytest.mark.parametrize("stamp", ["-1", "1e9", "١٦١٤٢٦٥٣٣٠", "9" * 40, "16142 65330", "NaN"])
def test_a_stamp_that_is_no_number_of_seconds_is_forged(stamp: str) -> None:
    with pytest.raises(Forged):
        verify_slack(body=b"", timestamp=stamp, signature="v0=00", secrets=["s"], now=NOW)


def test_missing_headers_are_unsigned() -> None:
    with pytest.raises(Unsigned):
        verify_twilio(url="https://a.example", params=(), signature=None, secrets=["s"])
    with pytest.raises(Unsigned):
        verify_sendgrid(body=b"", timestamp=STAMP, signature=None, public_keys=[PUBLIC], now=NOW)
    with pytest.raises(Unsigned):
        verify_slack(body=b"", timestamp=None, signature="v0=1", secrets=["s"], now=NOW)
    with pytest.raises(Unsigned):
        verify_standard_webhooks(body=b"", id="", timestamp=STAMP, signature="v1,x", secrets=["aaaa"], now=NOW)
    with pytest.raises(Unsigned):
        verify_basic(authorization=None, user="u", passwords=["p"])


def test_no_secret_at_all_lets_nobody_in() -> None:
    with pytest.raises(Forged):
        verify_twilio(url="https://a.example", params=(), signature="x", secrets=[])
    with pytest.raises(Forged):
        verify_basic(authorization="Basic " + base64.b64encode(b"u:").decode(), user="u", passwords=[])


def test_basic_authentication_takes_any_current_password() -> None:
    good = "basic " + base64.b64encode("sg:pä:ss".encode()).decode()
    verify_basic(authorization=good, user="sg", passwords=["old", "pä:ss"])
    for bad in ("Basic", "Basic !!!", "Bearer x", "Basic " + base64.b64encode(b"sg:old2").decode()):
        with pytest.raises(SignatureError) as error:
            verify_basic(authorization=bad, user="sg", passwords=["old", "pä:ss"])
        assert error.value.challenge.startswith("Basic ")
