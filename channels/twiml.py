"""TwiML for calls: what Twilio is told to do next. Pure.

Verbs: twilio.com/docs/voice/twiml (2026-11). Text is escaped by the writer; nothing that was said can add a verb.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from channels.normalise.payloads import clean

MAX_SAY = 3000  # characters of one <Say>; Amazon's voices take no more
LISTEN_S = 6  # seconds of silence before a caller is taken to say nothing


@dataclass(frozen=True, slots=True)
class Voice:
    """How an inbox speaks and listens. `hints` are words that callers are likely to use."""

    language: str = "en-GB"
    voice: str = ""
    hints: str = ""
    speech_model: str = ""
    speech_timeout: str = "auto"


class Twiml:
    """One document, built in order; each method adds a verb."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._root = Element("Response")

    def say(self, *words: str) -> Twiml:
        self._say(self._root, words)
        return self

    def ask(self, action: str, *words: str) -> Twiml:
        """Says it and listens, to speech or one key, also while it speaks: who talks over it is heard at once."""
        voice = self._voice
        known = {
            "input": "speech dtmf",
            "action": action,
            "method": "POST",
            "numDigits": "1",
            "timeout": str(LISTEN_S),
            "speechTimeout": voice.speech_timeout,
            "language": voice.language,
            "bargeIn": "true",
            "actionOnEmptyResult": "true",
            "profanityFilter": "false",
            "hints": voice.hints,
            "speechModel": voice.speech_model,
        }
        self._say(SubElement(self._root, "Gather", _given(known)), words)
        return self

    def pause(self, seconds: int) -> Twiml:
        SubElement(self._root, "Pause", {"length": str(seconds)})
        return self

    def go(self, address: str) -> Twiml:
        SubElement(self._root, "Redirect", {"method": "POST"}).text = address
        return self

    def dial(self, number: str, action: str, timeout_s: int) -> Twiml:
        known = {"action": action, "method": "POST", "timeout": str(timeout_s), "answerOnBridge": "true"}
        SubElement(self._root, "Dial", known).text = number
        return self

    def hang_up(self) -> Twiml:
        SubElement(self._root, "Hangup")
        return self

    def document(self) -> bytes:
        found: bytes = tostring(self._root, encoding="utf-8", xml_declaration=True)
        return found

    def _say(self, parent: Element, words: tuple[str, ...]) -> None:
        text = " ".join(" ".join(clean(each).split()) for each in words if each.strip())[:MAX_SAY]
        if text:
            known = {"language": self._voice.language, "voice": self._voice.voice}
            SubElement(parent, "Say", _given(known)).text = text


def _given(known: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in known.items() if value}
