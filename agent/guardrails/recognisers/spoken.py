"""Numbers said in words, as voice and some writers give them: "oh seven double seven four …"."""

from __future__ import annotations

import re
from typing import Final

from agent.guardrails.recognisers.numbers import is_named_otherwise
from agent.guardrails.recognisers.span import PiiSpan

_DIGIT: Final = r"(?:zero|oh|o|nought|one|two|three|four|five|six|seven|eight|nine|\d{1,4})"
_SAID: Final = rf"(?:(?:double|triple|treble)[ -]+)?{_DIGIT}"
_RUN = re.compile(rf"\b(?:plus[ ]+)?{_SAID}(?:[ ,.-]{{1,3}}{_SAID}){{3,24}}\b", re.IGNORECASE)
_ONE = re.compile(rf"(?:(?P<times>double|triple|treble)[ -]+)?(?P<digit>{_DIGIT})\b", re.IGNORECASE)
_IN_WORDS: Final = 3
"""Words among the digits from which a run counts as spoken: "the 2 or 3 of 4" has none."""
_TELEPHONE: Final = range(7, 16)  # digits, ITU-T E.164
_CUES: Final = tuple(
    (re.compile(rf"\b(?:{words})\b[^.?!\n]{{0,25}}\Z", re.IGNORECASE), entity)
    for words, entity in (
        (r"ssn|social(?: security)?", "US_SSN"),
        (r"(?:credit|debit|bank)?[ ]?card", "CREDIT_CARD"),
        (r"account|acct|routing|sort code", "US_BANK_NUMBER"),
        (r"pin|passcode|password|otp|(?:security|verification|access) code", "PASSWORD"),
        (r"zip(?: code)?|post ?code", "LOCATION"),
        (r"phone|number|mobile|cell|call(?: me)?|text(?: me)?|reach(?: me)?", "PHONE_NUMBER"),
    )
)


def find_spoken(text: str) -> list[PiiSpan]:
    """Telephone, account and card numbers and the like in words; what is named as an order's is none."""
    spans = []
    for match in _RUN.finditer(text):
        start, end = match.span()
        if is_named_otherwise(text, start):
            continue
        digits, words = _read(match.group())
        entity = next((entity for cue, entity in _CUES if cue.search(text, max(0, start - 60), start)), "")
        if entity == "PHONE_NUMBER" or not entity:
            entity = "PHONE_NUMBER" if len(digits) in _TELEPHONE else ""
        if entity and words >= _IN_WORDS:
            spans.append(PiiSpan(start, end, entity, 0.86))
    return spans


def _read(said: str) -> tuple[str, int]:
    """The digits that were said, "?" for each in words, and how many words they were."""
    digits, words = "", 0
    for match in _ONE.finditer(said):
        digit = match.group("digit")
        times = {"": 1, "double": 2}.get((match.group("times") or "").lower(), 3)
        digits += digit if digit.isdigit() else "?" * times
        words += not digit.isdigit()
    return digits, words
