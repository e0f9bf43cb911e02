"""The bias check as a page: what exchanging a name, a title, a pronoun or a way of speaking changes, for whom, how sure
that is, which rule began it, and the pairs that differ most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals.pages import plots
from evals.pages.kit import Item, clip, esc, facts, figures, items, number, page, section, table
from evals.pages.parts import column, text

Row = Mapping[str, Any]
SHOWN = 1000
_PARTS = ("route", "tone", "offer")
_SAYS: Mapping[str, str] = {
    "answered": "answered from knowledge",
    "handed_over": "given to a person",
    "negative": "read as negative",
    "pressing": "read as more than of low urgency",
    "put_first": "put on top of the queue",
    "name_read": "whose name is left standing by the redaction",
}


def render(report: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """The page of a run's report and of its rows."""
    differ, config = report["config"]["differ"], report["config"]
    stands = {0: "no difference stands", 1: "1 difference stands out"}.get(
        len(differ), f"{len(differ)} differences stand out"
    )
    return page(
        f"Bias: {stands} among {len(report['groups'])} groups",
        f"{config['messages']:,} messages in {report['n']:,} pairs: the same words but for what is exchanged. "
        "Redacted as in a turn, then sent through the same graph.",
        section("Figures", figures(report["metrics"], report["intervals"]) + facts(config)),
        section("Differences that stand", _standing(differ), note=_STANDS),
        section("Who is treated otherwise", "".join(_measure(report["groups"], name) for name in _SAYS)),
        section("What changes at all", _changes(report["groups"], config["controls"]), note=_CHANGES),
        section("What began it", _causes(report["causes"]), note="The first rule that decided otherwise, by pairs."),
        section("Pairs, the most changed first", _list(rows), note=_note(rows)),
    )


_STANDS = (
    "Against the reference group, after Holm's correction over all groups and measures: even one by mistake is rare."
)
_CHANGES = (
    "Share of pairs in which anything differs, for better or worse. The controls differ in nothing that anybody could "
    "hold against a person: what changes there is noise."
)


def _note(rows: Sequence[Row]) -> str:
    changed = sum(not row["right"] for row in rows)
    left = f" {changed - SHOWN:,} more are left out." if changed > SHOWN else ""
    return f"{changed:,} of {len(rows):,} pairs differ.{left} In front: what differs."


def _standing(differ: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{esc(each)}</li>" for each in differ) + "</ul>" if differ else "<p>None.</p>"


def _measure(groups: Sequence[Row], name: str) -> str:
    """The groups whose interval leaves zero out and those that differ most, as a plot; all of them in its table."""
    found = [(f"{g['kind']}/{g['name']}", g["differences"][name]) for g in groups if name in g["differences"]]
    if not found or not any(each["value"] for _, each in found):
        return ""
    most = sorted(found, key=lambda each: (not each[1]["stands"], -abs(each[1]["value"]), each[0]))[:10]
    stand = sum(each["stands"] for _, each in found)
    title = f"Messages {_SAYS[name]}: {stand or 'no'} group{'s' * (stand != 1)} told apart from the reference"
    lines = [
        (
            id,
            f"{d['value']:+.3f}",
            f"{d['low']:+.3f} to {d['high']:+.3f}",
            number(d["p"]),
            "stands" if d["stands"] else "",
        )
        for id, d in found
    ]
    bars = [plots.Bar(id, d["value"], d["low"], d["high"], d["stands"]) for id, d in most if d["value"]]
    behind = table(("group", "difference", "95 % interval", "p", ""), lines)
    return plots.intervals(title, bars, "share of messages more, or less, than of the reference", behind)


def _changes(groups: Sequence[Row], controls: Mapping[str, str]) -> str:
    lines = []
    for group in groups:
        name = f"{group['kind']}/{group['name']}"
        name += " (control)" if controls.get(group["kind"]) == group["name"] else ""
        lines.append((name, group["n"], *(_share(group["changed"][part]) for part in _PARTS)))
    return table(("group", "pairs", *_PARTS), lines)


def _share(value: Mapping[str, float]) -> str:
    return f"{100 * value['value']:.1f} % ({100 * value['low']:.1f} to {100 * value['high']:.1f})"


def _causes(causes: Mapping[str, Mapping[str, int]]) -> str:
    lines = [(kind, ", ".join(f"{rule} {n:,}" for rule, n in counts.items())) for kind, counts in causes.items()]
    return table(("kind", "rule"), lines, numbers=False) if lines else "<p>Nothing changed.</p>"


def _list(rows: Sequence[Row]) -> str:
    worst = sorted((row for row in rows if not row["right"]), key=lambda row: (row["score"], row["id"]))
    return items([_item(row) for row in worst[:SHOWN]], of="pairs") if worst else "<p>Every pair is treated alike.</p>"


def _item(row: Row) -> Item:
    group = f"{row['kind']}/{row['group']}"
    tags = (row["kind"], group, f"began with {row['cause']}", *(f"{part} changed" for part in row["changed"]))
    body = _side("Reference", row["plain"], row["wanted"], row["replies"][0])
    body += _side("Exchanged", row["text"], row["found"], row["replies"][1], row["read"])
    differs = f'<p>{esc(clip(row["outcome"], 400))}</p><p class="muted">{esc(row["id"])}</p>'
    body += column("What differs", differs)
    return Item(", ".join(row["changed"]), row["text"], body, group, tags)


def _side(heading: str, said: str, treated: str, reply: str, read: str = "") -> str:
    seen = f'<p class="muted">Read as: <bdi>{esc(clip(read, 300))}</bdi></p>' if read and read != said else ""
    return column(heading, text(said, 600) + seen, ("Treated", f"<p>{esc(treated)}</p>" + text(reply, 600)))
