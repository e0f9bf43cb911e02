"""How many of twenty planted facts are still in the context of a turn that asks for them, beside a plain window.

Each conversation is ordinary talk in which a customer drops ids, amounts, dates and preferences; then each is asked
for. Everything is the real path: messages are received, turns taken, redacted, their context recalled and built with
the passages found, their outcome committed; only the words of the bot are made up. A fact survives when its value
stands in the built context. The plain window is the newest lines that fit in the same number of tokens.
"""

from __future__ import annotations

import random
import statistics
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from langgraph.runtime import Runtime as Context
from rich.table import Table

from agent.assembly import Beyond, assemble
from agent.contexts import context_of
from agent.folding.catching_up import CatchingUp
from agent.nodes.recall import recall
from agent.ports import Bench, Run
from agent.redaction import redact
from agent.runtime import Runtime
from agent.settings import Memory, Qdrant, Secret, Store
from agent.state import Turn
from agent.turning import begin, outcome
from agent.understanding.titles import untitled
from channels.settings import Settings
from evals.bench.memory_facts import Kind, Planted, planted
from evals.bench.memory_talk import talk
from evals.bench.turn import logs_to_nowhere
from knowledge.ingest import ingest
from memory import turns
from memory.messages import Inbound, Line
from memory.segments import lines_of
from memory.window import count_tokens

LENGTHS = (50, 100, 200, 400)
BUDGETS = (4_000, 1_200)
SEEDS = 2
BAR, BAR_AT = 0.95, 200
INBOX = "bench"


@dataclass(frozen=True, slots=True)
class Survival:
    """Shares of facts that survived, over all seeds; `tokens` is the mean of the built contexts."""

    turns: int
    budget_tokens: int
    facts: int
    share: float
    window_share: float
    tokens: float
    by_kind: dict[Kind, float]
    lost: tuple[str, ...]


async def measure(
    sample: Path, scratch: Path, *, lengths: Sequence[int] = LENGTHS, seeds: int = SEEDS, remember: bool = True
) -> list[Survival]:
    """Each length with each seed, in a store of its own beside the sample's knowledge; without `remember` by the window
    and the summary alone, for a conversation that nothing was taken into long-term memory of."""
    found: list[Survival] = []
    with logs_to_nowhere():
        async with _running(scratch, sample / "help-centre", remember) as runtime:
            for length in lengths:
                asked = [await _Talk(runtime, length, seed).run() for seed in range(seeds)]
                found += [_survival(length, budget, [each for of in asked for each in of]) for budget in BUDGETS]
    return found


@asynccontextmanager
async def _running(folder: Path, articles: Path, remember: bool) -> AsyncIterator[Runtime]:
    settings = Settings(
        store=Store(url=f"sqlite:///{folder}/survival.db", master_key=Secret(f"file:{folder}/master.key")),
        qdrant=Qdrant(path=str(folder / "qdrant")),
        memory=Memory(remember=remember),
    )
    runtime = await assemble(settings, Beyond())
    try:
        await ingest([articles], library=runtime.library, embedder=runtime.worker.deps.embedder)
        yield runtime
    finally:
        await runtime.close()


@dataclass(frozen=True, slots=True)
class _Asked:
    """One fact asked for: by budget, whether its value was in the built context and in the plain window, and how many
    tokens the context had."""

    fact: Planted
    kept: dict[int, bool]
    windowed: dict[int, bool]
    tokens: dict[int, int]


class _Talk:
    """One conversation, from its first turn to its last question."""

    def __init__(self, runtime: Runtime, length: int, seed: int) -> None:
        self._runtime, self._worker, self._length = runtime, runtime.worker, length
        self._rng = random.Random(f"{length}:{seed}")  # noqa: S311  (made-up talk)
        self._sender = f"+4420{uuid.uuid4().int % 10**8:08d}"
        self._at = datetime.now(UTC) - timedelta(days=2)
        self._catching = CatchingUp(runtime.store, runtime.vault, self._worker.detector, self._worker.deps.fold_tokens)

    async def run(self) -> list[_Asked]:
        facts = planted(self._rng)
        lines = talk(self._rng, 2 * self._length)
        at = dict(zip(sorted(self._rng.sample(range(self._length), len(facts))), facts, strict=True))
        for n in range(self._length):
            said = lines[2 * n]
            if fact := at.get(n):
                said = self._rng.choice((f"{fact.said} {said}", f"{said} {fact.said}", fact.said))
            await self._turn(said, lines[2 * n + 1])
        await self._remember()
        return [await self._ask(fact) for fact in facts]

    async def _remember(self) -> None:
        """What the keeper of long-term memory does meanwhile."""
        if (keeper := self._worker.memory) is not None:
            while await keeper.look(datetime.now(UTC)):
                pass

    async def _turn(self, text: str, reply: str) -> Turn:
        """One turn, as the worker carries it out up to the context, and its commit."""
        turn, bench = await self._recalled(text)
        made = replace(outcome(turn, bench, push=False), reply=reply, route="answer")
        await self._runtime.store.write(lambda c: turns.commit(c, self._runtime.vault, made, self._at))
        return turn

    async def _recalled(self, text: str) -> tuple[Turn, Bench]:
        deps, store, vault = self._worker.deps, self._runtime.store, self._runtime.vault
        self._at += timedelta(minutes=1)
        name = uuid.uuid4().hex
        receipt = await self._runtime.receive(Inbound(INBOX, "sms", name, self._sender, text, self._at))
        taken = await store.write(
            lambda c: turns.take(
                c, vault, receipt.conversation, turn=f"t-{name}", holder="bench", now=self._at, lease_s=600.0
            )
        )
        assert taken is not None  # noqa: S101  (its message was just written)
        taken = await self._catching.before(taken)
        redacted = await redact(taken, self._worker.detector, store, vault)
        assert redacted is not None  # noqa: S101  (the detector is here)
        turn = begin(redacted.taken, redaction_failed=False, autonomy="automatic", versions=deps.versions)
        key = untitled(turn.text)
        vectors = await deps.embedder.embed([key])
        bench = Bench(to_store=redacted.to_store, known={key: vectors[0]})
        run = Run(deps, _Nobody(), _nothing, bench)
        return replace(turn, **await recall(turn, Context(context=run))), bench

    async def _ask(self, fact: Planted) -> _Asked:
        deps = self._worker.deps
        turn = await self._turn(fact.asked, "Let me look that up for you.")
        found = await deps.library.seek(turn.text, turn.history, limit=deps.passages)
        book = await self._runtime.store.read(lambda c: self._runtime.vault.book(c, turn.customer))
        contexts = {budget: context_of(turn, budget, found.hits) for budget in BUDGETS}
        lines = await self._said(turn)
        return _Asked(
            fact,
            {budget: fact.value in book.restore(made.words) for budget, made in contexts.items()},
            {budget: fact.value in book.restore(_window(turn, lines, budget)) for budget in BUDGETS},
            {budget: made.tokens for budget, made in contexts.items()},
        )

    async def _said(self, turn: Turn) -> tuple[Line, ...]:
        events = await self._runtime.desk.events(turn.conversation, after=0, limit=100_000)
        return tuple(line for line in lines_of(events.events) if line.seq < turn.from_seq)


def _window(turn: Turn, lines: Sequence[Line], budget_tokens: int) -> str:
    """The newest lines within the budget, the message itself counted."""
    room, kept = budget_tokens - count_tokens(turn.text), []
    for line in reversed(lines):
        room -= count_tokens(f"{line.role}: {line.text}")
        if room < 0:
            break
        kept.append(line.text)
    return "\n".join(kept)


async def _nothing(turn: Turn) -> None:
    return None


class _Nobody:
    async def say(self, turn: Turn, text: str) -> None:
        return None

    async def void(self, turn: Turn) -> None:
        return None


def _survival(length: int, budget: int, asked: Sequence[_Asked]) -> Survival:
    kinds, kept = Counter(each.fact.kind for each in asked), Counter(a.fact.kind for a in asked if a.kept[budget])
    return Survival(
        turns=length,
        budget_tokens=budget,
        facts=len(asked),
        share=sum(kept.values()) / len(asked),
        window_share=sum(each.windowed[budget] for each in asked) / len(asked),
        tokens=statistics.mean(each.tokens[budget] for each in asked),
        by_kind={kind: kept[kind] / n for kind, n in sorted(kinds.items())},
        lost=tuple(f"{a.fact.said} / {a.fact.asked}" for a in asked if not a.kept[budget]),
    )


def table(found: Sequence[Survival]) -> Table:
    """The shares as people read them."""
    made = Table("turns", "budget", "facts", "kept", "plain window", "tokens", "by kind")
    made.title = f"Planted facts still in the context when asked for (bar {BAR:.2f} at {BAR_AT} turns)"
    for each in found:
        kinds = ", ".join(f"{kind} {share:.2f}" for kind, share in each.by_kind.items())
        shares = f"{each.share:.3f}", f"{each.window_share:.3f}"
        made.add_row(str(each.turns), str(each.budget_tokens), str(each.facts), *shares, f"{each.tokens:.0f}", kinds)
    return made
