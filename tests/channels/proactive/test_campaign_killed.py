"""A campaign whose processes are killed in its middle, again and again: no member lost, none written to twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from campaign_shop import CONSENT, NOON, Shop, number, shop, spec
from sqlalchemy import update

from memory.schema import campaign_members, events, outbox

HERE = Path(__file__).parent
KILLS = 8
SEED = 20261127


class Process:
    """One `campaign_process.py`."""

    def __init__(self, url: str, journal: Path) -> None:
        path = os.pathsep.join([str(HERE), str(HERE.parents[1] / "agent")])
        self.log = journal.with_suffix(".log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "campaign_process.py"), url, str(journal)],
            env={**os.environ, "PYTHONPATH": path},
            stdout=self.log,
            stderr=self.log,
        )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        self.log.close()


def size(journal: Path) -> int:
    return len(journal.read_bytes())


def lines(journal: Path) -> list[str]:
    return journal.read_text(encoding="utf-8").split()


async def free_leases(acme: Shop) -> None:
    """As if a minute had passed since the kill: what a dead process held is anybody's again."""
    gone = update(outbox).where(outbox.c.status == "sending").values(lease_until=NOON)
    await acme.store.write(lambda c: c.execute(gone).rowcount)


async def killed_again_and_again(acme: Shop, id_: str, journal: Path) -> int:
    """Until the campaign is done; how many processes were killed in its middle."""
    dice, kills = random.Random(SEED), 0
    while (await acme.campaigns.campaign(id_)).status != "done":
        process = Process(acme.store.url, journal)
        before, until = size(journal), time.monotonic() + 60
        try:
            await moving(acme, id_, journal, before, until)
            if kills < KILLS:
                await asyncio.sleep(dice.uniform(0.0, 0.8))
                kills += 1
            else:
                await finished(acme, id_, until)
        finally:
            process.kill()
        await free_leases(acme)
    return kills


async def moving(acme: Shop, id_: str, journal: Path, before: int, until: float) -> None:
    while size(journal) == before and (await acme.campaigns.campaign(id_)).status != "done":
        assert time.monotonic() < until, f"nothing is sent; see {journal.with_suffix('.log')}"
        await asyncio.sleep(0.05)


async def finished(acme: Shop, id_: str, until: float) -> None:
    while (await acme.campaigns.campaign(id_)).status != "done":
        assert time.monotonic() < until + 120, (await acme.campaigns.show(id_)).progress
        await asyncio.sleep(0.2)


def wanted(inbox: str, members: int) -> Any:
    addresses = {"sms": number, "mail": lambda n: f"jo{n}@shop.example"}[inbox]
    some = [{"to": addresses(n), "consent": CONSENT} for n in range(1, members + 1)]
    seeds = [{"to": addresses(30_000)}]
    return spec(
        inbox=inbox, template="shipped", audience={"recipients": some}, seeds=seeds, steps=[100], values={"order": "A1"}
    )


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("inbox", "members"), [("mail", 2000), ("sms", 400)])
async def test_each_member_is_written_to_once_whatever_is_killed(tmp_path: Path, inbox: str, members: int) -> None:
    journal = tmp_path / "journal"
    journal.write_bytes(b"")
    async with shop(f"sqlite:///{tmp_path}/log.db") as acme:
        id_ = await acme.started(wanted(inbox, members))
        begun = time.monotonic()
        kills = await killed_again_and_again(acme, id_, journal)
        seconds = time.monotonic() - begun
        rows = [row for row in await acme.rows(outbox) if row["campaign_id"] == id_]
        assert len(rows) == len({row["customer_id"] for row in rows}) == members + 1  # and the seed
        said = [row for row in await acme.rows(events) if row["kind"] == "said"]
        assert len(said) == members + 1
        assert {row["status"] for row in await acme.rows(campaign_members)} == {"queued"}
        delivered = Counter(lines(journal))
        statuses = Counter(row["status"] for row in rows)
        print(f"seed {SEED}: {members} members, {kills} kills, {seconds:.0f} s, {dict(statuses)}")  # noqa: T201
        assert set(delivered.values()) == {1}, "somebody got it twice"
        assert {row["id"] for row in rows if row["status"] == "sent"} <= set(delivered)
        if inbox == "mail":  # sent again under its Message-ID, which a reader shows once
            assert statuses == {"sent": members + 1}
            assert len(delivered) == members + 1
        else:  # what may have been sent is parked for a person: nobody gets it twice, and nobody is forgotten
            assert set(statuses) <= {"sent", "parked"}
            assert sum(statuses.values()) == members + 1
