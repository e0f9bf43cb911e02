"""`frontdesk memory`: what is known of a customer in the terminal, beside a running server too."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from agent.assembly import master_key
from channels.cli import app
from channels.settings import load
from memory import schema
from memory.facts import keeping
from memory.facts.superseding import Claim
from memory.messages import Inbound
from memory.migrate import migrate
from memory.receive import NewIds, receive
from memory.store import sqlite_engine
from memory.vault import Vault

Run = Callable[..., Result]
PHONE = "+441632960001"


def _claim(id: str, value: str, at: datetime) -> Claim:
    return Claim(id, "p-1", "fact", "home", value, f"Lives in {value}.", at, at, conversation="c-1", seq=1)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config = tmp_path / "frontdesk.toml"
    config.write_text(
        f"""[store]
url = "sqlite:///{tmp_path}/data/log.db"
master_key = "file:{tmp_path}/data/master.key"
[agent]
redact = false
""",
        encoding="utf-8",
    )
    settings = load(config)
    migrate(settings.store.url)
    engine, now = sqlite_engine(settings.store.url), datetime(2026, 5, 1, tzinfo=UTC)
    vault = Vault(master_key(settings))
    with engine.begin() as connection:
        inbound = Inbound("sms", "sms", "SM1", PHONE, "I live in York", now)
        receive(connection, vault, inbound, NewIds("c-1", "p-1", "k-1"), now)
        claims = [_claim("m-1", "York", now), _claim("m-2", "Leeds", now.replace(month=6))]
        keeping.keep(connection, vault, "p-1", claims, now)
        connection.execute(schema.conversations.update().values(remembered_to=1))
    engine.dispose()
    return lambda *words: CliRunner().invoke(app, [*words, "--config", str(config)])


def test_what_holds_is_shown_with_where_it_was_said(run: Run) -> None:
    done = run("memory", "show", PHONE)
    assert done.exit_code == 0, done.output
    assert "customer p-1: 1 memories hold, 2 are kept" in done.output
    assert "Lives in Leeds.  (since 2026-06-01)" in done.output
    assert "said on 2026-06-01 in c-1, event 1" in done.output
    assert "York" not in done.output


def test_what_ended_is_shown_with_why_where_it_is_asked_for(run: Run) -> None:
    done = run("memory", "show", "p-1", "--all")
    assert "Lives in York.  (since 2026-05-01 until 2026-06-01: something newer took its place)" in done.output


def test_a_program_reads_it_as_json(run: Run) -> None:
    found = json.loads(run("memory", "show", "p-1", "--all", "--json", "-").output)
    assert [(each["id"], each["superseded_by"]) for each in found["memories"]] == [("m-2", ""), ("m-1", "m-2")]


def test_a_memory_is_forgotten_and_the_one_before_it_holds_again(run: Run) -> None:
    done = run("memory", "forget", "p-1", "m-2")
    assert done.exit_code == 0, done.output
    assert "forgotten: 1" in done.output
    assert "Lives in York." in run("memory", "show", "p-1").output
    again = run("memory", "forget", "p-1", "m-2")
    assert again.exit_code == 1


def test_reading_anew_is_asked_of_the_server(run: Run) -> None:
    assert "1 conversations are read again" in run("memory", "reindex").output
    assert json.loads(run("memory", "reindex", PHONE, "--json", "-").output) == {"conversations": 1}


def test_nobody_is_shown_for_words_that_name_nobody(run: Run) -> None:
    done = run("memory", "show", "+441632969999")
    assert done.exit_code == 1
    assert "nobody is known as" in str(done.exception)
