"""Choosing within a budget: a piece is taken, waits for the room that others leave, or is left out. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from memory.context import SHARE, Block, BlockKind, Left
from memory.messages import Line


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to choose: its place among its kind in reading order, and the part it stands for."""

    kind: BlockKind
    text: str
    source: str
    why: str
    part: object = None
    place: int = 0
    known: str = ""  # why it need not be in: it stands elsewhere


@dataclass(slots=True, eq=False)
class Choosing:
    """What has been chosen so far. `waiting` are pieces that did not fit or whose kind had its share; a `run` of
    them is cut at one place: nothing older than what did not fit comes in."""

    budget: int
    count: Callable[[str], int]
    taken: list[tuple[Block, Piece]] = field(default_factory=list)
    left_out: list[Left] = field(default_factory=list)
    waiting: list[tuple[Piece, int, bool]] = field(default_factory=list)
    seen: dict[tuple[BlockKind, str], str] = field(default_factory=dict)
    spent: Counter[BlockKind] = field(default_factory=Counter)
    lines: dict[int, str] = field(default_factory=dict)
    """The window's lines that are in, by seq."""

    @property
    def room(self) -> int:
        return self.budget - self.spent.total()

    def has(self, kind: BlockKind) -> list[Any]:
        """The parts of this kind that are in, in reading order."""
        ordered = sorted((piece for _, piece in self.taken if piece.kind == kind), key=lambda piece: piece.place)
        return [piece.part for piece in ordered]

    def repeats(self, kind: BlockKind, text: str, source: str) -> str:
        """Why a piece need not be in: its words were offered before. "" for new ones, which count as offered now."""
        words = (kind, " ".join(text.casefold().split()))
        if words in self.seen:
            return f"the same as {self.seen[words]}"
        self.seen[words] = source
        return ""

    def offer(self, pieces: Iterable[Piece], *, run: bool = False) -> None:
        """Takes what fits of these, in this order. The pieces are made as they are asked for, so that each may depend
        on what was taken before it."""
        stopped = False
        for piece in pieces:
            tokens = self.count(piece.text)
            if piece.known:
                self.leave(piece, tokens, piece.known)
            elif stopped or not self.fits(piece, tokens, SHARE.get(piece.kind, 1.0)):
                self.waiting.append((piece, tokens, run))
                stopped = run
            else:
                self._take(piece, tokens)

    def serve_the_waiting(self) -> None:
        """Gives what room is left to those that waited, in their order; the rest is left out."""
        ended: set[BlockKind] = set()
        for piece, tokens, run in self.waiting:
            if run and piece.kind in ended:
                self.leave(piece, tokens, "older than what fits in the budget")
            elif self.fits(piece, tokens, 1.0):
                self._take(piece, tokens)
            else:
                ended.update([piece.kind] if run else [])
                self.leave(piece, tokens, f"no room: {tokens} tokens, {self.room} were left")
        self.waiting.clear()

    def leave(self, piece: Piece, tokens: int, why: str) -> None:
        self.left_out.append(Left(piece.kind, tokens, piece.source, why))

    def fits(self, piece: Piece, tokens: int, share: float) -> bool:
        return tokens <= self.room and self.spent[piece.kind] + tokens <= self.budget * share

    def _take(self, piece: Piece, tokens: int) -> None:
        self.taken.append((Block(piece.kind, piece.text, tokens, piece.source, piece.why), piece))
        self.spent[piece.kind] += tokens
        if piece.kind == "window" and isinstance(piece.part, Line):
            self.lines[piece.part.seq] = piece.part.text
