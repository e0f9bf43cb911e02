"""Small plots as SVG, each with its finding as title and its table behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


def reliability(title: str, bins: Sequence[Bin], unit: str, of: str, *, counted: str = "questions") -> str:
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
    ticks = _fifths()
    rows = [(f"{b.low:.1f} to {b.high:.1f}", b.n, number(b.forecast), number(b.share)) for b in bins]
    return _figure(title, line + dots + ticks + _axes(unit, of, 1), table((unit, counted, "mean", of), rows))


@dataclass(frozen=True, slots=True)
class Line:
    """Points between 0 and 1 on both axes, from left to right, named at the right; a `dashed` one stands for another
    kind of thing."""

    name: str
    points: Sequence[tuple[float, float]]
    dashed: bool = False


def curves(
    title: str, lines: Sequence[Line], unit: str, of: str, behind: str, *, marked: tuple[float, str] | None = None
) -> str:
    """Lines with their names, told apart by dashes; `marked` is a place on the lower axis and what is there, `behind`
    the table's HTML."""
    drawn = "".join(_line(line) for line in lines) + _names(lines)
    if marked:
        drawn += f'<path class="ideal" d="M{_x(marked[0]):.1f} {_TOP}V{_HEIGHT - _BOTTOM}"/>'
        drawn += _text(_x(marked[0]), _TOP - 4, marked[1], "middle")
    return _figure(title, drawn + _fifths() + _axes(unit, of, 1), behind)


@dataclass(frozen=True, slots=True)
class Bar:
    """A difference with its interval; one that does not `stand` is drawn hollow."""

    name: str
    value: float
    low: float
    high: float
    stands: bool


def intervals(title: str, bars: Sequence[Bar], unit: str, behind: str) -> str:
    """Differences one under the other around a dashed zero, each with its interval; `behind` is the table's HTML."""
    most = max([0.1, *(abs(edge) for bar in bars for edge in (bar.low, bar.high))])
    left, wide, high = 272, _WIDTH - 272 - 16, 24 * len(bars) + _BOTTOM
    floor = high - _BOTTOM + 4

    def x(value: float) -> float:
        return left + (value / most + 1) * wide / 2

    drawn = f'<path class="ideal" d="M{x(0):.1f} 0V{floor}"/><path class="axis" d="M{left} {floor}H{_WIDTH - 16}"/>'
    for at, bar in enumerate(bars):
        y = 24 * at + 12
        drawn += _text(left - 8, y + 5, bar.name, "end")
        drawn += f'<path class="line" d="M{x(bar.low):.1f} {y}H{x(bar.high):.1f}"/>'
        drawn += f'<circle class="{"dot" if bar.stands else "hollow"}" cx="{x(bar.value):.1f}" cy="{y}" r="5"/>'
    for edge in (-most, 0.0, most):
        anchor = "start" if edge < 0 else "end" if edge > 0 else "middle"
        drawn += _text(x(edge), floor + 18, f"{edge:+.2f}" if edge else "0", anchor)
    drawn += _text(left + wide / 2, high - 4, unit, "middle")
    return _figure(title, drawn, behind, high)


_POINTS = 240
"""How many points of a line are drawn."""


def _line(line: Line) -> str:
    step = max(1, len(line.points) // _POINTS)
    points = [*line.points[::step], *line.points[-1:]]
    path = "L".join(f"{_x(x):.1f} {_y(y):.1f}" for x, y in points)
    return f'<path class="line{" dashed" if line.dashed else ""}" d="M{path}"/>' if points else ""


def _names(lines: Sequence[Line]) -> str:
    """Each beside its line, where that is nearest to half the height."""
    made = []
    for line in lines if len(lines) > 1 else ():
        if line.points:
            x, y = min(line.points, key=lambda point: abs(point[1] - 0.5))
            anchor = "end" if x > 0.6 else "start"
            made.append(_text(_x(x) + (-8 if anchor == "end" else 8), _y(y), line.name, anchor))
    return "".join(made)


def _x(value: float) -> float:
    return _LEFT + value * (_WIDTH - _LEFT - 16)


def _y(value: float) -> float:
    return _TOP + (1 - value) * (_HEIGHT - _BOTTOM - _TOP)


def _fifths() -> str:
    return "".join(_text(_x(at / 5), _HEIGHT - 28, f"{at / 5:.1f}", "middle") for at in range(6))


def _axes(unit: str, of: str, most: float) -> str:
    floor = _HEIGHT - _BOTTOM
    path = f'<path class="axis" d="M{_LEFT} {_TOP}V{floor}H{_WIDTH - 16}"/>'
    across = _text((_LEFT + _WIDTH) / 2, _HEIGHT - 6, unit, "middle")
    up = f'<text transform="translate(16 {(_TOP + floor) / 2:.0f}) rotate(-90)" text-anchor="middle">{esc(of)}</text>'
    return path + across + up + _text(_LEFT - 6, _TOP + 6, f"{most:g}", "end") + _text(_LEFT - 6, floor, "0", "end")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{esc(text)}</text>'


def _figure(title: str, drawn: str, behind: str, height: int = _HEIGHT) -> str:
    svg = f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{esc(title)}">{drawn}</svg>'
    return (
        f"<figure><figcaption><b>{esc(title)}</b></figcaption>{svg}"
        f"<details><summary>The same as a table</summary>{behind}</details></figure>"
    )
