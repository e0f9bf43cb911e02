"""The ways a customer is known, each in one form, whatever form it came in. Pure.

Everything that makes or looks up an identity goes through here: two spellings of one telephone are one customer, and
no spelling makes two customers one. A mail provider's own habits (dots or a plus that its mailboxes ignore) are left
alone: at another provider they are another person.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

import idna
import phonenumbers
from babel import Locale, UnknownLocaleError
from phonenumbers import PhoneNumber, PhoneNumberFormat, ValidationResult

PHONE, EMAIL, WEB, USER = "phone", "email", "web", "user"
KINDS: Final = {"chat": WEB, "sms": PHONE, "email": EMAIL, "whatsapp": PHONE, "voice": PHONE}
"""The kind of identity each channel's sender is; a channel not listed has a kind of its own name. `user` is the
organisation's own id of somebody, as its signed identity names them."""

PROVEN_BY: Final = {"sms": "provider", "whatsapp": "provider", "voice": "provider", "slack": "provider"}
"""Channels whose provider says, under its signature, who writes. Anybody can write any sender into a mail."""

_WRITTEN = re.compile(r"(tel:|whatsapp:)?\+?[\d\s().\-/]+", re.IGNORECASE)
_LONGEST_PHONE = 40
_LONGEST_EMAIL = 320
# A number without its country has this many digits at least: fewer are an extension or a code.
_NATIONAL = 7
_MAILBOX = re.compile(r"[^\s@<>\"(),;:\\]{1,64}")
# Mexico and its messengers wrote a 1 before mobile numbers until 2019; some still do.
_MEXICO = 52


@dataclass(frozen=True, slots=True)
class Name:
    """What an identity is found by. `proof` says who vouches for it in this moment: "" nobody, else "provider"."""

    kind: str
    value: str
    proof: str = ""


def sender(channel: str, written: str, region: str = "") -> Name:
    """The identity behind a channel's sender. What is none of its kind (a short code, a call without a number) is kept
    as it came, trimmed, and proves nothing."""
    kind = KINDS.get(channel, channel)
    whole = canonical(kind, written, region)
    if whole is not None:
        return Name(kind, whole, PROVEN_BY.get(channel, ""))
    # A call without a number is known by the call alone; it must never be a telephone.
    return Name("voice" if channel == "voice" else kind, written.strip())


def canonical(kind: str, written: str, region: str = "") -> str | None:
    """The one form of an identity, None for what cannot be one. `region` ("GB") is where a telephone without its
    country is from, "" for nowhere."""
    if kind == PHONE:
        return telephone(written, region)
    if kind == EMAIL:
        return address(written)
    return unicodedata.normalize("NFC", written).strip() or None


def telephone(written: str, region: str = "") -> str | None:
    """E.164 ("+442071838750"). Possible, not valid: numbering plans change faster than releases."""
    text = unicodedata.normalize("NFKC", written[: _LONGEST_PHONE + 1]).strip()
    if len(text) > _LONGEST_PHONE or not _WRITTEN.fullmatch(text):
        return None  # the parser would find a number anywhere in a text
    text = text.rpartition(":")[2].strip()
    abroad = text.startswith("+")
    number = _parsed(text, region)
    if number is None and text.startswith("00"):
        number, abroad = _parsed(f"+{text[2:]}", ""), True
    if number is None:
        return None
    if number.country_code == _MEXICO and len(mobile := str(number.national_number)) == 11 and mobile[0] == "1":
        number.national_number = int(mobile[1:])
    if not abroad and len(str(number.national_number)) < _NATIONAL:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _parsed(text: str, region: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return None


def address(written: str) -> str | None:
    """A mail address in lower case, its domain in ASCII (IDNA 2008, as UTS 46 maps it)."""
    text = unicodedata.normalize("NFC", written[: _LONGEST_EMAIL + 1]).strip()
    local, at, domain = text.rpartition("@")
    if len(text) > _LONGEST_EMAIL or not at or not _MAILBOX.fullmatch(local):
        return None
    try:
        host = idna.encode(domain.rstrip("."), uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        host = domain.rstrip(".").lower()
        if not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", host):  # hosts with _ exist, and IDNA has none
            return None
    return f"{local.lower()}@{host.lower()}"


def region_of(locale: str) -> str:
    """Where an organisation of this locale is ("en-GB" is "GB"), "" where it does not say."""
    try:
        return Locale.parse(locale.replace("-", "_")).territory or ""
    except (ValueError, UnknownLocaleError):
        return ""
