"""The promises on real processes: killed, stopped, doubled, hurried."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx
import orjson
import pytest
import websockets
from faults_support import ADMIN, History, config, deliver, eventually, sms, write_article
from local_twilio import LocalTwilio
from services import FrontdeskProcess, free_port

pytestmark = [pytest.mark.server, pytest.mark.model, pytest.mark.timeout(600)]
Make = Callable[..., FrontdeskProcess]
QUESTION = "How long does delivery to Ireland take?"


async def begin(make: Make, twilio: LocalTwilio, **extra: Any) -> FrontdeskProcess:
    """A `serve` over a help centre of one article."""
    port = free_port()
    process = make("serve", config(port, twilio.url, **extra), port=port)
    await process.run("ingest", str(write_article(process.folder)))
    return await process.start()


def history(process: FrontdeskProcess) -> History:
    return History(process.folder / "data" / "frontdesk.db").read()


def answered(process: FrontdeskProcess, count: int) -> bool:
    found = history(process)
    heads = [row for row in found.rows["conversations"] if row["seq"]]
    return len(heads) >= count and all(row["answered_seq"] >= row["inbound_seq"] for row in heads)


async def test_one_webhook_five_times_in_sequence_at_once_and_after_a_restart_is_answered_once(
    frontdesk_process: Make, twilio_out: LocalTwilio
) -> None:
    serve = await begin(frontdesk_process, twilio_out)
    form = sms("SM-one", "+441632960011", QUESTION)
    async with httpx.AsyncClient(timeout=20) as client:
        in_sequence = [await deliver(client, serve.url, form) for _ in range(5)]
        at_once = await asyncio.gather(*(deliver(client, serve.url, form) for _ in range(5)))
        await eventually(lambda: twilio_out.sent["+441632960011"] == 1, 60, "the reply")
        serve.kill()
        await serve.start()
        after = [await deliver(client, serve.url, form) for _ in range(5)]
    await asyncio.sleep(2)
    assert {*in_sequence, *at_once, *after} == {200}
    assert twilio_out.sent["+441632960011"] == 1
    found = history(serve)
    found.check()
    assert [e["kind"] for e in found.rows["events"]].count("received") == 1
    assert len(found.committed()) == 1


async def test_a_forged_webhook_is_refused_and_leaves_nothing(frontdesk_process: Make, twilio_out: LocalTwilio) -> None:
    serve = await begin(frontdesk_process, twilio_out)
    form = sms("SM-forged", "+441632960012", QUESTION)
    async with httpx.AsyncClient(base_url=serve.url, timeout=20) as client:
        unsigned = await client.post("/v1/webhooks/sms", data=form)
        forged = await client.post("/v1/webhooks/sms", data=form, headers={"X-Twilio-Signature": "bm90IHNpZ25lZA=="})
        nowhere = await client.post("/v1/webhooks/nowhere", data=form)
        huge = await client.post("/v1/webhooks/sms", content=b"Body=" + b"x" * 2_000_000)
        assert [a.status_code for a in (unsigned, forged, nowhere, huge)] == [401, 401, 404, 413]
        for answer in (unsigned, forged, nowhere, huge):
            assert answer.headers["content-type"] == "application/problem+json"
            assert "Traceback" not in answer.text
        assert (await client.get("/healthz")).status_code == 200
    assert history(serve).rows["events"] == []


@pytest.mark.slow
async def test_kill_9_at_random_points_under_load_loses_nothing_and_writes_no_second_reply(
    frontdesk_process: Make, twilio_out: LocalTwilio
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  (to run the same again)
    dice, rounds, each = random.Random(seed), 20, 6
    serve = await begin(frontdesk_process, twilio_out)
    accepted: set[str] = set()
    async with httpx.AsyncClient(timeout=10) as client:
        for n in range(rounds):
            senders = [f"+44163296{n:02}{k:02}" for k in range(each)]

            async def send(sender: str) -> None:
                await asyncio.sleep(dice.uniform(0, 1.0))
                if await deliver(client, serve.url, sms(f"SM-{sender}", sender, QUESTION)) == 200:
                    accepted.add(sender)

            load = asyncio.gather(*(send(sender) for sender in senders))
            await asyncio.sleep(dice.uniform(0.1, 2.0))
            serve.kill()
            await load
            await serve.start()
    await eventually(lambda: answered(serve, len(accepted)), 120, "every accepted message answered")
    settled = {"sent", "parked"}
    await eventually(lambda: {row["status"] for row in history(serve).rows["outbox"]} <= settled, 120, "sends settled")
    found = history(serve)
    found.check()
    received = [e for e in found.rows["events"] if e["kind"] == "received"]
    replied = [e for e in found.rows["events"] if e["kind"] in ("replied",)]
    print(f"{len(accepted)} accepted, {len(received)} written, {len(replied)} replied")  # noqa: T201
    assert len(received) >= len(accepted)
    assert len(replied) == len(received)
    assert max(twilio_out.sent.values()) == 1
    parked = [row for row in found.rows["outbox"] if row["status"] == "parked"]
    assert len(twilio_out.sent) + len(parked) >= len(received), "a reply neither left nor waits for a person"
    assert accepted, "nothing was accepted, so nothing was tested"


@pytest.mark.slow
async def test_twenty_quick_messages_over_two_processes_never_overlap_and_keep_their_order(
    frontdesk_process: Make, twilio_out: LocalTwilio, redis_url: str
) -> None:
    serve = await begin(frontdesk_process, twilio_out, redis={"url": redis_url})
    worker = frontdesk_process("worker", config(serve.port, twilio_out.url, redis={"url": redis_url}))
    await worker.start()
    async with httpx.AsyncClient(timeout=20) as client:
        for n in range(20):
            assert await deliver(client, serve.url, sms(f"SM-q{n:02}", "+441632960013", f"Message {n:02}")) == 200
            await asyncio.sleep(0.05)
    await eventually(lambda: answered(serve, 1), 120, "all answered")
    found = history(serve)
    found.check()
    claims = sorted((row for row in found.rows["claims"]), key=lambda row: row["seq"])
    assert [row["provider_id"] for row in claims] == [f"SM-q{n:02}" for n in range(20)]
    ended = sorted((t["started_at"], t["ended_at"]) for t in found.rows["turns"])
    assert all(before[1] <= after[0] for before, after in pairwise(ended)), "turns overlapped"
    print(f"{len(ended)} turns by {len({t['holder'] for t in found.rows['turns']})} processes")  # noqa: T201


@pytest.mark.slow
async def test_a_stopped_lease_holder_is_overtaken_and_its_late_commit_refused(
    frontdesk_process: Make, twilio_out: LocalTwilio, redis_url: str
) -> None:
    serve = await begin(frontdesk_process, twilio_out, redis={"url": redis_url})
    worker = frontdesk_process("worker", config(serve.port, twilio_out.url, redis={"url": redis_url}))
    await worker.start()
    held = False
    async with httpx.AsyncClient(timeout=20) as client:
        for n in range(40):
            assert await deliver(client, serve.url, sms(f"SM-s{n}", f"+4416329601{n:02}", QUESTION)) == 200
            await asyncio.sleep(0.3)
            running = [t for t in history(serve).rows["turns"] if t["status"] == "running"]
            if any(f":{worker.pid}:" in t["holder"] for t in running):
                worker.stop()
                held = True
                break
    assert held, "the worker never held a turn"
    await eventually(lambda: answered(serve, 1), 60, "the other process took the turn")
    worker.cont()
    await asyncio.sleep(3)
    found = history(serve)
    found.check()
    replies = [e["conversation_id"] for e in found.rows["events"] if e["kind"] == "replied"]
    assert len(replies) == len(set(replies)) == len(found.rows["conversations"])


async def test_after_a_takeover_in_the_middle_of_a_streamed_reply_the_bot_says_not_one_more_word(
    frontdesk_process: Make, twilio_out: LocalTwilio
) -> None:
    serve = await begin(frontdesk_process, twilio_out)
    async with (
        websockets.connect(f"{serve.ws_url}/v1/chat/web") as socket,
        httpx.AsyncClient(base_url=serve.url, headers=ADMIN, timeout=20) as desk,
    ):
        await socket.send('{"type":"hello"}')
        welcome = orjson.loads(await socket.recv())
        await socket.send(orjson.dumps({"type": "message", "id": "1", "text": QUESTION}).decode())
        frames = []
        while not any(frame["type"] == "delta" for frame in frames):
            frames.append(orjson.loads(await asyncio.wait_for(socket.recv(), 60)))
        (await desk.post(f"/v1/conversations/{welcome['conversation']}/takeover")).raise_for_status()
        after = []
        try:
            while True:
                after.append(orjson.loads(await asyncio.wait_for(socket.recv(), 4)))
        except TimeoutError:
            pass
        taken = next(n for n, frame in enumerate(after) if frame.get("state") == "person")
        assert not [frame for frame in after[taken:] if frame["type"] == "delta" or frame.get("role") == "bot"]
        assert not [frame for frame in after if frame.get("role") == "bot"]
        assert "restart" in [frame["type"] for frame in after], "what was shown must be taken back"
    found = history(serve)
    found.check()
    assert "replied" not in found.kinds(welcome["conversation"])


async def test_deltas_of_a_worker_reach_a_socket_on_another_process(
    frontdesk_process: Make, twilio_out: LocalTwilio, redis_url: str
) -> None:
    serve = await begin(frontdesk_process, twilio_out, redis={"url": redis_url})
    worker = frontdesk_process("worker", config(serve.port, twilio_out.url, redis={"url": redis_url}))
    await worker.start()
    streamed_by: set[str] = set()
    async with websockets.connect(f"{serve.ws_url}/v1/chat/web") as socket:
        await socket.send('{"type":"hello"}')
        await socket.recv()
        for n in range(12):
            await socket.send(orjson.dumps({"type": "message", "id": str(n), "text": QUESTION}).decode())
            deltas, event = [], None
            while event is None:
                frame = orjson.loads(await asyncio.wait_for(socket.recv(), 60))
                deltas += [frame["text"]] if frame["type"] == "delta" else []
                event = frame if frame.get("role") == "bot" else None
            assert deltas, "nothing was streamed"
            assert event["text"].startswith("".join(deltas))  # the event may overtake the last of them
            turn = next(t for t in history(serve).rows["turns"] if t["id"] == event["turn"])
            streamed_by.add("worker" if f":{worker.pid}:" in turn["holder"] else "serve")
            if "worker" in streamed_by:
                break
    assert "worker" in streamed_by


async def test_sigterm_drains_tells_sockets_and_loses_nothing(frontdesk_process: Make, twilio_out: LocalTwilio) -> None:
    serve = await begin(frontdesk_process, twilio_out)
    async with websockets.connect(f"{serve.ws_url}/v1/chat/web") as socket, httpx.AsyncClient(timeout=20) as client:
        await socket.send('{"type":"hello"}')
        await socket.recv()
        for n in range(6):
            assert await deliver(client, serve.url, sms(f"SM-d{n}", f"+44163296020{n}", QUESTION)) == 200
        ended = asyncio.create_task(asyncio.to_thread(serve.terminate))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
        assert await ended == 0
    left = history(serve)
    assert not [turn for turn in left.rows["turns"] if turn["status"] == "running"], "a turn was left running"
    await serve.start()
    await eventually(lambda: answered(serve, 6), 60, "the rest answered after the start")
    history(serve).check()


@pytest.mark.slow
async def test_redis_may_be_emptied_and_restarted_under_load(
    frontdesk_process: Make, twilio_out: LocalTwilio, redis_server: Any
) -> None:
    serve = await begin(frontdesk_process, twilio_out, redis={"url": redis_server.url})
    async with httpx.AsyncClient(timeout=20) as client:
        for n in range(30):
            if n == 8:
                redis_server.flush()
            if n == 16:
                await asyncio.to_thread(redis_server.restart)
            assert await deliver(client, serve.url, sms(f"SM-r{n}", f"+4416329603{n:02}", QUESTION)) == 200
    await eventually(lambda: answered(serve, 30), 90, "all answered")
    found = history(serve)
    found.check()
    assert max(twilio_out.sent.values()) == 1
