"""How fast work goes, and how long the rest takes. Pure: times come in."""

from __future__ import annotations

from collections import deque

WINDOW_S = 60.0
"""What the rate is the mean of: long enough for batches of some seconds, short enough to notice a busy machine."""


class Pace:
    """Of work that began at `started`. Times are seconds of one clock; work is counted from its beginning."""

    def __init__(self, started: float) -> None:
        self._seen: deque[tuple[float, float]] = deque([(started, 0.0)])

    def add(self, at: float, done: float) -> None:
        """`done` until `at`. Less than before is another piece of work, which begins now."""
        if done < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((at, done))
        while len(self._seen) > 2 and at - self._seen[0][0] > WINDOW_S:
            self._seen.popleft()

    def per_s(self) -> float:
        """0 until something was done."""
        (began, before), (at, done) = self._seen[0], self._seen[-1]
        return (done - before) / (at - began) if at > began else 0.0

    def left_s(self, total: float) -> float | None:
        """None while there is no telling."""
        rate = self.per_s()
        return max(0.0, total - self._seen[-1][1]) / rate if rate else None


def lasting(seconds: float) -> str:
    """As people say it: "12 s", "3 min 20 s", "2 h 5 min"."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
