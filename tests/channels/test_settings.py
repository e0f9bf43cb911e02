"""Configuration: file, then environment; a typo is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import Misconfigured
from channels.settings import load


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "frontdesk.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(None)
    assert settings.store.url.startswith("sqlite:")
    assert list(settings.inboxes) == ["web"]


def test_the_environment_wins_over_the_file_and_leaves_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, '[server]\nport = 9000\nhost = "127.0.0.2"\n[organisation]\nname = "Acme"\n')
    monkeypatch.setenv("FRONTDESK_SERVER__PORT", "9001")
    settings = load(path)
    assert (settings.server.port, settings.server.host, settings.organisation.name) == (9001, "127.0.0.2", "Acme")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[server]\nprot = 1\n", r"server\.prot: there is no such setting; did you mean port\?"),
        ("[sevrer]\nport = 1\n", r"sevrer: there is no such setting; did you mean server\?"),
        ('[server]\nport = "many"\n', r"server\.port: .*integer"),
        ("[server]\nport = 70000\n", r"server\.port: .*65535"),
        ("[server\n", r"not valid TOML: .*line 1"),
        ('[inboxes.x]\nkind = "twilio_sms"\naccount_sid = "nope"\n', r"inboxes\.x"),
    ],
)
def test_a_fault_names_the_file_and_the_setting(tmp_path: Path, text: str, words: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(Misconfigured, match=words) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"there is no configuration file .*nowhere\.toml"):
        load(tmp_path / "nowhere.toml")


def test_a_secret_is_never_printed_nor_named_in_a_fault(tmp_path: Path) -> None:
    settings = load(write(tmp_path, '[keys.ops]\nkey = "s3cret-value"\nrole = "admin"\n'))
    assert settings.keys["ops"].key.reveal() == "s3cret-value"
    assert "s3cret" not in repr(settings)
    with pytest.raises(Misconfigured) as caught:
        load(write(tmp_path, '[keys.ops]\nkey = "s3cret-value"\nrole = "king"\n'))
    assert "s3cret" not in str(caught.value)


def test_a_secret_comes_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("from file\n", encoding="utf-8")
    monkeypatch.setenv("OPS_KEY", "from environment")
    text = f'[keys.a]\nkey = "env:OPS_KEY"\n[keys.b]\nkey = "file:{tmp_path}/key"\n[keys.c]\nkey = "env:NOT_SET"\n'
    keys = load(write(tmp_path, text)).keys
    assert keys["a"].key.reveal() == "from environment"
    assert keys["b"].key.reveal() == "from file"
    with pytest.raises(ValueError, match="NOT_SET is not set"):
        keys["c"].key.reveal()
