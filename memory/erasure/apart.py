"""Looking through files in a process of its own.

Whoever closes a file of SQLite's that the same process has open otherwise ends all locks on it (POSIX advisory locks):
another process would then take the database for unused and remove its journal. See "How To Corrupt An SQLite Database
File", section 2.2. It also leaves this process its time for turns.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from memory.erasure.needles import Looked, Needles, in_files
from memory.errors import MemoryFault


class LookingFailed(MemoryFault):
    code = "looking_failed"


async def in_files_apart(paths: Iterable[Path], values: Sequence[str]) -> Looked:
    """As `needles.in_files`. The values go by a pipe, so that no list of processes shows them. Raises LookingFailed."""
    asked = json.dumps({"paths": [str(path) for path in paths], "values": list(values)}).encode()
    found = json.loads(await asyncio.to_thread(_answered, asked))
    return Looked(found["parts"], found["bytes"], frozenset(found["values"]))


def _answered(asked: bytes) -> bytes:
    try:
        command = [sys.executable, "-m", __name__]
        done = subprocess.run(command, input=asked, stdout=subprocess.PIPE, check=False)  # noqa: S603  (this program)
    except OSError as error:
        raise LookingFailed(f"no process could be started for it: {error.strerror}") from error
    if done.returncode:
        raise LookingFailed(f"the process that did it ended with {done.returncode}; its last line is in the log")
    return done.stdout


def main() -> None:
    """What the process does: a question on stdin, its answer on stdout."""
    asked = json.load(sys.stdin)
    try:
        found = in_files([Path(path) for path in asked["paths"]], Needles(asked["values"]))
    except OSError as error:  # the name of the file and the reason, and nothing that was looked for
        sys.stderr.write(f"{error.filename}: {error.strerror}\n")
        sys.exit(1)
    json.dump({"parts": found.parts, "bytes": found.bytes, "values": sorted(found.values)}, sys.stdout)


if __name__ == "__main__":
    main()
