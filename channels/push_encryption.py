"""Web push as its standards have it, without a network: the payload sealed for one browser (RFC 8291 over 8188), and
the header by which a push service knows who sends (VAPID, RFC 8292). Pure, but for the key it makes."""

from __future__ import annotations

import base64
import binascii
import struct
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_CURVE = ec.SECP256R1()
# RFC 8030, section 7.2: a push service takes 4,096 bytes. Of these go 86 for the header, 16 for the tag, 1 for the end.
_RECORD = 4096
MAX_PAYLOAD = _RECORD - 86 - 17
# RFC 8292, section 2: no more than 24 hours; half of it leaves room for clocks that differ.
_LIFETIME = timedelta(hours=12)


def encode(raw: bytes) -> str:
    """base64url without padding, as every field here is written."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Raises ValueError."""
    try:
        return base64.b64decode(text.strip().rstrip("=") + "=" * (-len(text.strip().rstrip("=")) % 4), b"-_", True)
    except binascii.Error:
        raise ValueError("that is no base64url") from None


def new_private_key() -> str:
    """A fresh key to identify this server with, as the settings hold it."""
    return encode(ec.generate_private_key(_CURVE).private_numbers().private_value.to_bytes(32, "big"))


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    """Raises ValueError that says what it should be, without showing it."""
    try:
        raw = decode(text)
        if len(raw) != 32:
            raise ValueError
        return ec.derive_private_key(int.from_bytes(raw, "big"), _CURVE)
    except ValueError:
        raise ValueError("the push key is not one: `frontdesk push-key` makes one") from None


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half, uncompressed, 65 bytes."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def encrypt(plain: bytes, *, p256dh: str, auth: str, sender: ec.EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """The whole body to post. `sender` is a key for this one message, `salt` 16 random bytes.

    Raises ValueError when the browser's keys are none or the payload is longer than MAX_PAYLOAD.
    """
    if len(plain) > MAX_PAYLOAD:
        raise ValueError(f"a notification may have {MAX_PAYLOAD:,} bytes at most")
    receiver_raw, secret, sender_raw = decode(p256dh), decode(auth), public_bytes(sender)
    receiver = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, receiver_raw)
    shared = sender.exchange(ec.ECDH(), receiver)
    material = _derive(shared, secret, b"WebPush: info\x00" + receiver_raw + sender_raw, 32)
    key = _derive(material, salt, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derive(material, salt, b"Content-Encoding: nonce\x00", 12)
    header = salt + struct.pack("!IB", _RECORD, len(sender_raw)) + sender_raw
    return header + AESGCM(key).encrypt(nonce, plain + b"\x02", None)


def _derive(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(material)


def vapid(endpoint: str, key: ec.EllipticCurvePrivateKey, subject: str, now: datetime) -> str:
    """The Authorization header for a push service: who we are, for this service only, for half a day."""
    to = urlsplit(endpoint)
    claims = {"aud": f"{to.scheme}://{to.netloc}", "exp": int((now + _LIFETIME).timestamp()), "sub": subject}
    head = encode(orjson.dumps({"typ": "JWT", "alg": "ES256"}))
    signed = f"{head}.{encode(orjson.dumps(claims))}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
    token = f"{signed}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
    return f"vapid t={token}, k={encode(public_bytes(key))}"
