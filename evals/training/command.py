"""`frontdesk train ranking`: the weights of search from labelled questions of one's own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from channels.commands.options import Config, Json, report
from channels.commands.progress import progress
from channels.settings import Settings, load
from evals.training.grounding_command import grounding
from evals.training.injection_command import injection
from evals.training.moods_command import moods
from evals.training.pii_command import pii
from evals.training.ranking import PENALTY, Figure, Row
from evals.training.triage_command import scope, triage

app = typer.Typer(help="Fits the local models to labelled examples.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def train() -> None:
    """Fits the local models to labelled examples of your own."""


@app.command()
def ranking(
    data: Annotated[list[Path], typer.Argument(metavar="FOLDER…", help="BEIR folders, each a set of its own.")],
    out: Annotated[Path, typer.Option(help="The card to write; name it in [agent] ranking.")] = Path("ranking.json"),
    unseen: Annotated[list[Path] | None, typer.Option(metavar="FOLDER", help="Only measured, not learnt from.")] = None,
    penalty: Annotated[float, typer.Option(min=0.0, help="Draws the weights to zero.")] = PENALTY,
    keep: Annotated[Path | None, typer.Option(metavar="DIR", help="Keep the passages here for the next run.")] = None,
    config: Config = None,
    json: Json = None,
) -> None:
    """The ranking of passages, from questions with their conversations and right passages.

    Example: frontdesk train ranking ours/ --out ranking.json
    """
    if len({path.name for path in [*data, *(unseen or [])]}) < len(data) + len(unseen or []):
        raise typer.BadParameter("two folders have the same name; a set is called by its folder's")
    if not out.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {out.parent}")
    made = asyncio.run(_train(load(config), data, unseen or [], penalty, keep))
    out.write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2) + b"\n")
    report({name: value for name, value in made.items() if name != "weights"}, json, [*_lines(made), f"wrote {out}"])


async def _train(
    settings: Settings, data: Sequence[Path], unseen: Sequence[Path], penalty: float, keep: Path | None
) -> dict[str, Any]:
    from evals.training.gathering import gather
    from evals.training.ranking import figures, fit
    from knowledge.embedding import open_embedder
    from knowledge.seeking.ranker import to_card

    embedder = await open_embedder(settings.models.embedding.model)
    sets: dict[str, list[Row]] = {}
    try:
        for path in [*data, *unseen]:
            with progress(f"reading {path.name}", "documents") as show, progress("searching", "questions") as asked:
                sets[path.name] = await gather(path, embedder, keep, lambda step: show(step.done, step.total), asked)
    finally:
        await embedder.close()
    seen = {path.name: sets[path.name] for path in data}
    weights = await asyncio.to_thread(fit, seen, penalty)
    found = await asyncio.to_thread(figures, seen, weights, penalty, unseen={p.name: sets[p.name] for p in unseen})
    about = {
        "made_by": "frontdesk train ranking",
        "date": datetime.now(UTC).date().isoformat(),
        "embedder": embedder.name,
        "penalty": penalty,
        "data": sorted(seen),
        "ndcg@10": {name: asdict(figure) for name, figure in found.items()},
    }
    return to_card(weights, about)


def _lines(card: Mapping[str, Any]) -> list[str]:
    """A set a line: fused, fitted with its interval, and by weights that never saw the set, or the question."""
    head = f"{'nDCG@10':16}{'n':>5} {'fused':>7}{'leaning':>9}{'fitted':>8}"
    head += f"{'95 % interval':>17}{'other sets':>12}{'folds':>7}"
    return [head, *(_line(name, Figure(**figure)) for name, figure in card["ndcg@10"].items())]


def _line(name: str, figure: Figure) -> str:
    low, high = figure.fitted_interval
    held = [f"{value:.3f}" if value is not None else "-" for value in (figure.other_sets, figure.other_questions)]
    return (
        f"{name[:16]:16}{figure.questions:>5} {figure.fused_message:>7.3f}{figure.fused_leaning:>9.3f}"
        f"{figure.fitted:>8.3f}{f'{low:.3f} to {high:.3f}':>17}{held[0]:>12}{held[1]:>7}"
    )


app.command()(moods)
app.command()(grounding)
app.command()(pii)
app.command()(triage)
app.command()(scope)
app.command()(injection)
