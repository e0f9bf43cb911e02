"""`frontdesk lookups` and what `doctor` says of look-ups, against a system on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from lookups_shop import Shop, shop
from typer.testing import CliRunner

from channels.cli import app
from channels.commands.doctor import _look_up
from channels.settings import load

ORDER = {"status": "shipped", "owner": "Ada@Example.com"}


@pytest.fixture
def there() -> Iterator[Shop]:
    """The shop on a loop of its own, as the commands run theirs."""
    loop, started = asyncio.new_event_loop(), []

    async def serve() -> None:
        async with shop(answers={"/orders/ORD-1234": ORDER}) as made:
            stop = asyncio.Event()
            started.append((made, stop))
            await stop.wait()

    thread = Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    while not started:
        thread.join(0.01)
    made, stop = started[0]
    yield made
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


@pytest.fixture
def config(there: Shop, tmp_path: Path) -> Path:
    file = tmp_path / "frontdesk.toml"
    file.write_text(
        f'[lookups.order]\nurl = "{there.url}/orders/{{order}}"\nslot = "order"\nfields = ["status"]\n'
        'owner = { field = "owner", identity = "email" }\nheaders = { Authorization = "a-secret" }\n'
    )
    return file


def run(config: Path, *args: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["lookups", *args, "--config", str(config)])
    return done.exit_code, done.output


def test_the_look_ups_are_listed_without_their_secrets(config: Path) -> None:
    code, said = run(config, "list")
    assert code == 0
    assert "order: http://" in said
    assert "owner is the customer's email" in said
    assert "a-secret" not in said


def test_one_is_tried_for_who_owns_it_and_for_nobody_else(config: Path, there: Shop) -> None:
    code, said = run(config, "try", "order", "ORD-1234", "--identity", "email=ada@example.com")
    assert code == 0
    assert "Status of order ORD-1234: shipped." in said
    for who in ((), ("--identity", "email=ben@example.com"), ("--identity", "phone=+442071838750")):
        code, said = run(config, "try", "order", "ORD-1234", *who)
        assert code == 0
        assert "not found" in said
        assert "shipped" not in said
    assert run(config, "try", "order", "ORD-9")[1].startswith("not found")
    assert set(there.asked) == {"/orders/ORD-1234", "/orders/ORD-9"}


def test_a_failure_is_named_and_exits_1(config: Path, there: Shop) -> None:
    there.status = 401
    code, said = run(config, "try", "order", "ORD-1234", "--json", "-")
    assert code == 1
    assert "credentials" in json.loads(said)["why"]
    assert "a-secret" not in said
    assert run(config, "try", "order", "../admin")[0] == 1


@pytest.mark.parametrize("args", [("try", "parcel", "7"), ("try", "order"), ("try", "order", "7", "--identity", "x")])
def test_wrong_use_is_named(config: Path, args: tuple[str, ...]) -> None:
    code, _ = run(config, *args)
    assert code == 2


def test_nothing_configured_is_said(tmp_path: Path) -> None:
    empty = tmp_path / "frontdesk.toml"
    empty.write_text("")
    assert "nothing is looked up" in run(empty, "list")[1]


async def test_the_doctor_connects_and_asks_nothing(unused_tcp_port: int, tmp_path: Path) -> None:
    file = tmp_path / "frontdesk.toml"
    rest = 'slot = "order"\nfields = ["status"]\nowner = { field = "owner" }\n'
    async with shop() as there:
        file.write_text(f'[lookups.order]\nurl = "{there.url}/{{order}}"\n{rest}')
        assert "answers" in await _look_up(load(file), "order")
        assert there.asked == []
    file.write_text(f'[lookups.order]\nurl = "http://127.0.0.1:{unused_tcp_port}/{{order}}"\n{rest}')
    with pytest.raises(Exception, match="no connection"):
        await _look_up(load(file), "order")
