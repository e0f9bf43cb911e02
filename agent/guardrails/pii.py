"""Personal data in texts: Presidio with our recognisers, in one thread, batched across conversations, failing closed.

    PiiUnavailable      code pii_unavailable, retryable: the analyser is down, hangs or took too long.

Who calls `find` and gets PiiUnavailable must not pass the text on.
"""

from __future__ import annotations

import asyncio
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import ClassVar
from urllib.parse import urlsplit

import structlog

from agent.guardrails.recognisers.span import PiiSpan, settle

__all__ = ["Analyse", "PiiDetector", "PiiSpan", "PiiUnavailable"]

Analyse = Callable[[Sequence[str]], list[list[PiiSpan]]]
"""The blocking core: for each text its spans, which may overlap."""

_log = structlog.get_logger(__name__)
_BATCH = 32  # texts taken together, so that one call answers many conversations
_PIECE = 4_000  # characters of a text analysed at once, so that time and memory grow with the length only
_OVERLAP = 200  # characters two pieces share, so that no value is cut in both
_NEVER_ALLOWED = frozenset({"PASSWORD", "CREDIT_CARD", "US_SSN", "US_BANK_NUMBER", "IBAN_CODE"})


class PiiUnavailable(Exception):
    code: ClassVar[str] = "pii_unavailable"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    texts: tuple[str, ...]
    answer: Future[list[list[PiiSpan]]]
    give_up_at: float  # time.monotonic()


@dataclass(slots=True, eq=False)
class _Worker:
    """One thread with its queue. `busy_since` is time.monotonic() while it works, else None."""

    jobs: queue.SimpleQueue[_Job | None] = field(default_factory=queue.SimpleQueue)
    busy_since: float | None = None

    def hangs(self, patience_s: float) -> bool:
        since = self.busy_since
        return since is not None and time.monotonic() - since >= patience_s


class PiiDetector:
    """Finds personal data. One per process: it owns a thread and the tagger of 15 MB, loaded at first use or `warm_up`.

    `allow` are texts that are nobody's (the organisation's names, products, places, domains), compared without case:
    a span that is one, or lies inside one, is left out, and so are URLs and email addresses at an allowed domain;
    never secrets and account numbers. `timeout_s` bounds a call from queue to answer; the first one, which loads the
    model, has `load_timeout_s` more. A thread that hangs is left behind and the next call starts another.
    """

    def __init__(
        self,
        *,
        allow: frozenset[str] = frozenset(),
        timeout_s: float = 5.0,
        load_timeout_s: float = 60.0,
        load: Callable[[], Analyse] | None = None,
    ) -> None:
        self._allow = frozenset(" ".join(entry.casefold().split()) for entry in allow) - {""}
        self._timeout_s = timeout_s
        self._load_timeout_s = load_timeout_s
        self._load = load or _load_presidio
        self._analyse: Analyse | None = None
        self._worker: _Worker | None = None
        self._closed = False

    async def warm_up(self) -> None:
        """Loads the model and runs it once. Raises PiiUnavailable."""
        await self.find(["My name is Ann Example."])

    async def find(self, texts: Sequence[str]) -> list[list[PiiSpan]]:
        """For each text its spans, in order and without overlap. Raises PiiUnavailable; never answers in part."""
        if not texts:
            return []
        patience_s = self._timeout_s + (self._load_timeout_s if self._analyse is None else 0.0)
        job = _Job(tuple(texts), Future(), time.monotonic() + patience_s)
        worker = self._running()
        worker.jobs.put(job)
        try:
            found = await asyncio.wait_for(asyncio.wrap_future(job.answer), patience_s)
        except TimeoutError:
            if worker.hangs(patience_s) and self._worker is worker:
                _log.error("pii_analyser_hangs", after_s=patience_s)
                self._worker = None
            raise PiiUnavailable(f"the analyser gave no answer in {patience_s:g} s") from None
        return [self._not_allowed(text, spans) for text, spans in zip(texts, found, strict=True)]

    async def aclose(self) -> None:
        """Ends the thread after what it is doing; `find` raises PiiUnavailable from then on."""
        self._closed = True
        if self._worker is not None:
            self._worker.jobs.put(None)

    def _running(self) -> _Worker:
        if self._closed:
            raise PiiUnavailable("the analyser is closed")
        if self._worker is None:
            self._worker = _Worker()
            # A daemon, so that an analyser that hangs does not keep the process from ending.
            threading.Thread(target=self._work, args=(self._worker,), name="pii", daemon=True).start()
        return self._worker

    def _work(self, worker: _Worker) -> None:
        while (first := worker.jobs.get()) is not None:
            jobs, last = _waiting(worker.jobs, first)
            worker.busy_since = time.monotonic()
            jobs = [job for job in jobs if job.answer.set_running_or_notify_cancel()]
            try:
                answers = self._answers(jobs)
                for job, answer in zip(jobs, answers, strict=True):
                    job.answer.set_result(answer)
            except Exception:  # noqa: BLE001 - the edge of the thread: one bad text must not fail its neighbours
                self._one_by_one(jobs)
            worker.busy_since = None
            if last:
                break

    def _one_by_one(self, jobs: Sequence[_Job]) -> None:
        for job in jobs:
            try:
                job.answer.set_result(self._answers([job])[0])
            except Exception as error:  # noqa: BLE001 - the edge of the thread; the caller gets it as PiiUnavailable
                # The error's own words may hold the text, so only its kind is told.
                _log.error("pii_analyser_failed", error=type(error).__name__)
                job.answer.set_exception(PiiUnavailable(f"the analyser failed: {type(error).__name__}"))

    def _answers(self, jobs: Sequence[_Job]) -> list[list[list[PiiSpan]]]:
        if self._analyse is None:
            self._analyse = self._load()
        pieces = [
            (job, number, start, piece)
            for job in jobs
            for number, text in enumerate(job.texts)
            for start, piece in _pieces(text)
        ]
        found: dict[tuple[int, int], list[PiiSpan]] = {}
        for at in range(0, len(pieces), _BATCH):
            now = time.monotonic()
            batch = [piece for piece in pieces[at : at + _BATCH] if piece[0].give_up_at > now]
            for (job, number, start, _), spans in zip(batch, self._analyse([p[3] for p in batch]), strict=True):
                moved = (replace(span, start=span.start + start, end=span.end + start) for span in spans)
                found.setdefault((id(job), number), []).extend(moved)
        return [
            [settle(text, found.get((id(job), number), ())) for number, text in enumerate(job.texts)] for job in jobs
        ]

    def _not_allowed(self, text: str, spans: list[PiiSpan]) -> list[PiiSpan]:
        if not self._allow or not spans:
            return spans
        known = list(_occurrences(text, self._allow))
        return [span for span in spans if not self._is_allowed(text, span, known)]

    def _is_allowed(self, text: str, span: PiiSpan, known: list[tuple[int, int]]) -> bool:
        if span.entity in _NEVER_ALLOWED:
            return False
        if any(start <= span.start and span.end <= end for start, end in known):
            return True
        return span.entity in ("URL", "EMAIL_ADDRESS") and self._is_own_domain(text[span.start : span.end])

    def _is_own_domain(self, written: str) -> bool:
        try:
            host = (urlsplit(written if "://" in written else f"//{written}").hostname or "").removeprefix("www.")
        except ValueError:
            return False
        labels = host.split(".")
        return any(".".join(labels[at:]) in self._allow for at in range(len(labels) - 1))


def _waiting(jobs: queue.SimpleQueue[_Job | None], first: _Job) -> tuple[list[_Job], bool]:
    """`first` and what else waits, up to a batch; True when the end of work was among it."""
    taken = [first]
    while sum(len(job.texts) for job in taken) < _BATCH:
        try:
            job = jobs.get_nowait()
        except queue.Empty:
            break
        if job is None:
            return taken, True
        taken.append(job)
    return taken, False


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """The text in pieces of bounded length that overlap, cut at blanks where there are any."""
    start = 0
    while len(text) - start > _PIECE:
        blank = text.rfind(" ", start + _PIECE - _OVERLAP, start + _PIECE)
        end = blank if blank > 0 else start + _PIECE
        yield start, text[start:end]
        back = text.rfind(" ", end - _OVERLAP, end - _OVERLAP // 2)
        start = back if back > start else end - _OVERLAP
    yield start, text[start:]


def _occurrences(text: str, allow: frozenset[str]) -> Iterator[tuple[int, int]]:
    lowered = text.lower()
    for entry in allow:
        if entry in lowered:
            for match in re.finditer(rf"(?<!\w){re.escape(entry)}(?!\w)", lowered):
                yield match.span()


def _load_presidio() -> Analyse:
    # Imported here: Presidio takes seconds, and a process that redacts nothing should not wait for them.
    from agent.guardrails.recognisers.engine import load

    return load()
