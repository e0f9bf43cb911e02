"""Personal data in a reply that nobody gave it: addresses and numbers that stand neither in what was found nor in the
conversation. A turn carries pseudonyms, so a real value in a reply is a model's invention or a leak. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_EMAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_NUMBER: Final = re.compile(r"(?<![\w.,£$€])\+?\(?\d(?:[ ()/.-]{0,2}\d){8,18}(?![\w])")
_ACCOUNT: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}\b")
_NO_DIGIT: Final = re.compile(r"\D+")


def unsourced(text: str, sources: Iterable[str]) -> tuple[str, ...]:
    """The kinds of personal data in `text` whose values no source has, each once: what, never which."""
    mails = [match[0].rstrip(".").casefold() for match in _EMAIL.finditer(text)]
    accounts = [re.sub(r"\s", "", match[0]) for match in _ACCOUNT.finditer(text)]
    numbers = [_NO_DIGIT.sub("", match[0]) for match in _NUMBER.finditer(text)]
    if not (mails or accounts or numbers):
        return ()
    given = "\n".join(sources)
    lower, squeezed, digits = given.casefold(), re.sub(r"\s", "", given).upper(), _NO_DIGIT.sub("", given)
    found = {
        "an email address": any(mail not in lower for mail in mails),
        "an account number": any(account not in squeezed for account in accounts),
        "a telephone or card number": any(number not in digits for number in numbers),
    }
    return tuple(kind for kind, there in found.items() if there)
