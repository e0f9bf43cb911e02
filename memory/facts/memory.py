"""What a memory is, and what a recall of some gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from memory.messages import Role

MemoryKind = Literal["fact", "preference", "instruction", "outcome", "said"]
"""Something true of the customer; how they like things; what they told us to do or not to do; how a matter of theirs
ended; a message as it was said (kept in the log, only its vector in the index)."""
Origin = Literal["said", "desk", "customer"]


@dataclass(frozen=True, slots=True)
class Memory:
    """One thing remembered of a customer. `text` and `value` carry pseudonyms.

    `attribute` is what it is about ("home", "contact_time", "delivery"; "" where it is about nothing that something
    else could supersede) and `value` what holds of it. It came from event `seq` of `conversation`, said at `said_at`
    by `role`; it holds from `valid_from` until `valid_until` (None: still). `confidence` is from 0 to 1.
    `score` and `why` say how a recall came to it; both are empty outside of one.
    """

    id: str
    customer: str
    kind: MemoryKind
    text: str
    said_at: datetime
    attribute: str = ""
    value: str = ""
    role: Role = "customer"
    conversation: str = ""
    seq: int = 0
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    superseded_by: str = ""
    confidence: float = 1.0
    origin: Origin = "said"
    score: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a recall found: `standing` holds without being asked for (preferences and instructions in force), newest
    first; `found` answers the message, best first. `degraded` says why not all could be searched, "" where it was."""

    standing: tuple[Memory, ...] = ()
    found: tuple[Memory, ...] = ()
    degraded: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
