"""What a chat model finds in a message beyond the patterns, where the route "remember" is configured.

It only points: each value has to stand in the message to the letter and to be the customer's own statement
(`memory.facts.taking.vouched`), so neither an invention nor an instruction hidden in the message becomes a memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage

from agent.gateway.errors import ModelsUnavailable
from agent.prompts import load
from agent.prompts.messages import quoted
from memory.facts.taking import Taking, vouched

_log = structlog.get_logger(__name__)
SHORTEST: Final = 12
"""Characters of a message that can say something lasting; "ok, thanks" is not asked about."""
LONGEST: Final = 4000
MOST: Final = 10
"""Lines of an answer that are read."""


@dataclass(frozen=True, slots=True)
class ModelTaker:
    """`deadline_s` bounds a message; without an answer by then the patterns' findings stand alone."""

    model: BaseChatModel
    deadline_s: float
    timezone: str = "UTC"

    async def take(self, text: str, said_at: datetime) -> Sequence[Taking]:
        """Each finding once, in the model's order; none where it is away, late, or says something else."""
        if len(text.strip()) < SHORTEST:
            return ()
        asked = [SystemMessage(load("remember").text), HumanMessage(quoted(text[:LONGEST]))]
        try:
            async with asyncio.timeout(self.deadline_s):
                answer = await self.model.ainvoke(asked)
        except (ModelsUnavailable, TimeoutError) as error:
            _log.info("message not read for memory", error=type(error).__name__)
            return ()
        return tuple(self._found(str(answer.text), text, said_at))

    def _found(self, answer: str, text: str, said_at: datetime) -> Iterator[Taking]:
        seen: set[tuple[str, str]] = set()
        for line in answer.splitlines()[:MOST]:
            kind, about, value = (each.strip() for each in [*line.split("|", 2), "", ""][:3])
            taking = vouched(kind, "" if about == "-" else about, value, text, said_at, self.timezone)
            if taking is not None and (key := (taking.attribute, taking.value.casefold())) not in seen:
                seen.add(key)
                yield taking
