"""Which lines of a conversation the model sees as they were said. Pure.

Everything that was said since the last summary is either kept in the window or returned to be folded into the next
summary; nothing falls between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from memory.messages import Line


def count_tokens(text: str) -> int:
    """About how many tokens a model makes of the text: one for every four characters of English, never below one a
    line (OpenAI's published rule of thumb). Budgets are bounds with room, so an estimate serves."""
    return len(text) // 4 + 1


def slide(
    lines: Sequence[Line], window_tokens: int, fold_tokens: int, count: Callable[[str], int] = count_tokens
) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """(folded, kept): kept is the newest run of lines within the budget, folded all that came before it.

    Nothing is folded while everything fits. When it no longer does, enough is folded to leave `fold_tokens` of room,
    so that not every turn folds. A single line larger than the budget is folded too.
    """
    costs = [count(line.text) for line in lines]
    if sum(costs) <= window_tokens:
        return (), tuple(lines)
    room, first = max(window_tokens - fold_tokens, 0), len(lines)
    while first > 0 and costs[first - 1] <= room:
        first -= 1
        room -= costs[first]
    return tuple(lines[:first]), tuple(lines[first:])
