"""The erasure journal: who was erased, in a file beside the data and outside its backup.

A backup holds everybody who was erased after it was made. When it is restored the journal still names them, and they
are erased again at the next start. A line is written, and is on disk, before an erasure begins and when it is done;
one that began and was not done goes on at the next start. Lines hold customers' ids and keyed hashes, nothing else.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Literal

import orjson

from memory.errors import MemoryFault

State = Literal["begun", "done", "dropped"]
_WAIT_S = 60.0


class JournalFault(MemoryFault):
    code: ClassVar[str] = "erasure_journal"


class JournalBusy(JournalFault):
    code: ClassVar[str] = "erasure_busy"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Line:
    """One step of one erasure. `customers` are all who were the person; `hashes` are keyed and find nobody without the
    key; `digest` is the certificate's. "dropped" is one that was refused, because of a legal hold."""

    id: str
    at: datetime
    state: State
    customers: tuple[str, ...]
    hashes: tuple[str, ...] = ()
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """The newest line of every erasure, in the order in which they began, and how many lines could not be read."""

    erasures: tuple[Line, ...]
    broken: int


class ErasureJournal:
    """An append-only file. Safe for several processes: each line is whole, and `exclusive` is one erasure at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, line: Line) -> None:
        """Writes a line; it is on disk when this returns. Raises JournalFault when it cannot be written."""
        body = orjson.dumps(asdict(line)) + b"\n"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = not self.path.exists()
            with self._opened() as file:
                if _torn(file):  # the line that a crash cut off stays as it is, and ours begins on its own
                    body = b"\n" + body
                os.write(file, body)
                os.fsync(file)
            if fresh:
                _sync_folder(self.path.parent)
        except OSError as error:
            raise JournalFault(
                f"the erasure journal {self.path} cannot be written ({error.strerror}), and without it a restored "
                "backup would bring people back: nothing was erased. Set store.erasure_journal to one that can be"
            ) from error

    def read(self) -> Read:
        """A journal that is not there is empty. Raises JournalFault when it cannot be read."""
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return Read((), 0)
        except OSError as error:
            raise JournalFault(f"the erasure journal {self.path} cannot be read: {error.strerror}") from error
        newest: dict[str, Line] = {}
        broken = 0
        for line in filter(None, lines):
            try:
                found = _line(orjson.loads(line))
            except (ValueError, KeyError, TypeError):
                broken += 1
                continue
            newest[found.id] = found
        return Read(tuple(newest.values()), broken)

    @contextlib.contextmanager
    def exclusive(self, wait_s: float = _WAIT_S) -> Iterator[None]:
        """No other process erases meanwhile. Raises JournalBusy when one does longer than that."""
        lock = self.path.with_name(f"{self.path.name}.lock")
        try:
            lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise JournalFault(f"the erasure journal's lock {lock} cannot be made: {error.strerror}") from error
        try:
            _take(file, wait_s)
            yield
        finally:
            os.close(file)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)


def _take(file: int, wait_s: float) -> None:
    until = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise JournalBusy("another process is erasing somebody just now: try again in a minute") from None
            time.sleep(0.05)


def _torn(file: int) -> bool:
    size = os.fstat(file).st_size
    return size > 0 and os.pread(file, 1, size - 1) != b"\n"


def _line(found: Any) -> Line:
    if found["state"] not in ("begun", "done", "dropped"):
        raise ValueError("no such state")
    customers = tuple(str(each) for each in found["customers"])
    hashes = tuple(str(each) for each in found.get("hashes", ()))
    at = datetime.fromisoformat(found["at"])
    return Line(str(found["id"]), at, found["state"], customers, hashes, str(found.get("digest", "")))


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
