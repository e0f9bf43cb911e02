"""What can go wrong with the log, for callers to tell apart.

MemoryFault
├── StoreUnavailable      the database cannot be reached or is busy (retryable)
│   └── StoreFull         no space left, or read-only: nothing was written (retryable)
├── UnknownConversation   no such conversation in this inbox
├── UnknownTurn           no such turn, or it is not waiting
├── UnknownCorrection     no such correction
├── AlreadyDecided        somebody decided this draft first
├── NotYours              another person owns the conversation, or nobody took it over
├── WrongToken            the conversation's secret does not match
└── Superseded            a newer message or a new owner overtook this turn
"""

from __future__ import annotations

from typing import ClassVar


class MemoryFault(Exception):
    """Root of this tree. `code` is stable for machines; `retryable` says whether the same call may succeed later."""

    code: ClassVar[str] = "memory"
    retryable: ClassVar[bool] = False


class StoreUnavailable(MemoryFault):
    code = "store_unavailable"
    retryable = True


class StoreFull(StoreUnavailable):
    code = "store_full"


class UnknownConversation(MemoryFault):
    code = "unknown_conversation"


class UnknownTurn(MemoryFault):
    code = "unknown_turn"


class UnknownCorrection(MemoryFault):
    code = "unknown_correction"


class AlreadyDecided(MemoryFault):
    code = "already_decided"


class NotYours(MemoryFault):
    code = "not_yours"


class WrongToken(MemoryFault):
    code = "wrong_token"


class Superseded(MemoryFault):
    code = "superseded"
