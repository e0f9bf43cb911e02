"""Pieces of a summary in a model's words, where the route "summary" is configured; made in the background, never in a
turn. What the model says is checked against what was said, and refused where it adds or cannot be trusted."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from langchain_core.language_models import BaseChatModel
from sqlalchemy import Connection

from agent import metrics
from agent.gateway.errors import ModelsUnavailable
from agent.prompts.messages import defused, summary_messages
from memory import segments
from memory.errors import UnknownConversation
from memory.log import read_events
from memory.messages import Line
from memory.segments import EXTRACTIVE, PIECE_TOKENS, Segment, Unwritten, lines_of
from memory.slots import pins
from memory.store import Store
from memory.vault import Vault
from memory.window import count_tokens

_log = structlog.get_logger(__name__)

LOOK_S: Final = 5.0
AT_ONCE: Final = 20
LATELY: Final = timedelta(days=1)
"""Older pieces stay as they are: they were tried, or belong to a conversation that nobody reads just now."""
_TRIED: Final = 10_000
_WORD = re.compile(r"[^\W\d_]{4,}")
_OWN_WORDS: Final = 0.5
"""Of a summary's longer words, the share that must have been said: notes that keep to the matter repeat most of it."""


def refused(text: str, piece: Segment, lines: Sequence[Line]) -> str:
    """Why a model's text may not stand for a piece; "" where it may. Pure.

    Every number, amount, date and pseudonym in it must have been said, and so must half of its longer words; no slot
    of the piece may be lost; it may be no longer than what it sums up, and hold nothing that a prompt could take for
    its own.
    """
    if not text.strip():
        return "it is empty"
    if defused(text) != text:
        return "it holds control tokens"
    said = "\n".join(line.text for line in lines)
    if count_tokens(text) > min(PIECE_TOKENS, count_tokens(said)):
        return "it is longer than what was said"
    squeezed = " ".join(said.split())
    if invented := [pin for pin in pins(" ".join(text.split())) if pin not in squeezed]:
        return f"it says {len(invented)} values that nobody said"
    words, known = _WORD.findall(text.lower()), set(_WORD.findall(said.lower()))
    if words and sum(word in known for word in words) < _OWN_WORDS * len(words):
        return "it speaks of something else"
    return ""


@dataclass(slots=True, eq=False)
class SummaryWriter:
    """Writes pieces anew, one after the other. Several processes may do it at once: the first to be done with a
    version wins. A piece whose text was refused, or that failed twice, stays as it is."""

    store: Store
    vault: Vault
    model: BaseChatModel
    organisation: str
    deadline_s: float
    _tried: OrderedDict[tuple[str, int], int] = field(default_factory=OrderedDict)

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.look(datetime.now(UTC))
            except Exception as error:  # noqa: BLE001  (the keeper comes back; until then pieces stay as they are)
                _log.error("summaries_not_written", error=type(error).__name__, exc_info=True)
            await asyncio.sleep(LOOK_S)

    async def look(self, now: datetime) -> int:
        """One round; how many pieces were written anew."""
        found = await self.store.read(lambda c: segments.unwritten(c, now - LATELY, AT_ONCE + len(self._tried)))
        waiting = [each for each in found if self._tried.get((each.conversation, each.number), 0) < 2][:AT_ONCE]
        return sum([await self._write(each) for each in waiting])

    async def _write(self, wanted: Unwritten) -> bool:
        try:
            piece, lines = await self.store.read(lambda c: _read(self.vault, c, wanted))
        except UnknownConversation:  # erased meanwhile
            return False
        if piece is not None and piece.made_by != EXTRACTIVE:  # another was first
            return False
        if piece is None or not lines:
            return self._left(wanted, "nothing was said in it", tries=2)
        try:
            async with asyncio.timeout(self.deadline_s):
                answer = await self.model.ainvoke(summary_messages(self.organisation, "", lines))
        except (ModelsUnavailable, TimeoutError) as error:
            return self._left(wanted, type(error).__name__, tries=1)
        text = str(answer.text).strip()
        if why := refused(text, piece, lines):
            return self._left(wanted, why, tries=2)
        made_by = str(answer.response_metadata.get("model_name") or "model")[:64]
        anew = replace(piece, version=piece.version + 1, made_by=made_by, text=text)
        now = datetime.now(UTC)
        try:
            done = await self.store.write(
                lambda c: segments.write_anew(c, self.vault, wanted.conversation, piece.version, anew, now)
            )
        except UnknownConversation:
            return False
        metrics.SUMMARIES.labels("written" if done else "late").inc()
        return done

    def _left(self, wanted: Unwritten, why: str, *, tries: int) -> bool:
        """The piece stays as it is; it is tried again where that may help."""
        key = wanted.conversation, wanted.number
        self._tried[key] = self._tried.pop(key, 0) + tries
        if len(self._tried) > _TRIED:
            self._tried.popitem(last=False)
        metrics.SUMMARIES.labels("refused" if tries > 1 else "failed").inc()
        _log.info("summary_not_written", conversation=wanted.conversation, piece=wanted.number, why=why)
        return False


def _read(vault: Vault, connection: Connection, wanted: Unwritten) -> tuple[Segment | None, tuple[Line, ...]]:
    piece = segments.covering(connection, vault, wanted.conversation, wanted.from_seq)
    if piece is None:
        return None, ()
    limit = piece.to_seq - piece.from_seq + 1
    found = read_events(connection, vault, wanted.conversation, after=piece.from_seq - 1, limit=limit)
    return piece, lines_of(found)
