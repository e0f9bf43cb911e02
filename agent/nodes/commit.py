"""Makes the turn's outcome durable."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from agent.ports import Run
from agent.state import Turn


async def commit(turn: Turn, runtime: Runtime[Run]) -> dict[str, Any]:
    """One transaction: the reply or handover with its event, its outbox row and its evidence; or none of it."""
    await runtime.context.commit(turn)
    return {}
