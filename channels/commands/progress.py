"""How far long work is: a bar with rate and remaining time on a terminal, else a line every few seconds. On stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from channels.commands.pace import Pace, lasting

Show = Callable[[int, int], None]
"""Takes how many are done, and of how many; 0 while that is not known."""
LINE_EACH_S = 5.0


class Screen(Protocol):
    """Where it is shown. `at` is from 0 to 1, None while nobody knows; `last` says that nothing comes after."""

    def show(self, text: str, at: float | None, last: bool = False) -> None: ...
    def say(self, line: str) -> None: ...


@contextmanager
def screen() -> Iterator[Screen]:
    """The terminal's bar, or plain lines where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield Lines(sys.stderr.write)
        return
    columns = (BarColumn(bar_width=24), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Bar(bar)


@contextmanager
def progress(doing: str, of: str) -> Iterator[Show]:
    """`with progress("answering", "questions") as show: show(3, 10)`."""
    with screen() as shown:
        pace = Pace(time.monotonic())

        def show(done: int, total: int) -> None:
            pace.add(time.monotonic(), done)
            told = f"{doing}: {done:,} of {total:,} {of}" if total else f"{doing}: {done:,} {of}"
            rate, left_s = pace.per_s(), pace.left_s(total)
            told += f", {rate:,.1f}/s" if rate else ""
            told += f", {lasting(left_s)} left" if left_s and done < total else ""
            shown.show(told, done / total if total else None, done == total)

        yield show


class Bar:
    """On a terminal."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None)

    def show(self, text: str, at: float | None, last: bool = False) -> None:
        self._bar.update(self._task, description=text, completed=at or 0.0, total=None if at is None else 1.0)

    def say(self, line: str) -> None:
        self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)


@dataclass(slots=True)
class Lines:
    """Elsewhere: the last line, and others not nearer than some seconds."""

    write: Callable[[str], object]
    each_s: float = LINE_EACH_S
    clock: Callable[[], float] = time.monotonic
    _next: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._next = self.clock() + self.each_s

    def show(self, text: str, at: float | None, last: bool = False) -> None:
        if last or self.clock() >= self._next:
            self._next = self.clock() + self.each_s
            self.say(text)

    def say(self, line: str) -> None:
        self.write(line + "\n")
