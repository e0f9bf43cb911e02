"""How a reply sounds, as figures a rule can look at: shouting, exclamation marks, over-familiar words, and being sorry
without saying what happens next. Pure; English where it reads words."""

from __future__ import annotations

import re
from typing import Final

SHOUTED: Final = 0.6
"""Share of letters in capitals that reads as shouting, as `understanding.cues` counts it in customers' messages."""
_FEWEST_LETTERS: Final = 12
_LETTERS: Final = re.compile(r"[^\W\d_]")
_PSEUDONYM: Final = re.compile(r"<[A-Z][A-Z0-9_]*_\d+>")
_FAMILIAR: Final = re.compile(
    r"\b(?:dude|bro|buddy|babes?|sweetie|sweetheart|my (?:dear|love|friend)|dearie|mate(?=[.,!]|$)|you guys|lol|lmao|"
    r"rofl|omg|wtf|xoxo|haha+|hehe+|yay+|oopsie|whoops)\b|[😂🤣😍😘😜🤪😎🥰💕❤]",
    re.IGNORECASE,
)
_SORRY: Final = re.compile(
    r"\b(?:sorry|apologi[sz]e[sd]?|apologies|apology|regret(?:s|ted)? (?:that|the|any|to))\b", re.IGNORECASE
)
_NEXT_STEP: Final = re.compile(
    r"\b(?:you can|you could|you may|you(?:'ll| will)|please|we(?:'ll| will| can)|i(?:'ll| will| can|'m passing)|"
    r"contact|call|email|write to|reply|visit|go to|open|choose|try|instead|within \d+|by \w+day|would you like|"
    r"shall i|do you want|here is|here's|to (?:fix|solve|return|cancel|change|get)|passing (?:you|this))\b|\?",
    re.IGNORECASE,
)


def exclamations(text: str) -> int:
    """How many exclamation marks it has, full-width ones too."""
    return text.count("!") + text.count("！")


def shouts(text: str) -> bool:
    """Whether most of its letters are capitals; pseudonyms and short codes are no shouting."""
    letters = _LETTERS.findall(_PSEUDONYM.sub("", text))
    return len(letters) >= _FEWEST_LETTERS and sum(map(str.isupper, letters)) > SHOUTED * len(letters)


def familiar(text: str) -> bool:
    """Whether it speaks as one does to a friend."""
    return bool(_FAMILIAR.search(text))


def only_sorry(text: str) -> bool:
    """Whether it is sorry and says neither what the customer can do nor what happens next."""
    return bool(_SORRY.search(text)) and not _NEXT_STEP.search(text)
