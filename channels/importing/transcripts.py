"""Labelled rows onto the disk: whole conversations at a time, so that a run that was ended goes on where it was."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from channels.errors import ChannelError
from channels.importing.labels import Row

VERSION = "1"
"""Of what `labels` and `personal` make of the same conversation: another one never goes on in an older file."""

AT_ONCE = 32
"""Conversations made together, which the analyser batches; what a kill costs."""

Make = Callable[[Sequence[Row], Sequence[str]], Awaitable[list[Row]]]


class OutputThere(ChannelError):
    """A file that would be overwritten, or cannot be written."""

    code = "output_there"


@dataclass(frozen=True, slots=True)
class Talk:
    """The rows of one conversation, and the names in it."""

    rows: Sequence[Row]
    names: Sequence[str]


def check(out: Path, *, force: bool) -> None:
    """Raises OutputThere before long work and not after it."""
    if out.is_dir() or not out.parent.is_dir():
        raise OutputThere(f"{out} cannot be written: {'it is a folder' if out.is_dir() else 'there is no such folder'}")
    if out.exists() and not force:
        raise OutputThere(f"{out} is there already: give --force to replace it, or another name")


async def write(
    talks: Sequence[Talk], out: Path, make: Make, *, kind: str, progress: Callable[[int, int], None]
) -> int:
    """How many conversations an earlier run had done. Each is made by `make` and added to a file beside `out`, which
    takes its place when all are there. `kind` says how rows are made: another kind starts anew."""
    part = out.with_name(f".{out.name}.{_fingerprint(talks, kind)}.part")
    done = _resume(part, talks)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        for start in range(done, len(talks), AT_ONCE):
            batch = talks[start : start + AT_ONCE]
            made = await asyncio.gather(*(make(talk.rows, talk.names) for talk in batch), return_exceptions=True)
            for each in made:
                if isinstance(each, BaseException):
                    raise each
                file.write(b"".join(orjson.dumps(row) + b"\n" for row in each))
            file.flush()
            progress(start + len(batch), len(talks))
        os.fsync(file.fileno())
    os.replace(part, out)
    return done


def _fingerprint(talks: Sequence[Talk], kind: str) -> str:
    said = hashlib.sha256(f"{VERSION} {kind}".encode())
    for talk in talks:
        said.update(orjson.dumps([talk.rows, talk.names]))
    return said.hexdigest()[:12]


def _resume(part: Path, talks: Sequence[Talk]) -> int:
    """Conversations that are whole in the file; what follows them is cut off."""
    if not part.exists():
        return 0
    lines = part.read_bytes().splitlines(keepends=True)
    done, used = 0, 0
    for talk in talks:
        ours = lines[used : used + len(talk.rows)]
        if len(ours) < len(talk.rows) or not all(line.endswith(b"\n") for line in ours):
            break
        done, used = done + 1, used + len(talk.rows)
    os.truncate(part, sum(len(line) for line in lines[:used]))
    return done
