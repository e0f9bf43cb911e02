"""`frontdesk train moods`: the heads for sentiment, urgency, abuse and the wish for a person."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from channels.commands.options import Config, Json, report
from channels.commands.progress import progress
from channels.settings import Settings, load
from evals.labelled import accuracy, f1_of, macro_f1
from evals.measures import calibration_error
from evals.rows import read_rows

if TYPE_CHECKING:
    from agent.understanding.moods.teaching import Lesson, Taught

_BATCH = 256


def moods(
    data: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE.jsonl…", help="Rows with sentiment, urgency, abuse or handoff.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="For moods.npz and its card.")] = Path("moods"),
    about: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="For the card: what a file is, and its licence.")
    ] = None,
    lexicon: Annotated[
        Path | None, typer.Option(metavar="DIR", help="VADER's lexicon files: makes valence.txt before.")
    ] = None,
    config: Config = None,
    json: Json = None,
) -> None:
    """The heads of triage, from the examples that Frontdesk ships and rows of your own.

    Example: frontdesk train moods ours.jsonl --about "our tickets of 2026" --out moods
    """
    files = data or []
    for path in files:
        if not path.is_file():
            raise typer.BadParameter(f"{path} is not there")
    if lexicon is not None:
        _distil(lexicon)
    made, card = asyncio.run(_train(load(config), files, about or []))
    from agent.understanding.moods.head import save

    out.mkdir(parents=True, exist_ok=True)
    save(made, out / "moods.npz")
    (out / "moods.json").write_bytes(orjson.dumps(card, option=orjson.OPT_INDENT_2) + b"\n")
    report(card, json, [*_lines(card), f"wrote {out / 'moods.npz'} and its card"])


def _distil(folder: Path) -> None:
    from agent.understanding.moods import lexicons, valence

    try:
        text = lexicons.distil(folder)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{folder} does not hold VADER's lexicon: {error}") from None
    (Path(valence.__file__).parents[1] / "weights" / "valence.txt").write_text(text, encoding="utf-8")


async def _train(settings: Settings, files: Sequence[Path], about: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    from agent.understanding.moods.moods import HEADS
    from agent.understanding.moods.teaching import lessons, own_lessons, teach

    given = own_lessons()
    own = len(given)
    for path in files:
        try:
            given += lessons(read_rows(path), str(path))
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
    vectors = await _embedded(settings, given)
    with progress("fitting", "heads") as show:
        taught = await asyncio.to_thread(teach, given, vectors, None, lambda done: show(done, len(HEADS)))
    card = {
        "made_by": "frontdesk train moods",
        "date": datetime.now(UTC).date().isoformat(),
        "data": ["the examples in this repository", *about],
        "rows": {"own": own, "given": len(given) - own},
        "embedder": settings.models.embedding.model,
        "held_out": {name: _figures(each) for name, each in taught.items()},
    }
    return {name: each.head for name, each in taught.items()}, card


async def _embedded(settings: Settings, given: Sequence[Lesson]) -> Any:
    import numpy as np

    from knowledge.embedding import open_embedder

    embedder = await open_embedder(settings.models.embedding.model)
    try:
        found = []
        with progress("embedding", "rows") as show:
            for at in range(0, len(given), _BATCH):
                found.append(await embedder.embed([lesson.text for lesson in given[at : at + _BATCH]]))
                show(min(at + _BATCH, len(given)), len(given))
    finally:
        await embedder.close()
    return np.vstack(found)


def _figures(taught: Taught) -> dict[str, float | int | None]:
    """A head on rows held out in turn; F1 is of "yes", None where there is no such label."""
    right = [w == g for w, g in zip(taught.wanted, taught.guessed, strict=True)]
    found = {
        "accuracy": accuracy(taught.wanted, taught.guessed),
        "macro_f1": macro_f1(taught.wanted, taught.guessed),
        "f1": f1_of(taught.wanted, taught.guessed, "yes")["f1"],
        "calibration_error": calibration_error(taught.sure, right),
    }
    rounded = {name: None if value is None else round(value, 4) for name, value in found.items()}
    return {"rows": len(taught.wanted), **rounded}


def _lines(card: Mapping[str, Any]) -> list[str]:
    """A head a line, on rows held out in turn."""
    head = f"{'held out':12}{'rows':>7}{'accuracy':>10}{'macro F1':>10}{'F1 yes':>8}{'calibration error':>19}"
    return [head, *(_line(name, figure) for name, figure in card["held_out"].items())]


def _line(name: str, figure: Mapping[str, Any]) -> str:
    f1 = "-" if figure["f1"] is None else f"{figure['f1']:.3f}"
    return (
        f"{name:12}{figure['rows']:>7}{figure['accuracy']:>10.3f}{figure['macro_f1']:>10.3f}{f1:>8}"
        f"{figure['calibration_error']:>19.3f}"
    )
