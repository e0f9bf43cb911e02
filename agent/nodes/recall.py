"""What is known that may bear on the message: the window and its summary, what is remembered, what can be looked up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from langgraph.runtime import Runtime

from agent.contexts import context_of
from agent.lookups.evidence import ended
from agent.lookups.looked_up import LookedUp
from agent.ports import Run
from agent.state import Turn, Verdict
from agent.stops import ANSWER, switched_off
from agent.understanding.titles import untitled
from memory.facts.memory import Recalled
from memory.messages import Line
from memory.segments import Segment, fold_segments, next_number
from memory.slots import Slot, in_focus, slots_of
from memory.window import slide


async def recall(turn: Turn, runtime: Runtime[Run]) -> dict[str, Any]:
    """Sets `history` to the window, `segments` and `folding` to what fell out of it, `slots` and `focus` to what was
    said to the letter, `recalled` and `looked_up` to what else is known, and `context` to what of all this is chosen.
    A look-up that the message needs and that failed hands over to a person."""
    run = runtime.context
    kept, made = _slid(turn, run)
    segments = (*turn.segments, *made)
    slots = _slots(turn, kept, segments)
    known: dict[str, Any] = {"history": kept, "segments": segments, "folding": made, "slots": slots}
    known["focus"] = in_focus(turn.said, slots, turn.conversation)
    turn = replace(turn, **known)
    recalled, looked_up = await asyncio.gather(_recalled(turn, run), _looked_up(turn, run))
    known |= {"recalled": recalled, "looked_up": looked_up}
    turn = replace(turn, **known)
    known["context"] = context_of(turn, run.deps.context_tokens)
    known["verdicts"] = (*turn.verdicts, *_memory(recalled))
    return {**known, **ended(replace(turn, verdicts=known["verdicts"]), looked_up)}


def _slid(turn: Turn, run: Run) -> tuple[tuple[Line, ...], tuple[Segment, ...]]:
    """The window, and the pieces of summary over what no longer fits in it."""
    deps = run.deps
    gone, kept = slide(turn.history, deps.window_tokens, deps.fold_tokens)
    made = fold_segments(
        gone,
        next_number(turn.segments),
        turn.summary_to + 1,
        budget_tokens=deps.fold_tokens,
        conversation=turn.conversation,
    )
    return kept, made


def _slots(turn: Turn, window: Sequence[Line], segments: Sequence[Segment]) -> tuple[Slot, ...]:
    """All that is pinned, newest first: of the message, of the window, of the summary, of other conversations."""
    said = slots_of((*window, *turn.said), turn.conversation)
    folded = [slot for segment in sorted(segments, key=lambda each: each.number) for slot in segment.slots]
    return (*(*folded, *said)[::-1], *turn.slots)


async def _recalled(turn: Turn, run: Run) -> Recalled:
    """What is remembered of the customer; without what a recall that takes too long would have found."""
    vector = run.bench.known.get(untitled(turn.text))
    try:
        async with asyncio.timeout(run.deps.recall_timeout_s):
            return await run.deps.recollector.recall(turn, vector)
    except TimeoutError:
        return Recalled(degraded=f"took longer than {run.deps.recall_timeout_s:g} s")


async def _looked_up(turn: Turn, run: Run) -> tuple[LookedUp, ...]:
    """What the organisation's own systems say; nothing where people switched answering off."""
    if switched_off(run.bench.controls, ANSWER):
        return ()
    return await run.deps.look_ups.look_up(turn)


def _memory(recalled: Recalled) -> tuple[Verdict, ...]:
    """A verdict where memory could not be searched whole, for the record: the turn goes on without."""
    if not recalled.degraded:
        return ()
    return (Verdict("memory", "retrieve", "pass", f"not all that is remembered was searched: {recalled.degraded}"),)
