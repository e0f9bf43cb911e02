"""The key that browsers know this server by: how one is made, and what a wrong one says at the start."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from agent.errors import Misconfigured
from channels.chat_offers import ChatOffers
from channels.commands import push_key
from channels.inboxes.websocket import WebsocketInbox
from channels.outlets import open_outlets
from channels.push_encryption import encode, private_key, public_bytes
from channels.settings import Settings


def app() -> typer.Typer:
    made = typer.Typer()
    made.callback()(lambda: None)
    push_key.add_to(made)
    return made


def inbox(key: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "websocket", "push": {"private_key": key, "subject": "mailto:help@example.com", **fields}}


def test_a_key_is_made_with_its_public_half_and_serves() -> None:
    done = CliRunner().invoke(app(), ["push-key", "--json", "-"])
    assert done.exit_code == 0
    made = json.loads(done.stdout)
    assert encode(public_bytes(private_key(made["private_key"]))) == made["public_key"]
    read = WebsocketInbox.model_validate(inbox(made["private_key"]))
    assert ChatOffers.of(read).frame()["push"] == {"key": made["public_key"]}
    other = json.loads(CliRunner().invoke(app(), ["push-key", "--json", "-"]).stdout)
    assert other["private_key"] != made["private_key"]


def test_a_wrong_key_stops_the_start_with_its_name_and_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.model_validate({"inboxes": {"web": inbox("nonsense")}})
    with pytest.raises(Misconfigured, match=r"inboxes\.web: the push key is not one: `frontdesk push-key` makes one"):
        open_outlets(settings)
    monkeypatch.delenv("PUSH_KEY", raising=False)
    with pytest.raises(Misconfigured, match=r"inboxes\.web: the environment variable PUSH_KEY is not set"):
        open_outlets(Settings.model_validate({"inboxes": {"web": inbox("env:PUSH_KEY")}}))


@pytest.mark.parametrize(
    "fields",
    [{"subject": "somebody"}, {"services": ["ftp://x"]}, {"services": []}, {"ttl_s": 0}, {"services": ["https://*"]}],
)
def test_settings_that_cannot_work_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        WebsocketInbox.model_validate(inbox("x", **fields))
