"""Signs what we post under Standard Webhooks, so that its receiver knows it is ours. Pure.

A secret is `whsec_` and base64 of 24 to 64 bytes (HMAC-SHA256, "v1"), `whsk_` and base64 of an ed25519 private key
("v1a"), or `whpk_` and base64 of the public key that goes with it, which can only verify.
Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md (checked 2026-11).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


@lru_cache(maxsize=256)
def signing_key(secret: str) -> bytes | Ed25519PrivateKey | Ed25519PublicKey:
    """The key in a secret. Raises ValueError, which never quotes it."""
    prefix, _, rest = secret.strip().rpartition("_")
    try:
        raw = base64.b64decode(rest, validate=True)
    except binascii.Error:
        raise ValueError("a webhook secret is whsec_, whsk_ or whpk_ and base64") from None
    if prefix in ("whsec", ""):
        if not 24 <= len(raw) <= 64:
            raise ValueError(f"a whsec_ secret has 24 to 64 bytes, this one {len(raw)}")
        return raw
    if prefix == "whsk" and len(raw) in (32, 64):  # some tools append the public half
        return Ed25519PrivateKey.from_private_bytes(raw[:32])
    if prefix == "whpk" and len(raw) == 32:
        return Ed25519PublicKey.from_public_bytes(raw)
    raise ValueError("a webhook secret is whsec_, whsk_ or whpk_ and base64 of the right length")


def signature(secrets: Sequence[str], id: str, at: datetime, body: bytes) -> str:
    """The `webhook-signature` of a body: one for each secret, in order. Raises ValueError for one that cannot sign."""
    signed = b"%b.%d." % (id.encode(), int(at.timestamp())) + body
    return " ".join(_one(signing_key(secret), signed) for secret in secrets)


def _one(key: bytes | Ed25519PrivateKey | Ed25519PublicKey, signed: bytes) -> str:
    if isinstance(key, bytes):
        return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    if isinstance(key, Ed25519PrivateKey):
        return "v1a," + base64.b64encode(key.sign(signed)).decode()
    raise ValueError("a public key signs nothing")


def headers(secrets: Sequence[str], id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of a signed JSON POST. `id` stays the same for every attempt, `at` is now."""
    return {
        "Content-Type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature(secrets, id, at, body),
    }
