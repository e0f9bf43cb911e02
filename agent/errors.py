"""What callers of the runtime may meet. Those of the log come from `memory.errors`.

FrontdeskError
├── Refused           the gate said no; `str(error)` says why
├── Draining          this process is stopping and takes nothing new (retryable)
└── Misconfigured     a setting cannot work; the message names it and the remedy
"""

from __future__ import annotations

from typing import ClassVar

from memory.errors import (
    AlreadyDecided,
    MemoryFault,
    NotYours,
    StoreUnavailable,
    UnknownConversation,
    UnknownTurn,
    WrongToken,
)

__all__ = [
    "AlreadyDecided",
    "Draining",
    "FrontdeskError",
    "MemoryFault",
    "Misconfigured",
    "NotYours",
    "Refused",
    "StoreUnavailable",
    "UnknownConversation",
    "UnknownTurn",
    "WrongToken",
]


class FrontdeskError(Exception):
    """Root of this tree. `code` is stable for machines; `retryable` says whether the same call may succeed later."""

    code: ClassVar[str] = "frontdesk"
    retryable: ClassVar[bool] = False


class Refused(FrontdeskError):
    code = "refused"


class Draining(FrontdeskError):
    code = "draining"
    retryable = True


class Misconfigured(FrontdeskError):
    code = "misconfigured"
