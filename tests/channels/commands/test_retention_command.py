"""`frontdesk retention`: it says what would go, asks, and does it beside a running server."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import update
from typer.testing import CliRunner

from agent.assembly import master_key
from channels.cli import app
from channels.settings import load
from memory import schema
from memory.messages import Inbound
from memory.migrate import migrate
from memory.receive import NewIds, receive
from memory.store import sqlite_engine
from memory.vault import Vault

Run = Callable[..., Result]
RULES = """
[[retention.rule]]
class = "conversation"
days = 365
source = "our own decision"
checked_on = 2026-11-27
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config = tmp_path / "frontdesk.toml"
    base = f"""[store]
url = "sqlite:///{tmp_path}/data/log.db"
master_key = "file:{tmp_path}/data/master.key"
[memory]
remember = false
"""
    config.write_text(base + RULES, encoding="utf-8")
    (tmp_path / "none.toml").write_text(base, encoding="utf-8")
    settings = load(config)
    migrate(settings.store.url)
    engine = sqlite_engine(settings.store.url)
    for number, days in enumerate((500, 3), 1):
        at = datetime.now(UTC) - timedelta(days=days)
        with engine.begin() as connection:
            inbound = Inbound("sms", "sms", f"SM{number}", f"+44163296000{number}", "Is it back?", at)
            ids = NewIds(f"c-{number}", f"p-{number}", f"k-{number}")
            receive(connection, Vault(master_key(settings)), inbound, ids, at)
            connection.execute(update(schema.conversations).values(answered_seq=1))
    engine.dispose()

    def invoke(*words: str, file: str = "frontdesk.toml") -> Result:
        return CliRunner().invoke(app, ["retention", *words, "--config", str(tmp_path / file)])

    return invoke


def bytes_of(folder: Path) -> bytes:
    return (folder / "data/log.db").read_bytes()


def test_a_dry_run_says_what_would_go_and_changes_no_byte(run: Run, tmp_path: Path) -> None:
    before = bytes_of(tmp_path)
    done = run("--dry-run")
    assert done.exit_code == 0, done.output
    assert "Conversations, everywhere: erased after 365 days" in done.output
    assert "region not known: 1 to go, the oldest of" in done.output
    assert "Nothing was changed." in done.output
    found = json.loads(run("--dry-run", "--json", "-").output)
    assert found["due"] == {"conversation erase": 1}
    assert found["lines"][0]["rule"]["source"] == "our own decision"
    assert bytes_of(tmp_path) == before
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["log.db", "master.key"]


def test_it_asks_first_and_then_does_it_and_tells_of_it(run: Run) -> None:
    asked = run()
    assert asked.exit_code == 2
    assert "say --yes" in asked.output
    done = run("--yes")
    assert done.exit_code == 0, done.output
    assert "Removed or emptied: 1 conversations, 1 customers with nothing left" in done.output
    told = run("--runs")
    assert "(command line)  Removed or emptied 1 conversations" in told.output
    assert "There was nothing to remove." in run("--yes").output


def test_a_report_can_go_to_a_program(run: Run) -> None:
    found = json.loads(run("--yes", "--json", "-").output)
    assert found["rows"]["conversations"] == 1
    assert found["vectors_waiting"] == 0


def test_without_rules_it_says_that_nothing_is_ever_purged(run: Run, tmp_path: Path) -> None:
    before = bytes_of(tmp_path)
    done = run("--yes", file="none.toml")
    assert done.exit_code == 0
    assert "There are no rules" in done.output
    assert bytes_of(tmp_path) == before


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ('class = "consent"\ndays = 30', "kept for at least 3650 days"),
        ('class = "conversations"\ndays = 30', "retention.rule.0.class"),
        ('class = "record"\ndays = 30\nwhat = "erase"', "can only be redacted"),
        ('class = "conversation"\ndays = 30\nregion = "Europe"', "is no region"),
        ('class = "conversation"\ndays = 30\nfor = "ever"', "there is no such setting"),
    ],
)
def test_a_rule_that_cannot_be_stops_every_command_with_its_reason(
    run: Run, tmp_path: Path, rule: str, says: str
) -> None:
    (tmp_path / "wrong.toml").write_text(f"[[retention.rule]]\n{rule}\n", encoding="utf-8")
    done = run("--dry-run", file="wrong.toml")
    assert done.exit_code == 1
    assert says in str(done.exception)


def test_a_rule_says_nothing_of_what_is_done_where_only_one_thing_can_be(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text(
        '[[retention.rule]]\nclass = "record"\ndays = 90\n[[retention.rule]]\nclass = "memory"\ndays = 90\n'
    )
    assert [(rule.of, rule.what) for rule in load(file).retention.rules().rules] == [
        ("record", "redact"),
        ("memory", "erase"),
    ]
