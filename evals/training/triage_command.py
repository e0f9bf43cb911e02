"""`frontdesk train triage` and `frontdesk train scope`: the intents of an organisation from its own labelled messages,
and the weights that tell a message outside all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import orjson
import typer

from channels.commands.options import Config, Json, report
from channels.commands.progress import progress
from channels.settings import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.ports import Embedder, Vector

_BATCH = 256


def triage(
    data: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help='Rows {"text","intent"}; "oos" is no intent.')],
    out: Annotated[Path, typer.Option(metavar="DIR", help="For the model; name it in [agent] triage.")] = Path(
        "triage"
    ),
    about: Annotated[str, typer.Option(metavar="TEXT", help="For the card: what the rows are, their licence.")] = "",
    config: Config = None,
    json: Json = None,
) -> None:
    """The intents of your organisation, and the heads for sentiment, urgency, abuse and handoff where rows carry them.

    Example: frontdesk train triage ours.jsonl --out triage
    """
    if not data.is_file():
        raise typer.BadParameter(f"{data} is not there")
    if out.exists() and not out.is_dir():
        raise typer.BadParameter(f"{out} is a file; --out is a folder")
    made = asyncio.run(_triage(data, out, about, load(config).models.embedding.model))
    report(made, json, [*_lines(made), f"wrote {out}: name it in [agent] triage, and look at {out / 'report.html'}"])


async def _triage(data: Path, out: Path, about: str, model: str) -> dict[str, Any]:
    from evals.training import triage as training
    from knowledge.embedding import open_embedder

    rows = training.read(data)
    embedder = await open_embedder(model)
    try:
        vectors = await embedded([row["text"] for row in rows], embedder)
    finally:
        await embedder.close()
    with progress("fitting", "models") as show:
        made = await asyncio.to_thread(training.train, rows, vectors, str(data), embedder.name, about, _today())
        show(1, 1)
    made.write(out)
    return dict(made.card)


async def embedded(texts: Sequence[str], embedder: Embedder) -> Vector:
    """(n, dim): the vectors of all texts, told as they come. Texts of a size are embedded together."""
    order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
    made = np.zeros((len(texts), embedder.dim), dtype=np.float32)
    with progress("reading", "messages") as show:
        for at in range(0, len(order), _BATCH):
            part = order[at : at + _BATCH]
            made[part] = await embedder.embed([texts[n] for n in part])
            show(at + len(part), len(order))
    return made


def scope(
    data: Annotated[list[Path], typer.Argument(metavar="FILE.jsonl…", help="Sets of intents, each named by its file.")],
    about: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="For the card: what each set is, and its licence.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The card to write.")] = Path("scope.json"),
    config: Config = None,
    json: Json = None,
) -> None:
    """The weights that tell a message outside every intent, from sets whose intents are kept out in turn.

    Example: frontdesk train scope banking77.jsonl clinc150.jsonl --out scope.json
    """
    if missing := [path for path in data if not path.is_file()]:
        raise typer.BadParameter(f"{missing[0]} is not there")
    if len({path.stem for path in data}) < len(data):
        raise typer.BadParameter("two files have the same name; a set is called by its file's")
    card = asyncio.run(_scope(data, about or [], load(config).models.embedding.model))
    out.write_bytes(orjson.dumps(card, option=orjson.OPT_INDENT_2) + b"\n")
    told = [f"{name:16} AUROC {_figure(each['auroc'])}, from other sets {_figure(each['auroc_other_sets'])}"
            for name, each in card["sets"].items()]  # fmt: skip
    report({name: value for name, value in card.items() if name != "signals"}, json, [*told, f"wrote {out}"])


async def _scope(data: Sequence[Path], about: Sequence[str], model: str) -> dict[str, Any]:
    from evals.training import triage as training
    from evals.training import triage_scope
    from knowledge.embedding import open_embedder

    embedder = await open_embedder(model)
    sets: dict[str, triage_scope.Labelled] = {}
    try:
        for path in data:
            rows = [row for row in training.read(path) if row["intent"] != "oos"]
            texts = [row["text"] for row in rows]
            intents = np.array([row["intent"] for row in rows])
            sets[path.stem] = triage_scope.Labelled(texts, intents, await embedded(texts, embedder))
    finally:
        await embedder.close()
    with progress("fitting", "cases") as show:
        made = await asyncio.to_thread(triage_scope.cases, sets)
        fitted = await asyncio.to_thread(triage_scope.fit_scope, made)
        show(1, 1)
    about_it = {
        "made_by": "frontdesk train scope",
        "date": _today(),
        "embedder": embedder.name,
        "data": list(about),
        "rows": {name: len(each.texts) for name, each in sets.items()},
        "sets": triage_scope.figures(made, fitted),
    }
    return triage_scope.card(fitted, about_it)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _lines(card: Mapping[str, Any]) -> list[str]:
    """For the terminal: what was learnt, and how well it does on examples it was not shown."""
    figures = card["figures"]
    number: Callable[[str], str] = lambda name: _figure(figures[name])  # noqa: E731
    lines = [
        f"{card['rows']} examples of {len(card['intents'])} intents, each judged as if it had been left out:",
        f"  accuracy {number('accuracy')}, macro F1 {number('macro_f1')}, calibration error {number('ece')}",
        f"  taken for no intent {number('refused')}; more may be, on what customers really write",
    ]
    lines += [f"  {wanted} is taken for {found} {n} times" for wanted, found, n in figures["confusions"][:3]]
    lines += [f"  {name}: accuracy {_figure(each['accuracy'])} of {each['n']}" for name, each in card["heads"].items()]
    return lines


def _figure(value: Any) -> str:
    return "-" if value is None else f"{value:.3f}"
