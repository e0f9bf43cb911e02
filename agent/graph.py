"""Every node and every arrow. Read this first.

admit ─► triage ─► recall ─► retrieve ─► generate ─► guard ─► commit
  │        │          │         │         │  ▲       ▲ │
  │        ├─► template ────────┼─────────┼──┼───────┘ ├─► approve ─► commit
  │        │      ▲   │         │         │  └─ revise ┤  (twice at most)
  │        │      └───┼─────────┼─────────┤            │
  │        └─► hand_over ◄──────┴─────────┴────────────┘
  │                └─► commit
  ├─► template (a request for one's rights, or going on while a person is waited for)
  └─► commit (silent: a person owns the conversation)

Where a node may end a turn, the rules of `agent/policy` say whether and how: in admit and triage before anything is
generated, in generate for each sentence, in guard for the whole draft.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from agent.nodes.admit import admit
from agent.nodes.approve import approve
from agent.nodes.commit import commit
from agent.nodes.generate import generate
from agent.nodes.guard import guard
from agent.nodes.hand_over import hand_over
from agent.nodes.recall import recall
from agent.nodes.retrieve import retrieve
from agent.nodes.template import template
from agent.nodes.triage import triage
from agent.ports import Run
from agent.state import Turn


@dataclass(frozen=True, slots=True)
class Travelling:
    """The graph's state: the turn, whole, in one channel. A channel a field cost each node a write to all of them."""

    turn: Turn


Graph = CompiledStateGraph[Travelling, Run, Travelling, Travelling]
Node = Callable[[Turn, Runtime[Run]], Awaitable[dict[str, Any]]]

NODES: tuple[Node, ...] = (
    admit,
    triage,
    recall,
    retrieve,
    generate,
    template,
    guard,
    approve,
    hand_over,
    commit,
)


def after_admit(turn: Turn) -> str:
    if turn.route == "silent":
        return "commit"
    if turn.handoff:
        return "hand_over"
    return "template" if turn.template else "triage"


def after_triage(turn: Turn) -> str:
    if turn.handoff:
        return "hand_over"
    return "template" if turn.template else "recall"


def after_recall(turn: Turn) -> str:
    if turn.handoff:
        return "hand_over"
    return "template" if turn.template else "retrieve"


def after_retrieve(turn: Turn) -> str:
    if turn.handoff:
        return "hand_over"
    return "template" if turn.template else "generate"


def after_generate(turn: Turn) -> str:
    if turn.handoff:
        return "hand_over"
    return "template" if turn.template else "guard"


def after_guard(turn: Turn) -> str:
    if turn.handoff:
        return "hand_over"
    if turn.draft is None:
        return "generate"
    return "approve" if turn.autonomy == "approve" and turn.route == "answer" else "commit"


def after_approve(turn: Turn) -> str:
    return "hand_over" if turn.handoff else "commit"


def build(saver: BaseCheckpointSaver[Any] | None) -> Graph:
    """The compiled graph over a checkpoint saver (None: it cannot pause)."""
    graph = StateGraph(Travelling, context_schema=Run)
    for node in NODES:
        graph.add_node(node.__name__, timed(node))
    graph.add_edge(START, "admit")
    graph.add_conditional_edges("admit", arrow(after_admit), ["triage", "template", "hand_over", "commit"])
    graph.add_conditional_edges("triage", arrow(after_triage), ["recall", "template", "hand_over"])
    graph.add_conditional_edges("recall", arrow(after_recall), ["retrieve", "template", "hand_over"])
    graph.add_conditional_edges("retrieve", arrow(after_retrieve), ["generate", "template", "hand_over"])
    graph.add_conditional_edges("generate", arrow(after_generate), ["guard", "template", "hand_over"])
    graph.add_edge("template", "guard")
    graph.add_conditional_edges("guard", arrow(after_guard), ["generate", "approve", "hand_over", "commit"])
    graph.add_conditional_edges("approve", arrow(after_approve), ["commit", "hand_over"])
    graph.add_edge("hand_over", "commit")
    graph.add_edge("commit", END)
    return graph.compile(checkpointer=saver)


class TimedNode(Protocol):
    """A node as LangGraph calls it."""

    def __call__(self, state: Travelling, *, runtime: Runtime[Run]) -> Awaitable[Travelling]: ...


def timed(node: Node) -> TimedNode:
    """The node, its fields set in the turn, with its wall time added to the run's timings, in milliseconds."""

    async def run(state: Travelling, *, runtime: Runtime[Run]) -> Travelling:
        started = time.perf_counter()
        try:
            return Travelling(replace(state.turn, **await node(state.turn, runtime)))
        finally:
            timings, name = runtime.context.bench.timings_ms, node.__name__
            timings[name] = round(timings.get(name, 0.0) + (time.perf_counter() - started) * 1000, 3)

    return run


def arrow(choose: Callable[[Turn], str]) -> Callable[[Travelling], str]:
    """An arrow's choice, as LangGraph asks for it."""

    def chosen(state: Travelling) -> str:
        return choose(state.turn)

    return chosen
