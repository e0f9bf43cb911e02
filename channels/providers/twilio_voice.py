"""A call's way out: what the gate let go is ready to be said, and the call itself fetches it."""

from __future__ import annotations

from channels.providers.ports import NeedsPerson, Rejected, Sent
from channels.render import Rendered
from memory.calls import ENDED, OVER
from memory.messages import PROACTIVE, Outbound


class CallShelf:
    """Takes words for calls under way. A call is answered and never made: proactive messages are refused."""

    async def send(self, outbound: Outbound, rendered: Rendered) -> Sent:
        """Raises NeedsPerson once the call is over, Rejected for what is no answer or has nothing to say."""
        if outbound.purpose in PROACTIVE:
            raise Rejected("calls are answered, never made")
        if outbound.thread.get(ENDED):
            raise NeedsPerson(OVER)
        if not rendered.text:
            raise Rejected("there is nothing in it that can be said")
        return Sent(outbound.id)

    async def aclose(self) -> None:
        """Nothing is open."""
