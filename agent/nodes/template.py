"""A fixed answer: small talk, a question back, or that it is not known."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from agent.nodes.wording import from_template
from agent.ports import Run
from agent.state import Turn


async def template(turn: Turn, runtime: Runtime[Run]) -> dict[str, Any]:
    """Sets `draft` from the template that a node before it named."""
    name = turn.template or "unknown"
    return {"draft": from_template(turn, runtime.context.deps, name), "template": name, "route": "other"}
