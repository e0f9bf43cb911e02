"""Suites that guess a label (triage, handoff, sentiment, urgency, injection, grounding) as a page: figures, what is
mistaken for what, whether confidences keep their word, what another threshold would cost, and the worst rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.measures import calibration_error
from evals.measures import reliability as in_bins
from evals.pages import plots
from evals.pages.kit import Item, clip, esc, facts, figures, items, number, page, section, table
from evals.pages.outcomes import POSITIVE, Outcome, read
from evals.pages.parts import column, conversation, passage, passages, text
from evals.pages.tallies import Label, confusions, coverage, in_force, labels, thresholds, worst_first

SHOWN = 1000
"""Rows on a page; the others are right or less telling, and the page says how many there are."""
_TOP, _PAIRS, _LABELS, _MATRIX, _EVIDENCE = 10, 60, 60, 8, 6
_NAMES: Mapping[str, str] = {
    "attack": "Attacks",
    "ungrounded": "Ungrounded replies",
    "yes": "Handoffs",
    "oos": "Out of scope",
}
_SURE = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
_ALARMS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


def render(report: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """The page of a run's report and of its rows."""
    suite, judged = report["suite"], read(report["suite"], rows)
    wrong = sum(not row.right for row in judged)
    return page(
        f"{suite.capitalize()} on {'/'.join(Path(report['data']).parts[-2:])}: {wrong:,} of {len(judged):,} not right",
        f"{report['n']:,} rows in {number(report['seconds'])} seconds. Wrong and sure stands on top.",
        section("Figures", figures(report["metrics"], report.get("intervals", {})) + facts(report["config"])),
        _mistaken(judged),
        *(section(f"By {name}", _part(judged, name)) for name in _part_names(judged)),
        _threshold(judged, POSITIVE.get(suite, "")),
        _confidence(judged),
        section("Rows, the worst first", _list(judged), note=_note(len(judged))),
    )


def _note(n: int) -> str:
    left = f" {n - SHOWN:,} more rows, right or less surely wrong, are left out." if n > SHOWN else ""
    return f"In front: how sure it was of what it found.{left}"


def _mistaken(rows: Sequence[Outcome]) -> str:
    each = labels(rows)
    if not each:
        return ""
    made = _matrix(rows, each) if len(each) <= _MATRIX else _pairs(rows)
    return section("What is mistaken for what", made + _labels(each))


def _matrix(rows: Sequence[Outcome], each: Sequence[Label]) -> str:
    """Wanted down, found across."""
    names = sorted(label.name for label in each)
    count = {(a, b): sum(row.wanted == a and row.found == b for row in rows) for a in names for b in names}
    lines = [(name, *(f"{count[name, other]:,}" for other in names)) for name in names]
    return table(("wanted, and found as", *names), lines)


def _pairs(rows: Sequence[Outcome]) -> str:
    """The most frequent in sight, the next behind a line that opens."""
    found = confusions(rows)
    if not found:
        return "<p>Nothing.</p>"
    lines = [(f"{clip(m.wanted, 60)} → {clip(m.found, 60)}", m.n, number(m.sure)) for m in found[:_PAIRS]]
    heads = ("wanted → found", "rows", "mean confidence")
    more = f"The next {len(lines) - _TOP} of {len(found):,}" if len(lines) > _TOP else ""
    rest = f"<details><summary>{more}</summary>{table(heads, lines[_TOP:])}</details>" if more else ""
    return table(heads, lines[:_TOP]) + rest


def _labels(each: Sequence[Label]) -> str:
    lines = [(clip(x.name, 60), x.n, number(x.precision), number(x.recall), number(x.f1)) for x in each[:_LABELS]]
    left = f"<p>{len(each) - _LABELS:,} with a better F1 are left out.</p>" if len(each) > _LABELS else ""
    made = table(("label", "rows", "precision", "recall", "F1"), lines) + left
    return f"<details><summary>Label by label, the worst F1 first</summary>{made}</details>"


def _part_names(rows: Sequence[Outcome]) -> list[str]:
    return sorted({name for row in rows for name in row.parts})


def _part(rows: Sequence[Outcome], name: str) -> str:
    lines = []
    for value in sorted({row.parts[name] for row in rows if name in row.parts}):
        inside = [row for row in rows if row.parts.get(name) == value]
        lines.append((value, len(inside), number(sum(row.right for row in inside) / len(inside))))
    return table((name, "rows", "accuracy"), lines)


def _threshold(rows: Sequence[Outcome], positive: str) -> str:
    """Nothing where the rows carry no score of what is looked for, or only one kind of them is there."""
    found = thresholds(rows, positive)
    if not found:
        return ""
    now = in_force(rows, positive)
    hit, alarm = _now(rows, positive)
    title = f"{_NAMES[positive]}: {_percent(hit)} found, and {_percent(alarm)} of the others called so"
    rising = found[::-1]
    drawn = plots.curves(
        title,
        [
            plots.Line("found", [(at, recall) for at, recall, _ in rising]),
            plots.Line("false alarms", [(at, false) for at, _, false in rising], dashed=True),
        ],
        "threshold",
        "share",
        table(("false alarms at most", "found", "threshold"), [_at_most(found, most) for most in _ALARMS]),
        marked=(now, "in force") if now is not None else None,
    )
    return section("Another threshold", drawn)


def _now(rows: Sequence[Outcome], positive: str) -> tuple[float, float]:
    """The share of `positive` and of the others that is found to be it."""
    there = [row.found == positive for row in rows if row.wanted == positive]
    rest = [row.found == positive for row in rows if row.wanted != positive]
    return sum(there) / len(there), sum(rest) / len(rest)


def _at_most(found: Sequence[tuple[float, float, float]], most: float) -> tuple[str, str, str]:
    within = [(recall, at) for at, recall, false in found if false <= most]
    recall, at = max(within, key=lambda each: each[0], default=(0.0, None))
    return _percent(most), _percent(recall), number(at)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _confidence(rows: Sequence[Outcome]) -> str:
    known = [(row.sure, row.right) for row in rows if row.sure is not None]
    if not known:
        return ""
    sure, right = [each for each, _ in known], [good for _, good in known]
    error = calibration_error(sure, right) or 0.0
    told = f"Confidences are off by {error:.3f} on average (expected calibration error, ten bins)"
    plot = plots.reliability(told, in_bins(sure, right), "confidence", "share that is right", counted="rows")
    return section("Whether confidences keep their word", plot + _coverage(rows))


def _coverage(rows: Sequence[Outcome]) -> str:
    """Accuracy among the surest part, for every size of that part."""
    curve = coverage(rows)
    at = {share: next(point for point in curve if point[0] >= share - 1e-9) for share in _SURE}
    title = f"Of the surest half {_percent(at[0.5][1])} are right, of all {_percent(at[1.0][1])}"
    lines = [(_percent(kept), _percent(right), number(sure)) for kept, right, sure in at.values()]
    behind = table(("rows kept", "of which right", "lowest confidence"), lines)
    points = [(kept, right) for kept, right, _ in curve]
    return plots.curves(
        title, [plots.Line("right", points)], "share of rows kept, the surest first", "accuracy", behind
    )


def _list(rows: Sequence[Outcome]) -> str:
    return items([_item(row) for row in worst_first(rows)[:SHOWN]], of="rows")


def _item(row: Outcome) -> Item:
    fate = ("right",) if row.right else ("wrong", clip(row.pair, 120))
    after = "" if row.right else clip(row.pair, 120)
    return Item(number(row.sure), row.text, _body(row), after, (*fate, *row.parts.values()))


def _body(row: Outcome) -> str:
    before = row.history if not isinstance(row.history, str) else [{"role": "before", "text": row.history}]
    whole = row.text if len(row.text) > 160 or "\n" in row.text or row.evidence else ""
    said = conversation(before) if before else ""
    said += text(whole) if whole else ""
    judged = f"<p>Wanted {esc(row.wanted)}, found {esc(row.found)}.</p>"
    judged += f"<p>{esc(clip(row.why, 400))}</p>" if row.why else ""
    judged += f'<p class="muted">{esc(row.id)}</p>'
    made = column("Text", said) + column("Judged", judged) if said else column("Judged", judged)
    return made + (column("Evidence", _evidence(row.evidence)) if row.evidence else "")


def _evidence(texts: Sequence[str]) -> str:
    made = passages(passage(f"{at}.", "", each, most=600) for at, each in enumerate(texts[:_EVIDENCE], 1))
    more = len(texts) - _EVIDENCE
    return made + (f'<p class="muted">and {more} more</p>' if more > 0 else "")
