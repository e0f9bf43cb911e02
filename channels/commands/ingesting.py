"""What a person sees of an ingest: how far it is, what was passed over as it happens, and what was done."""

from __future__ import annotations

import re
import time
from datetime import datetime

import typer

from channels.commands.pace import Pace, lasting
from channels.commands.progress import Screen
from knowledge.ingest import Progress, Report
from knowledge.loaders.reading import Skipped

_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_VALUE = 2000
_DATES = ("updated", "valid_from", "valid_until")
FIELDS = (
    "collection",
    "added",
    "unchanged",
    "removed",
    "passages",
    "skipped",
    "seconds",
    "docs_per_s",
    "read",
    "embedded",
    "reused",
    "duplicates",
    "repeated",
    "unpruned",
)


class Telling:
    """Shows each step on a screen. Rate and remaining time are those of the text that is embedded, whatever the
    documents' sizes; `last` is the newest step."""

    def __init__(self, screen: Screen) -> None:
        self.last: Progress | None = None
        self._screen = screen
        self._pace = Pace(time.monotonic())
        self._passages = Pace(time.monotonic())

    def step(self, step: Progress) -> None:
        self.last = step if step.phase == "embedding" else self.last
        if step.phase == "embedding":
            now = time.monotonic()
            self._pace.add(now, step.chars)
            self._passages.add(now, step.passages)
            whole = step.chars == step.chars_total
            done = whole and step.done == step.total
            at = 1.0 if whole else step.chars / step.chars_total
            self._screen.show(self._line(step, whole), at, done)
        else:
            doing = f"reading: {step.done:,} documents" if step.phase == "reading" else "tidying up"
            self._screen.show(doing, None)

    def _line(self, step: Progress, whole: bool) -> str:
        line = f"ingesting: {step.passages:,} of {step.passages_total:,} passages"
        line += f", {step.done:,} of {step.total:,} documents kept"
        rate, left_s = self._passages.per_s(), self._pace.left_s(step.chars_total)
        line += f", {rate:,.0f} passages/s" if rate else ""
        return line + (f", {lasting(left_s)} left" if left_s and not whole else "")

    def skipped(self, skipped: Skipped) -> None:
        self._screen.say(f"skipped {skipped.origin}: {' '.join(skipped.reason.split())}")

    def fetched(self, done: int, total: int) -> None:
        self._screen.show(f"fetching: {done:,} of {total:,} pages", done / total, done == total)

    def not_fetched(self, address: str, reason: str) -> None:
        self._screen.say(f"not fetched {address}: {reason}")

    def stopped(self) -> str:
        """What to say to somebody who stopped it."""
        kept = f"{self.last.done:,} of {self.last.total:,} documents were kept" if self.last else "nothing was kept yet"
        return f"stopped: {kept}; the same command goes on from there"


def lines(done: Report) -> list[str]:
    """The report as people read it."""
    told = [
        f"{done.collection}: {done.added:,} documents added or changed ({done.passages:,} passages), "
        f"{done.unchanged:,} unchanged, {done.removed:,} removed, {len(done.skipped):,} skipped "
        f"in {done.seconds:.1f} s ({done.docs_per_s:.0f} documents/s)"
    ]
    if done.reused:
        told.append(f"{done.reused:,} of {done.reused + done.embedded:,} texts were embedded before and are not again")
    if done.duplicates:
        told.append(f"{done.duplicates:,} passages say word for word what another document says; all are kept")
    told += [f"in {documents:,} documents: {opening}" for opening, documents in done.repeated]
    told += [f"not pruned: {why}" for why in done.unpruned]
    if done.journal_fault:
        told.append(f"nothing is written down for a run that is killed: {done.journal_fault}")
    return told


def pairs(metadata: list[str]) -> dict[str, str]:
    """`--metadata K=V` as a dictionary. Wrong use for a key no filter could name, a key given twice, or no value."""
    found: dict[str, str] = {}
    for pair in metadata:
        key, equals, value = pair.partition("=")
        key, value = key.strip(), value.strip()
        if not equals or not _KEY.fullmatch(key) or not value or len(value) > _LONGEST_VALUE:
            raise typer.BadParameter(
                f"--metadata takes KEY=VALUE, the key of letters, digits, - and _, at most 64, not {pair[:80]!r}"
            )
        if key in found:
            raise typer.BadParameter(f"--metadata gives {key} twice")
        found[key] = _checked(key, value)
    return found


def _checked(key: str, value: str) -> str:
    """`value`; for a key that is a date, one that a search can compare."""
    if key in _DATES:
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise typer.BadParameter(f"--metadata {key} is a date like 2026-01-31, not {value[:80]!r}") from None
    return value
