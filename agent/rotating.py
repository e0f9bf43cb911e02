"""A new master key: every customer's key and the kept keys are wrapped anew, in batches, while turns go on.

Nothing that was sealed is sealed again: what changes is 65 bytes a customer. Killed in the middle, it goes on where it
was when it is run again; until it is done both keys open what there is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from agent.acting import Actor
from agent.errors import FrontdeskError
from memory import audit, keyring
from memory.key_files import new_secret, read_secrets, write_secrets
from memory.seal import MasterKey
from memory.store import Store

BATCH = 500
# Where several write at once, one may have taken the old key just before the new one was there and write it after the
# last look; it does so within this time, and a second look finds it.
_SETTLE_S = 1.0


class RotationFailed(FrontdeskError):
    code = "rotation_failed"


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did, or with `dry_run` would do. Key ids are four bytes in hexadecimal and no secret."""

    to: str
    before: tuple[str, ...]
    wrapped: int
    already: bool
    dry_run: bool
    file: str = ""
    audit_seq: int = 0


@dataclass(slots=True, eq=False)
class Rotation:
    """One rotation to `masters[0]`. `file` is the key file whose old keys go when all is done, where there is one."""

    store: Store
    masters: tuple[MasterKey, ...]
    file: Path | None = None

    async def plan(self) -> Rotated:
        """What would be done; changes nothing."""
        count = await self.store.read(lambda c: keyring.left(c, self.masters[0]))
        return self._rotated(count, dry_run=True)

    async def run(self, who: Actor, now: datetime, progress: Callable[[int], None] = lambda _: None) -> Rotated:
        """Does it. Raises RotationFailed when a customer's key opens with none of the keys: the old ones stay then."""
        await self.store.write(lambda c: keyring.keep_lookup(c, self._old_first(), now))
        wrapped = await self._all(progress)
        await asyncio.sleep(0 if self.store.url.startswith("sqlite") else _SETTLE_S)
        wrapped += await self._all(progress)
        if self.file is not None:
            await asyncio.to_thread(_keep_first, self.file)
        done = self._rotated(wrapped)
        if done.already:
            return done
        detail = {k: v for k, v in asdict(done).items() if k in ("to", "before", "wrapped")}
        seq = await self.store.write(
            lambda c: audit.note(
                c, actor=who.name, role=who.role, act="keys.rotated", subject="master key", detail=detail, now=now
            )
        )
        return self._rotated(wrapped, seq=seq)

    def _old_first(self) -> tuple[MasterKey, ...]:
        """Should there be no customer yet to tell by, the lookup key is that of the key in use before."""
        return (*self.masters[1:], self.masters[0])

    async def _all(self, progress: Callable[[int], None]) -> int:
        wrapped, after = 0, ""
        unopened: list[str] = []
        while True:
            step = await self.store.write(partial(self._batch, after=after))
            wrapped += step.wrapped
            unopened += step.unopened
            progress(wrapped)
            if step.after is None:
                break
            after = step.after
        if unopened:
            some = ", ".join(unopened[:5])
            raise RotationFailed(
                f"the keys of {len(unopened):,} customers open with none of the master keys given ({some}): add the "
                "one they were sealed under to store.previous_master_keys, and run this again. The old keys are kept"
            )
        return wrapped + await self.store.write(lambda c: keyring.rewrap_keyring(c, self.masters))

    def _batch(self, connection: Connection, after: str) -> keyring.Step:
        if not after:
            keyring.wait_for_writers(connection)
        return keyring.rewrap(connection, self.masters, after, BATCH)

    def _rotated(self, wrapped: int, *, dry_run: bool = False, seq: int = 0) -> Rotated:
        to, *before = (master.key_id.hex() for master in self.masters)
        return Rotated(to, tuple(before), wrapped, not wrapped, dry_run, str(self.file or ""), seq)


def with_new_key(path: Path, *, dry_run: bool = False) -> tuple[MasterKey, ...]:
    """The keys of a file after a new one was put above them; those of a rotation that was broken off as they are.

    Raises MasterKeyError. With `dry_run` the file stays as it is.
    """
    kept = read_secrets(path)
    if len(kept) == 1:
        kept = [new_secret(), *kept]
        if not dry_run:
            write_secrets(path, kept)
    return tuple(MasterKey.from_secret(each) for each in kept)


def _keep_first(path: Path) -> None:
    kept = read_secrets(path)
    if len(kept) > 1:
        write_secrets(path, kept[:1])
