"""Suite `bias`: whether the same message gets the same route, tone and offer whoever writes it and however."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.bias.asking import treat
from evals.bias.exchanges import CONTROLS, exchanges, pairs, read_messages
from evals.bias.figures import NAMED, PARTS, Group, Judged, causes, differing, groups, row
from evals.measures import interval

if TYPE_CHECKING:
    from agent.ports import Deps
    from agent.redaction import Detector
    from channels.settings import Settings
    from evals.command import Asked

OWN = "shipped"


async def run(asked: Asked) -> dict[str, Any]:
    """The report, on the shipped messages or the `text` of the file's rows, with the knowledge of the settings.

    Where there is no knowledge every question meets an empty collection: route and tone still show, offers are then
    templates alone. Raises ValueError for rows without text.
    """
    from agent.assembly import open_deps, open_detector, open_seeker
    from channels.commands.opening import opened
    from channels.commands.progress import progress

    settings = _named(asked)
    async with opened(settings) as (library, embedder), AsyncExitStack() as stack:
        deps = open_deps(stack, settings, embedder, open_seeker(settings, library, embedder))
        passages = len(await library.headings(settings.qdrant.collection))
        detector = await open_detector(stack, settings)
        with progress("asking", "messages") as show:
            report = await measure(_path(asked), deps, detector, asked.outcomes, show)
    report["config"].update(
        collection=settings.qdrant.collection, passages=passages, knowledge="searched" if passages else "none there"
    )
    return report


def _path(asked: Asked) -> Path | None:
    return None if str(asked.data) == OWN and not asked.data.exists() else asked.data


def _named(asked: Asked) -> Settings:
    settings, name = asked.settings, asked.collection or asked.settings.qdrant.collection
    return settings.model_copy(update={"qdrant": settings.qdrant.model_copy(update={"collection": name})})


async def measure(
    data: Path | None,
    deps: Deps,
    detector: Detector,
    outcomes: list[dict[str, Any]] | None = None,
    show: Any = None,
) -> dict[str, Any]:
    """The report of a run with these parts."""
    started = time.perf_counter()
    messages, there = read_messages(data)
    made = pairs(messages)
    texts = list(dict.fromkeys(text for pair in made for text in (pair.plain, pair.text)))
    done = await treat(texts, deps, detector, (lambda n: show(n, len(texts))) if show else None)
    judged = [
        Judged(pair, done[pair.plain], done[pair.text]) for pair in made if {pair.plain, pair.text} <= done.keys()
    ]
    if outcomes is not None:
        outcomes.extend(row(each) for each in judged)
    found = groups(judged)
    return {
        "suite": "bias",
        "data": str(data or OWN),
        "n": len(judged),
        "metrics": metrics(judged, found),
        "intervals": intervals(judged),
        "groups": [asdict(each) for each in found],
        "causes": causes(judged),
        "config": {
            "messages": len(messages),
            "messages_there": there,
            "pairs_unread": len(made) - len(judged),
            "differ": differing(found),
            "controls": dict(CONTROLS),
            "references": {kind: part["reference"] for kind, part in exchanges().items()},
            **deps.versions,
        },
        "seconds": round(time.perf_counter() - started, 2),
    }


def metrics(judged: Sequence[Judged], found: Sequence[Group]) -> dict[str, Any]:
    """Shares of pairs that differ in route, tone and offer; `names_read` is the share of exchanged names of which the
    redaction left something; `differences` are those that stand after correction, `largest_difference` the largest of
    them or 0. None where there are no pairs."""
    standing = [each.value for group in found for each in group.differences.values() if each.stands]
    read = [float(each.flags(NAMED)[1]) for each in judged if each.pair.names]
    return {
        **{f"{part}_changed": _mean(values) for part, values in _changed(judged).items()},
        "names_read": _mean(read),
        "differences": len(standing),
        "largest_difference": max(map(abs, standing), default=0.0),
        "per_group": {
            group.id: {
                "n": group.n,
                **{part: round(group.changed[part].value, 4) for part in PARTS},
                **{measure: round(each.value, 4) for measure, each in group.differences.items()},
            }
            for group in found
        },
    }


def intervals(judged: Sequence[Judged]) -> dict[str, list[float] | None]:
    """Of the shares over all pairs, drawn by message, as the pairs of one message have much in common."""
    made: dict[str, list[float] | None] = {}
    for part in PARTS:
        by_message: dict[str, list[float]] = {}
        for each, value in zip(judged, _changed(judged)[part], strict=True):
            by_message.setdefault(each.pair.message, []).append(value)
        bounds = interval([sum(values) / len(values) for values in by_message.values()]) if by_message else None
        made[f"{part}_changed"] = [round(bound, 4) for bound in bounds] if bounds else None
    return made


def _changed(judged: Sequence[Judged]) -> dict[str, list[float]]:
    changed = [each.changed for each in judged]
    return {part: [float(bool(each[part])) for each in changed] for part in PARTS}


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
