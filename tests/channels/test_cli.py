"""The one command: help with an example everywhere, and a clear line when something is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from channels.cli import app, json_to_stdout

pytestmark = pytest.mark.server  # the command itself, as a process

COMMANDS = ("serve", "worker", "migrate", "chat", "ingest", "search", "triage", "doctor", "eval", "export", "erase")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_takes_a_configuration(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert f"frontdesk {command}" in shown.output
    assert "--config" in shown.output


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["search", "x", "--json"], ["search", "x", "--json", "-"]),
        (["search", "x", "--json", "--limit", "2"], ["search", "x", "--json", "-", "--limit", "2"]),
        (["search", "x", "--json", "out.json"], ["search", "x", "--json", "out.json"]),
        (["search", "x"], ["search", "x"]),
    ],
)
def test_json_without_a_path_goes_to_stdout(given: list[str], meant: list[str]) -> None:
    assert json_to_stdout(given) == meant


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["dance"], 2, "No such command"),
        (["serve", "--port", "many"], 2, "port"),
        (["eval", "juggling", "--data", "."], 2, "there is no suite"),
        (["eval", "email", "--data", "nowhere.jsonl"], 2, "is not there"),
        (["doctor", "--config", "nowhere.toml"], 1, "there is no configuration file nowhere.toml"),
        (["search", "x", "--config", "typo.toml"], 1, "did you mean port?"),
        (["ingest", "nowhere"], 1, "nowhere"),
    ],
)
def test_a_fault_is_one_clear_line_and_its_exit_code(tmp_path: Path, words: list[str], code: int, said: str) -> None:
    (tmp_path / "typo.toml").write_text("[server]\nprot = 1\n", encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "channels.cli", *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == code, run.stderr
    assert said in run.stderr
    assert "Traceback" not in run.stderr
    if code == 1:
        assert run.stderr.startswith("frontdesk: ")
        assert run.stderr.count("\n") == 1
