"""Sends a reply of several parts in order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from channels.providers.ports import PartlySent, Rejected, SendError, Sent
from channels.render import Rendered


async def send_parts(rendered: Rendered, send: Callable[[str, int], Awaitable[str]]) -> Sent:
    """Sends each part with `send(part, number)`, which gives the provider's reference; the last one names the message.

    Raises SendError; PartlySent once the first part is gone.
    """
    refs: list[str] = []
    for number, part in enumerate(rendered.parts):
        try:
            refs.append(await send(part, number))
        except SendError as error:
            if not refs or error.opted_out:
                raise
            reason = f"{len(refs)} of {len(rendered.parts)} parts were sent, then: {error}"
            raise PartlySent(reason, sent=tuple(refs), provider_code=error.provider_code) from error
    if not refs:
        raise Rejected("there is nothing to send")
    return Sent(refs[-1][:255])
