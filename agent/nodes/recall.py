"""What of the conversation goes into the context: the window, and the summary of what fell out of it."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from agent.ports import Run
from agent.state import Turn
from memory.context import Block
from memory.summary import fold
from memory.window import count_tokens, slide


async def recall(turn: Turn, runtime: Runtime[Run]) -> dict[str, Any]:
    """Sets `history` to the window, `folded` to the summary when this turn made a new one, and `blocks`."""
    deps = runtime.context.deps
    gone, kept = slide(turn.history, deps.window_tokens, deps.fold_tokens)
    summary = fold(turn.summary, gone, deps.fold_tokens)
    blocks = [
        Block("window", f"{line.role}: {line.text}", count_tokens(line.text), f"event {line.seq}", "recent")
        for line in kept
    ]
    if summary:
        covered = gone[-1].seq if gone else turn.summary_to
        block = Block("summary", summary, count_tokens(summary), f"events 1 to {covered}", "fell out of the window")
        blocks.insert(0, block)
    made = {"folded": summary, "folded_to": gone[-1].seq} if gone else {}
    return {"history": kept, "summary": summary, "blocks": tuple(blocks), **made}
