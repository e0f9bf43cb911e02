"""`frontdesk train grounding`: the weights of the grounding judge from labelled replies."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from channels.commands.options import Config, Json, report, say
from channels.commands.progress import progress
from channels.settings import load

if TYPE_CHECKING:
    from evals.training.grounding import Rows


def grounding(
    data: Annotated[list[Path], typer.Argument(metavar="FILE…", help="JSONL files, each a set of its own.")],
    out: Annotated[Path, typer.Option(help="The card to write; name it in [agent] grounding.")] = Path(
        "grounding.json"
    ),
    without: Annotated[
        list[str] | None, typer.Option(metavar="SOURCE", help="Leave out rows whose `source` is this; again for more.")
    ] = None,
    wordnet: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also make the word table, from WordNet 3.0's files.")
    ] = None,
    config: Config = None,
    json: Json = None,
) -> None:
    """The judge of what a reply's sources say, from rows {"reply", "evidence": […], "label": "grounded" or
    "ungrounded"}.

    Example: frontdesk train grounding ours.jsonl summaries.jsonl --out grounding.json
    """
    if len({path.stem for path in data}) < len(data):
        raise typer.BadParameter("two files have the same name; a set is called by its file's")
    if missing := [path for path in data if not path.exists()]:
        raise typer.BadParameter(f"{missing[0]} is not there")
    if not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {out.parent}")
    if wordnet is not None:
        made = out.with_name("grounding_words.npz")
        asyncio.run(_make_words(wordnet, made, config))
        say(f"wrote {made}, {made.stat().st_size / 1e6:.1f} MB; it is used once it lies beside the shipped card")
    card = _trained(data, without or [])
    out.write_bytes(orjson.dumps(card, option=orjson.OPT_INDENT_2) + b"\n")
    report({name: value for name, value in card.items() if name != "weights"}, json, [*_lines(card), f"wrote {out}"])


async def _make_words(wordnet: Path, out: Path, config: Path | None) -> None:
    from agent.guardrails.evidence_lexicon import write
    from agent.understanding.words import vocabulary
    from evals.training.grounding_words import build, read_wordnet
    from knowledge.embedding import open_embedder

    read = read_wordnet(wordnet)
    embedder = await open_embedder(load(config).models.embedding.model)
    try:
        table = await build(read, vocabulary(), embedder.embed)
    finally:
        await embedder.close()
    write(table, out)


def _trained(data: Sequence[Path], without: Sequence[str]) -> dict[str, Any]:
    from agent.guardrails.evidence_card import to_card
    from evals.training.grounding import finished

    sets = {path.stem: _rows(path, without) for path in data}
    model, figures = finished(sets)
    made = {
        "made_by": "frontdesk train grounding",
        "date": datetime.now(UTC).date().isoformat(),
        "data": sorted(sets),
        "without": sorted(without),
        "edited": sorted(name for name, rows in sets.items() if rows.edited),
        "auroc": figures,
    }
    return to_card(replace(model, made=made))


def _rows(path: Path, without: Sequence[str]) -> Rows:
    import numpy as np

    from agent.guardrails.evidence_card import split
    from agent.guardrails.evidence_signals import evidence_of, signals
    from evals.grounding_rows import read
    from evals.training.grounding import Rows

    rows = read(path, frozenset(without))
    with progress(f"reading {path.name}", "replies") as show:
        found = []
        for number, row in enumerate(rows, 1):
            found.append(signals(split(row.reply), evidence_of(row.evidence)))
            show(number, len(rows))
    about = {evidence: place for place, evidence in enumerate(dict.fromkeys(row.evidence for row in rows))}
    groups = np.array([about[row.evidence] for row in rows])
    return Rows(np.array(found), np.array([row.grounded for row in rows]), groups)


def _lines(card: Mapping[str, Any]) -> list[str]:
    """A set a line: words in common, fitted, and by weights that saw neither its evidence, nor the set."""
    head = f"{'AUROC':20}{'n':>6}{'overlap':>9}{'fitted':>8}{'unseen evidence':>17}{'unseen set':>12}{'balanced':>10}"
    return [head, *(_line(name, figures) for name, figures in card["auroc"].items())]


def _line(name: str, figures: Mapping[str, Any]) -> str:
    def shown(key: str, width: int) -> str:
        value = figures[key]
        return f"{'-' if value is None else format(value, '.3f'):>{width}}"

    held = shown("unseen_evidence", 17) + shown("unseen_set", 12) + shown("balanced_accuracy_unseen_evidence", 10)
    return f"{name[:20]:20}{figures['rows']:>6}{shown('plain_overlap', 9)}{shown('fitted', 8)}{held}"
