"""A period's figures as findings: each with a title that says it, what it is compared with, a chart and its numbers.

Pure: numbers in, words and values out; `dashboards_charts` draws them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from channels.web.desk.words import channel
from memory.trends import Numbers, quantile


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn: `series` by name over `labels`; `unit` stands on the axis of values, `axis` on the other.
    `share` is in percent, from 0 to 100."""

    labels: Sequence[str]
    series: Mapping[str, Sequence[float]]
    unit: str
    axis: str
    kind: Literal["bars", "lines"] = "bars"
    stacked: bool = False
    flat: bool = False
    share: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One finding. `chart` is None where there is nothing to draw; `empty` says then what will be here."""

    key: str
    title: str
    compared: str
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str | float]] = field(default_factory=tuple)
    chart: Chart | None = None
    empty: str = ""


REASONS: Final[Mapping[str, str]] = {
    "asked": "The customer asked",
    "complaint": "A complaint",
    "safety": "Somebody may be in danger",
    "guard": "A guard stopped the answer",
    "failed": "The turn failed",
    "no_answer": "No passage answers",
    "drafted": "A person writes here",
    "rejected": "A person rejected the draft",
}
RULES: Final[Mapping[str, str]] = {
    "ok": "Nothing forbids it",
    "confirmation": "The one confirmation of an opt-out",
    "kill_switch": "Stopped by a switch",
    "opted_out": "The customer opted out",
    "no_consent": "No consent",
    "quiet_hours": "Quiet hours",
    "throttle": "Throttled",
    "keyword_asked": "Asks for a word carriers act on",
    "no_hour": "No hour is allowed",
    "no_way_out": "Marketing mail cannot be left",
    "bounced": "The address bounced for good",
}
SIGNALS: Final[Mapping[str, str]] = {
    "complaints": "Complaints",
    "negative": "Messages in a bad mood",
    "low_ratings": "Ratings of 1 or 2",
    "bounced": "Messages that bounced",
    "spam_reports": "Reports as spam",
    "opted_out": "Opt-outs",
}


def findings(now: Numbers, before: Numbers, labels: Sequence[str], axis: str, span: str) -> list[Figure]:
    """Every figure, the most telling first. `labels` name the slices, `span` the period: "7 days"."""
    return [
        _volume(now, before, labels, axis, span),
        _resolution(now, before, span),
        _waits(now, before, span),
        _handoffs(now, before, span),
        _signals(now, before, span),
        _ratings(now, before, span),
        _gate(now, before, span),
        _opt_outs(now, before, labels, axis, span),
        _cost(now, before, labels, axis, span),
    ]


def _volume(now: Numbers, before: Numbers, labels: Sequence[str], axis: str, span: str) -> Figure:
    count, earlier = _total(now.volume), _total(before.volume)
    if not count:
        return Figure("volume", "No message came in", change(count, earlier, span), empty=_later("messages"))
    most = max(now.volume, key=lambda name: sum(now.volume[name]))
    share = percent(sum(now.volume[most]), count)
    only = f"All by {channel(most)}" if share == 100 else f"{share:.0f} % by {channel(most)}"
    series = {_named(name): list(values) for name, values in now.volume.items()}
    return Figure(
        "volume",
        f"{_count(count, 'message')} came in",
        f"{change(count, earlier, span)} {only}.",
        [axis, *series],
        [[label, *(values[at] for values in series.values())] for at, label in enumerate(labels)],
        Chart(labels, series, "messages", axis, stacked=True),
    )


def _resolution(now: Numbers, before: Numbers, span: str) -> Figure:
    found, earlier = now.resolution, before.resolution
    if not found.all:
        return Figure("resolution", "Nothing was there to resolve", "", empty=_later("conversations"))
    share, was = percent(found.assistant, found.all), percent(earlier.assistant, earlier.all)
    values = {"The assistant alone": found.assistant, "A person": found.person, "Nobody yet": found.nobody}
    return Figure(
        "resolution",
        f"The assistant alone answered {share:.0f} % of conversations",
        points(share, was if earlier.all else None, span),
        ["Answered by", "Conversations"],
        list(values.items()),
        Chart(list(values), {"Conversations": list(values.values())}, "conversations", "answered by", flat=True),
    )


def _waits(now: Numbers, before: Numbers, span: str) -> Figure:
    all_ = sorted(each for found in now.waits.seconds.values() for each in found)
    earlier = sorted(each for found in before.waits.seconds.values() for each in found)
    if not all_:
        waiting = f"{_count(now.waits.unanswered, 'customer')} had no answer yet." if now.waits.unanswered else ""
        return Figure("waits", "No first answer was given", waiting, empty=_later("first answers"))
    half, most = quantile(all_, 0.5), quantile(all_, 0.95)
    was = f"Half took {seconds(quantile(earlier, 0.5))} in the {span} before." if earlier else _no_before(span)
    open_ = f" {_count(now.waits.unanswered, 'customer')} had none yet." if now.waits.unanswered else ""
    within = {_named(name): (quantile(found, 0.5), quantile(found, 0.95)) for name, found in now.waits.seconds.items()}
    counts = [len(found) for found in now.waits.seconds.values()]
    series = {
        "half within": [round(half_, 1) for half_, _ in within.values()],
        "95 of 100 within": [round(most_, 1) for _, most_ in within.values()],
    }
    return Figure(
        "waits",
        f"Half of customers had a first answer within {seconds(half)}, 95 of 100 within {seconds(most)}",
        f"{was}{open_}",
        ["Channel", "First answers", "Half within, s", "95 of 100 within, s"],
        [(name, counts[at], *(round(each, 1) for each in within[name])) for at, name in enumerate(within)],
        Chart(list(within), series, "seconds", "channel", flat=True),
    )


def _handoffs(now: Numbers, before: Numbers, span: str) -> Figure:
    found, earlier = now.handoffs, before.handoffs
    if not found.handed:
        went = f"of {_count(found.conversations, 'conversation')}" if found.conversations else ""
        return Figure("handoffs", f"None {went} went to a person".replace("  ", " "), "", empty=_later("handoffs"))
    share, was = percent(found.handed, found.conversations), percent(earlier.handed, earlier.conversations)
    rows = [(REASONS.get(code, _words(code)), count) for code, count in found.reasons.items()]
    top = rows[0][0] if rows else ""
    return Figure(
        "handoffs",
        f"{share:.0f} % of conversations went to a person, most often: {top[:1].lower()}{top[1:]}",
        points(share, was if earlier.conversations else None, span),
        ["Reason", "Handoffs"],
        rows,
        Chart([name for name, _ in rows], {"Handoffs": [count for _, count in rows]}, "handoffs", "reason", flat=True),
    )


def _signals(now: Numbers, before: Numbers, span: str) -> Figure:
    count, earlier = sum(now.signals.values()), sum(before.signals.values())
    if not count:
        return Figure("signals", "Nothing says that customers are unhappy", change(0, earlier, span))
    most = max(now.signals, key=lambda name: now.signals[name])
    named = {name: SIGNALS.get(name, _words(name)) for name in now.signals}
    rows = [(named[name], number, before.signals.get(name, 0)) for name, number in now.signals.items()]
    series = {f"these {span}": [row[1] for row in rows], f"the {span} before": [row[2] for row in rows]}
    return Figure(
        "signals",
        f"{_count(count, 'sign')} of trouble, most: {named[most].lower()}",
        change(count, earlier, span),
        ["Sign", f"These {span}", f"The {span} before"],
        rows,
        Chart([row[0] for row in rows], series, "times", "sign", flat=True),
    )


def _ratings(now: Numbers, before: Numbers, span: str) -> Figure:
    count = sum(now.ratings.values())
    if not count:
        return Figure("ratings", "Nobody rated an answer", "", empty=_later("ratings"))
    mean, was = _mean(now.ratings), _mean(before.ratings)
    compared = f"{was:.1f} in the {span} before." if was is not None else _no_before(span)
    rows = [(f"{score} of 5", number) for score, number in now.ratings.items()]
    return Figure(
        "ratings",
        f"Customers gave {mean:.1f} of 5 on average, in {_count(count, 'rating')}",
        compared,
        ["Score", "Ratings"],
        rows,
        Chart([name for name, _ in rows], {"Ratings": [number for _, number in rows]}, "ratings", "score"),
    )


def _gate(now: Numbers, before: Numbers, span: str) -> Figure:
    count, sent = sum(now.gate.messages.values()), sum(now.gate.sent.values())
    earlier = sum(before.gate.messages.values())
    if not count:
        return Figure("gate", "No message reached the gate", "", empty=_later("what the gate said"))
    share = percent(sent, count)
    was = percent(sum(before.gate.sent.values()), earlier) if earlier else None
    shares = {name: percent(now.gate.sent[name], number) for name, number in now.gate.messages.items()}
    least = min(shares, key=lambda name: shares[name])
    aside = f", {channel(least)} least ({shares[least]:.0f} %)" if len(shares) > 1 and shares[least] < share else ""
    rows = [(_named(name), RULES.get(rule, _words(rule)), number) for (name, rule), number in now.gate.rules.items()]
    return Figure(
        "gate",
        f"{share:.0f} % of messages passed the gate and left{aside}",
        points(share, was, span),
        ["Channel", "Why", "Messages"],
        rows,
        Chart(
            [_named(n) for n in shares],
            {"Left": [round(each, 1) for each in shares.values()]},
            "% of messages",
            "channel",
            flat=True,
            share=True,
        ),
    )


def _opt_outs(now: Numbers, before: Numbers, labels: Sequence[str], axis: str, span: str) -> Figure:
    outs, sent = sum(now.opt_outs.outs), sum(now.opt_outs.sent)
    was, before_sent = sum(before.opt_outs.outs), sum(before.opt_outs.sent)
    if not sent:
        title = f"{_count(outs, 'opt-out')}, and no message left" if outs else "Nobody opted out, and no message left"
    else:
        title = f"{1000 * outs / sent:.1f} opt-outs for every 1,000 messages that left"
    compared = f"{1000 * was / before_sent:.1f} in the {span} before." if before_sent else _no_before(span)
    return Figure(
        "opt_outs",
        title,
        f"{_count(outs, 'opt-out')}, {_count(sent, 'message')}. {compared}",
        [axis, "Opt-outs", "Messages that left"],
        [[label, now.opt_outs.outs[at], now.opt_outs.sent[at]] for at, label in enumerate(labels)],
        Chart(labels, {"Opt-outs": list(now.opt_outs.outs)}, "opt-outs", axis, kind="lines") if outs else None,
        empty="" if outs else "When customers opt out, the pace shows here.",
    )


def _cost(now: Numbers, before: Numbers, labels: Sequence[str], axis: str, span: str) -> Figure:
    spent, was, answers = sum(now.cost.spent), sum(before.cost.spent), now.cost.answers
    if not spent:
        title = f"{_count(answers, 'answer')} cost nothing" if answers else "No answer was written"
        return Figure("cost", title, _cost_before(was, span), empty="Prices of models are set in the configuration.")
    return Figure(
        "cost",
        f"{_count(answers, 'answer')} cost {spent:,.2f}, {spent / max(answers, 1):,.4f} each",
        f"{_cost_before(was, span)} {_count(now.cost.tokens, 'token')}, in the currency of the configured prices.",
        [axis, "Cost"],
        [[label, round(now.cost.spent[at], 6)] for at, label in enumerate(labels)],
        Chart(labels, {"Cost": [round(each, 6) for each in now.cost.spent]}, "cost", axis),
    )


# --- words for numbers ---


def change(now: float, before: float, span: str) -> str:
    """How a count moved: "12 % more than in the 7 days before." """
    if not before:
        return _no_before(span) if not now else f"None in the {span} before."
    moved = percent(now - before, before)
    if round(moved) == 0:
        return f"As many as in the {span} before."
    return f"{abs(moved):.0f} % {'more' if moved > 0 else 'fewer'} than in the {span} before."


def points(now: float, before: float | None, span: str) -> str:
    """How a share moved, in percentage points."""
    if before is None:
        return _no_before(span)
    moved = round(now) - round(before)
    if moved == 0:
        return f"As in the {span} before."
    size = _count(abs(moved), "point")
    return f"{size} {'more' if moved > 0 else 'fewer'} than in the {span} before."


def percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else 0.0


def seconds(value: float) -> str:
    """A wait as people say it: "2.4 s", "3 min", "2 h 5 min"."""
    if value < 60:
        return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
    minutes = round(value / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def _mean(found: Mapping[int, int]) -> float | None:
    count = sum(found.values())
    return sum(score * number for score, number in found.items()) / count if count else None


def _total(found: Mapping[str, Sequence[int]]) -> int:
    return sum(sum(values) for values in found.values())


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _named(name: str) -> str:
    words = channel(name)
    return words[:1].upper() + words[1:]


def _words(code: str) -> str:
    return code.replace("_", " ").capitalize()


def _later(what: str) -> str:
    return f"When there are {what}, they show here."


def _no_before(span: str) -> str:
    return f"Nothing to compare with in the {span} before."


def _cost_before(was: float, span: str) -> str:
    return f"{was:,.2f} in the {span} before." if was else _no_before(span)
