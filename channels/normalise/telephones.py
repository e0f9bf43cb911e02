"""Telephone numbers in one form. Pure."""

from __future__ import annotations

import re

import phonenumbers

_WRITTEN = re.compile(r"^\s*\+[\d\s().\-/]+$")
_SHORT_CODE = re.compile(r"^\d{3,8}$")
_NAME = re.compile(r"^(?=.*[A-Za-z])[A-Za-z0-9 +&._-]{1,11}$")


def e164(text: str) -> str | None:
    """The number in E.164 ("+442071838750"), or None when it is no possible international number.

    Possible, not valid: numbering plans change faster than releases, and a customer must not be refused for it.
    """
    if len(text) > 40 or not _WRITTEN.match(text):  # the parser would find a number anywhere in a text
        return None
    try:
        number = phonenumbers.parse(text.strip(), None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_machine(text: str) -> bool:
    """Whether a sender is a short code or a name: a service that nobody can be answered through."""
    return bool(_SHORT_CODE.match(text) or _NAME.match(text))
