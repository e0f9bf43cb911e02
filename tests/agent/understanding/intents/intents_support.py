"""A few intents with messages, embedded by hashed words so that nothing is loaded."""

from __future__ import annotations

import numpy as np

from knowledge.encoders import HashingEncoder

ENCODER = HashingEncoder(64)
SAYINGS = {
    "card_arrival": (
        "where is my card",
        "my new card has not arrived",
        "when does the card come",
        "card still not here",
    ),
    "refund": ("i want my money back", "refund this order please", "how do i get a refund", "refund for a wrong item"),
    "opening": ("when do you open", "opening hours on sunday", "are you open today", "what time do you close"),
}


def vectors(texts: list[str]) -> np.ndarray:
    return ENCODER.encode(texts) if texts else np.zeros((0, ENCODER.dim), dtype=np.float32)


def examples(most: int = 4) -> tuple[list[str], list[str]]:
    """Texts and their intents, `most` of each intent."""
    rows = [(text, name) for name, texts in SAYINGS.items() for text in texts[:most]]
    return [text for text, _ in rows], [name for _, name in rows]
