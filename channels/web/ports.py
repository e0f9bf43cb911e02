"""What the web pages need from the rest: a facade for the desk, and who somebody with a key is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from agent.correcting import Wish
from agent.people import Colleagues
from memory.messages import Owner
from memory.presence import State
from memory.tasks import Task
from memory.views import ApprovalView, Assist, ConversationView, Log

Role = Literal["viewer", "agent", "admin", "service"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose key it is. A viewer looks, an agent answers, an admin does both; a service key is for programs."""

    name: str
    role: Role

    @property
    def may_look(self) -> bool:
        return self.role != "service"

    @property
    def may_answer(self) -> bool:
        return self.role in ("agent", "admin")


class Rights(Protocol):
    """What people do about requests for a right. Each call may raise an error, as the desk's do."""

    async def tasks(self, *, live: bool = True, customer: str | None = None, limit: int = 200) -> list[Task]: ...

    async def verify(self, id: str, how: str, person: str, role: str) -> Task: ...

    async def finish(self, id: str, outcome: Literal["done", "refused"], note: str, person: str, role: str) -> Task: ...

    async def extend(self, id: str, why: str, person: str, role: str) -> Task: ...


class Desk(Protocol):
    """Everything people do with conversations.

    Each call may raise an error with `code: str` and `retryable: bool` whose text is for people.
    """

    async def conversations(
        self, *, owner: Owner | None = None, status: str = "open", limit: int = 100
    ) -> list[ConversationView]: ...

    async def conversation(self, conversation: str) -> ConversationView:
        """Raises UnknownConversation."""
        ...

    async def events(self, conversation: str, after: int = 0, limit: int = 500) -> Log: ...

    async def take_over(self, conversation: str, person: str) -> ConversationView:
        """Raises NotYours when another person owns it."""
        ...

    async def say(self, conversation: str, person: str, text: str, key: str) -> int:
        """The event's seq; the same `key` again is the same event. Raises NotYours, Refused (the gate)."""
        ...

    async def note(self, conversation: str, person: str, text: str) -> int: ...

    async def release(self, conversation: str, person: str) -> ConversationView:
        """Gives it back to the bot."""
        ...

    async def close(self, conversation: str, person: str) -> ConversationView: ...

    async def approvals(self) -> list[ApprovalView]: ...

    async def decide(
        self, turn: str, decision: Literal["approve", "edit", "reject"], text: str | None, person: str
    ) -> None: ...

    async def assist(self, conversation: str) -> Assist: ...

    async def turn(self, turn: str) -> Mapping[str, Any]:
        """The turn's whole record."""
        ...

    async def correct(self, turn: str, wish: Wish, person: str, role: str) -> object:
        """Says what was wrong with an answer, or what it should be. Raises UnknownTurn, Refused."""
        ...

    async def typing(self, conversation: str, person: str) -> None:
        """The customer sees that this person writes."""
        ...

    async def transfer(
        self, conversation: str, by: str, role: str, person: str | None = None, team: str | None = None
    ) -> ConversationView:
        """Passes it to a colleague or a team. Raises NotYours, Refused."""
        ...

    async def colleagues(self) -> Colleagues:
        """Whom a conversation may be passed to."""
        ...

    async def seen(self, person: str, state: State | None = None) -> None:
        """A sign of life of somebody at the desk; `state` is what they say of themselves."""
        ...

    async def writes(self, conversation: str, person: str) -> None:
        """A sign that its owner works on a conversation."""
        ...

    @property
    def rights(self) -> Rights:
        """Requests of customers for their rights."""
        ...

    def changes(self) -> AsyncIterator[str]:
        """Ids of conversations that changed, for ever; "" when something may have been missed."""
        ...
