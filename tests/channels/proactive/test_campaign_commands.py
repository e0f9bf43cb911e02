"""`frontdesk campaign` and `frontdesk digest` as people type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from campaign_shop import number
from typer.testing import CliRunner

from channels.cli import app
from channels.commands.campaign import group

pytestmark = pytest.mark.server  # the command itself, as a process

CONFIG = """
[organisation]
name = "Acme"
[store]
url = "sqlite:///{folder}/log.db"
master_key = "file:{folder}/master.key"
[inboxes.sms]
kind = "twilio_sms"
account_sid = "AC0"
auth_tokens = ["x"]
number = "+441632960000"
[gate]
no_quiet_hours = ["sms"]
[proactive.templates.sale]
text = "The winter sale has begun, {name}. Reply STOP to opt out."
purpose = "marketing"
placeholders = ["name"]
"""
SPEC = """
name = "winter"
inbox = "sms"
template = "sale"
seeds = ["+441632969000"]
steps = [50, 100]
[audience]
file = "list.csv"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "frontdesk.toml").write_text(CONFIG.replace("{folder}", str(tmp_path)), encoding="utf-8")
    (tmp_path / "sale.toml").write_text(SPEC, encoding="utf-8")
    rows = [f"{number(n)},2026-05-01,checkout,Customer {n}" for n in range(1, 5)]
    (tmp_path / "list.csv").write_text("recipient,consent_at,consent_source,name\n" + "\n".join(rows), encoding="utf-8")
    return tmp_path


def run(folder: Path, *words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, [*words, "--config", str(folder / "frontdesk.toml")])
    assert result.exit_code == code, f"{result.output} {result.exception!r}"
    return result.output if code == 0 else str(result.exception)


def act(folder: Path, what: str, id_: str, code: int = 0) -> str:
    return run(folder, "campaign", what, id_, "--why", "a test", "--by", "ada", code=code)


def test_a_campaign_from_the_check_to_the_cancel(folder: Path) -> None:
    spec = str(folder / "sale.toml")
    checked = run(folder, "campaign", "check", spec)
    assert "default: The winter sale has begun, [name]. Reply STOP to opt out." in checked
    assert "4 of 4 come with evidence of consent" in checked
    assert run(folder, "campaign", "list") == "There are no campaigns. Make one: frontdesk campaign check SPEC.toml\n"
    made = run(folder, "campaign", "create", spec, "--why", "stock", "--json", "-")
    id_ = json.loads(made)["id"]
    assert "not seeded and sandboxed yet" in act(folder, "start", id_, code=1)
    assert "seeds: 1 pending" in act(folder, "seed", id_)
    tried = act(folder, "sandbox", id_)
    assert "4 members: 4 would leave at once" in tried
    assert "4 SMS parts; variants: default 4" in tried
    assert "running, step 1 of 2: a test" in act(folder, "start", id_)
    assert "2 members of step 1 have no message yet" in act(folder, "step", id_, code=1)
    assert "paused" in act(folder, "pause", id_)
    assert "running" in act(folder, "resume", id_)
    assert "4 dropped" in act(folder, "cancel", id_)
    assert f"{id_}  cancelled  step 1 of 2  winter" in run(folder, "campaign", "list")
    assert "m-none" in run(folder, "campaign", "show", "m-none", code=1)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("name = ", "is not valid TOML"),
        (SPEC.replace("steps = [50, 100]", "steps = [50]"), "the last is 100"),
        (SPEC.replace('template = "sale"', 'template = "gone"'), "there is no template 'gone'"),
        (SPEC.replace('file = "list.csv"', ""), "give either recipients or a filter"),
        (SPEC.replace("seeds = ", "seed = "), "seeds: Field required"),
    ],
)
def test_a_spec_that_cannot_work_is_refused_in_one_line(folder: Path, spec: str, words: str) -> None:
    (folder / "bad.toml").write_text(spec, encoding="utf-8")
    assert words in run(folder, "campaign", "check", str(folder / "bad.toml"), code=1)


def test_a_digest_on_the_terminal(folder: Path) -> None:
    shown = run(folder, "digest", "--since", "7d")
    assert "In brackets: the 7 days before." in shown
    assert "Received: 0 (0)" in shown
    assert "nobody gets digests" in run(folder, "digest", "--send")
    assert "--since soon" in run(folder, "digest", "--since", "soon", code=1)


@pytest.mark.parametrize(
    "name", sorted(str(each.name or each.callback.__name__) for each in group.registered_commands if each.callback)
)
def test_every_act_has_help_with_an_example(name: str) -> None:
    shown = CliRunner().invoke(app, ["campaign", name, "--help"]).output
    assert f"Example: frontdesk campaign {name}" in shown
    assert "--config" in shown
