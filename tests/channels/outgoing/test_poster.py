"""Your own systems hear of every event once, signed, on the schedule, and never behind your own walls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from agent_support import Office, office, until
from listening import listening
from sqlalchemy import Connection, select, update
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agent.control_checks import checked
from agent.errors import Misconfigured
from channels.outgoing.poster import Poster, open_poster, switch
from channels.outgoing.settings import OutgoingWebhook
from channels.schedules import STANDARD_WEBHOOKS as RETRIES_S
from channels.signatures import SignatureError, verify_standard_webhooks
from memory import controls, dead_letters, hooks, schema
from memory.errors import NothingToReplay, UnknownDeadLetter

pytestmark = pytest.mark.server  # a local server that speaks as the real one does

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@dataclass
class Receiver:
    """A CRM's endpoint: answers what it was told to, the last for ever, and keeps what came."""

    answers: list[tuple[int, dict[str, str]]] = field(default_factory=lambda: [(200, {})])
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    held: asyncio.Event | None = None

    async def hold(self, request: Request) -> Response:
        """`take`, once the test lets it go."""
        if self.held is not None:
            await self.held.wait()
            return Response()
        return await self.take(request)

    async def take(self, request: Request) -> Response:
        self.got.append((dict(request.headers), await request.body()))
        status, headers = self.answers[min(len(self.got), len(self.answers)) - 1]
        return Response(status_code=status, headers=headers)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    crm = Receiver()
    app = Starlette(routes=[Route("/hook", crm.hold, methods=["POST"]), Route("/else", crm.take, methods=["POST"])])
    async with listening(app) as url:
        crm.url = f"{url}/hook"
        yield crm


def webhook(receiver: Receiver, **fields: Any) -> OutgoingWebhook:
    given = {"url": receiver.url, "secrets": [SECRET], "events": ["received", "handed_over"], "allow_private": True}
    return OutgoingWebhook(**{**given, **fields})


@asynccontextmanager
async def posting(url: str, receiver: Receiver, **fields: Any) -> AsyncIterator[tuple[Office, Poster]]:
    async with office(url) as shop:
        poster = open_poster({"crm": webhook(receiver, **fields)}, shop.store, shop.runtime.vault, "here")
        try:
            yield shop, poster
        finally:
            await poster.stop(1)


async def again_now(shop: Office) -> None:
    """Puts every retry's time to now."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    statement = update(schema.hooks).where(schema.hooks.c.status == "pending").values(next_at=past)
    await shop.store.write(lambda c: c.execute(statement).rowcount)


async def test_each_event_is_posted_once_signed_and_without_words(store_url: str, receiver: Receiver) -> None:
    async with posting(store_url, receiver) as (shop, poster):
        await shop.ask("I want a human, my name is Jo Fernsby")
        for _ in range(3):
            await poster.step()
        assert [body["type"] for body in receiver.bodies()] == ["conversation.received", "conversation.handed_over"]
        headers, body = receiver.got[1]
        verify_standard_webhooks(
            body=body,
            id=headers["webhook-id"],
            timestamp=headers["webhook-timestamp"],
            signature=headers["webhook-signature"],
            secrets=[SECRET],
            now=datetime.now(UTC),
        )
        assert b"Fernsby" not in b"".join(body for _, body in receiver.got)
        assert json.loads(body)["data"]["facts"]["code"] == "asked"


async def test_words_leave_only_where_that_is_asked_for(store_url: str, receiver: Receiver) -> None:
    async with posting(store_url, receiver, include_text=True, events=["received"]) as (shop, poster):
        await shop.ask("I want a human, my name is Jo Fernsby")
        await poster.step()
        assert receiver.bodies()[0]["data"]["text"].endswith("Jo Fernsby")


async def test_a_failing_receiver_is_tried_again_under_the_same_id_with_a_new_stamp(
    store_url: str, receiver: Receiver
) -> None:
    receiver.answers = [(500, {}), (302, {"Location": "/else"}), (429, {"Retry-After": "3000"}), (200, {})]
    async with posting(store_url, receiver, events=["received"]) as (shop, poster):
        await shop.ask("hello")
        waits = []
        for _ in receiver.answers:
            before = datetime.now(UTC)
            await poster.step()
            (row,) = await shop.rows(schema.hooks)
            waits.append((row["next_at"] - before).total_seconds())
            await again_now(shop)
        assert row["status"] == "sent"
        assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
        assert len(receiver.got) == 4  # the redirect was not followed
        expected = [RETRIES_S[0], RETRIES_S[1], 3000.0]
        assert waits[:3] == pytest.approx(expected, abs=30)


async def test_what_fails_to_the_end_is_a_dead_letter_that_can_be_sent_again(
    store_url: str, receiver: Receiver
) -> None:
    receiver.answers = [*([(500, {})] * (len(RETRIES_S) + 1)), (200, {})]
    async with posting(store_url, receiver, events=["received"]) as (shop, poster):
        await shop.ask("hello")
        for _ in range(len(RETRIES_S) + 1):
            await poster.step()
            await again_now(shop)
        (letter,) = await shop.store.read(dead_letters.listed)
        assert "crm" in letter.reason
        await shop.store.write(lambda c: dead_letters.replay(c, letter.id, "maya", "admin", NOW))
        assert await shop.store.read(dead_letters.listed) == []
        await again_now(shop)
        await poster.step()
        assert (await shop.rows(schema.hooks))[0]["status"] == "sent"
        assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
        with pytest.raises(NothingToReplay):
            await shop.store.write(lambda c: dead_letters.replay(c, letter.id, "maya", "admin", NOW))
        with pytest.raises(UnknownDeadLetter):
            await shop.store.write(lambda c: dead_letters.replay(c, "none", "maya", "admin", NOW))


async def test_410_stops_the_endpoint_where_people_see_it_and_loses_nothing(store_url: str, receiver: Receiver) -> None:
    receiver.answers = [(410, {}), (200, {})]
    async with posting(store_url, receiver, events=["received"]) as (shop, poster):
        await shop.ask("hello")
        await poster.step()
        await again_now(shop)
        await poster.step()
        assert len(receiver.got) == 1
        (control,) = await shop.rows(schema.controls)
        assert (control["name"], control["value"]) == (switch("crm"), {"on": True})
        await shop.store.write(lambda c: controls.drop(c, switch("crm"), "maya", "repaired", NOW, "admin"))
        await again_now(shop)
        await poster.step()
        assert len(receiver.got) == 2


async def test_two_processes_and_a_restart_post_nothing_twice(store_url: str, receiver: Receiver) -> None:
    async with posting(store_url, receiver) as (shop, poster):
        other = open_poster({"crm": webhook(receiver)}, shop.store, shop.runtime.vault, "there")
        await shop.ask("I want a human")
        await poster.step()
        await other.step()
        await open_poster({"crm": webhook(receiver)}, shop.store, shop.runtime.vault, "later").step()
        assert len(receiver.got) == 2
        await other.stop(1)


async def test_a_row_whose_holder_died_is_taken_again(store_url: str, receiver: Receiver) -> None:
    async with posting(store_url, receiver, events=["received"]) as (shop, poster):
        await shop.ask("hello")
        now = datetime.now(UTC)
        wanted = {"crm": hooks.Wanted(["received"], now - timedelta(minutes=5))}
        found = await shop.store.read(lambda c: hooks.look(c, wanted, now - timedelta(minutes=5)))
        await shop.store.write(lambda c: hooks.queue(c, found, now))
        dead = now - timedelta(minutes=3)
        claimed = await shop.store.write(
            lambda c: hooks.claim_due(c, ["crm"], holder="dead", now=now, lease_s=(dead - now).total_seconds())
        )
        assert len(claimed) == 1
        await poster.step()
        assert len(receiver.got) == 1
        late = claimed[0]
        assert not await shop.store.write(lambda c: hooks.finish(c, late, "dead", error="", retry_s=None, now=now))


@pytest.mark.parametrize("refused", ["https://169.254.169.254/x", "https://[::ffff:10.0.0.1]/", "http://crm.example/"])
def test_internal_addresses_are_refused_at_start(refused: str) -> None:
    given = OutgoingWebhook(url=refused, secrets=[SECRET])  # type: ignore[list-item]  # pydantic reads the string
    with pytest.raises(Misconfigured, match=r"webhooks\.crm"):
        open_poster({"crm": given}, None, None, "here")  # type: ignore[arg-type]  # refused before they are used


def test_a_secret_that_cannot_sign_is_named_without_being_shown() -> None:
    given = OutgoingWebhook(url="https://crm.example/", secrets=["whsec_c2hvcnQ="])  # type: ignore[list-item]
    with pytest.raises(Misconfigured) as caught:
        open_poster({"crm": given}, None, None, "here")  # type: ignore[arg-type]
    assert "c2hvcnQ" not in str(caught.value)


async def test_both_secrets_sign_while_one_is_changed(store_url: str, receiver: Receiver) -> None:
    async with posting(store_url, receiver, secrets=[SECRET, OLD], events=["received"]) as (shop, poster):
        await shop.ask("hello")
        await poster.step()
        headers, body = receiver.got[0]
        check: Callable[..., Any] = verify_standard_webhooks
        for secret in (SECRET, OLD):
            check(
                body=body,
                id=headers["webhook-id"],
                timestamp=headers["webhook-timestamp"],
                signature=headers["webhook-signature"],
                secrets=[secret],
                now=datetime.now(UTC),
            )
        with pytest.raises(SignatureError):
            check(
                body=body + b" ",
                id=headers["webhook-id"],
                timestamp=headers["webhook-timestamp"],
                signature=headers["webhook-signature"],
                secrets=[SECRET],
                now=datetime.now(UTC),
            )


async def test_a_receiver_that_hangs_keeps_no_other_from_being_told(tmp_path: Path, receiver: Receiver) -> None:
    release = asyncio.Event()
    receiver.held = release
    async with office(f"sqlite:///{tmp_path}/log.db") as shop:
        both = {"slow": webhook(receiver, events=["received"]), "crm": webhook(receiver, events=["received"])}
        both["crm"] = both["crm"].model_copy(update={"url": receiver.url.replace("/hook", "/else")})
        poster = open_poster(both, shop.store, shop.runtime.vault, "here")
        for n in range(12):
            await shop.receive(f"hello {n}", sender=f"+4416329600{n:02}")

        async def all_told() -> bool:
            await poster.step()
            return len(receiver.got) == 12

        await until(all_told)
        release.set()
        await poster.settle()
        await poster.stop(1)


async def test_the_first_posts_of_a_conversation_keep_its_order(tmp_path: Path, receiver: Receiver) -> None:
    async with posting(f"sqlite:///{tmp_path}/log.db", receiver, events=["received", "replied"]) as (shop, poster):
        for _ in range(3):
            await shop.ask("hello")
        while await poster.step():
            pass
        seqs = [body["data"]["seq"] for body in receiver.bodies()]
        assert len(seqs) == 6
        assert seqs == sorted(seqs)


async def test_one_that_is_tried_again_holds_up_none_after_it(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answers = [(500, {}), (200, {})]
    async with posting(f"sqlite:///{tmp_path}/log.db", receiver, events=["received"]) as (shop, poster):
        conversation = await shop.ask("hello")
        await shop.ask("hello again")
        while await poster.step():
            pass
        rows = [row for row in await shop.rows(schema.hooks) if row["conversation_id"] == conversation]
        assert [row["status"] for row in sorted(rows, key=lambda row: row["seq"])] == ["pending", "sent"]


async def test_a_start_after_a_long_stop_tells_what_was_missed(tmp_path: Path, receiver: Receiver) -> None:
    async with posting(f"sqlite:///{tmp_path}/log.db", receiver, events=["received"]) as (shop, poster):
        await shop.ask("hello")
        await poster.step()
        conversation = await shop.ask("the process dies before this is told")
        days = timedelta(days=3)

        def age(c: Connection) -> None:
            for table, column in (
                (schema.hooks, "created_at"), (schema.events, "at"), (schema.conversations, "last_at")
            ):  # fmt: skip
                for row in c.execute(select(table)).mappings().all():
                    same = [table.c[key.name] == row[key.name] for key in table.primary_key]
                    c.execute(update(table).where(*same).values({column: row[column] - days}))

        await shop.store.write(age)
        again = open_poster({"crm": webhook(receiver, events=["received"])}, shop.store, shop.runtime.vault, "later")
        await again.step()
        assert [body["data"]["conversation"] for body in receiver.bodies()].count(conversation) == 2
        await again.stop(1)


async def test_the_switch_of_an_endpoint_can_be_turned_by_people() -> None:
    assert checked(switch("crm"), {"on": False}) == {"on": False}
