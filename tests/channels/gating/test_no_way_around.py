"""No path around the gate: nothing but the sender reaches a provider, and traffic of a year keeps every promise."""

from __future__ import annotations

import ast
import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from agent_support import prepare
from gate_world import ZONES, World, quiet, world
from sqlalchemy import Connection, RowMapping, select

from agent.dispatch.in_process import InProcessBus
from agent.settings import Secret
from channels.adapters.twilio_sms import TWILIO_SMS
from channels.gating.rules import Rules
from channels.inboxes.twilio import TwilioSmsInbox
from channels.outlets import Outlet, Outlets
from channels.providers.ports import Sent
from channels.render import Rendered
from channels.sender import Sender
from memory import outbox
from memory.limits import Limit
from memory.messages import PROACTIVE, Outbound, Purpose
from memory.schema import consents, events
from memory.schema import outbox as table
from memory.seal import MasterKey
from memory.store import Store, open_store
from memory.vault import Vault

ROOT = Path(__file__).parents[3]
SENDER = "channels/sender.py"


def checked(lived: World) -> dict[str, int]:
    """Asserts the promises; the figures."""
    rows = {row["id"]: row for row in lived.connection.execute(select(table)).mappings()}
    outs: dict[str, list[object]] = {}
    for row in lived.connection.execute(select(consents).where(consents.c.state == "out")).mappings():
        outs.setdefault(row["customer_id"], []).append(row["at"])
    proactive = [send for send in lived.sends if send.purpose in PROACTIVE]
    after = [send for send in lived.sends if send.out and send.purpose != "confirmation"]
    confirmations = [send for send in lived.sends if send.purpose == "confirmation"]
    answers = [send for send in lived.sends if send.purpose == "reply"]
    figures = {
        "customers": len(lived.people),
        "sends": len(lived.sends),
        "proactive": len(proactive),
        "proactive in quiet hours": sum(map(quiet, proactive)),
        "held": lived.held,
        "replies": len(answers),
        "replies held": lived.answered_late,
        "opt-outs": lived.stops,
        "sends after an opt-out": len(after),
        "confirmations": len(confirmations),
        "without a verdict": sum(not (rows[send.id]["rule"] and rows[send.id]["verdict"]) for send in lived.sends),
        "of sent rows without a slot": sum(row["admitted_at"] is None for row in rows.values() if row["sent_at"]),
    }
    print(figures)  # noqa: T201  (what this test is for: its figures)
    assert figures["proactive"] > 0
    assert figures["held"] > 0
    for promise in ("proactive in quiet hours", "replies held", "sends after an opt-out", "without a verdict"):
        assert figures[promise] == 0, promise
    assert figures["of sent rows without a slot"] == 0
    assert figures["confirmations"] == figures["opt-outs"] > 0
    for send in answers:
        if send.id in lived.queued:
            assert send.at == lived.queued[send.id], "an answer leaves at once"
    waiting = [row for row in rows.values() if row["status"] in ("pending", "sending")]
    assert waiting == [], "deferred, not dropped: all of it left, was parked or refused"
    assert {row["status"] for row in rows.values()} <= {"sent", "parked", "refused"}
    assert all(row["purpose"] in PROACTIVE or row["rule"] != "quiet_hours" for row in rows.values())
    return figures


def test_weeks_of_traffic_around_the_change_of_clocks_keep_every_promise() -> None:
    with world(seed=7, people=40) as lived:
        lived.live(events=300, days=100)
        checked(lived)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_year_of_random_traffic_in_forty_zones_keeps_every_promise() -> None:
    assert len({zone for zone, _, _ in ZONES}) == 40
    with world(seed=2027, people=160) as lived:
        lived.live(events=20_000, days=365)
        figures = checked(lived)
    assert figures["proactive"] > 2000


def test_every_opt_out_is_in_the_ledger_and_in_the_log() -> None:
    with world(seed=3, people=10) as lived:
        lived.live(events=150, days=30)
        ledger = lived.connection.execute(select(consents.c.id).where(consents.c.state == "out")).all()
        logged = lived.connection.execute(select(events.c.seq).where(events.c.kind == "opted_out")).all()
    assert len(ledger) == len(logged) >= lived.stops


def test_a_throttle_of_a_day_is_never_exceeded() -> None:
    with world(seed=5, people=2) as lived:
        lived.rules = Rules(limits={"throttle/customer": (Limit(3, 86_400),)})
        lived.live(events=120, days=6)
        proactive = [send for send in lived.sends if send.purpose in PROACTIVE]
        for send in proactive:
            day = [
                s for s in proactive if s.person is send.person and timedelta(0) <= s.at - send.at < timedelta(days=1)
            ]
            assert len(day) <= 3


# --- nothing else reaches a provider ---


@dataclass
class Watchful:
    """A provider that looks the message up when it gets it."""

    store: Store
    seen: dict[str, RowMapping] = field(default_factory=dict)

    async def send(self, outbound: Outbound, rendered: Rendered) -> Sent:
        query = select(table).where(table.c.id == outbound.id)
        self.seen[outbound.id] = await self.store.read(lambda c: c.execute(query).mappings().one())
        return Sent(f"SM-{len(self.seen)}")

    async def aclose(self) -> None:
        """Nothing is open."""


async def test_the_real_sender_gives_a_provider_only_what_has_its_verdict_on_disk(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/log.db"
    await asyncio.to_thread(prepare, url)
    store = open_store(url)
    provider, now, rules = Watchful(store), datetime.now(UTC), Rules(no_quiet_hours=frozenset({"sms"}))
    settings = TwilioSmsInbox(account_sid="AC0", auth_tokens=[Secret("x")], number="+441632960000")
    outlets = Outlets({"sms": Outlet("sms", TWILIO_SMS, settings, provider)})
    vault = Vault(MasterKey.from_secret("0f" * 32))

    def queued(connection: Connection) -> list[str]:
        lived = World(connection, random.Random(1), vault=vault)
        before = now - timedelta(days=1)
        purposes: tuple[Purpose, ...] = ("reply", "agent", "notification", "marketing")
        keys = [lived.queue(lived.join(n, before), purposes[n % 4], now) for n in range(8)]
        out = lived.join(9, before)
        lived.inbound(out, "STOP", now)
        return [*keys, lived.queue(out, "marketing", now), lived.queue(out, "reply", now)]

    keys = await store.write(queued)
    sender = Sender(store, vault, InProcessBus(), outlets, "holder", rules)
    for _ in range(3):
        for each in await store.write(
            lambda c: outbox.claim_due(c, vault, holder="holder", now=datetime.now(UTC), lease_s=60)
        ):
            await sender.send(each)
    confirmation = next(key for key in provider.seen if key.startswith("stopped"))
    assert set(provider.seen) == {*keys[:8], confirmation}
    for row in provider.seen.values():
        assert (row["rule"] in ("ok", "confirmation"), bool(row["verdict"]), bool(row["admitted_at"])) == (True,) * 3
    await store.close()


def calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def reaches_a_provider(call: ast.Call) -> bool:
    """`something.provider.send(…)`, or `provider.send(…)`."""
    function = call.func
    if not (isinstance(function, ast.Attribute) and function.attr == "send"):
        return False
    of = function.value
    return (isinstance(of, ast.Attribute) and of.attr == "provider") or (
        isinstance(of, ast.Name) and of.id == "provider"
    )


def sources(said: str) -> list[tuple[str, ast.AST]]:
    """The product's files in which these letters occur, read as Python. The contract that a third party's adapter is
    tested by sends to its own stub, and is no way out."""
    found = []
    for package in ("agent", "channels", "evals", "knowledge", "memory"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
            if said in text and not name.startswith("channels/adapters/contract"):
                found.append((name, ast.parse(text)))
    return found


def test_only_the_sender_hands_a_message_to_a_provider() -> None:
    reaching = {name for name, tree in sources(".send(") if any(map(reaches_a_provider, calls(tree)))}
    assert reaching == {SENDER}


def test_in_the_sender_a_message_reaches_the_provider_only_behind_a_verdict_to_send() -> None:
    """`_deliver` holds the one call of a provider, and is called once: where the gate said "send"."""
    (_, tree), *_ = [each for each in sources(".send(") if each[0] == SENDER]
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)}
    assert [name for name, node in functions.items() if any(map(reaches_a_provider, calls(node)))] == ["_deliver"]
    delivering = [call for call in calls(tree) if isinstance(call.func, ast.Attribute) and call.func.attr == "_deliver"]
    assert len(delivering) == 1
    body = ast.unparse(functions["send"])
    assert body.index("gate.admit") < body.index("verdict.decision == 'send'") < body.index("self._deliver")


def test_only_the_sender_marks_a_message_as_sent() -> None:
    finishing = {
        name
        for name, tree in sources("outbox.finish(")
        if any(isinstance(call.func, ast.Attribute) and call.func.attr == "finish" for call in calls(tree))
    }
    assert finishing == {SENDER}
