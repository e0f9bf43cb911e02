"""What the graph needs from outside. Adapters match these by shape; `agent/assembly.py` chooses them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from langchain_core.language_models import BaseChatModel
from numpy.typing import NDArray

from agent.autonomy import Controls
from agent.dispatch.signals import Signal, Watch
from agent.lookups.looked_up import LookedUp
from agent.policy.engine import Policy
from agent.policy.loading import shipped
from agent.routing import Staffing
from agent.state import Sentence, Triage, Turn, Verdict
from knowledge.passages import Hit
from knowledge.seeking.ports import EVERYWHERE, Scope
from knowledge.seeking.seeker import Searched, Sought
from memory.facts.memory import Recalled
from memory.messages import Line

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Question:
    """What is asked, with what was found: all an answerer may use.

    `text` is the customer's last words; `query` what was searched; `vector` the (dim,) unit embedding of `query`.
    """

    text: str
    query: str
    vector: Vector
    history: tuple[Line, ...]
    hits: tuple[Hit, ...]


class Embedder(Protocol):
    """Texts to vectors; batched across callers, off the event loop."""

    name: str
    dim: int

    async def embed(self, texts: Sequence[str]) -> Vector:
        """(n_texts, dim) float32 with unit rows; (0, dim) for no texts."""
        ...


class Library(Protocol):
    """Finds passages for a message in its conversation; `knowledge.seeking.Seeker` is one."""

    async def seek(
        self,
        text: str,
        history: Sequence[Line] = (),
        *,
        limit: int = 8,
        collection: str | None = None,
        scope: Scope = EVERYWHERE,
        rewritten: str = "",
        known: Mapping[str, Vector] | None = None,
    ) -> Sought:
        """Best first, and why; no hits when the collection is empty. `rewritten` is the message made to stand alone,
        `known` are vectors of texts that were embedded before. Raises knowledge.errors.LibraryError."""
        ...

    async def ready(self) -> None:
        """Raises LibraryError when it cannot be searched."""
        ...

    async def close(self) -> None: ...


class Rewriter(Protocol):
    """Makes a message that leans on its conversation stand alone, with a chat model."""

    async def rewrite(self, text: str, history: Sequence[Line]) -> str:
        """The message in words of its own; "" when there is nothing to add, or no model answered in time."""
        ...


class Understanding(Protocol):
    """Says what a message wants, without a chat model."""

    async def triage(self, text: str, history: Sequence[Line], vector: Vector | None) -> Triage: ...


class Floor(Protocol):
    """Says whether the passages found answer the question at all, and which of them come nearest to it."""

    def judge(self, question: Question) -> Verdict: ...

    def nearest(self, question: Question, limit: int) -> Question:
        """The question with the `limit` hits that come nearest, best first; none that is not in force today."""
        ...


class Judge(Protocol):
    """Says whether one sentence of a reply may be said, given the question and what was found."""

    def judge(self, sentence: Sentence, question: Question) -> Verdict: ...


class Voice(Protocol):
    """Who watches the conversation while it is answered."""

    async def say(self, turn: Turn, text: str) -> None:
        """Shows the next piece, a judged sentence; pieces join as they are. Provisional until the commit."""
        ...

    async def void(self, turn: Turn) -> None:
        """Takes back all that was shown of this turn."""
        ...


class Recollector(Protocol):
    """What is remembered of the customer, over all their conversations, that may bear on a message."""

    async def recall(self, turn: Turn, vector: Vector | None) -> Recalled:
        """`vector` is the unit embedding of `turn.text`, None where it was not made. Says in `degraded` what could not
        be searched; raises nothing that would end a turn."""
        ...


class LookUps(Protocol):
    """Read-only look-ups such as an order or a parcel, run only for a proven identity."""

    async def look_up(self, turn: Turn) -> tuple[LookedUp, ...]:
        """What bears on the turn's message; empty where nothing does or the identity is not proven. Raises nothing."""
        ...


class NoRecollector:
    """Remembers nothing: for a graph that runs without a log."""

    async def recall(self, turn: Turn, vector: Vector | None) -> Recalled:
        return Recalled()


class NoLookUps:
    """Looks nothing up."""

    async def look_up(self, turn: Turn) -> tuple[LookedUp, ...]:
        return ()


class Doorbell(Protocol):
    """Wakes a worker for a conversation. May lose a ring: the sweeper rings again for what is unanswered."""

    async def ring(self, conversation: str) -> None: ...
    async def wait(self) -> str:
        """The next conversation to look at."""
        ...

    async def close(self) -> None: ...


class Bus(Protocol):
    """Carries signals to whoever watches a conversation, in any process. May lose one: watchers re-read the log."""

    async def publish(self, conversation: str, signal: Signal) -> None: ...
    def watch(self, conversation: str | None) -> AbstractAsyncContextManager[Watch]:
        """Signals of one conversation, or of all of them (changes only) for None."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Deps:
    """What every turn of this process shares. `collections` names the knowledge of inboxes that have their own,
    `scopes` which passages an inbox may find; without one, all but internal ones. `policy` is what rules decide."""

    embedder: Embedder
    library: Library
    understanding: Understanding
    floor: Floor
    judges: tuple[Judge, ...]
    model: BaseChatModel
    templates: Mapping[str, str]
    organisation: str
    voice: str
    collections: Mapping[str, str]
    collection: str
    retrieve_timeout_s: float
    generate_timeout_s: float
    window_tokens: int
    fold_tokens: int
    passages: int
    versions: Mapping[str, str]
    staffing: Staffing = field(default_factory=Staffing)
    scopes: Mapping[str, Scope] = field(default_factory=dict)
    rewriter: Rewriter | None = None
    summariser: BaseChatModel | None = None
    summary_timeout_s: float = 45.0
    policy: Policy = field(default_factory=shipped)
    recollector: Recollector = field(default_factory=NoRecollector)
    look_ups: LookUps = field(default_factory=NoLookUps)
    rememberer: BaseChatModel | None = None
    remember_timeout_s: float = 30.0
    context_tokens: int = 4000
    recall_timeout_s: float = 1.0
    region: str = ""


@dataclass(slots=True, eq=False)
class Bench:
    """What one run needs between nodes that is too big for the Turn and can be made again: vectors and hits."""

    question: Question | None = None
    searched: Searched | None = None
    stale: tuple[Hit, ...] = ()
    kept_out: tuple[Verdict, ...] = ()
    known: Mapping[str, Vector] = field(default_factory=dict)
    spoken: int = 0
    superseded: bool = False
    to_store: Mapping[int, str] = field(default_factory=dict)
    controls: Controls = field(default_factory=dict)
    timings_ms: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What nodes get as `runtime.context`: the shared parts, and those of this run alone."""

    deps: Deps
    voice: Voice
    commit: Callable[[Turn], Awaitable[None]]
    bench: Bench
