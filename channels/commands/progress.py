"""How far long work is: a bar with rate and remaining time on a terminal, else a line for each tenth. On stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

Show = Callable[[int, int], None]
"""Takes how many are done, and of how many."""


@contextmanager
def progress(doing: str, of: str) -> Iterator[Show]:
    """`with progress("ingesting", "documents") as show: show(3, 10)`."""
    if sys.stderr.isatty():
        with _bar() as bar:
            task = bar.add_task(doing, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return
    told = 0

    def line(done: int, total: int) -> None:
        nonlocal told
        tenth = 10 * done // max(1, total)
        if tenth > told or done == total:
            told = tenth
            sys.stderr.write(f"{doing}: {done} of {total} {of}\n")

    yield line


class _Rate(ProgressColumn):
    """Done a second, once that is known."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.0f}/s" if task.speed else "")


def _bar() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True))
