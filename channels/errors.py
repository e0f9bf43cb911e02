"""What callers of the channels may meet besides the runtime's errors.

FrontdeskError
└── ChannelError
    ├── UnknownInbox      no inbox of that name is configured
    ├── NotIdentified     a signed identity that is not valid
    ├── NotAPhoto         a file that is none, or not of the kind it says
    └── TooLarge          a body beyond the limit
"""

from __future__ import annotations

from agent.errors import FrontdeskError


class ChannelError(FrontdeskError):
    code = "channel"
    status: int = 400


class UnknownInbox(ChannelError):
    code = "unknown_inbox"
    status = 404

    def __init__(self, inbox: str) -> None:
        super().__init__(f"there is no inbox {inbox[:64]!r}")


class NotIdentified(ChannelError):
    """A signed identity that is not valid, beside a socket. The words name no value of it."""

    code = "identity_refused"
    status = 403


class NotAPhoto(ChannelError):
    code = "not_a_photo"
    status = 415


class TooLarge(ChannelError):
    code = "too_large"
    status = 413
