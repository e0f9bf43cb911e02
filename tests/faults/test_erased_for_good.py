"""After an erasure no byte of what a person said of themselves is left: in the database's files, the index's folder,
the checkpoints, the logs. A real server, real conversations, and a search through every byte of the folder."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from faults_support import ADMIN, SLOW_REPLY, eventually, write_article
from services import FrontdeskProcess, free_port

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(600)]

SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()
FIRST = ("Xanthippe", "Thaddeus", "Peregrine", "Quintilla", "Evangeline")
LAST = ("Quillfeather", "Ravenscroft", "Thistlewood", "Winterbourne", "Applegarth")
NAMES = [f"{first} {last}" for first, last in zip(FIRST, LAST, strict=True)]
PHONES = [f"+44163296{n:04}" for n in range(7001, 7006)]
EMAILS = [f"{last.lower()}.{n}@quill{n}mail.example" for n, last in enumerate(LAST)]
ORDERS = [f"ORD-7{n}51{n}-QX" for n in range(10)]
PARCELS = [f"JD00{n}4455667{n}" for n in range(5)]
AMOUNTS = [f"£1{n}7.{n}3" for n in range(5)]
STREETS = [f"{n}7 Marchbanks Crescent{'abcde'[n]}" for n in range(5)]
POSTCODES = [f"ZE{n} 9Q{'XYZVW'[n]}" for n in range(5)]
LIKINGS = [f"always leave it with the {each}" for each in ("beekeeper", "luthier", "saddler", "chandler", "farrier")]
PLANTED = [*NAMES, *PHONES, *EMAILS, *ORDERS, *PARCELS, *AMOUNTS, *STREETS, *POSTCODES, *LIKINGS]
SAID = [
    f"My name is {NAMES[n]}, I live at {STREETS[n]}, {POSTCODES[n]}. Call me on {PHONES[n]} or write to {EMAILS[n]}. "
    f"My order {ORDERS[n]} and order {ORDERS[n + 5]} came as parcel {PARCELS[n]} and cost {AMOUNTS[n]}. "
    f"Please {LIKINGS[n]}. How long does delivery to Ireland take?"
    for n in range(5)
]


def configuration(port: int) -> dict[str, Any]:
    webhook = {"kind": "webhook", "secrets": [SECRET]}
    return {
        "organisation": {"name": "Acme"},
        "server": {"port": port},
        "agent": {"sweep_s": 0.3},
        "models": {
            "endpoints": {"said": {"provider": "scripted", "options": {"replies": [SLOW_REPLY]}}},
            "routes": {"answer": {"endpoints": ["said"]}},
        },
        "keys": {"ops": {"key": "fault-key", "role": "admin"}},
        "inboxes": {"app": webhook, "form": {**webhook, "approve": "always"}},
    }


def rows(data: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(data / "frontdesk.db")) as connection:
        return connection.execute(query).fetchall()


def found(folder: Path) -> dict[str, list[str]]:
    """Which planted values stand in which file, in any case."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    # A write-ahead log is made as large as it may become: hundreds of megabytes of nothing are left out.
    every = {path: re.sub(rb"\x00{64,}", b"\x00", path.read_bytes()).lower() for path in files}
    seen = {value: [p.name for p, body in every.items() if value.lower().encode() in body] for value in PLANTED}
    return {value: names for value, names in seen.items() if names}


def answered(data: Path, turns: int) -> bool:
    return bool(rows(data, "SELECT count(*) FROM turns WHERE status = 'committed'")[0][0] >= turns)


async def told(http: httpx.AsyncClient, inbox: str, sender: str, text: str, key: str) -> None:
    body = {"sender": sender, "text": text}
    answer = await http.post(f"/v1/inboxes/{inbox}/messages", json=body, headers={**ADMIN, "Idempotency-Key": key})
    assert answer.status_code == 202, answer.text


async def conversed(process: FrontdeskProcess, data: Path) -> str:
    """A person with 50 values in two conversations, one draft that waits, all of it remembered; their id."""
    async with httpx.AsyncClient(base_url=process.url, timeout=30.0) as http:
        for n, text in enumerate(SAID[:4]):
            await told(http, "app", "u-ann", text, f"a{n}")
            await eventually(partial(answered, data, n + 1), 60, "an answer")
        await told(http, "app", "u-ann", SAID[4], "a4")
        await told(http, "form", "u-ann", f"How long does delivery to Ireland take? It is for order {ORDERS[9]}.", "f")
        await told(http, "app", "u-bob", "How long does delivery to Ireland take?", "b")
    waits = "SELECT count(*) FROM turns WHERE status = 'parked'"
    await eventually(lambda: rows(data, waits)[0][0] == 1, 60, "a draft that waits")
    behind = "SELECT count(*) FROM conversations WHERE remembered_to < visible_seq"
    await eventually(lambda: rows(data, behind)[0][0] == 0, 60, "all of it in memory")
    customers = rows(data, "SELECT customer_id, count(*) FROM conversations GROUP BY 1 ORDER BY 2 DESC")
    assert [count for _, count in customers] == [2, 1]
    return str(customers[0][0])


@pytest.mark.parametrize("way", ["running", "stopped"])
async def test_none_of_fifty_planted_values_is_left_in_any_file(
    frontdesk_process: Callable[..., FrontdeskProcess], tmp_path: Path, way: str
) -> None:
    """The command, by the server that runs (over HTTP), and alone."""
    assert len(PLANTED) == len(set(PLANTED)) == 50
    port = free_port()
    process = frontdesk_process("serve", configuration(port), port=port)
    await process.run("ingest", str(write_article(tmp_path)))
    await process.start(timeout_s=180)
    folder, data = process.folder, process.folder / "data"
    customer = await conversed(process, data)
    assert len(found(folder)) > 10, "before the erasure they are there to be found"
    if way == "stopped":
        process.terminate()
    text = await process.run("erase", customer, "--why", "asked", "--yes", "--json", timeout_s=400)
    done = json.loads(text[text.index("{\n") : text.rindex("}") + 1])
    assert done["clean"], done["stores"]
    assert done["by"] == ("ops" if way == "running" else "command line")
    assert done["vectors_removed"] > 0
    assert done["checkpoints_removed"] == 1
    assert done["values"] >= 40
    assert found(folder) == {}
    assert not any(value in json.dumps(done, ensure_ascii=False) for value in PLANTED)
    if way == "running":
        async with httpx.AsyncClient(base_url=process.url, timeout=60.0) as http:
            assert (await http.get(f"/v1/customers/{customer}", headers=ADMIN)).status_code == 404
            before = rows(data, "SELECT count(*) FROM turns")[0][0]
            await told(http, "app", "u-bob", "And what does it cost?", "b2")
            await eventually(lambda: rows(data, "SELECT count(*) FROM turns")[0][0] > before, 60, "others go on")
        process.terminate()
        assert found(folder) == {}, "nor after the server wrote everything at its end"
