"""`frontdesk export` and `erase`: two files and a certificate, and a word before what cannot be taken back."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from agent.assembly import master_key
from channels.cli import app
from channels.settings import load
from memory.messages import Inbound
from memory.migrate import migrate
from memory.receive import NewIds, receive
from memory.store import sqlite_engine
from memory.vault import Vault

Run = Callable[..., Result]
PHONE = "+441632960001"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config = tmp_path / "frontdesk.toml"
    config.write_text(
        f"""[store]
url = "sqlite:///{tmp_path}/data/log.db"
master_key = "file:{tmp_path}/data/master.key"
[qdrant]
path = "{tmp_path}/data/qdrant"
[server]
port = 0
[agent]
redact = false
""",
        encoding="utf-8",
    )
    settings = load(config)
    migrate(settings.store.url)
    engine, now = sqlite_engine(settings.store.url), datetime.now(UTC)
    with engine.begin() as connection:
        inbound = Inbound("sms", "sms", "SM1", PHONE, "Is it back?", now)
        receive(connection, Vault(master_key(settings)), inbound, NewIds("c-1", "p-1", "k-1"), now)
    engine.dispose()
    return lambda *words: CliRunner().invoke(app, [*words, "--config", str(config)])


def test_an_export_is_two_files_that_only_their_owner_reads(run: Run, tmp_path: Path) -> None:
    done = run("export", PHONE, "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    assert "Messages and events: 1" in done.output
    whole, page = tmp_path / "out/p-1.json", tmp_path / "out/p-1.html"
    assert json.loads(whole.read_text(encoding="utf-8"))["held"]["events"][0]["body"] == "Is it back?"
    assert "Is it back?" in page.read_text(encoding="utf-8")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (whole, page)} == {0o600}


def test_an_export_can_go_to_a_program(run: Run) -> None:
    done = run("export", "p-1", "--json", "-")
    assert json.loads(done.output)["customer"] == "p-1"


def test_an_erasure_prints_its_certificate(run: Run) -> None:
    asked = run("erase", "p-1")
    assert asked.exit_code == 2
    assert "say --yes" in asked.output
    done = run("erase", PHONE, "--why", "asked by letter", "--yes")
    assert done.exit_code == 0, done.output
    assert "Customer p-1 was erased at" in done.output
    assert "by command line." in done.output
    assert "Messages and events: 1" in done.output
    again = run("erase", "p-1", "--yes")
    assert again.exit_code == 1
    assert "nobody is known as 'p-1'" in str(again.exception)


def test_an_erasure_says_where_it_looked_and_gives_the_same_to_a_program(run: Run) -> None:
    done = run("erase", PHONE, "--yes", "--json", "-")
    found = json.loads(done.output)
    assert (found["clean"], found["key_destroyed"], found["vectors_left"]) == (True, True, 0)
    assert {"database", "checkpoints", "knowledge"} <= {each["store"] for each in found["stores"]}
    assert PHONE not in done.output


def test_who_is_meant_is_said_once(run: Run) -> None:
    for words in (("erase", "--yes"), ("erase", "p-1", "--replay")):
        assert run(*words).exit_code == 2


def test_a_restored_backup_is_erased_again_by_command(run: Run, tmp_path: Path) -> None:
    database = tmp_path / "data/log.db"
    before = database.read_bytes()
    assert "nothing to do" in run("erase", "--replay").output
    assert run("erase", "p-1", "--yes").exit_code == 0
    for end in ("-wal", "-shm"):
        database.with_name(f"log.db{end}").unlink(missing_ok=True)
    database.write_bytes(before)
    done = run("erase", "--replay")
    assert done.exit_code == 0, done.output
    assert "They were erased again: they were in a backup that was restored" in done.output
    assert "nothing to do" in run("erase", "--replay").output
