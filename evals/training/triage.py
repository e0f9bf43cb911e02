"""From labelled messages to a model of intents with its card and report."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from agent.understanding.intents.model import OUT, IntentModel, Judged, fit, left_out, save, told
from evals.labelled import accuracy, f1_of, macro_f1
from evals.measures import calibration_error, reliability
from evals.rows import read_rows

if TYPE_CHECKING:
    from agent.ports import Vector
    from agent.understanding.moods.head import Head

_SURE = 0.8
"""From this confidence an example that reads as another intent is worth a second look at its label."""
_PAIRS, _LOOKS = 40, 100
_STEPS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A trained model with its card, what it says of each example left out, and the heads that rows taught. `quoted`
    are the figures that quote examples: they go into the report, and not onto the card that lies with the model."""

    model: IntentModel
    card: Mapping[str, Any]
    quoted: Mapping[str, Any]
    outcomes: Sequence[Mapping[str, Any]]
    heads: Mapping[str, Head]

    def write(self, folder: Path) -> None:
        """`intents.npz`, `intents.json`, `moods.npz` where heads were taught, `report.json` and `report.html`."""
        save(self.model, folder, self.card)
        if self.heads:
            _save_heads(self.heads, folder / "moods.npz")
        report = _report(self.card, self.quoted)
        (folder / "report.json").write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n")
        (folder / "report.html").write_text(_page(report, self.outcomes), encoding="utf-8")


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL. Raises ValueError naming the first bad line, and for a file without an intent."""
    rows = read_rows(path)
    for number, row in enumerate(rows, 1):
        where = f"{path}, row {number}"
        if not isinstance(row.get("text"), str) or not row["text"].strip():
            raise ValueError(f"{where}: text must be a string with words")
        if not isinstance(row.get("intent"), str) or not row["intent"].strip():
            raise ValueError(f'{where}: intent must be a name, or "{OUT}" for none')
    if not any(row["intent"] != OUT for row in rows):
        raise ValueError(f"{path}: no row names an intent")
    return rows


def train(rows: Sequence[Mapping[str, Any]], vectors: Vector, where: str, embedder: str, about: str, date: str) -> Made:
    """The model of `rows`, whose texts have these vectors; `where`, `embedder`, `about` and `date` go on the card."""
    texts = [row["text"] for row in rows]
    intents = [row["intent"] for row in rows]
    model, fitted = fit(texts, intents, vectors)
    judged = left_out(model, fitted)
    heads, head_figures = _heads(rows, vectors, where)
    card = {
        "made_by": "frontdesk train triage",
        "date": date,
        "data": Path(where).name,
        "about": about,
        "rows": len(rows),
        "embedder": embedder,
        "intents": dict(sorted(Counter(intents).items())),
        "figures": figures(intents, judged),
        "heads": head_figures,
    }
    rows_out = [outcome(n, *each) for n, each in enumerate(zip(texts, intents, judged, strict=True), 1)]
    return Made(model, card, quoted(texts, intents, judged), rows_out, heads)


def outcome(number: int, text: str, wanted: str, judged: Judged) -> dict[str, Any]:
    """A row of the suite and of the report."""
    return {
        "suite": "triage",
        "id": str(number),
        "text": text,
        "wanted": wanted,
        "found": judged.intent,
        "score": round(judged.score, 4),
        "right": float(judged.intent == wanted),
        "outcome": told(judged).reason,
        "outside": round(judged.outside, 4),
    }


def figures(wanted: Sequence[str], judged: Sequence[Judged]) -> dict[str, Any]:
    """How well the examples, each left out, were read. `accuracy` and `macro_f1` ask for the best intent without
    refusing any; `coverage` says how many are right among the surest."""
    inside = [n for n, intent in enumerate(wanted) if intent != OUT]
    intents, best = [wanted[n] for n in inside], [judged[n].best for n in inside]
    sure = [judged[n].score for n in range(len(judged))]
    right = [judged[n].intent == wanted[n] for n in range(len(judged))]
    return {
        "accuracy": accuracy(intents, best),
        "macro_f1": macro_f1(intents, best),
        "refused": sum(judged[n].intent == OUT for n in inside) / len(inside),
        "ece": calibration_error(sure, right),
        "confusions": _confusions(intents, best),
        "coverage": _coverage(sure, right),
        "calibration": [[each.n, each.forecast, each.share] for each in reliability(sure, right)],
        "per_intent": {name: {**f1_of(intents, best, name), "n": n} for name, n in sorted(Counter(intents).items())},
    }


def quoted(texts: Sequence[str], wanted: Sequence[str], judged: Sequence[Judged]) -> dict[str, Any]:
    """Examples of what is confused, and those whose label looks wrong."""
    return {"suspicious": _suspicious(texts, wanted, judged), "examples": _pairs(texts, wanted, judged)}


def _confusions(wanted: Sequence[str], found: Sequence[str]) -> list[tuple[str, str, int]]:
    """Pairs that differ, the most frequent first."""
    pairs = Counter((w, f) for w, f in zip(wanted, found, strict=True) if w != f)
    return [(*pair, n) for pair, n in sorted(pairs.items(), key=lambda each: (-each[1], each[0]))[:_PAIRS]]


def _pairs(texts: Sequence[str], wanted: Sequence[str], judged: Sequence[Judged]) -> dict[str, list[str]]:
    """Up to three examples of each pair that is confused, by "wanted > found"."""
    found: dict[str, list[str]] = defaultdict(list)
    for text, intent, each in zip(texts, wanted, judged, strict=True):
        if intent not in (OUT, each.best) and len(found[f"{intent} > {each.best}"]) < 3:
            found[f"{intent} > {each.best}"].append(text[:200])
    return dict(sorted(found.items(), key=lambda each: (-len(each[1]), each[0]))[:_PAIRS])


def _coverage(sure: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float, float]]:
    """For shares of all, the surest first: share, how many of them are right, and the least confidence among them."""
    order = sorted(range(len(sure)), key=lambda n: -sure[n])
    made = []
    for share in _STEPS:
        kept = order[: max(1, round(share * len(order)))]
        made.append((share, sum(right[n] for n in kept) / len(kept), sure[kept[-1]]))
    return made


def _suspicious(texts: Sequence[str], wanted: Sequence[str], judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """Examples that read, left out, surely as another intent: their label may be wrong. The surest first."""
    order = sorted(range(len(judged)), key=lambda n: (-judged[n].score, n))
    return [
        {
            "row": n + 1,
            "text": texts[n][:200],
            "intent": wanted[n],
            "reads_as": judged[n].intent,
            "score": round(judged[n].score, 3),
        }
        for n in order
        if judged[n].intent != wanted[n] and judged[n].score >= _SURE
    ][:_LOOKS]


def _heads(
    rows: Sequence[Mapping[str, Any]], vectors: Vector, where: str
) -> tuple[dict[str, Head], dict[str, dict[str, Any]]]:
    """The heads that rows with sentiment, urgency, abuse or handoff teach, from the shipped ones on."""
    from agent.understanding.moods.moods import shipped
    from agent.understanding.moods.teaching import FIELDS, lessons, teach

    at = [n for n, row in enumerate(rows) if any(name in row for name in FIELDS.values())]
    if not at:
        return {}, {}
    given = lessons(rows, where)
    taught = teach(given, vectors[at], shipped().heads)
    heads = {**shipped().heads, **{name: each.head for name, each in taught.items()}} if taught else {}
    scored = {
        name: {
            "n": len(each.wanted),
            "accuracy": accuracy(each.wanted, each.guessed),
            "macro_f1": macro_f1(each.wanted, each.guessed),
        }
        for name, each in taught.items()
    }
    return heads, scored


def _save_heads(heads: Mapping[str, Head], path: Path) -> None:
    from agent.understanding.moods.head import save as save_heads

    save_heads(heads, path)


def _report(card: Mapping[str, Any], quoted: Mapping[str, Any]) -> dict[str, Any]:
    """The card in the form that reports of suites have."""
    found = card["figures"]
    return {
        "suite": "triage",
        "data": card["data"],
        "n": card["rows"],
        "metrics": {name: found[name] for name in ("accuracy", "macro_f1", "refused", "ece")},
        "config": {name: card[name] for name in ("made_by", "date", "about", "embedder", "intents")},
        "seconds": 0.0,
        "details": {**found, **quoted},
        "heads": card["heads"],
    }


def _page(report: Mapping[str, Any], outcomes: Sequence[Mapping[str, Any]]) -> str:
    from evals.pages import judged

    return judged.render({name: value for name, value in report.items() if name != "details"}, outcomes)
