"""A text with one span of it marked."""

from __future__ import annotations

from collections.abc import Iterable

from channels.web.desk.elements import Box, Text

Span = tuple[int, int]


def draw_marked(text: str, spans: Iterable[Span], tag: str = "p", classes: str = "") -> None:
    """The whole text as it is, each span inside <mark>. Spans beyond the text mark nothing."""
    with Box(tag, classes, dir="auto"):
        end = 0
        for start, stop in joined(spans, len(text)):
            if start > end:
                Text(text[end:start])
            Text(text[start:stop], "mark")
            end = stop
        if end < len(text):
            Text(text[end:])


def joined(spans: Iterable[Span], size: int) -> list[Span]:
    """Spans within a text of that size, in order, overlapping ones as one. Pure."""
    found: list[Span] = []
    for start, stop in sorted((max(0, a), min(b, size)) for a, b in spans):
        if stop <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], stop))
        else:
            found.append((start, stop))
    return found
