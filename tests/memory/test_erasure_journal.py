"""The journal of erasures survives a crash, several processes, and damage, and reads the same afterwards."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memory.erasure.journal import ErasureJournal, JournalBusy, JournalFault, Line

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def line(id: str, state: str = "begun") -> Line:
    return Line(id, NOW, state, (f"p-{id}",), ("ab" * 32,), "d")  # type: ignore[arg-type]


def test_the_newest_line_of_each_erasure_counts(tmp_path: Path) -> None:
    journal = ErasureJournal(tmp_path / "new folder" / "erasures.jsonl")
    assert journal.read().erasures == ()
    for each in (line("1"), line("2"), line("1", "done")):
        journal.add(each)
    assert journal.read().erasures == (line("1", "done"), line("2"))
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


def test_a_line_that_a_crash_cut_off_hides_no_other(tmp_path: Path) -> None:
    journal = ErasureJournal(tmp_path / "j")
    journal.add(line("1"))
    with journal.path.open("ab") as file:
        file.write(b'{"id":"2","at":"2026-')
    journal.add(line("3"))
    read = journal.read()
    assert ([each.id for each in read.erasures], read.broken) == (["1", "3"], 1)


@pytest.mark.parametrize(
    "body",
    [b"null\n", b"[]\n", b'{"id":1}\n', b"\xff\xfe\x00\n", b'{"id":"1","at":"x","state":"gone","customers":[]}\n'],
)
def test_damage_is_counted_and_passed_over(tmp_path: Path, body: bytes) -> None:
    journal = ErasureJournal(tmp_path / "j")
    journal.path.write_bytes(body)
    journal.add(line("1"))
    assert (len(journal.read().erasures), journal.read().broken) == (1, 1)


def test_many_writers_lose_no_line(tmp_path: Path) -> None:
    journal = ErasureJournal(tmp_path / "j")
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: ErasureJournal(journal.path).add(line(str(n))), range(200)))
    assert len(journal.read().erasures) == 200


def test_one_erasure_at_a_time(tmp_path: Path) -> None:
    journal = ErasureJournal(tmp_path / "j")
    with (
        journal.exclusive(),
        pytest.raises(JournalBusy, match="try again"),
        ErasureJournal(journal.path).exclusive(0.1),
    ):
        pass
    with journal.exclusive(0.1):
        pass


def test_what_cannot_be_read_or_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalFault, match=r"cannot be written .* nothing was erased"):
        ErasureJournal(tmp_path / "file" / "j").add(line("1"))
    with pytest.raises(JournalFault, match="cannot be read"):
        ErasureJournal(tmp_path).read()
