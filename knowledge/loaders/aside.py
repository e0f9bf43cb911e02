"""Reads files in a process of its own, which is ended when one takes too long or too much memory.

A PDF of a hundred kilobytes can ask for an hour or for all memory there is, and a fault in the library that reads it
would end the ingest. The child reads one file after another; `python -m knowledge.loaders.aside` is its other end.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from knowledge.errors import BadDocument
from knowledge.loaders.plain import File
from knowledge.passages import Document

LIMIT_S = 300.0
"""Seconds for one file: a PDF of 5,000 pages takes some 60 of a processor that it has to itself."""
MEMORY_BYTES = 4 * 1024**3


class Aside:
    """A child process, started when the first file needs it. Use as a context."""

    def __init__(self, *, limit_s: float = LIMIT_S, memory_bytes: int = MEMORY_BYTES) -> None:
        self._limit_s, self._memory_bytes = limit_s, memory_bytes
        self._child: subprocess.Popen[bytes] | None = None
        self._held = b""

    def __enter__(self) -> Aside:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def read(self, file: File) -> Iterator[Document | BadDocument]:
        """What the file's loader yields. Raises BadDocument, also when the limit is reached."""
        child = self._started()
        deadline = time.monotonic() + self._limit_s
        finished = False
        try:
            self._ask(child, file)
            for answer in self._answers(child, deadline):
                if "document" in answer:
                    yield Document(**answer["document"])
                elif "row" in answer:
                    yield BadDocument(answer["row"])
                else:
                    finished = True
                    if answer.get("whole"):
                        raise BadDocument(answer["whole"])
                    return
        finally:
            if not finished:
                self._end()

    def _ask(self, child: subprocess.Popen[bytes], file: File) -> None:
        assert child.stdin is not None  # noqa: S101  (it was opened with a pipe)
        with contextlib.suppress(BrokenPipeError):  # the missing answer says it
            child.stdin.write(orjson.dumps({"path": os.fspath(file.path), "id": file.id}) + b"\n")
            child.stdin.flush()

    def _answers(self, child: subprocess.Popen[bytes], deadline: float) -> Iterator[dict[str, Any]]:
        assert child.stdout is not None  # noqa: S101
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while True:
                line, found, rest = self._held.partition(b"\n")
                if found:
                    self._held = rest
                    yield orjson.loads(line)
                    continue
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise BadDocument(f"took longer than {self._limit_s:g} s to read")
                piece = os.read(child.stdout.fileno(), 1 << 20)
                if not piece:
                    raise BadDocument("cannot be read: it ended the program that reads it")
                self._held += piece

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._end()
            paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
            self._child = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
                [sys.executable, "-m", "knowledge.loaders.aside", str(self._memory_bytes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "OPENBLAS_NUM_THREADS": "1"},
            )
        return self._child

    def _end(self) -> None:
        child, self._child, self._held = self._child, None, b""
        if child is not None:
            child.kill()
            with contextlib.suppress(BrokenPipeError):
                child.communicate()


def _serve(memory_bytes: int) -> None:
    """Answers on the stdout it was started with; what libraries print goes nowhere."""
    from knowledge.loaders.formats import FORMATS, ending

    out = os.fdopen(os.dup(1), "wb")
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    _limit(memory_bytes)
    for line in sys.stdin.buffer:
        asked = orjson.loads(line)
        file = File(Path(asked["path"]), asked["id"])
        whole = ""
        try:
            for found in FORMATS[ending(file.path) or ""](file):
                answer = {"row": str(found)} if isinstance(found, BadDocument) else {"document": asdict(found)}
                out.write(_line(answer))
        except BadDocument as error:
            whole = str(error)
        except MemoryError:
            whole = f"takes more than {memory_bytes / 1024**3:.1f} GB of memory to read"
        except RecursionError:
            whole = "is nested too deeply"
        except Exception as error:  # noqa: BLE001  (the edge of a file: the next one must be read)
            whole = f"cannot be read ({type(error).__name__})"
        out.write(_line({"whole": whole}))
        out.flush()


def _line(answer: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(answer) + b"\n"
    except orjson.JSONEncodeError:  # half a surrogate pair, which no UTF-8 can hold
        return orjson.dumps(_whole_letters(answer)) + b"\n"


def _whole_letters(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return {_whole_letters(k): _whole_letters(v) for k, v in value.items()} if isinstance(value, dict) else value


def _limit(memory_bytes: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # not every system has such a limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
