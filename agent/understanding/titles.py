"""A message without the titles before its pseudonyms, so that Mrs <PERSON_1> and Dr <PERSON_1> are read alike.

Who is called what says nothing of what they want: "Miss" alone moved urgency in a quarter of otherwise equal messages.
"""

from __future__ import annotations

import re
from typing import Final

_TITLE: Final = re.compile(
    r"\b(?:mr|mrs|ms|miss|mx|sir|madam|dame|lady|lord|dr|doctor|prof|professor|rev|reverend|father|sister|rabbi|imam)\b"
    r"\.?\s{1,3}(?=<PERSON_\d+>)",
    re.IGNORECASE,
)


def untitled(text: str) -> str:
    """The text as triage reads and embeds it; the same object where no title stands before a pseudonym."""
    return _TITLE.sub("", text) if "<PERSON_" in text else text
