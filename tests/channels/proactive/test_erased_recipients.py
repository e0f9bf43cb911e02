"""Who was erased and had opted out is not written to again because a list of recipients still has them."""

from __future__ import annotations

from pathlib import Path

from campaign_shop import NOON, number, shop, spec
from langgraph.checkpoint.memory import InMemorySaver

from agent.acting import Actor
from agent.erasing import Eraser
from agent.looking import Places
from memory.consent import record_consent
from memory.erasure.journal import ErasureJournal


async def test_a_list_brings_nobody_back_who_was_erased_and_had_opted_out(tmp_path: Path) -> None:
    async with shop(f"sqlite:///{tmp_path}/log.db") as acme:
        receipt = await acme.receive("hello", sender=number(1))
        await acme.store.write(
            lambda c: record_consent(
                c, id="k-out", customer=receipt.customer, channel="sms", state="out", evidence={}, now=NOON
            )
        )
        places = Places(journal=ErasureJournal(tmp_path / "erasures.jsonl"))
        eraser = Eraser(acme.store, acme.vault, InMemorySaver(), places)
        done = await eraser.erase(receipt.customer, Actor("ada", "admin"), "asked", NOON)
        assert (done.clean, done.suppressed > 0) == (True, True)
        id_ = await acme.started(spec(2, steps=[100]))
        await acme.through(id_)
        progress = (await acme.campaigns.show(id_)).progress
        assert (progress.sent, progress.refused_by) == (1, {"opted_out": 1})
