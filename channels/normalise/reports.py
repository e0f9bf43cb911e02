"""What became of a message after its provider took it, and why it bounced. Pure.

Classes of bounces: "hard" (the address is of no use), "soft" (this message, now: a full mailbox, a server that is
down), "blocked" (refused for what we are or what we wrote: reputation, policy, content), "unknown".
Sources: RFC 3463 section 3 (enhanced status codes, with the additions of RFC 7372 and 7505), RFC 5321 section 4.2.3.
"""

from __future__ import annotations

import re

from channels.normalise.payloads import clean_line
from memory.messages import BounceClass

TRACKED = "frontdesk"
"""The name under which a message's own id travels with it through a provider that gives such names back."""

MAX_WORDS = 300
_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_BASIC = re.compile(r"(?<!\d)([45])(\d\d)(?!\d)")
_ADDRESS = re.compile(r"[^\s<>\"'(),;:@]{1,64}@[^\s<>\"'(),;:@]{1,255}")
_NUMBER = re.compile(r"\+?\d[\d ().-]{7,}\d")
# Subjects and details (RFC 3463 3.2 to 3.8) that say more than "other"; what is not here is left to the words.
_HARD = frozenset({"1.1", "1.2", "1.3", "1.4", "1.6", "1.10", "2.1", "4.4"})
_SOFT = frozenset({"2.2", "2.3", "2.4", "3.1", "3.2", "3.4", "4.1", "4.2", "4.3", "4.5", "4.6", "4.7", "4.9"})
_BLOCKED = frozenset({"1.7", "1.8", "6.1", "6.2", "6.3", "6.6"})
_WORDS: tuple[tuple[BounceClass, re.Pattern[str]], ...] = (
    (
        "blocked",
        re.compile(
            r"\b(?:spam|junk|block(?:ed|list)|black ?list|deny ?list|reputation|policy|dmarc|spf|dkim|unsolicited|"
            r"spamhaus|content (?:was )?rejected|virus|not accepting mail from)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "hard",
        re.compile(
            r"\b(?:(?:user|recipient|mailbox|address|account)(?: address)? (?:is |was |has been )?(?:unknown|invalid|"
            r"disabled|deleted|inactive|not (?:found|exist)|does(?:n't| not) exist|rejected)|"
            r"(?:unknown|invalid|no such|nonexistent|non-existent) (?:user|recipient|mailbox|address|account|domain)|"
            r"no mailbox|does not have an? .{0,20}account|unrouteable|domain (?:not found|does not exist))\b",
            re.IGNORECASE,
        ),
    ),
    (
        "soft",
        re.compile(
            r"\b(?:mailbox (?:is )?full|over ?quota|quota exceeded|out of storage|temporar(?:y|ily)|"
            r"try (?:again )?later|grey ?list(?:ed|ing)?|timed? ?out|connection (?:refused|lost|reset)|too many|"
            r"rate limit(?:ed)?)\b",
            re.IGNORECASE,
        ),
    ),
)


def bounce_class(status: str, words: str = "") -> BounceClass:
    """The class of a bounce by an enhanced status or a basic reply code, and what the server said beside it.

    A precise enhanced status decides; one that says "other" or "policy" is read together with the words, since servers
    give 5.7.1 and 5.0.0 for everything.
    """
    found = _ENHANCED.search(status) or _ENHANCED.search(words)
    if found is not None:
        detail = f"{int(found[2])}.{int(found[3])}"
        for name, details in (("hard", _HARD), ("soft", _SOFT), ("blocked", _BLOCKED)):
            if detail in details:
                return _hard_only_for_good(name, found[1])
    for said, pattern in _WORDS:
        if pattern.search(words):
            return said
    if found is not None and found[2] == "7":
        return "blocked"
    basic = _BASIC.search(status) or _BASIC.search(words)
    first = found[1] if found is not None else basic[1] if basic is not None else ""
    return "soft" if first == "4" else "unknown"


def _hard_only_for_good(name: str, first: str) -> BounceClass:
    """A 4 says that a later try may do: no address is given up for it."""
    if name == "hard" and first == "4":
        return "soft"
    return "hard" if name == "hard" else "soft" if name == "soft" else "blocked"


def without_addresses(words: str) -> str:
    """A provider's words on one line, short, with addresses and telephone numbers taken out: they go into the log's
    open part."""
    line = clean_line(words[:4000], 4000)
    return _NUMBER.sub("[number]", _ADDRESS.sub("[address]", line))[:MAX_WORDS]
