"""Makes the weights of the ranking and of the answer floor from labelled questions: `python -m evals.fitting --help`.

Two models, both small enough to read. The ranking's weights are the mean of the best of 3,000 drawn around hand-set
ones, by mean reciprocal rank. The floor is `agent.understanding.calibrate`'s logistic model with fixed signs. For each
question that has an answer there is a second row with its right passages taken away, so that "near but not it" is
learnt too. Deterministic for the same knowledge and rows.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.assembly import open_seeker
from agent.ports import Library, Question
from agent.understanding import calibrate, evidence, floor
from agent.understanding.evidence import FEATURES, rank
from channels.commands.opening import opened
from channels.settings import load
from evals.measures import auroc
from evals.rows import read_rows
from memory.messages import Line

Floats = NDArray[np.float64]
WEIGHTS = Path(evidence.__file__).with_name("weights")
PASSAGES = 24
DRAWS, KEPT, SPREAD = 3000, 40, 0.45
START: Mapping[str, float] = {
    "passage_cosine": 3.3,
    "best_sentence": 1.0,
    "second_sentence": 0.1,
    "sparse_share": 0.55,
    "fused_share": 0.85,
    "covered": 0.55,
    "covered_best": 0.45,
    "covered_title": 0.25,
    "met_best": 0.15,
    "about": 0.65,
    "region": 0.9,
    "core": 0.65,
    "core_title": 0.25,
    "title_said": 0.35,
    "document": 0.25,
}
SHARES: Mapping[str, float] = {"sample": 1.5, "hard": 1.0, "dstc11": 1.0, "mtrag": 0.7}
"""How much each set counts; the rows with the right passages taken away count half of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A labelled question with what was found. `gold` are the ids of right passages or documents, empty for none."""

    question: Question
    gold: frozenset[str]
    family: str

    def right(self) -> NDArray[np.bool_]:
        hits = (hit.passage for hit in self.question.hits)
        return np.array([bool({p.id, p.document_id} & self.gold) for p in hits], dtype=bool)


async def ask(
    rows: Iterable[tuple[str, Sequence[Line], frozenset[str]]], family: str, collection: str, library: Library
) -> list[Asked]:
    """Searches for each (text, history, gold)."""
    asked = []
    for text, history, gold in rows:
        found = await library.seek(text, history, limit=PASSAGES, collection=collection)
        asked.append(Asked(Question(text, found.query, found.vector, tuple(history), found.hits), gold, family))
    return asked


def transcripts(path: Path) -> Iterable[tuple[str, list[Line], frozenset[str]]]:
    """Rows of a transcript set that are about answering: no handoffs, no small talk, no attacks."""
    for row in read_rows(path):
        tags = set(row.get("tags") or ())
        if (
            row["expect"]["route"] == "handoff"
            or row.get("judge") == "handoff_only"
            or tags & {"smalltalk", "injection"}
        ):
            continue
        said = [Line("customer" if t["role"] == "customer" else "bot", t["text"]) for t in row["turns"]]
        yield said[-1].text, said[:-1], frozenset(row["expect"].get("passages") or ())


def beir(folder: Path) -> Iterable[tuple[str, list[Line], frozenset[str]]]:
    """A BEIR folder's questions, and those of its `no_answer.jsonl`."""
    gold: dict[str, set[str]] = {}
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, score = line.split("\t")
        if float(score) > 0:
            gold.setdefault(query, set()).add(document)
    for name in ("queries.jsonl", "no_answer.jsonl"):
        for row in read_rows(folder / name) if (folder / name).exists() else ():
            history = row.get("history") or ()
            said = [Line("customer" if t["role"] == "customer" else "bot", t["text"]) for t in history]
            yield row["text"], said, frozenset(gold.get(row["_id"], ()))


def fit_ranking(asked: Sequence[Asked], now: datetime) -> dict[str, float]:
    """The weights of FEATURES; questions whose right passage was not found teach nothing here. A set counts by its
    share, however many questions it has."""
    found = [(a.family, x, y) for a in asked for x, y in [_features(a, now)] if y.any()]
    sizes = Counter(family for family, _, _ in found)
    data = [(x, y, SHARES[family] / sizes[family]) for family, x, y in found]
    draw = np.random.default_rng(0)
    start = np.array([START[name] for name in FEATURES])
    drawn = [start, *(start * np.exp(draw.normal(0, SPREAD, len(start))) for _ in range(DRAWS))]
    best = sorted(drawn, key=lambda w: -_reciprocal_rank(data, w))[:KEPT]
    return dict(zip(FEATURES, np.mean(best, axis=0).round(2).tolist(), strict=True))


def _features(asked: Asked, now: datetime) -> tuple[Floats, NDArray[np.bool_]]:
    ranked, right = rank(asked.question, now), asked.right()
    return np.array([e.features for e in ranked]).reshape(-1, len(FEATURES)), right[[e.index for e in ranked]]


def _reciprocal_rank(data: Sequence[tuple[Floats, NDArray[np.bool_], float]], weights: Floats) -> float:
    found = total = 0.0
    for features, right, share in data:
        order = np.argsort(-(features @ weights))
        found += share / (1 + int(np.flatnonzero(right[order])[0]))
        total += share
    return found / total if total else 0.0


def without_right(asked: Asked) -> Asked:
    """The same question where the right passages are not known."""
    kept = tuple(hit for hit, right in zip(asked.question.hits, asked.right(), strict=True) if not right)
    return Asked(replace(asked.question, hits=kept), frozenset(), f"{asked.family} without")


def fit_floor(asked: Sequence[Asked], now: datetime, threshold: float) -> tuple[floor.Fit, dict[str, float | None]]:
    """The floor, and its AUROC on each set."""
    rows = [(a.question, bool(a.gold), a.family) for a in asked]
    answerable = [a for a in asked if a.gold]
    rows += [(a.question, True, f"{a.family} without") for a in answerable]
    rows += [(w.question, False, w.family) for w in map(without_right, answerable)]
    data = calibrate.collect(rows, now)
    shares = {**SHARES, **{f"{name} without": share / 2 for name, share in SHARES.items()}}
    fitted = calibrate.fit(data, shares, threshold)
    chances = [fitted.probability(row) for row in data.signals]
    figures = {}
    for family in dict.fromkeys(data.family):
        of = [n for n, name in enumerate(data.family) if name == family]
        figures[family] = auroc([chances[n] for n in of], [bool(data.answerable[n]) for n in of])
    return fitted, figures


def rows_of(path: Path) -> Iterable[tuple[str, list[Line], frozenset[str]]]:
    return beir(path) if path.is_dir() else transcripts(path)


async def gather(given: argparse.Namespace) -> list[Asked]:
    asked: list[Asked] = []
    settings = load(given.config)
    async with opened(settings) as (library, embedder):
        seeker = open_seeker(settings, library, embedder)
        for family, collection, path in given.data:
            asked += await ask(rows_of(Path(path)), family, collection, seeker)
    return asked


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evals.fitting", description=__doc__)
    parser.add_argument(
        "--data",
        nargs=3,
        action="append",
        required=True,
        metavar=("SET", "COLLECTION", "PATH"),
        help=f"a set ({', '.join(SHARES)}), the collection of its knowledge, and a transcripts file or a BEIR folder",
    )
    parser.add_argument("--config", type=Path)
    parser.add_argument("--threshold", type=float, default=0.42, help="the floor's, a probability")
    given, now = parser.parse_args(), datetime.now(UTC)
    asked = asyncio.run(gather(given))
    about: dict[str, Any] = {"date": now.date().isoformat(), "made_by": "python -m evals.fitting"}
    about["rows"] = {family: sum(a.family == family for a in asked) for family in SHARES}
    weights = fit_ranking(asked, now)
    _write("evidence.json", {**about, "weights": weights})
    evidence.reload()
    fitted, figures = fit_floor(asked, now, given.threshold)
    rounded = {name: value if value is None else round(value, 3) for name, value in figures.items()}
    _write("floor.json", calibrate.card(fitted, {**about, "auroc": rounded}))
    parser.exit(message=json.dumps({"weights": weights, "auroc": rounded}, indent=1) + "\n")


def _write(name: str, card: Mapping[str, Any]) -> None:
    (WEIGHTS / name).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
