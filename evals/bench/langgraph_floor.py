"""The floor: bare LangGraph, six empty nodes in a row, no saver, nothing of ours."""

from __future__ import annotations

import asyncio
from typing import TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from evals.bench.measuring import Cost, cost


class Empty(TypedDict):
    n: int


async def nothing(state: Empty) -> dict[str, int]:
    return {}


def six_empty_nodes() -> CompiledStateGraph[Empty, None, Empty, Empty]:
    names = [f"node_{n}" for n in range(6)]
    graph: StateGraph[Empty, None, Empty, Empty] = StateGraph(Empty)
    for name in names:
        graph.add_node(name, nothing)
    for source, target in zip([START, *names], [*names, END], strict=True):
        graph.add_edge(source, target)
    return graph.compile()


async def measure(runs: int = 200) -> list[Cost]:
    """One at a time, and 16 at a time."""
    graph = six_empty_nodes()

    async def alone() -> int:
        for n in range(runs):
            await graph.ainvoke({"n": n})
        return runs

    async def together() -> int:
        for _ in range(runs // 16):
            await asyncio.gather(*(graph.ainvoke({"n": n}) for n in range(16)))
        return runs // 16 * 16

    return [
        await cost("LangGraph, six empty nodes", "run", alone),
        await cost("LangGraph, six empty nodes, 16 at once", "run", together),
    ]
