"""A message that leans on its conversation, made to stand alone by the chat model of the route "rewrite"."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from langchain_core.language_models import BaseChatModel

from agent.gateway.errors import ModelsUnavailable
from agent.prompts.messages import rewrite_messages
from memory.messages import Line

log = structlog.get_logger(__name__)
LINES: Final = 8
"""Lines before the message that the model is shown."""
LONGEST: Final = 600
"""Characters: an answer beyond that is no rewritten question."""


@dataclass(frozen=True, slots=True)
class ModelRewriter:
    """`deadline_s` is how long a search waits; without an answer by then it goes on with what it can do alone."""

    model: BaseChatModel
    deadline_s: float

    async def rewrite(self, text: str, history: Sequence[Line]) -> str:
        """The message on one line; "" where no model answered in time, or not with a question's worth of words."""
        try:
            async with asyncio.timeout(self.deadline_s):
                answer = await self.model.ainvoke(rewrite_messages(text, history[-LINES:]))
        except (ModelsUnavailable, TimeoutError) as error:
            log.info("message not rewritten", error=type(error).__name__)
            return ""
        line = " ".join(str(answer.text).split())
        return line if 0 < len(line) <= LONGEST else ""
