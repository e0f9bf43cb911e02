"""The retrieval suite as a page: figures, how they spread, and the worst queries with what was found and wanted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.measures import reliability
from evals.pages import plots
from evals.pages.kit import Item, clip, esc, facts, figures, items, number, page, section, table
from evals.pages.parts import column, conversation, passage, passages

Row = Mapping[str, Any]
SHOWN, WANTED = 5, 5


def render(report: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """The page of a run's report and of its rows."""
    queries = sorted((row for row in rows if row["kind"] == "query"), key=lambda row: (row["ndcg@10"], row["id"]))
    none = [row for row in rows if row["kind"] == "no_answer"]
    name, metrics = Path(report["data"]).name, report["metrics"]
    tags = tuple(report.get("parts", {}))
    return page(
        f"Retrieval on {name}: nDCG@10 {number(metrics['ndcg@10'])}",
        _lead(report),
        section("Figures", figures(metrics, report["intervals"]) + facts(report["config"])),
        section("How it spreads", _spread(queries)) if queries else "",
        *(section(f"By {field}", _part(values)) for field, values in report.get("parts", {}).items()),
        section("Knowing that nothing answers", _abstention(queries, none), note=_ABSTENTION) if none else "",
        section("Queries, the worst first", _queries(queries, tags), note=_QUERIES),
    )


_QUERIES = (
    "The figure in front is nDCG@10: 1 where the right documents stand on top, 0 where none is among the first ten."
)
_ABSTENTION = "The floor gives each question a probability that something found answers it, and refuses the low ones."


def _lead(report: Mapping[str, Any]) -> str:
    metrics, config = report["metrics"], report["config"]
    half, most = number(metrics["query_ms_p50"]), number(metrics["query_ms_p95"])
    return (
        f"{report['n']:,} questions over {config['documents']:,} documents. Embedding and search take at most "
        f"{half} ms for half of them and {most} ms for 95 of 100."
    )


def _spread(queries: Sequence[Row]) -> str:
    values = [row["ndcg@10"] for row in queries]
    nothing, all_ = sum(not value for value in values), sum(value == 1 for value in values)
    title = f"{all_} of {len(values)} have everything wanted on top, {nothing} nothing among the first ten"
    return plots.histogram(title, values, "nDCG@10", "questions")


def _part(values: Mapping[str, Mapping[str, Any]]) -> str:
    rows = []
    for name, each in values.items():
        low, high = each["interval"] or (None, None)
        rows.append((name or "(none)", each["n"], number(each["ndcg@10"]), f"{number(low)} to {number(high)}"))
    return table(("part", "questions", "nDCG@10", "95 % interval"), rows)


def _abstention(queries: Sequence[Row], none: Sequence[Row]) -> str:
    judged = [(row["answerable"], row["kind"] == "query") for row in [*queries, *none] if "answerable" in row]
    chances = [verdict["probability"] for verdict, _ in judged]
    bins = reliability(chances, [yes for _, yes in judged])
    kept = sum(not row["answerable"]["passed"] for row in none)
    title = f"{kept} of {len(none)} questions without an answer are refused"
    plot = plots.reliability(title, bins, "probability of an answer", "share that have one")
    return plot + items([_unanswerable(row) for row in sorted(none, key=_chance, reverse=True)], of="questions")


def _chance(row: Row) -> tuple[float, str]:
    return row["answerable"]["probability"], row["id"]


def _unanswerable(row: Row) -> Item:
    verdict = row["answerable"]
    said = "let through" if verdict["passed"] else "refused"
    body = column("Conversation", conversation([*row["history"], {"role": "customer", "text": row["text"]}]))
    return Item(number(verdict["probability"]), row["text"], body, f"{said}: {verdict['reason']}", (said,))


def _queries(queries: Sequence[Row], fields: Sequence[str]) -> str:
    return items([_query(row, fields) for row in queries], of="questions")


def _query(row: Row, fields: Sequence[str]) -> Item:
    tags = (_fate(row), *(value for field in fields if (value := row["fields"].get(field))))
    said = conversation([*row["history"], {"role": "customer", "text": row["text"]}])
    body = column("Conversation", said, ("Searched", _searched(row)))
    body += column("Wanted", _wanted(row), ("Found", _found(row)))
    best = next((each["rank"] for each in row["relevant"]), None)
    after = f"first wanted at {best}" if best else "nothing wanted was found"
    return Item(number(row["ndcg@10"]), row["text"], body if row["ndcg@10"] < 1 else "", after, tags)


def _fate(row: Row) -> str:
    if row["ndcg@10"] == 1:
        return "all on top"
    best = next((each["rank"] for each in row["relevant"]), None)
    return "not found" if best is None else "below the first ten" if best > 10 else "found, not on top"


def _searched(row: Row) -> str:
    """The query and why; a reason in words first, and the rest by name."""
    reasons = dict(row["searched"])
    why = str(reasons.pop("why", "") or "")
    lines = [f"<p><bdi>{esc(clip(row['query'], 400))}</bdi></p>", f"<p>{esc(why)}</p>" if why else ""]
    lines += [
        f'<p class="muted">{esc(name)}: <bdi>{esc(clip(_words(v), 240))}</bdi></p>' for name, v in reasons.items() if v
    ]
    return "".join(lines) + f'<p class="muted">{number(row["ms"])} ms, {esc(row["id"])}</p>'


def _words(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _found(row: Row) -> str:
    made = [
        passage(
            f"{at}. {number(each['score'])}{' wanted' if each['gain'] else ''}",
            each["title"] or each["id"],
            each["text"],
            kind="good" if each["gain"] else "",
        )
        for at, each in enumerate(row["ranking"][:SHOWN], 1)
    ]
    return passages(made) if made else '<p class="muted">Nothing was found.</p>'


def _wanted(row: Row) -> str:
    made = [_right(each) for each in row["relevant"][:WANTED]]
    more = len(row["relevant"]) - WANTED
    return passages(made) + (f'<p class="muted">and {more} more</p>' if more > 0 else "")


def _right(each: Mapping[str, Any]) -> str:
    rank = each["rank"]
    place = f"at {rank}" if rank else "not found"
    missing = each["title"] is None
    title = "the corpus has no such document" if missing else each["title"] or each["id"]
    text = each["id"] if missing else each["text"]
    return passage(place, title, text, kind="good" if rank and rank <= 10 else "bad")
