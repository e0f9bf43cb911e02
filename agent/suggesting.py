"""A suggested reply for the person who answers: what the knowledge has on what the customer wrote last.

The bot is silent while a person has the conversation, so no turn has looked. This looks as a turn would, through the
same search, model and judges, and says nothing to anybody: the person sends it, or does not.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from langgraph.runtime import Runtime

from agent.autonomy import level
from agent.controls import LiveControls
from agent.guardrails.pii import PiiUnavailable
from agent.nodes.generate import generate
from agent.nodes.recall import recall
from agent.nodes.retrieve import retrieve
from agent.ports import Bench, Deps, Run
from agent.redaction import Detector, redact_text
from agent.state import Turn
from agent.turning import begin
from memory import log
from memory.identity.profile import profile
from memory.messages import Event
from memory.segments import newest
from memory.store import Store
from memory.turns import Taken
from memory.vault import Vault
from memory.views import Assist, ConversationView

# Events read: a suggestion needs what was said last, not the whole conversation.
_LATEST = 40
_PIECES = 6
_KEPT = 256
_SHOWN = ("passage", "title", "section", "document", "source", "text", "score")


@dataclass(slots=True, eq=False)
class Suggestions:
    """What was suggested lately, by conversation and message: a desk asks for it at every look."""

    kept: OrderedDict[tuple[str, int], Turn] = field(default_factory=OrderedDict)

    def keep(self, key: tuple[str, int], made: Turn) -> Turn:
        self.kept[key] = made
        if len(self.kept) > _KEPT:
            self.kept.popitem(last=False)
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Suggesting:
    """Looks for a reply to the customer's last words, at most once for each message in a process."""

    store: Store
    vault: Vault
    deps: Deps
    detector: Detector
    controls: LiveControls
    suggestions: Suggestions

    async def freshen(self, assist: Assist, view: ConversationView, answers: int) -> Assist:
        """The same with a suggestion to the customer's last message, where the turn behind `assist` answered an earlier
        one (`answers` is its seq); unchanged where nothing newer was written or nothing may be looked up."""
        events = await self.store.read(
            lambda c: log.read_events(c, self.vault, view.id, after=max(0, view.seq - _LATEST), limit=_LATEST)
        )
        last = next((e for e in reversed(events) if _asks(e)), None)
        if last is None or last.seq <= answers:
            return assist
        controls = await self.controls.read()
        if level(controls, view.inbox, "", "automatic") == "shadow":
            return replace(assist, suggestion="", passages=(), turn="")
        made = self.suggestions.kept.get((view.id, last.seq))
        if made is None:
            try:
                made = await self._look(view, events, last.seq, controls)
            except PiiUnavailable:
                return replace(assist, suggestion="", passages=(), turn="")
            self.suggestions.keep((view.id, last.seq), made)
        return await self._shown(assist, view, made)

    async def _look(
        self, view: ConversationView, events: Sequence[Event], to_seq: int, controls: Mapping[str, Mapping[str, Any]]
    ) -> Turn:
        redacted = [await self._redacted(event, view.customer) for event in events]
        answered = max((e.seq for e in events if e.kind in ("said", "replied") and e.seq < to_seq), default=0)
        from_seq = next(e.seq for e in events if _asks(e) and e.seq > answered)
        head = await self.store.read(lambda c: dict(log.read_head(c, view.id)))
        book, pieces, who = await self.store.read(
            lambda c: (
                self.vault.book(c, view.customer),
                newest(c, self.vault, view.id, _PIECES),
                profile(c, view.customer),
            )
        )
        taken = Taken(
            turn=f"suggestion-{view.id}",
            head={**head, "owner": "bot", "introduced": True},
            from_seq=from_seq,
            to_seq=to_seq,
            attempt=1,
            events=redacted,
            book=book,
            opted_out=False,
            segments=tuple(pieces),
            profile=who,
        )
        turn = begin(taken, redaction_failed=False, autonomy="draft", versions=self.deps.versions)
        runtime = Runtime(context=Run(self.deps, _Mute(), _nothing, Bench(controls=controls)))
        turn = replace(turn, **await recall(turn, runtime))
        if turn.template or turn.handoff:
            return turn
        turn = replace(turn, **await retrieve(turn, runtime))
        if turn.template or turn.handoff:
            return turn
        return replace(turn, **await generate(turn, runtime))

    async def _redacted(self, event: Event, customer: str) -> Event:
        if event.redacted is not None or not event.text:
            return event
        text = await redact_text(event.text, customer, self.detector, self.store, self.vault)
        return replace(event, redacted=text)

    async def _shown(self, assist: Assist, view: ConversationView, made: Turn) -> Assist:
        book = await self.store.read(lambda c: self.vault.book(c, view.customer))
        sentences = made.draft.sentences if made.draft else ()
        passages = tuple({name: asdict(found)[name] for name in _SHOWN} for found in made.found)
        words = " ".join(sentence.text for sentence in sentences if sentence.citations)
        return replace(assist, suggestion=book.restore(words), passages=passages, turn="")


class _Mute:
    """Nobody watches a suggestion being made."""

    async def say(self, turn: Turn, text: str) -> None:
        return None

    async def void(self, turn: Turn) -> None:
        return None


async def _nothing(turn: Turn) -> None:
    """A suggestion is not committed."""


def _asks(event: Event) -> bool:
    return event.kind == "received" and bool(event.text) and not event.meta.get("automatic")
