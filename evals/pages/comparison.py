"""Two runs side by side as a page: the difference, and the queries that changed most with both outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.comparing import Comparison, Pair, most_changed
from evals.pages.kit import Item, esc, facts, figures, items, number, page, section
from evals.pages.parts import column, conversation, passage, passages, text

SHOWN = 5


def render(report: Mapping[str, Any], compared: Comparison) -> str:
    metrics, (low, high) = report["metrics"], report["intervals"]["difference"]
    sure = "It may be chance: the interval holds zero." if low <= 0 <= high else "The interval leaves zero out."
    title = f"{compared.suite}: {compared.measure} {number(metrics['before'])} before, {number(metrics['after'])} after"
    lead = (
        f"{report['n']:,} queries in both runs: {metrics['wins']} better, {metrics['ties']} the same, "
        f"{metrics['losses']} worse. "
        f"Mean difference {metrics['difference']:+.3f}, 95 % interval {low:+.3f} to {high:+.3f}. "
    )
    changed = [_item(pair, compared) for pair in most_changed(compared.pairs, len(compared.pairs))]
    body = items(changed, of="queries") if changed else "<p>Nothing changed.</p>"
    return page(
        title,
        lead + sure,
        section("Figures", figures(metrics, report["intervals"]) + facts(report["config"])),
        section(
            "What changed most", body, note="In front: after less before. What got worse stands first among equals."
        ),
    )


def _item(pair: Pair, compared: Comparison) -> Item:
    row, fate = pair.after, "better" if pair.difference > 0 else "worse"
    words = str(row.get("text", pair.id))
    said = [*row.get("history", ()), {"role": "customer", "text": words}]
    body = column("Conversation", conversation(said) + f'<p class="muted">{esc(pair.id)}</p>')
    body += "".join(
        column(f"{when}: {number(each[compared.measure])}", _outcome(each))
        for when, each in (("Before", pair.before), ("After", pair.after))
    )
    return Item(f"{pair.difference:+.3f}", words, body, fate, (fate,))


def _outcome(row: Mapping[str, Any]) -> str:
    """What a run made of the query: its ranking, or what the suite's rows call the outcome."""
    if "ranking" not in row:
        return text(str(row.get("outcome", "")))
    made = [
        passage(
            f"{at}.{' wanted' if each.get('gain') else ''}",
            str(each.get("title") or each.get("id")),
            str(each.get("text", "")),
            kind="good" if each.get("gain") else "",
        )
        for at, each in enumerate(row["ranking"][:SHOWN], 1)
    ]
    why = row.get("searched", {}).get("why") or row.get("query", "")
    return f'<p class="muted">Searched: <bdi>{esc(str(why)[:300])}</bdi></p>{passages(made)}'
