"""What the fault tests share: a configuration of real processes, signed SMS, and a reader of the history."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import create_engine, text

TOKEN = "twilio-secret"
ADMIN = {"Authorization": "Bearer fault-key"}
SLOW_REPLY = (
    "Delivery to Ireland takes 5 to 7 working days. [1] "
    "It costs €9.50 for every parcel. [1] "
    "Parcels to Ireland are handed to the local post. [1] "
    "They are tracked until they reach the door. [1]"
)
ARTICLE = (
    "# Delivery to Ireland\n\nDelivery to Ireland takes 5 to 7 working days. It costs €9.50 for every parcel. "
    "Parcels to Ireland are handed to the local post. They are tracked until they reach the door.\n"
)


def config(port: int, twilio_url: str, **extra: Any) -> dict[str, Any]:
    """`serve` on this port with chat and SMS; the model is scripted and takes its time, word by word."""
    tables: dict[str, Any] = {
        "organisation": {"name": "Acme"},
        "server": {"port": port},
        "agent": {"lease_s": 6.0, "sweep_s": 0.3, "redact": False},
        "keys": {"ops": {"key": "fault-key", "role": "admin"}},
        "models": {
            "endpoints": {"slow": {"provider": "scripted", "options": {"replies": [SLOW_REPLY], "delay_s": 0.02}}},
            "routes": {"answer": {"endpoints": ["slow"]}},
        },
        "inboxes": {
            "web": {"kind": "websocket"},
            "sms": {
                "kind": "twilio_sms",
                "account_sid": "AC00000000000000000000000000000000",
                "auth_tokens": [TOKEN],
                "number": "+441632960000",
                "base_url": twilio_url,
                "status_callbacks": False,
            },
        },
    }
    return {**tables, **extra}


def write_article(folder: Path) -> Path:
    centre = folder / "help"
    centre.mkdir(parents=True, exist_ok=True)
    (centre / "ireland.md").write_text(ARTICLE, encoding="utf-8")
    return centre


def sms(sid: str, sender: str, body: str) -> dict[str, str]:
    return {"MessageSid": sid, "From": sender, "To": "+441632960000", "Body": body, "NumMedia": "0"}


def signature(url: str, form: dict[str, str], token: str = TOKEN) -> str:
    """Twilio's signature, written here on its own from its documentation."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


async def deliver(client: httpx.AsyncClient, base: str, form: dict[str, str]) -> int:
    """Posts a signed SMS; the status, 0 when nobody answered."""
    url = f"{base}/v1/webhooks/sms"
    try:
        answer = await client.post(url, data=form, headers={"X-Twilio-Signature": signature(url, form)})
    except httpx.HTTPError:
        return 0
    return answer.status_code


@dataclass
class History:
    """The database as the processes left it."""

    path: Path
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def read(self) -> History:
        engine = create_engine(f"sqlite:///{self.path}")
        with engine.connect() as connection:
            for table in ("conversations", "events", "turns", "outbox", "claims", "dead_letters"):
                found = connection.execute(text(f"SELECT * FROM {table}")).mappings()  # noqa: S608  (names from above)
                self.rows[table] = [dict(row) for row in found]
            self.integrity = connection.execute(text("PRAGMA integrity_check")).scalar()
        engine.dispose()
        return self

    def kinds(self, conversation: str) -> list[str]:
        found = [event for event in self.rows["events"] if event["conversation_id"] == conversation]
        return [event["kind"] for event in sorted(found, key=lambda event: event["seq"])]

    def check(self) -> None:
        """What must hold of every history, whatever was killed when."""
        assert self.integrity == "ok"
        for conversation in self.rows["conversations"]:
            seqs = sorted(e["seq"] for e in self.rows["events"] if e["conversation_id"] == conversation["id"])
            assert seqs == list(range(1, len(seqs) + 1)), "a gap in the log"
        replied = [event["turn_id"] for event in self.rows["events"] if event["kind"] == "replied"]
        assert len(replied) == len(set(replied)), "a turn replied twice"
        replies = {(e["conversation_id"], e["seq"]) for e in self.rows["events"] if e["kind"] in ("replied", "said")}
        assert {(row["conversation_id"], row["seq"]) for row in self.rows["outbox"]} <= replies
        spans = sorted((t["conversation_id"], t["from_seq"], t["to_seq"]) for t in self.committed())
        for before, after in pairwise(spans):
            assert before[0] != after[0] or before[2] < after[1], "two turns answered one message"

    def committed(self) -> list[dict[str, Any]]:
        return [turn for turn in self.rows["turns"] if turn["status"] == "committed"]


async def eventually(check: Any, timeout_s: float, what: str) -> None:
    """Until `check()` is true."""
    try:
        async with asyncio.timeout(timeout_s):
            while not check():  # noqa: ASYNC110  (it looks into another process's database)
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {timeout_s:.0f} s") from None
