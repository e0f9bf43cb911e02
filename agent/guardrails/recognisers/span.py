"""PiiSpan, what every recogniser returns, and `settle`, which leaves one span where several overlap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class PiiSpan:
    """Characters [start, end) hold a value of `entity`; `score` is 0 to 1 and orders, it is no probability."""

    start: int
    end: int
    entity: str
    score: float


def settle(text: str, spans: Iterable[PiiSpan]) -> list[PiiSpan]:
    """Spans in order without overlap: the surer wins, then the longer; blanks and closing marks are cut off.

    Of a loser that reaches beyond the winner nothing is kept here when it is the less sure; overlapping spans of one
    entity become one.
    """
    chosen: list[PiiSpan] = []
    for span in sorted(spans, key=lambda span: (-span.score, span.start - span.end, span.start)):
        rivals = [other for other in chosen if other.start < span.end and span.start < other.end]
        if not rivals:
            chosen.append(span)
        elif all(other.entity == span.entity for other in rivals):
            joined = replace(
                rivals[0],
                start=min(span.start, *(other.start for other in rivals)),
                end=max(span.end, *(other.end for other in rivals)),
            )
            chosen = [other for other in chosen if other not in rivals] + [joined]
    trimmed = (_trimmed(text, span) for span in chosen)
    return sorted((span for span in trimmed if span.start < span.end), key=lambda span: span.start)


def _trimmed(text: str, span: PiiSpan) -> PiiSpan:
    piece = text[span.start : span.end]
    front = len(piece) - len(piece.lstrip(" \t\r\n,;:"))
    kept = piece.rstrip(" \t\r\n,;:")
    return replace(span, start=span.start + front, end=span.start + len(kept)) if front < len(kept) else span
