"""What each channel can carry, for messages written beforehand. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from channels.gating.requests import asked_keyword
from channels.gsm7 import fold, length
from channels.render import MAX_SMS, plain

# Characters that a channel takes in one message. SMS: Twilio's limit for a body (error 21617). WhatsApp: Cloud API,
# text.body. Slack: longer texts are cut by chat.postMessage's own advice. Chat and email: ours, as for any message.
LONGEST: Mapping[str, int] = {"sms": MAX_SMS, "whatsapp": 4_096, "slack": 4_000, "chat": 8_000}
_LONGEST = 20_000


def fault(channel: str, text: str, max_sms_parts: int) -> str:
    """What is wrong with sending this text on this channel, "" where it is well."""
    if not text.strip():
        return "it says nothing"
    if wrong := fault_of_words(channel, text):
        return wrong
    if channel == "sms" and (parts := length(fold(plain(text))).segments) > max_sms_parts:
        return f"it takes {parts} SMS parts, {max_sms_parts} at most (proactive.max_sms_parts)"
    return ""


def fault_of_words(channel: str, text: str) -> str:
    """As `fault`, as far as it can be known before values are filled in."""
    most = LONGEST.get(channel, _LONGEST)
    if len(text) > most:
        return f"{len(text)} characters are more than {channel} takes ({most})"
    if channel == "sms" and (asked := asked_keyword(fold(plain(text)))):
        return f"it asks for an answer that carriers take for an opt-out, an opt-in or help ({asked[:60]})"
    return ""
