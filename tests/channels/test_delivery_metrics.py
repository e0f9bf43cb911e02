"""What Prometheus reads of delivery and consent, in `serve` and in a worker."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from agent_support import office
from fastapi import FastAPI

from agent.errors import Misconfigured
from channels.delivery_metrics import FRESH_S, WAITING, DeliveryMetrics
from channels.health_port import health_shown
from channels.http import health
from channels.settings import WorkerSettings
from memory import dead_letters
from memory.store import open_store


async def test_the_metrics_of_delivery_are_read_from_the_log(tmp_path: Path) -> None:
    async with office(f"sqlite:///{tmp_path}/log.db") as shop:
        await shop.ask("hello")
        app = FastAPI()
        app.include_router(health.router(shop.runtime))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as http:
            text = (await http.get("/metrics")).text
    assert 'frontdesk_outbox_waiting{state="pending"} 1.0' in text
    assert 'frontdesk_consent_customers{channel="sms",state="unknown"} 1.0' in text
    assert "frontdesk_opt_out_accuracy_24h 1.0" in text


async def test_a_scrape_costs_no_more_than_one_reading_and_outlives_the_store(tmp_path: Path) -> None:
    async with office(f"sqlite:///{tmp_path}/log.db") as shop:
        conversation, clock = await shop.ask("hello"), [0.0]
        shown = DeliveryMetrics(shop.store, clock=lambda: clock[0])

        def dead() -> float:
            return float(WAITING.labels("dead_send")._value.get())

        await shown.refresh()
        assert dead() == 0
        now = (await shop.head(conversation))["last_at"]
        await shop.store.write(lambda c: dead_letters.bury(c, "send", "o-1", conversation, "no", now))
        await shown.refresh()
        assert dead() == 0
        clock[0] += FRESH_S
        await shown.refresh()
        assert dead() == 1
    gone = open_store(f"postgresql://nobody@127.0.0.1:1/{tmp_path.name}")
    await DeliveryMetrics(gone).refresh()
    assert dead() == 1
    await gone.close()


async def test_a_worker_shows_its_health_where_a_port_is_configured(tmp_path: Path, unused_tcp_port: int) -> None:
    worker = WorkerSettings(metrics_port=unused_tcp_port)
    async with (
        office(f"sqlite:///{tmp_path}/log.db") as shop,
        health_shown(worker, shop.runtime),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{unused_tcp_port}", trust_env=False) as http,
    ):
        assert (await http.get("/healthz")).json() == {"status": "alive"}
        assert "frontdesk_outbox_waiting" in (await http.get("/metrics")).text
        with pytest.raises(Misconfigured, match=r"worker\.metrics_port"):
            async with health_shown(worker, shop.runtime):
                pass


async def test_a_worker_without_a_port_listens_nowhere(tmp_path: Path) -> None:
    async with office(f"sqlite:///{tmp_path}/log.db") as shop, health_shown(WorkerSettings(), shop.runtime):
        pass
