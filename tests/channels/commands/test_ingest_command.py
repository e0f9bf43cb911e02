"""`frontdesk ingest` as people run it: exit codes, what is said where, Ctrl-C, a terminal, and a running serve."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from services import FrontdeskProcess, free_port

from channels.cli import main

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(autouse=True)
def hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No model is loaded, also by the processes that are started."""
    monkeypatch.setenv("FRONTDESK_MODELS__EMBEDDING__MODEL", "hashing")


def words(*given: str) -> list[str]:
    return [sys.executable, "-m", "channels.cli", "ingest", *given]


def ingest(folder: Path, *given: str) -> subprocess.CompletedProcess[str]:
    """The command in this process, as started in `folder`: a new process takes five seconds to begin."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        sys.argv = ["frontdesk", "ingest", *given]
        try:
            main()
            code = 0
        except SystemExit as left:
            code = int(left.code or 0)
        finally:
            sys.argv = before
    return subprocess.CompletedProcess(given, code, out.getvalue(), err.getvalue())


def write(folder: Path, **articles: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in articles.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


def corpus(path: Path, rows: int) -> Path:
    path.write_text(
        "\n".join(json.dumps({"_id": str(n), "text": f"row {n} " * 80}) for n in range(rows)), encoding="utf-8"
    )
    return path


def test_what_is_skipped_is_named_and_is_no_failure(tmp_path: Path) -> None:
    write(tmp_path / "help", good="# Good\n\nIt is.", broken="# Bad\n\n\x00")
    run = ingest(tmp_path, "help", "--metadata", "tier = gold", "--json")
    assert run.returncode == 0, run.stderr
    assert "broken.md: is not text" in run.stderr
    report = json.loads(run.stdout)
    assert (report["added"], report["read"], len(report["skipped"])) == (1, 1, 1)
    again = ingest(tmp_path, "help", "--metadata", "tier=gold")
    assert again.stdout.startswith("help: 0 documents added or changed (0 passages), 1 unchanged, 0 removed, 1 skipped")


def test_nothing_to_read_is_a_failure_and_empties_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "help", good="# Good\n\nIt is.")
    assert ingest(tmp_path, "help").returncode == 0
    (folder / "good.md").unlink()
    run = ingest(tmp_path, "help", "--prune")
    assert run.returncode == 1
    assert run.stderr == "frontdesk: nothing could be read under help\n"
    assert "not pruned: nothing could be read under help: nothing of it was removed" in run.stdout
    folder.rmdir()
    run = ingest(tmp_path, "help", "--prune")
    assert run.returncode == 1
    assert run.stderr.endswith("help does not exist\n")
    write(folder, other="# Other\n\nIt is.")
    assert "1 removed" in ingest(tmp_path, "help", "--prune").stdout


@pytest.mark.parametrize(
    "given",
    [
        ["tier"],
        ["=gold"],
        ["tier="],
        ["tier= "],
        ["ti er=gold"],
        ["k" * 65 + "=v"],
        ["tier=" + "v" * 2001],
        ["a.b=c"],
        ["valid_until=soon"],
        ["tier=gold", "tier=silver"],
    ],
)
def test_metadata_that_no_filter_could_find_is_wrong_use(tmp_path: Path, given: list[str]) -> None:
    run = ingest(tmp_path, ".", *(word for pair in given for word in ("--metadata", pair)))
    assert run.returncode == 2
    assert "--metadata" in run.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.slow
def test_ctrl_c_says_what_was_kept_and_the_same_command_goes_on(tmp_path: Path) -> None:
    corpus(tmp_path / "corpus.jsonl", 12_000)
    process = subprocess.Popen(
        words("corpus.jsonl"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    while said and "documents kept" not in said:
        said = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=170)
    assert process.returncode == 130
    [stopped] = [line for line in rest.splitlines() if line.startswith("stopped: ")]
    kept = int(stopped.split()[1].replace(",", ""))
    assert 0 < kept < 12_000
    assert "Traceback" not in rest
    again = ingest(tmp_path, "corpus.jsonl", "--json")
    assert json.loads(again.stdout)["unchanged"] == kept


@pytest.mark.server
def test_on_a_terminal_there_is_a_bar_with_rate_and_remaining_time(tmp_path: Path) -> None:
    corpus(tmp_path / "corpus.jsonl", 3_000)
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        words("corpus.jsonl"),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=follower,
        env={**os.environ, "COLUMNS": "160", "TERM": "xterm"},
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            shown += os.read(leader, 65536)
        except OSError:
            break
    os.close(leader)
    assert process.wait(170) == 0
    text = shown.decode("utf-8", "replace")
    for part in ("━", "of 3,000 passages", "documents kept", "passages/s", " left"):
        assert part in text


@pytest.mark.slow
async def test_beside_a_running_serve_it_goes_through_it(frontdesk_process: Callable[..., FrontdeskProcess]) -> None:
    port = free_port()
    serve = frontdesk_process(
        "serve", {"server": {"port": port}, "models": {"embedding": {"model": "hashing"}}}, port=port
    )
    folder = write(serve.folder / "help", good="# Good\n\nIt is.", other="# Other\n\nIt is not.")
    await serve.start()
    assert "2 documents added" in await serve.run("ingest", str(folder))
    write(folder, good="# Good\n\nIt is. Something else is new.")
    (folder / "other.md").unlink()
    said = await serve.run("ingest", str(folder), "--prune")
    assert "1 documents added or changed (1 passages), 0 unchanged, 1 removed" in said
    assert "1 of 3 texts were embedded before" in said
