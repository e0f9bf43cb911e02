"""Small talk answered in kind, and the yes to an offered person. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from memory.messages import Line

# Templates that end by offering a person.
OFFERS = ("unknown", "clarify", "prove_identity", "not_found")

_THANKS = re.compile(
    r"\b(thanks?|thank you|thx|ty|cheers|ta|much appreciated|perfect|great|brilliant)\b", re.IGNORECASE
)
_GOODBYE = re.compile(r"\b(bye|goodbye|see you|that'?s all|no thanks?|no thank you|nothing else)\b", re.IGNORECASE)
_YES = re.compile(
    r"^\W*(yes|yeah|yep|yup|ok|okay|sure|please|please do|go (on|ahead)|do that|that would be \w+|y)\b", re.IGNORECASE
)
_BUT = re.compile(r"\b(no|not|don'?t|but|how|what|when|where|who|why|which|can|do you)\b", re.IGNORECASE)
_LONGEST_YES = 6  # words; a longer answer says something of its own


def courtesy(text: str) -> str:
    """The template that answers small talk."""
    if _GOODBYE.search(text):
        return "goodbye"
    return "thanks" if _THANKS.search(text) else "greeting"


def accepts_a_person(text: str, history: Sequence[Line], templates: Mapping[str, str]) -> bool:
    """Whether the last words of the bot offered a person and these words say yes to it."""
    if not history or history[-1].role != "bot":
        return False
    offered = any(history[-1].text.endswith(templates[name][-30:]) for name in OFFERS if name in templates)
    return offered and len(text.split()) <= _LONGEST_YES and bool(_YES.match(text)) and not _BUT.search(text)
