"""Suite `triage`: whether the right intent is found, or that it is none. Rows `{"text","intent"}`, "oos" for none.

--train is what `frontdesk train triage` takes; what it makes is measured on --data at the threshold it chose itself.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evals import intervals
from evals.command import Asked
from evals.labelled import accuracy, f1_of, macro_f1, read
from evals.measures import auroc, calibration_error

if TYPE_CHECKING:
    from agent.ports import Vector
    from agent.understanding.intents.model import IntentModel, Judged

OUT = "oos"
_TIMED, _AT_ONCE = 200, 256


async def run(asked: Asked) -> dict[str, Any]:
    """The report; `text_ms_p50` is the reading of one message beyond its embedding. Raises ValueError without --train
    and for a bad row."""
    from agent.understanding.intents.model import fit
    from evals.training import triage as training
    from evals.training.triage_command import embedded
    from knowledge.embedding import open_embedder

    began = time.perf_counter()
    if asked.train is None:
        raise ValueError("the suite triage needs --train: Frontdesk ships no intents, they are your organisation's own")
    rows, examples = read(asked.data, "intent"), training.read(asked.train)
    texts = [row["text"] for row in rows]
    embedder = await open_embedder(asked.settings.models.embedding.model)
    try:
        taught, vectors = await embedded([row["text"] for row in examples], embedder), await embedded(texts, embedder)
    finally:
        await embedder.close()
    named = [row["text"] for row in examples], [row["intent"] for row in examples]
    fitting = time.perf_counter()
    model, _ = await asyncio.to_thread(fit, *named, taught)
    fitted_s = time.perf_counter() - fitting
    judged = judged_of(model, texts, vectors)
    wanted = [row["intent"] for row in rows]
    if asked.outcomes is not None:
        each = enumerate(zip(rows, judged, strict=True), 1)
        asked.outcomes.extend(
            {**training.outcome(number, row["text"], row["intent"], one), "id": str(row.get("id", number))}
            for number, (row, one) in each
        )
    return {
        "suite": "triage",
        "data": str(asked.data),
        "n": len(rows),
        "metrics": {**metrics(wanted, judged), "text_ms_p50": milliseconds(model, texts, vectors)},
        "intervals": bounds(wanted, judged),
        "config": {
            "train": str(asked.train),
            "examples": len(examples),
            "intents": len(model.intents),
            "embedder": embedder.name,
            "threshold": round(model.threshold, 4),
            "fit_s": round(fitted_s, 2),
        },
        "seconds": round(time.perf_counter() - began, 2),
    }


def judged_of(model: IntentModel, texts: Sequence[str], vectors: Vector) -> list[Judged]:
    """What the model says of each text, many at once."""
    found: list[Judged] = []
    for at in range(0, len(texts), _AT_ONCE):
        found += model.judge(texts[at : at + _AT_ONCE], vectors[at : at + _AT_ONCE])
    return found


def metrics(wanted: Sequence[str], judged: Sequence[Judged]) -> dict[str, float | None]:
    """Accuracy and F1 take "oos" as a label like others; `in_scope_accuracy` counts a refusal as wrong. What needs rows
    of a kind that is not there is None."""
    found = [each.intent for each in judged]
    inside = [n for n, intent in enumerate(wanted) if intent != OUT]
    out = f1_of(wanted, found, OUT) if len(inside) < len(wanted) else {"recall": None, "precision": None, "f1": None}
    return {
        "accuracy": accuracy(wanted, found),
        "macro_f1": macro_f1(wanted, found),
        "in_scope_accuracy": accuracy([wanted[n] for n in inside], [found[n] for n in inside]),
        "oos_recall": out["recall"],
        "oos_precision": out["precision"],
        "oos_f1": out["f1"],
        "oos_auroc": auroc([each.outside for each in judged], [intent == OUT for intent in wanted]),
        "ece": calibration_error([each.score for each in judged], [w == f for w, f in zip(wanted, found, strict=True)]),
    }


def bounds(wanted: Sequence[str], judged: Sequence[Judged]) -> dict[str, Any]:
    """95 % intervals of the figures."""
    found = [each.intent for each in judged]
    hits = [w == f for w, f in zip(wanted, found, strict=True)]
    both = intervals.of_labels(wanted, found)
    out = OUT in wanted and len(set(wanted)) > 1
    return {
        "accuracy": both["accuracy"],
        "macro_f1": both["macro_f1"],
        "in_scope_accuracy": intervals.of_share([hit for hit, w in zip(hits, wanted, strict=True) if w != OUT]),
        "oos_recall": intervals.of_share([hit for hit, w in zip(hits, wanted, strict=True) if w == OUT]),
        "oos_auroc": intervals.of_auroc([each.outside for each in judged], [w == OUT for w in wanted]) if out else None,
    }


def milliseconds(model: IntentModel, texts: Sequence[str], vectors: Vector) -> float | None:
    """The median for one text alone."""
    times = []
    for text, vector in zip(texts[:_TIMED], vectors[:_TIMED], strict=True):
        began = time.perf_counter()
        model.read(text, vector)
        times.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(times), 3) if times else None
