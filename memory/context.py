"""All that a turn may know, chosen within a budget of tokens, with a bill of what is in it and what was left out. Pure.

What does not fit yields in a fixed order, the last first: what was said in other conversations, then the older pieces
of the summary, passages beyond the nearest, what is remembered, what was pinned, older lines of the window. The
message, the customer's instructions and their consents come before all of that; where even they do not fit, the bill
says so. A kind takes no more than its SHARE of the budget until every other kind had its turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from memory.facts.memory import Memory, Recalled
from memory.identity.profile import Profile
from memory.messages import Line
from memory.segments import Segment
from memory.slots import Slot

BlockKind = Literal[
    "message",
    "customer",
    "consent",
    "instruction",
    "focus",
    "external",
    "passage",
    "window",
    "slot",
    "preference",
    "fact",
    "outcome",
    "said",
    "summary",
    "earlier",
]
"""`focus` is what a message like "where is it?" is about, `external` what a look-up gave, `slot` what is pinned to the
letter, `said` a message of another time that was recalled, `earlier` what was said of late in another conversation of
theirs. The rest are as their names say."""
ORDER: Final[tuple[BlockKind, ...]] = get_args(BlockKind)
"""The order in which blocks are listed and served. Two kinds are served twice (`building.build`): the nearest passages
have their place here, the rest comes before the summary, and before both what of it bears on the message."""
SHARE: Final[Mapping[str, float]] = {"message": 0.5, "instruction": 0.25, "external": 0.25, "window": 0.4, "slot": 0.25}
"""The most of the budget that a kind takes while others wait. With the defaults (4,000 tokens, a window of 1,200) only
unusual turns reach one: they keep a page pasted into a chat, or five hundred instructions, from crowding out the
evidence."""
NEAREST: Final = 4
"""Passages that come before the conversation's window: in the sample transcripts the passage cited is nearly always
among them."""
IN_WINDOW: Final = "its line is in the window"
IN_MESSAGE: Final = "it stands in the message"
_LISTED: Final = 200  # rows of what was left out that a record lists one by one


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of context: `tokens` counts its text, `source` says where it is from, `why` why it is in."""

    kind: BlockKind
    text: str
    tokens: int
    source: str
    why: str


@dataclass(frozen=True, slots=True)
class Left:
    """A piece that is not in the context, how long it would have been, and why it is not."""

    kind: BlockKind
    tokens: int
    source: str
    why: str


@dataclass(frozen=True, slots=True)
class Parts:
    """All there is to choose from. `window` and `earlier` are oldest first, `segments` in any order, `slots` and
    `earlier_segments` newest first, `passages` and `external` best first, as blocks whose `source` is their id; their
    `tokens` are counted here. `failed` is what could not be had at all, for the bill. `text` is the message where it
    is not that of `said`."""

    said: Sequence[Line] = ()
    text: str = ""
    conversation: str = ""
    channel: str = ""
    proof: str = ""
    profile: Profile = field(default_factory=lambda: Profile(""))
    recalled: Recalled = field(default_factory=Recalled)
    slots: Sequence[Slot] = ()
    focus: Sequence[Slot] = ()
    segments: Sequence[Segment] = ()
    window: Sequence[Line] = ()
    earlier: Sequence[Line] = ()
    earlier_segments: Sequence[Segment] = ()
    passages: Sequence[Block] = ()
    external: Sequence[Block] = ()
    failed: Sequence[Left] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What was chosen. `blocks` are its text in the order of ORDER, each list of parts what of them is in: `message`
    with pseudonyms and perhaps shortened, `identities` kinds with their proof and never a value, `instructions` those
    that stand (memories) and those of this conversation (slots), `window` and `earlier` oldest first, `passages` and
    `external` as blocks. `tokens` are those of all blocks and never more than `budget_tokens`."""

    budget_tokens: int
    tokens: int
    blocks: tuple[Block, ...]
    left_out: tuple[Left, ...]
    message: str = ""
    customer: str = ""
    identities: tuple[tuple[str, str], ...] = ()
    proof: str = ""
    channel: str = ""
    region: str = ""
    tier: str = ""
    consents: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    preferences: tuple[Memory, ...] = ()
    instructions: tuple[Memory | Slot, ...] = ()
    focus: tuple[Slot, ...] = ()
    slots: tuple[Slot, ...] = ()
    window: tuple[Line, ...] = ()
    earlier: tuple[Line, ...] = ()
    earlier_summary: tuple[Segment, ...] = ()
    summary: tuple[Segment, ...] = ()
    facts: tuple[Memory, ...] = ()
    passages: tuple[Block, ...] = ()
    external: tuple[Block, ...] = ()

    def of(self, *kinds: BlockKind) -> tuple[Block, ...]:
        """The blocks of these kinds, in the order listed."""
        return tuple(block for block in self.blocks if block.kind in kinds)

    @property
    def words(self) -> str:
        """Everything in it, to look for what was known."""
        return "\n".join(block.text for block in self.blocks)

    def bill(self) -> dict[str, Any]:
        """The bill of materials, as a turn's record keeps it. The text of what the record holds elsewhere (message,
        window, passages) is not repeated. What need not be in because it is in the window or the message anyway is
        counted, and of very many that were left out the last are."""
        told = [left for left in self.left_out if left.why not in (IN_WINDOW, IN_MESSAGE)]
        twice = [left for left in self.left_out if left.why in (IN_WINDOW, IN_MESSAGE)]
        return {
            "budget_tokens": self.budget_tokens,
            "tokens": self.tokens,
            "blocks": [_row(block) for block in self.blocks],
            "left_out": [*map(_left, told[:_LISTED]), *_summed(told[_LISTED:], "more"), *_summed(twice, "of them")],
        }


def _left(left: Left) -> dict[str, Any]:
    return {"kind": left.kind, "tokens": left.tokens, "source": left.source, "why": left.why}


def _summed(left_out: Sequence[Left], many: str) -> list[dict[str, Any]]:
    """A row for each kind and reason, with how many it stands for."""
    rows: dict[tuple[BlockKind, str], list[Left]] = {}
    for left in left_out:
        rows.setdefault((left.kind, left.why.partition(":")[0]), []).append(left)
    return [
        {
            "kind": kind,
            "tokens": sum(left.tokens for left in of),
            "source": of[0].source if len(of) == 1 else f"{len(of)} {many}",
            "why": why,
        }
        for (kind, why), of in rows.items()
    ]


def _row(block: Block) -> dict[str, Any]:
    row = {"kind": block.kind, "tokens": block.tokens, "source": block.source, "why": block.why}
    return row if block.kind in ("message", "window", "passage") else {**row, "text": block.text}
