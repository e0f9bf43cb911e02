"""From labelled rows to the four heads: which row teaches which head, how much it counts, and how well the heads do.

A row is `{"text": …}` with any of `sentiment` (negative, neutral, positive), `urgency` (low, medium, high), `abuse` and
`handoff` (true or false). The examples of this repository come first: `examples_moods.jsonl` as it is, and
`examples.jsonl`, whose labels say what a message does, for what follows from that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from agent.understanding.moods.features import bare, sample
from agent.understanding.moods.fitting import fit
from agent.understanding.moods.head import Head
from agent.understanding.moods.moods import HEADS

Floats = NDArray[np.float32]

EXAMPLES: Final = Path(__file__).parents[1] / "examples_moods.jsonl"
ACTS: Final = Path(__file__).parents[1] / "examples.jsonl"
FIELDS: Final[Mapping[str, str]] = {
    "sentiment": "sentiment",
    "urgency": "urgency",
    "abuse": "abuse",
    "person": "handoff",
}
"""Head to the field of a row that teaches it."""
_FOLLOWS: Final[Mapping[str, Mapping[str, Any]]] = {
    "policy": {"sentiment": "neutral", "urgency": "low", "abuse": False, "handoff": False},
    "own": {"sentiment": "neutral", "abuse": False, "handoff": False},
    "action": {"sentiment": "neutral", "abuse": False, "handoff": False},
    "inform": {"sentiment": "neutral", "urgency": "low", "abuse": False, "handoff": False},
    "problem": {"handoff": False},
    "person": {"handoff": True},
    "complaint": {"sentiment": "negative"},
    "smalltalk": {"urgency": "low", "abuse": False, "handoff": False},
    "unclear": {"sentiment": "neutral", "urgency": "low", "abuse": False, "handoff": False},
}
_POSITIVE: Final = {"abuse": "yes", "person": "yes"}
_IMPLIED: Final = 0.5
"""What a label that only follows from another counts; on airline tweets 0.3 to 1 are alike (0.67 macro F1)."""
_BARE: Final = 0.3
"""What each row counts a second time without its embedding, so that words alone are understood as well."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One text with what it teaches: head to label; `weight` is how much it counts."""

    text: str
    labels: Mapping[str, str]
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """A head with what it said of its own lessons when it was fitted without them: guess and confidence of each."""

    head: Head
    wanted: tuple[str, ...]
    guessed: tuple[str, ...]
    sure: tuple[float, ...]


def lessons(rows: Iterable[Mapping[str, Any]], where: str, weight: float = 1.0) -> list[Lesson]:
    """What the rows teach, in order; rows that teach nothing are left out. Raises ValueError naming a bad row."""
    found = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row.get("text"), str):
            raise ValueError(f"{where}, row {number}: text must be a string")
        labels = {
            head: _label(head, row[field], f"{where}, row {number}") for head, field in FIELDS.items() if field in row
        }
        if labels:
            found.append(Lesson(row["text"], labels, weight))
    return found


def _label(head: str, value: Any, where: str) -> str:
    given = {True: "yes", False: "no"}.get(value, "") if isinstance(value, bool) else value
    if given not in HEADS[head] or isinstance(value, bool) != (head in _POSITIVE):
        told = "true or false" if head in _POSITIVE else f"one of {', '.join(HEADS[head])}"
        raise ValueError(f"{where}: {FIELDS[head]} must be {told}")
    return str(given)


def own_lessons() -> list[Lesson]:
    """What this repository's own examples teach."""
    acts = [{"text": row["text"], **_FOLLOWS[row["label"]]} for row in _read(ACTS)]
    return [*lessons(_read(EXAMPLES), EXAMPLES.name), *lessons(acts, ACTS.name, _IMPLIED)]


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def teach(
    given: Sequence[Lesson],
    vectors: Floats,
    start: Mapping[str, Head] | None = None,
    done: Callable[[int], None] | None = None,
) -> dict[str, Taught]:
    """The heads that the lessons teach. A head without lessons of two labels is left out. `vectors` is (n_lessons,
    dim); `start` are heads to start from; `done` hears how many heads are."""
    found = {}
    for number, name in enumerate(HEADS, 1):
        at = [n for n, lesson in enumerate(given) if name in lesson.labels]
        if len({given[n].labels[name] for n in at}) < 2:
            continue
        found[name] = _taught(name, [given[n] for n in at], vectors[at], (start or {}).get(name))
        if done:
            done(number)
    return found


def _taught(name: str, given: Sequence[Lesson], vectors: Floats, start: Head | None) -> Taught:
    """Each row teaches twice, with its embedding and lighter without; only with it is it judged."""
    whole = [sample(lesson.text, vector) for lesson, vector in zip(given, vectors, strict=True)]
    wanted = [lesson.labels[name] for lesson in given]
    fitted = fit(
        [*whole, *(bare(each) for each in whole)],
        [lesson.text for lesson in given] * 2,
        wanted * 2,
        weights=[*(lesson.weight for lesson in given), *(lesson.weight * _BARE for lesson in given)],
        start=start,
        positive=_POSITIVE.get(name),
    )
    guessed = fitted.guesses()[: len(given)]
    sure = [float(row[fitted.head.labels.index(g)]) for row, g in zip(fitted.held_out, guessed, strict=False)]
    return Taught(fitted.head, tuple(wanted), tuple(guessed), tuple(sure))
