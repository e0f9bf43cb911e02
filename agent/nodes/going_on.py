"""Going on with the bot out of hours: whether a customer who waits for a person takes the offer up. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from agent.state import Turn

OFFER = "closed_offer"
"""The template that makes the offer; it is the last sentence of the handover's words."""

_YES = re.compile(
    r"^\W*(?:(?:yes|yeah|ok(?:ay)?|sure|please|alright|fine)\b[\s,.!:]*)?"
    r"(?P<go>go on|go ahead|carry on|continue|keep going|weiter|mach(?:en sie)? weiter|continue[zr]?|"
    r"sigue|siga|continúa|continua|continui|avanti|ga (?:door|verder)|verder|dalej|kontynuuj|prossiga)\b[\s,.!:]*",
    re.IGNORECASE,
)
_ONLY_YES = re.compile(
    r"^\W*(?:yes|yeah|yep|ok(?:ay)?|sure|please do|ja|oui|sí|si|sì|tak|sim)\W*$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"<(?:EMAIL_ADDRESS|PHONE_NUMBER)_\d+>|[^\s@<>]{1,64}@[^\s@<>]{1,190}\.[a-z]{2,24}\b|\+\d[\d ()-]{6,18}\d"
)
_BRACES = re.compile(r"\{\w*\}")
_LONGEST_CONTACT = 30
"""Words; a longer message that holds an address is about something else."""


def goes_on(turn: Turn, templates: Mapping[str, str]) -> dict[str, object] | None:
    """What the Turn becomes when the queue has it, the bot offered to go on, and the customer says so or leaves an
    address; None when they do neither: then nobody answers but a person."""
    if turn.owner != "queue" or not _offered(turn, templates):
        return None
    found = _ADDRESS.findall(turn.text)
    if found and len(turn.text.split()) <= _LONGEST_CONTACT:
        return {"resumes": True, "contact": ", ".join(dict.fromkeys(found)), "template": "contact_kept"}
    if _ONLY_YES.match(turn.text):
        return {"resumes": True, "template": "go_on"}
    if (said := _YES.match(turn.text)) is not None:
        asks = any(char.isalnum() for char in turn.text[said.end() :])
        return {"resumes": True} if asks else {"resumes": True, "template": "go_on"}
    return None


def _offered(turn: Turn, templates: Mapping[str, str]) -> bool:
    """Whether the bot's last words made the offer and no person has written since."""
    spoken = next((line for line in reversed(turn.history) if line.role != "customer"), None)
    tail = _BRACES.split(templates[OFFER])[-1][-30:]
    return spoken is not None and spoken.role == "bot" and bool(tail) and spoken.text.endswith(tail)
