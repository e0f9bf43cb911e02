"""How far the assistant may go alone, by inbox and intent: a setting's default, and what people set under controls.

shadow      it answers for the record only; a person writes without seeing it
draft       its answer is put before the person who writes
approve     its answer leaves once a person says yes; fixed words leave at once
automatic   its answer leaves at once
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

Level = Literal["shadow", "draft", "approve", "automatic"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
WITHHELD: Final[frozenset[Level]] = frozenset({"shadow", "draft"})
"""Levels at which no word of the assistant reaches the customer."""

Controls = Mapping[str, Mapping[str, Any]]
"""Values of controls by name, as people set them."""


def control(inbox: str, intent: str = "") -> str:
    """The name of the control for an inbox, or for one intent in it: `autonomy/web/complaint`."""
    return f"autonomy/{inbox}/{intent}" if intent else f"autonomy/{inbox}"


def level(controls: Controls, inbox: str, intent: str, otherwise: Level) -> Level:
    """What holds for an intent in an inbox: the intent's own control, else the inbox's, else `otherwise`.

    A value that names no level counts as "approve": a slip must not let answers out unseen.
    """
    for name in (control(inbox, intent), control(inbox)):
        if (value := controls.get(name)) is not None:
            said = value.get("level")
            return next((each for each in LEVELS if each == said), "approve")
    return otherwise
