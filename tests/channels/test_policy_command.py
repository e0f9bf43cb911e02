"""`frontdesk policy` says whether a file of rules can be used, and what holds or held."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.assembly import open_policy
from agent.errors import Misconfigured
from agent.policy.loading import loads, shipped
from channels.cli import app
from channels.commands.doctor import examine
from channels.settings import load
from memory import releases
from memory.migrate import migrate
from memory.store import open_store

GOOD = '[[rule]]\nname = "complaint"\nenabled = false\n'
BAD = '[[rule]]\nname = "complaint"\nenabled = "no"\n\n[[rule]]\nname = "x"\nphase = "later"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a configuration that names `rules.toml`."""
    (tmp_path / "rules.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "frontdesk.toml").write_text(
        f'[store]\nurl = "sqlite:///{tmp_path}/log.db"\n[agent]\npolicy = "{tmp_path}/rules.toml"\n', encoding="utf-8"
    )
    return tmp_path


def policy(folder: Path, *arguments: str) -> tuple[int, str]:
    said = CliRunner().invoke(app, ["policy", *arguments, "--config", str(folder / "frontdesk.toml")])
    return said.exit_code, said.output


def test_a_good_file_is_said_to_be_good(folder: Path) -> None:
    code, said = policy(folder, "check")
    assert code == 0
    assert f"version {loads(GOOD).version}" in said


def test_every_fault_of_a_bad_file_is_a_line_and_it_ends_with_1(folder: Path) -> None:
    bad = folder / "bad.toml"
    bad.write_text(BAD, encoding="utf-8")
    code, said = policy(folder, "check", str(bad))
    assert code == 1
    assert said.splitlines() == [
        f'{bad}:3: rule "complaint": enabled is true or false',
        f'{bad}:5: rule "x": it has no decision',
    ]
    code, said = policy(folder, "check", str(bad), "--json", "-")
    assert code == 1
    assert [fault.split(":")[1] for fault in json.loads(said)["faults"]] == ["3", "5"]


def test_what_holds_is_shown_and_what_is_switched_off_is_not(folder: Path) -> None:
    code, said = policy(folder, "show")
    assert code == 0
    assert "kill_switch" in said
    assert "complaint " not in said


def test_the_rules_of_an_old_turn_are_shown_by_their_version(folder: Path) -> None:
    async def keep() -> None:
        migrate(f"sqlite:///{folder}/log.db")
        store = open_store(f"sqlite:///{folder}/log.db")
        now = datetime.now(UTC)
        await store.write(lambda c: releases.keep(c, "policy", shipped().version, shipped().text, now))
        await store.close()

    asyncio.run(keep())
    code, said = policy(folder, "show", shipped().version, "--json", "-")
    assert code == 0
    assert json.loads(said) == json.loads(shipped().text)
    missing = CliRunner().invoke(app, ["policy", "show", "nothing", "--config", str(folder / "frontdesk.toml")])
    assert "no turn here ran by rules of version 'nothing'" in str(missing.exception)


def test_a_broken_file_stops_the_start_with_its_line_and_the_doctor_says_so_too(folder: Path) -> None:
    (folder / "rules.toml").write_text(BAD, encoding="utf-8")
    settings = load(folder / "frontdesk.toml")
    with pytest.raises(Misconfigured, match=r"rules\.toml:3: "):
        open_policy(settings)
    (finding,) = [each for each in asyncio.run(examine(settings)) if each.name == "rules"]
    assert not finding.ok
    assert "rules.toml:3: " in finding.found


def test_words_of_introduction_that_hide_the_machine_stop_the_start(folder: Path) -> None:
    plain = (folder / "frontdesk.toml").read_text(encoding="utf-8")
    hidden = plain + '[agent.templates]\ndisclosure = "This is Anna of {organisation}."\n'
    (folder / "frontdesk.toml").write_text(hidden, encoding="utf-8")
    with pytest.raises(Misconfigured, match="does not say that the assistant is automated"):
        open_policy(load(folder / "frontdesk.toml"))
    (folder / "rules.toml").write_text('[[rule]]\nname = "disclosure"\nenabled = false\n', encoding="utf-8")
    assert open_policy(load(folder / "frontdesk.toml")).rule("disclosure") is None
