"""Small plots as SVG, each with its finding as title and its table behind it."""

from __future__ import annotations

from collections.abc import Sequence

from evals.measures import Bin
from evals.pages.kit import esc, number, table

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 640, 240, 56, 48, 16


def histogram(title: str, values: Sequence[float], unit: str, of: str, *, bins: int = 10) -> str:
    """How often values between 0 and 1 occur, in bins of equal width; 1 falls into the last."""
    counts = [0] * bins
    for value in values:
        counts[max(0, min(bins - 1, int(value * bins)))] += 1
    edges = [(f"{at / bins:.1f} to {(at + 1) / bins:.1f}", counts[at]) for at in range(bins)]
    most, step = max([*counts, 1]), (_WIDTH - _LEFT - 16) / bins
    bars = "".join(_bar(_LEFT + at * step + 2, step - 4, count / most, count) for at, count in enumerate(counts))
    ticks = "".join(
        _text(_LEFT + at * step, _HEIGHT - 28, f"{at / bins:.1f}", "middle") for at in range(0, bins + 1, 2)
    )
    return _figure(title, bars + ticks + _axes(unit, of, most), table((unit, of), edges))


def _bar(x: float, width: float, share: float, count: int) -> str:
    high = _HEIGHT - _BOTTOM - _TOP
    top, tall = _HEIGHT - _BOTTOM - share * high, share * high
    shape = f'<rect class="bar" x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{tall:.1f}"/>'
    return shape + (_text(x + width / 2, top - 3, str(count), "middle") if count else "")


def reliability(title: str, bins: Sequence[Bin], unit: str, of: str) -> str:
    """What was forecast against what came true, a dot for each bin, larger for more of them; on the dashed line
    forecasts keep their word."""
    high, wide = _HEIGHT - _BOTTOM - _TOP, _WIDTH - _LEFT - 16
    most = max([each.n for each in bins], default=1)
    dots = "".join(
        f'<circle class="dot" cx="{_LEFT + each.forecast * wide:.1f}" cy="{_TOP + (1 - each.share) * high:.1f}" '
        f'r="{4 + 8 * (each.n / most) ** 0.5:.1f}"><title>{each.n} forecast {each.forecast:.2f}: {each.share:.2f}'
        "</title></circle>"
        for each in bins
    )
    line = f'<path class="ideal" d="M{_LEFT} {_TOP + high}L{_LEFT + wide} {_TOP}"/>'
    ticks = "".join(_text(_LEFT + p * wide / 5, _HEIGHT - 28, f"{p / 5:.1f}", "middle") for p in range(6))
    rows = [(f"{b.low:.1f} to {b.high:.1f}", b.n, number(b.forecast), number(b.share)) for b in bins]
    return _figure(title, line + dots + ticks + _axes(unit, of, 1), table((unit, "questions", "mean", of), rows))


def _axes(unit: str, of: str, most: float) -> str:
    floor = _HEIGHT - _BOTTOM
    path = f'<path class="axis" d="M{_LEFT} {_TOP}V{floor}H{_WIDTH - 16}"/>'
    across = _text((_LEFT + _WIDTH) / 2, _HEIGHT - 6, unit, "middle")
    up = f'<text transform="translate(16 {(_TOP + floor) / 2:.0f}) rotate(-90)" text-anchor="middle">{esc(of)}</text>'
    return path + across + up + _text(_LEFT - 6, _TOP + 6, f"{most:g}", "end") + _text(_LEFT - 6, floor, "0", "end")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{esc(text)}</text>'


def _figure(title: str, drawn: str, behind: str) -> str:
    svg = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{esc(title)}">{drawn}</svg>'
    return (
        f"<figure><figcaption><b>{esc(title)}</b></figcaption>{svg}"
        f"<details><summary>The same as a table</summary>{behind}</details></figure>"
    )
