"""Sealing: AES-256-GCM under a key of the customer's own, which the master key wraps. Erasing the wrapped key erases
what it sealed.

A sealed value is `version (1) | key id (4) | nonce (12) | ciphertext and tag`; the header and the caller's context
(table and row id) are authenticated, so a value moved to another row does not open. The version and the key id let a
later version rotate keys or change the cipher while old rows stay readable.

    SealError                   code seal_failed
    ├── WrongKey                seal_wrong_key        sealed under another key
    ├── Tampered                seal_tampered         altered, cut short, or moved to another context
    ├── UnknownVersion          seal_unknown_version  written by a newer version of this program
    └── MasterKeyError          seal_master_key       the master key cannot be used; says how to set it

None is retryable.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

_VERSION = 1
_KEY_BYTES = 32
_HEADER_BYTES = 5
_NONCE_BYTES = 12  # NIST SP 800-38D: 96 random bits serve 2**32 messages a key
_TAG_BYTES = 16
_SHORTEST_PHRASE = 16


class SealError(Exception):
    code: ClassVar[str] = "seal_failed"
    retryable: ClassVar[bool] = False


class WrongKey(SealError):
    code = "seal_wrong_key"


class Tampered(SealError):
    code = "seal_tampered"


class UnknownVersion(SealError):
    code = "seal_unknown_version"


class MasterKeyError(SealError):
    code = "seal_master_key"


class Sealer:
    """Seals and opens one customer's texts. Keep it: making one costs more than a message."""

    __slots__ = ("_cipher", "_header", "key_id")

    def __init__(self, customer_key: bytes) -> None:
        """Takes 32 bytes as `new_customer_key` makes them; raises ValueError for any other length."""
        if len(customer_key) != _KEY_BYTES:
            raise ValueError(f"a customer's key has {_KEY_BYTES} bytes, not {len(customer_key)}")
        self.key_id = _key_id(customer_key)
        self._header = bytes([_VERSION]) + self.key_id
        self._cipher = AESGCM(customer_key)

    @property
    def header(self) -> bytes:
        """What everything it seals begins with."""
        return self._header

    def seal(self, plain: str, context: bytes) -> bytes:
        """`plain` sealed for `context`; 33 bytes longer than its UTF-8. Any text, lone surrogates too."""
        return self.seal_bytes(plain.encode("utf-8", "surrogatepass"), context)

    def unseal(self, sealed: bytes, context: bytes) -> str:
        """The text again. Raises WrongKey, Tampered or UnknownVersion."""
        plain = self.unseal_bytes(sealed, context)
        try:
            return plain.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise Tampered("what was sealed is not a text") from None

    def seal_bytes(self, plain: bytes, context: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return self._header + nonce + self._cipher.encrypt(nonce, plain, self._header + context)

    def unseal_bytes(self, sealed: bytes, context: bytes) -> bytes:
        if sealed[:1] and sealed[0] != _VERSION:
            raise UnknownVersion(f"sealed in version {sealed[0]}, this program knows {_VERSION}")
        if len(sealed) < _HEADER_BYTES + _NONCE_BYTES + _TAG_BYTES:
            raise Tampered("too short to be sealed")
        if sealed[:_HEADER_BYTES] != self._header:
            raise WrongKey("sealed under another key")
        body = _HEADER_BYTES + _NONCE_BYTES
        try:
            return self._cipher.decrypt(sealed[_HEADER_BYTES:body], sealed[body:], self._header + context)
        except InvalidTag:
            raise Tampered("altered, or moved to another row") from None

    def __repr__(self) -> str:
        return f"Sealer(key_id={self.key_id.hex()})"


class MasterKey:
    """The key that wraps customers' keys and hashes what is looked up. It never leaves the process's memory."""

    __slots__ = ("_lookup", "_sealer", "key_id")

    def __init__(self, key: bytes) -> None:
        """Takes 32 random bytes; raises MasterKeyError for any other length."""
        if len(key) != _KEY_BYTES:
            raise MasterKeyError(f"the master key has {len(key)} bytes, {_KEY_BYTES} are needed")
        self._sealer = Sealer(_derived(key, b"frontdesk wrap 1"))
        self._lookup = _derived(key, b"frontdesk lookup 1")
        self.key_id = self._sealer.key_id

    @property
    def header(self) -> bytes:
        """What every key wrapped by it begins with."""
        return self._sealer.header

    @classmethod
    def from_secret(cls, secret: str) -> MasterKey:
        """From 32 bytes in base64 or hexadecimal; any other text of 16 characters and more is a passphrase (scrypt).

        Raises MasterKeyError when it is too short.
        """
        secret = secret.strip()
        key = _decoded(secret)
        if key is not None:
            return cls(key)
        if len(secret) < _SHORTEST_PHRASE:
            raise MasterKeyError(
                f"the master key is shorter than {_SHORTEST_PHRASE} characters; make one with: openssl rand -base64 32"
            )
        # RFC 7914, OWASP's parameters; the salt is fixed because the same phrase must give the same key everywhere.
        phrase = secret.encode("utf-8", "surrogatepass")
        return cls(Scrypt(salt=b"frontdesk master 1", length=_KEY_BYTES, n=2**15, r=8, p=1).derive(phrase))

    def wrap(self, customer_key: bytes, context: bytes) -> bytes:
        """A customer's key, sealed for `context` (the customer's row)."""
        return self._sealer.seal_bytes(customer_key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The customer's key again. Raises WrongKey, Tampered or UnknownVersion."""
        return self._sealer.unseal_bytes(wrapped, context)

    def lookup_hash(self, kind: str, value: str) -> str:
        """64 hexadecimal digits that find a value without storing it: HMAC-SHA256 over `kind` and `value`.

        The caller normalises `value` (E.164, lower-case email); different kinds never collide.
        """
        return keyed_hash(self._lookup, kind, value)

    def lookup_key(self) -> bytes:
        """The 32 bytes `lookup_hash` hashes with: what a rotation keeps, so that people are found again after it."""
        return self._lookup

    def __repr__(self) -> str:
        return f"MasterKey(key_id={self.key_id.hex()})"


def new_customer_key() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(_KEY_BYTES)


def lookup_hash(master: MasterKey, kind: str, value: str) -> str:
    """`master.lookup_hash(kind, value)`."""
    return master.lookup_hash(kind, value)


def keyed_hash(key: bytes, kind: str, value: str) -> str:
    """HMAC-SHA256 over `kind` and `value` under a lookup key, in hexadecimal."""
    message = kind.encode("utf-8", "surrogatepass") + b"\x00" + value.encode("utf-8", "surrogatepass")
    # The length of the kind keeps ("a", "b\0c") and ("a\0b", "c") apart.
    return hmac.digest(key, len(kind).to_bytes(4, "big") + message, "sha256").hex()


def header_of(sealed: bytes) -> bytes:
    """The version and key id that what was sealed begins with: equal for all that one key sealed."""
    return sealed[:_HEADER_BYTES]


def is_encoded_key(secret: str) -> bool:
    """Whether a text is 32 bytes in base64 or hexadecimal, which is no passphrase."""
    return _decoded(secret.strip()) is not None


def _decoded(secret: str) -> bytes | None:
    if re.fullmatch(r"[0-9a-fA-F]{64}", secret):
        return bytes.fromhex(secret)
    if re.fullmatch(r"[A-Za-z0-9+/_-]{43}=?", secret):
        try:
            return base64.b64decode(secret.translate(str.maketrans("-_", "+/")).rstrip("=") + "=", validate=True)
        except binascii.Error:
            return None
    return None


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=purpose).derive(key)


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"frontdesk key id" + key).digest()[:4]
