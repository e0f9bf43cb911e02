"""Every node and every arrow. Read this first.

admit ─► triage ─► recall ─► retrieve ─► generate ─► guard ─► commit
  │        │                    │            ▲       ▲ │
  │        ├─► template ────────┼────────────┼───────┘ ├─► approve ─► commit
  │        │      ▲             │            └─ revise ┤  (twice at most)
  │        │      └─────────────┤                      │
  │        └─► hand_over ◄──────┴──────────────────────┘
  │                └─► commit
  └─► commit (silent: a person owns the conversation)
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
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

Graph = CompiledStateGraph[Turn, Run, Turn, Turn]
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
    return "hand_over" if turn.handoff else "triage"


def after_triage(turn: Turn) -> str:
    if turn.handoff:
        return "hand_over"
    return "template" if turn.template else "recall"


def after_retrieve(turn: Turn) -> str:
    if turn.handoff:
        return "hand_over"
    return "template" if turn.template else "generate"


def after_generate(turn: Turn) -> str:
    return "hand_over" if turn.handoff else "guard"


def after_guard(turn: Turn) -> str:
    if turn.draft is None:
        return "generate"
    return "approve" if turn.needs_approval and turn.route == "answer" else "commit"


def after_approve(turn: Turn) -> str:
    return "hand_over" if turn.handoff else "commit"


def build(saver: BaseCheckpointSaver[Any] | None) -> Graph:
    """The compiled graph over a checkpoint saver (None: it cannot pause)."""
    graph = StateGraph(Turn, context_schema=Run)
    for node in NODES:
        graph.add_node(node.__name__, timed(node))
    graph.add_edge(START, "admit")
    graph.add_conditional_edges("admit", after_admit, ["triage", "hand_over", "commit"])
    graph.add_conditional_edges("triage", after_triage, ["recall", "template", "hand_over"])
    graph.add_edge("recall", "retrieve")
    graph.add_conditional_edges("retrieve", after_retrieve, ["generate", "template", "hand_over"])
    graph.add_conditional_edges("generate", after_generate, ["guard", "hand_over"])
    graph.add_edge("template", "guard")
    graph.add_conditional_edges("guard", after_guard, ["generate", "approve", "commit"])
    graph.add_conditional_edges("approve", after_approve, ["commit", "hand_over"])
    graph.add_edge("hand_over", "commit")
    graph.add_edge("commit", END)
    return graph.compile(checkpointer=saver)


class TimedNode(Protocol):
    """A node as LangGraph calls it."""

    def __call__(self, state: Turn, *, runtime: Runtime[Run]) -> Awaitable[dict[str, Any]]: ...


def timed(node: Node) -> TimedNode:
    """The node, with its wall time added to the run's timings, in milliseconds."""

    async def run(state: Turn, *, runtime: Runtime[Run]) -> dict[str, Any]:
        started = time.perf_counter()
        try:
            return await node(state, runtime)
        finally:
            timings, name = runtime.context.bench.timings_ms, node.__name__
            timings[name] = round(timings.get(name, 0.0) + (time.perf_counter() - started) * 1000, 3)

    return run
