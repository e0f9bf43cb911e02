"""The transcripts, pii, email and memory suites as a page: figures, and the rows that went worst."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.comparing import MEASURES
from evals.pages.kit import Item, esc, facts, figures, items, number, page, section, table
from evals.pages.parts import column, conversation, text

Row = Mapping[str, Any]
PII_CHARS = 4000


def render(report: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """The page of a run's report and of its rows."""
    suite, metrics = report["suite"], report["metrics"]
    measure = MEASURES[suite]
    worst = sorted(rows, key=lambda row: (row[measure], row["id"]))
    wrong = sum(row[measure] < 1 for row in rows)
    labels = [section("By label", _labels(metrics["per_label"]))] if metrics.get("per_label") else []
    return page(
        f"{suite.capitalize()} on {Path(report['data']).name}: {wrong} of {len(rows)} not right",
        f"{report['n']:,} rows in {number(report['seconds'])} seconds.",
        section("Figures", figures(metrics, report.get("intervals", {})) + facts(report["config"])),
        *labels,
        section("Rows, the worst first", _list(worst, measure, _BODIES[suite]), note=f"In front: {measure}."),
    )


def _labels(values: Mapping[str, Mapping[str, Any]]) -> str:
    names = list(next(iter(values.values())))
    return table(
        ("label", *names), [(label, *(number(each[name]) for name in names)) for label, each in values.items()]
    )


def _list(rows: Sequence[Row], measure: str, body: Callable[[Row], tuple[str, str, tuple[str, ...]]]) -> str:
    entries = []
    for row in rows:
        html, after, tags = body(row)
        entries.append(Item(number(row[measure]), row["text"], html if row[measure] < 1 else "", after, tags))
    return items(entries, of="rows")


def _transcript(row: Row) -> tuple[str, str, tuple[str, ...]]:
    said = conversation([*row["history"], {"role": "customer", "text": row["text"]}])
    wanted, sources = row["wanted"], ", ".join(dict.fromkeys(row["sources"]))
    expected = text(f"{row['expected']}\n{wanted['reply'] or ''}\n{', '.join(wanted['passages'])}".strip())
    got = text(f"{row['route']}\n{row['reply']}\n{sources}".strip())
    got += f'<p class="muted">{esc(row["reason"])}</p>' if row["reason"] else ""
    fate = (
        f"{row['expected']} → {row['route']}"
        if row["expected"] != row["route"]
        else "wrong source" * (not row["right"])
    )
    return column("Conversation", said) + column("Expected", expected) + column("Came", got), fate, (fate or "right",)


def _pii(row: Row) -> tuple[str, str, tuple[str, ...]]:
    missed, extra = _apart(row["wanted"], row["found"]), _apart(row["found"], row["wanted"])
    tags = [f"missed {label}" for *_, label in missed] + [f"extra {label}" for *_, label in extra]
    spans = [(s, "missed", "bad") for s in missed] + [(s, "extra", "warn") for s in extra]
    spans += [(s, "found", "good") for s in row["found"] if s not in extra]
    after = f"{len(missed)} missed, {len(extra)} extra" if tags else ""
    return f"<pre>{_marked(row['text'], spans)}</pre>", after, tuple(dict.fromkeys(tags))


def _apart(spans: Sequence[Sequence[Any]], others: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """Those that no other of the same label overlaps."""
    return [s for s in spans if not any(s[2] == o[2] and s[0] < o[1] and o[0] < s[1] for o in others)]


def _marked(said: str, spans: Sequence[tuple[Sequence[Any], str, str]]) -> str:
    """The text with its spans underlined and named; of two that overlap, the one that went wrong."""
    made, at = [], 0
    chosen: list[tuple[int, int, str, str]] = []
    for (start, end, label), word, kind in spans:
        start, end = max(0, start), min(end, len(said), PII_CHARS)
        if start < end and all(end <= a or b <= start for a, b, *_ in chosen):
            chosen.append((start, end, f"{word} {label}", kind))
    for start, end, name, kind in sorted(chosen):
        made += [esc(said[at:start]), f'<mark class="{kind}">{esc(said[start:end])}<sup> {esc(name)}</sup></mark>']
        at = end
    return "".join(made) + esc(said[at:PII_CHARS]) + ("…" if len(said) > PII_CHARS else "")


def _email(row: Row) -> tuple[str, str, tuple[str, ...]]:
    body = (
        column("Mail", text(row["text"])) + column("Wanted", text(row["wanted"])) + column("Read", text(row["outcome"]))
    )
    fate = "right" if row["normalised"] else "longer" if len(row["outcome"]) > len(row["wanted"]) else "shorter"
    return body, {"longer": "reads too much", "shorter": "reads too little"}.get(fate, ""), (fate,)


def _memory(row: Row) -> tuple[str, str, tuple[str, ...]]:
    places = {id: f"place {place}" if place else "not found" for id, place in row["places"].items()}
    wanted = "\n\n".join(f"{each['id']} ({places[each['id']]}): {each['text']}" for each in row["wanted"])
    found = "\n\n".join(f"{at}. {each['id']}: {each['text']}" for at, each in enumerate(row["found"], 1))
    body = column("Wanted", text(wanted)) + column("Found", text(found))
    missed = sum(place is None or place > 10 for place in row["places"].values())
    return body, f"{missed} of {len(places)} not in the best 10", (row["category"],)


_BODIES: Mapping[str, Callable[[Row], tuple[str, str, tuple[str, ...]]]] = {
    "transcripts": _transcript,
    "pii": _pii,
    "email": _email,
    "memory": _memory,
}
SUITES = tuple(_BODIES)
