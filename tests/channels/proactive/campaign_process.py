"""A process that works off campaigns until it is killed: `python campaign_process.py STORE_URL JOURNAL`.

The provider is the simulator; its journal outlives the process, as a real provider does.
"""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from pathlib import Path

from campaign_shop import AWAKE, outlets, shop_settings

from agent.dispatch.in_process import InProcessBus
from channels.proactive.assembly import open_campaigns
from channels.proactive.runner import Runner
from channels.proactive.simulator import Habits, Simulator
from channels.sender import Sender
from memory.seal import MasterKey
from memory.store import open_store
from memory.vault import Vault


async def work(url: str, journal: Path, known: dict[str, int]) -> None:
    settings, bus = shop_settings(), InProcessBus()
    store, vault = open_store(url), Vault(MasterKey.from_secret("0f" * 32))
    file = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(key: str) -> None:
        os.write(file, f"{key}\n".encode())

    habits = Habits(busy=0.01, silent=0, unreachable=0, opted_out=0)
    simulators = {
        "sms": Simulator("sms", 1, habits, write, dict(known)),
        "mail": Simulator("email", 1, habits, write, dict(known)),
    }
    sender = Sender(store, vault, bus, outlets(settings, simulators), uuid.uuid4().hex, AWAKE)
    runner = Runner(open_campaigns(settings, store, vault), bus)
    sender.start()
    runner.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    kept = Path(sys.argv[2])
    asyncio.run(work(sys.argv[1], kept, dict.fromkeys(kept.read_text(encoding="utf-8").split(), 1)))
