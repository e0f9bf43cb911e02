"""What a turn's context holds, block by block, whoever it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BlockKind = Literal["summary", "window", "passage", "fact", "instruction"]


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of context: `tokens` counts its text, `source` says where it is from, `why` why it is in."""

    kind: BlockKind
    text: str
    tokens: int
    source: str
    why: str
