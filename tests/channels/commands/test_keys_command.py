"""`frontdesk keys rotate`: a new master key by one command, and by variables; what cannot work is said in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from channels.cli import app
from memory.customers import find_or_make
from memory.key_files import load_or_create_master_keys, read_secrets
from memory.migrate import migrate
from memory.seal import MasterKey
from memory.store import sqlite_engine
from memory.vault import Vault

Run = Callable[..., Any]
OLD, NEW = "0f" * 32, "0a" * 32
PHONE = "+441632960001"


def configured(folder: Path, *lines: str) -> Run:
    config = folder / "frontdesk.toml"
    body = "\n".join(["[store]", f'url = "sqlite:///{folder}/log.db"', *lines, "[agent]", "redact = false"])
    config.write_text(body, encoding="utf-8")
    return lambda *words: CliRunner().invoke(app, [*words, "--config", str(config)])


def a_customer(folder: Path, key: MasterKey) -> None:
    url, now = f"sqlite:///{folder}/log.db", datetime.now(UTC)
    migrate(url)
    engine = sqlite_engine(url)
    with engine.begin() as connection:
        find_or_make(connection, Vault(key), "sms", PHONE, "p-1", now)
    engine.dispose()


def test_a_key_file_is_made_new_and_loses_the_old_key(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    run = configured(tmp_path, f'master_key = "file:{file}"')
    a_customer(tmp_path, load_or_create_master_keys(file)[0])
    before = read_secrets(file)
    planned = run("keys", "rotate", "--dry-run", "--json", "-")
    assert json.loads(planned.output)["wrapped"] == 1
    assert read_secrets(file) == before
    done = run("keys", "rotate")
    assert done.exit_code == 0, done.output
    assert "2 keys were put under the master key" in done.output
    assert "taken out of" in done.output
    (kept,) = read_secrets(file)
    assert kept not in before
    assert not any(secret in done.output for secret in (kept, *before))
    found = run("export", PHONE, "--json", "-")
    assert json.loads(found.output)["held"]["identities"][0]["value"] == PHONE


def test_a_rotation_that_was_broken_off_goes_on_with_the_same_key(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    file.write_text(f"{NEW}\n{OLD}\n")
    run = configured(tmp_path, f'master_key = "file:{file}"')
    a_customer(tmp_path, MasterKey.from_secret(OLD))
    assert run("keys", "rotate").exit_code == 0
    assert read_secrets(file) == [NEW]
    assert run("export", PHONE, "--json", "-").exit_code == 0


def test_by_variables_servers_know_both_and_then_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEW_KEY", NEW)
    monkeypatch.setenv("OLD_KEY", OLD)
    a_customer(tmp_path, MasterKey.from_secret(OLD))
    both = configured(tmp_path, 'master_key = "env:NEW_KEY"', 'previous_master_keys = ["env:OLD_KEY"]')
    assert both("export", PHONE, "--json", "-").exit_code == 0
    done = both("keys", "rotate")
    assert "take the old key out of store.previous_master_keys" in done.output
    assert "already" in both("keys", "rotate").output
    monkeypatch.delenv("OLD_KEY")
    alone = configured(tmp_path, 'master_key = "env:NEW_KEY"')
    assert alone("export", PHONE, "--json", "-").exit_code == 0


def test_to_another_place(tmp_path: Path) -> None:
    (tmp_path / "old.key").write_text(OLD)
    a_customer(tmp_path, MasterKey.from_secret(OLD))
    run = configured(tmp_path, f'master_key = "file:{tmp_path}/old.key"')
    done = run("keys", "rotate", "--to", f"file:{tmp_path}/new.key")
    assert f'set store.master_key = "file:{tmp_path}/new.key" now' in done.output
    later = configured(tmp_path, f'master_key = "file:{tmp_path}/new.key"')
    assert later("export", PHONE, "--json", "-").exit_code == 0


@pytest.mark.parametrize(
    ("setting", "words", "said"),
    [
        (
            'master_key = "env:NOT_SET"',
            ("keys", "rotate"),
            "store.master_key: the environment variable NOT_SET is not set",
        ),
        (f'master_key = "{NEW}"', ("export", PHONE), "sealed under another master key"),
        (
            f'master_key = "{OLD}"\nprevious_master_keys = ["short"]',
            ("export", PHONE),
            "previous_master_keys, number 1",
        ),
        (f'master_key = "{OLD}"', ("keys", "rotate", "--to", "env:NOT_SET"), "--to: the environment variable NOT_SET"),
    ],
)
def test_what_cannot_work_is_named(tmp_path: Path, setting: str, words: tuple[str, ...], said: str) -> None:
    a_customer(tmp_path, MasterKey.from_secret(OLD))
    done = configured(tmp_path, setting)(*words)
    assert done.exit_code == 1
    assert said in str(done.exception)


def test_a_key_itself_is_not_taken_from_the_command_line(tmp_path: Path) -> None:
    assert configured(tmp_path, f'master_key = "{OLD}"')("keys", "rotate", "--to", NEW).exit_code == 2
