"""Who a message is for, as a caller or a list writes it: one form for each channel. Pure."""

from __future__ import annotations

import re

from agent.errors import FrontdeskError
from channels.normalise.telephones import e164

_MAILBOX = re.compile(r"[^\s@<>\"(),;:\\]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+")


class BadRecipient(FrontdeskError):
    """The message says what is wrong, not who it was."""

    code = "bad_recipient"
    status = 422


def canonical(channel: str, to: str) -> str:
    """A telephone in E.164, a mail address in lower case, anything else as it is. Raises BadRecipient."""
    to = to.strip()
    if not to or len(to) > 320 or not to.isprintable():
        raise BadRecipient("a recipient has 1 to 320 printable characters")
    if channel in ("sms", "whatsapp", "voice"):
        number = e164(to)
        if number is None:
            raise BadRecipient("write a telephone in international form, such as +442071838750")
        return number
    if channel == "email":
        if not _MAILBOX.fullmatch(to.lower()):
            raise BadRecipient("write a mail address such as jo@example.com, without a name")
        return to.lower()
    return to
