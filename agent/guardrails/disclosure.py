"""Whether words say that a machine speaks, in the languages the chat speaks. Pure.

Regulation (EU) 2024/1689, article 50(1): people are told that they deal with an AI system, unless that is obvious.
"""

from __future__ import annotations

from typing import Final

from agent.policy.phrases import folded, words

_SAYS: Final = words(
    (
        "automated", "automatic", "automatically", "AI", "A.I.", "artificial intelligence", "bot", "chatbot", "robot",
        "machine", "virtual", "digital assistant", "computer", "software", "language model",
        "automatisiert*", "automatisch*", "KI", "künstliche*", "virtuell*", "digitale*", "maschine*",
        "automatis*", "IA", "artificielle", "virtuel*", "numérique", "automatizad*", "automátic*", "artificial",
        "automatic*", "automatizzat*", "artificiale", "virtuale", "digitale", "geautomatiseerd*", "kunstmatige*",
        "zautomatyzowan*", "automatyczn*", "sztuczn*", "wirtualn*", "cyfrow*",
    )
)  # fmt: skip


def discloses(text: str) -> bool:
    """Whether it says so."""
    return bool(_SAYS.search(folded(text)))
