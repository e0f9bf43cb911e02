"""Is a webhook really its provider's, and fresh? Pure functions: each returns None or raises.

    SignatureError            code, retryable=False, status=401, challenge (for WWW-Authenticate); a ChannelError
    ├── Unsigned              the headers that would prove it are missing
    ├── Forged                they are there and do not match
    └── Stale                 it was signed, too long ago or too far ahead (300 s unless told otherwise)

Every function takes all the secrets that are valid now, so that one can be rotated without a gap, and tries
each of them whatever the others said, in constant time. A status of 401 and never 403: Postmark stops for
good at a 403, and a 401 says what it is, a missing or wrong proof.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from channels.errors import ChannelError
from channels.outgoing.signing import signing_key

TOLERANCE_S = 300  # Slack and Standard Webhooks both name five minutes; SendGrid names none


class SignatureError(ChannelError):
    """The request does not prove where it comes from."""

    code = "signature"
    status = 401
    challenge = 'Signature realm="webhook"'


class Unsigned(SignatureError):
    """The proof is missing."""

    code = "unsigned"


class Forged(SignatureError):
    """The proof does not match the request."""

    code = "forged"


class Stale(SignatureError):
    """The proof was made too long ago, or in the future."""

    code = "stale"


def verify_twilio(
    *,
    url: str,
    params: Sequence[tuple[str, str]],
    signature: str | None,
    secrets: Sequence[str],
    body: bytes | None = None,
    algorithm: str = "HMAC_SHA1",
) -> None:
    """Twilio's X-Twilio-Signature over the exact public `url` (with its query) and the sorted form `params`.

    Give `body` for anything that is not a form: then the query must carry its SHA-256 as `bodySHA256`.
    A name that repeats contributes each of its different values once, in order, as Twilio's own validator does,
    and the port may be written or not, as Twilio's back end is not consistent about it.
    """
    digest = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}.get(algorithm.upper())
    if not signature:
        raise Unsigned("the header X-Twilio-Signature is missing")
    if digest is None:
        raise Forged("the signature names an algorithm that Twilio does not document")
    if body is not None:
        _check_body_hash(url, body)
        params = ()
    tail = "".join(name + value for name, value in sorted(set(params)))
    given = _bytes(signature)
    matches = [
        hmac.compare_digest(base64.b64encode(hmac.new(_bytes(secret), _bytes(form + tail), digest).digest()), given)
        for secret in secrets
        for form in _with_and_without_port(url)
    ]
    if not any(matches):
        raise Forged("X-Twilio-Signature does not match; check server.public_url and the auth token")


def _check_body_hash(url: str, body: bytes) -> None:
    claimed = parse_qs(urlsplit(url).query).get("bodySHA256", [""])[0]
    if not hmac.compare_digest(_bytes(claimed), hashlib.sha256(body).hexdigest().encode()):
        raise Forged("bodySHA256 does not match the body")


def _with_and_without_port(url: str) -> set[str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return {url}
    user, at, host = parts.netloc.rpartition("@")
    bare = host.removesuffix(f":{port}") if port else host
    full = host if port else f"{host}:{443 if parts.scheme == 'https' else 80}"
    return {url, *(parts._replace(netloc=user + at + form).geturl() for form in (bare, full))}


def verify_sendgrid(
    *,
    body: bytes,
    timestamp: str | None,
    signature: str | None,
    public_keys: Sequence[str],
    now: datetime,
    tolerance_s: float = TOLERANCE_S,
) -> None:
    """SendGrid's X-Twilio-Email-Event-Webhook-Signature: ECDSA with SHA-256 over timestamp and raw `body`.

    `public_keys` are as SendGrid shows them (base64 DER) or PEM. Raises ValueError for a key that is neither.
    """
    if not signature or not timestamp:
        raise Unsigned("the X-Twilio-Email-Event-Webhook headers are missing")
    _check_fresh(timestamp, now, tolerance_s)
    try:
        given = base64.b64decode(_bytes(signature), validate=True)
    except binascii.Error:
        raise Forged("the signature is not base64") from None
    signed = timestamp.encode() + body
    if not any([_ecdsa_matches(key, given, signed) for key in public_keys]):  # noqa: C419 - every key is tried
        raise Forged("the signature does not match any configured public key")


def _ecdsa_matches(key: str, signature: bytes, signed: bytes) -> bool:
    try:
        public_key(key).verify(signature, signed, ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def public_key(text: str) -> EllipticCurvePublicKey:
    """An elliptic-curve key from PEM or base64 DER. Raises ValueError for anything else."""
    raw = text.strip()
    try:
        pem = raw.startswith("-----")
        key = load_pem_public_key(raw.encode()) if pem else load_der_public_key(base64.b64decode(raw, validate=True))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("the public key is neither PEM nor base64 DER") from error
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("the public key is not an elliptic-curve key")
    return key


def verify_mailgun(
    *,
    timestamp: str | None,
    token: str | None,
    signature: str | None,
    secrets: Sequence[str],
    now: datetime,
    tolerance_s: float = TOLERANCE_S,
) -> None:
    """Mailgun's `signature` in the form: the hexadecimal HMAC-SHA256 of timestamp and token.

    It says nothing of the rest of the form, so whoever takes it must let each token bring one message and no other.
    """
    if not timestamp or not token or not signature:
        raise Unsigned("timestamp, token or signature is missing from the form")
    _check_fresh(timestamp, now, tolerance_s)
    signed = _bytes(timestamp + token)
    expected = (hmac.new(_bytes(secret), signed, "sha256").hexdigest().encode() for secret in secrets)
    if not _any_equal(expected, _bytes(signature.lower())):
        raise Forged("signature does not match; check the HTTP webhook signing key")


def verify_address(*, client: str, networks: Sequence[str]) -> None:
    """The address a request came from, where a provider says which are its own. Raises Forged for any other."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        raise Unsigned("the address this came from is not known; check server.trusted_proxies") from None
    mapped = getattr(address, "ipv4_mapped", None)
    if not any((mapped or address) in ipaddress.ip_network(one) for one in networks):
        raise Forged("the address this came from is none of the provider's; check server.trusted_proxies")


def verify_basic(*, authorization: str | None, user: str, passwords: Sequence[str]) -> None:
    """HTTP basic authentication, the alternative where a provider signs nothing (credentials in the webhook URL)."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic" or not encoded.strip():
        raise _basic(Unsigned("basic authentication is missing"))
    try:
        given = base64.b64decode(_bytes(encoded.strip()), validate=True)
    except binascii.Error:
        raise _basic(Forged("the credentials are not base64")) from None
    if not _any_equal((_bytes(f"{user}:{password}") for password in passwords), given):
        raise _basic(Forged("the credentials do not match"))


def _basic(error: SignatureError) -> SignatureError:
    error.challenge = 'Basic realm="webhook", charset="UTF-8"'
    return error


def verify_standard_webhooks(
    *,
    body: bytes,
    id: str | None,
    timestamp: str | None,
    signature: str | None,
    secrets: Sequence[str],
    now: datetime,
    tolerance_s: float = TOLERANCE_S,
) -> None:
    """Standard Webhooks: `id.timestamp.body` under HMAC-SHA256 (v1) or ed25519 (v1a), several in one header.

    `secrets` are `whsec_` and base64 (the prefix may be left out), or `whpk_` and base64 of an ed25519 public key.
    Raises ValueError for a secret that is neither.
    """
    if not id or not timestamp or not signature:
        raise Unsigned("webhook-id, webhook-timestamp or webhook-signature is missing")
    _check_fresh(timestamp, now, tolerance_s)
    signed = _bytes(f"{id}.{timestamp}.") + body
    given = [part.partition(",") for part in signature.split(" ")[:16]]
    keys = [signing_key(secret) for secret in secrets]
    if not any([_standard_matches(key, version, text, signed) for key in keys for version, _, text in given]):  # noqa: C419 - every secret is tried
        raise Forged("webhook-signature does not match")


def _standard_matches(key: object, version: str, text: str, signed: bytes) -> bool:
    if isinstance(key, bytes) and version == "v1":
        return hmac.compare_digest(base64.b64encode(hmac.digest(key, signed, "sha256")), _bytes(text))
    if not (isinstance(key, Ed25519PublicKey) and version == "v1a"):
        return False
    try:
        key.verify(base64.b64decode(_bytes(text), validate=True), signed)
    except (InvalidSignature, binascii.Error):
        return False
    return True


def verify_slack(
    *,
    body: bytes,
    timestamp: str | None,
    signature: str | None,
    secrets: Sequence[str],
    now: datetime,
    tolerance_s: float = TOLERANCE_S,
) -> None:
    """Slack's X-Slack-Signature, `v0=` and the hexadecimal HMAC-SHA256 of `v0:timestamp:body`."""
    if not timestamp or not signature:
        raise Unsigned("X-Slack-Request-Timestamp or X-Slack-Signature is missing")
    _check_fresh(timestamp, now, tolerance_s)
    signed = _bytes(f"v0:{timestamp}:") + body
    expected = (b"v0=" + hmac.new(_bytes(secret), signed, "sha256").hexdigest().encode() for secret in secrets)
    if not _any_equal(expected, _bytes(signature)):
        raise Forged("X-Slack-Signature does not match")


def verify_whatsapp(*, body: bytes, signature: str | None, secrets: Sequence[str]) -> None:
    """Meta's X-Hub-Signature-256, `sha256=` and the hexadecimal HMAC-SHA256 of the raw body under the app's secret.

    It carries no time: what is sent again is recognised by the message's own id.
    """
    if not signature:
        raise Unsigned("X-Hub-Signature-256 is missing")
    if not _any_equal(_sha256_forms(secrets, body), _bytes(signature)):
        raise Forged("X-Hub-Signature-256 does not match; check the app secret")


def verify_chatwoot(
    *,
    body: bytes,
    timestamp: str | None,
    signature: str | None,
    secrets: Sequence[str],
    now: datetime,
    tolerance_s: float = TOLERANCE_S,
) -> None:
    """Chatwoot's X-Chatwoot-Signature, `sha256=` and the hexadecimal HMAC-SHA256 of `timestamp.body`."""
    if not timestamp or not signature:
        raise Unsigned("X-Chatwoot-Timestamp or X-Chatwoot-Signature is missing")
    _check_fresh(timestamp, now, tolerance_s)
    if not _any_equal(_sha256_forms(secrets, _bytes(f"{timestamp}.") + body), _bytes(signature)):
        raise Forged("X-Chatwoot-Signature does not match")


def _sha256_forms(secrets: Sequence[str], signed: bytes) -> Iterable[bytes]:
    return (b"sha256=" + hmac.new(_bytes(one), signed, "sha256").hexdigest().encode() for one in secrets)


def verify_shared(*, given: str | None, secrets: Sequence[str], what: str) -> None:
    """A word that both sides know, where a provider signs nothing. `what` names where it is carried."""
    if not given:
        raise Unsigned(f"{what} is missing")
    if not _any_equal((_bytes(secret) for secret in secrets), _bytes(given)):
        raise Forged(f"{what} does not match")


def _check_fresh(timestamp: str, now: datetime, tolerance_s: float) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise Forged("the timestamp is not a number of seconds")
    if abs(now.timestamp() - int(timestamp)) > tolerance_s:
        raise Stale(f"the timestamp is more than {tolerance_s:g} s away from now")


def _any_equal(expected: Iterable[bytes], given: bytes) -> bool:
    return any([hmac.compare_digest(one, given) for one in expected])  # noqa: C419 - every secret is tried


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
