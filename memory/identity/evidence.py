"""What speaks for two customers being one person, and how much. Pure.

Strong evidence is somebody's word who must know: the organisation's own system that signed for a visitor, or the
telephone company. It links by itself. All else is shown to people and does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Final

SIGNED = "signed"
"""The organisation's own system says so, under its signature."""
SIGNED_PHONE, SIGNED_EMAIL = "signed_phone", "signed_email"
"""A signed identity names a telephone or address that is the other customer's."""
TYPED_PHONE, TYPED_EMAIL = "typed_phone", "typed_email"
"""Somebody wrote the other customer's telephone or address into a conversation."""
DEVICE = "device"
"""The same browser held both conversations, at different times."""
NAME = "name"
"""The same name was said in the conversations of both."""
DESK = "desk"
"""A person joined them by hand."""

# How sure each makes us alone, from 0 to 1: set by hand, to put suggestions in order. No score links anybody by itself.
WEIGHTS: Final = {
    SIGNED: 1.0,
    DESK: 1.0,
    SIGNED_PHONE: 0.9,
    SIGNED_EMAIL: 0.8,
    TYPED_EMAIL: 0.6,
    TYPED_PHONE: 0.6,
    DEVICE: 0.4,
    NAME: 0.2,
}


def score(evidence: Iterable[str]) -> float:
    """How sure all of it makes us together, from 0 to 1; what is not known counts for nothing."""
    return round(1.0 - prod(1.0 - WEIGHTS.get(kind, 0.0) for kind in set(evidence)), 3)
