"""Promises of the file of transcripts: no personal data, nothing overwritten, and a run that was ended goes on."""

from __future__ import annotations

import json
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.guardrails.pii import PiiSpan, PiiUnavailable
from channels.importing import run
from channels.importing.labels import Row
from channels.importing.run import NotRedacted
from channels.importing.transcripts import OutputThere, Talk, check, write
from evals.forecast.rows import load

EXPORTS = Path(__file__).parent / "exports"


class Finder:
    """Finds telephone numbers and addresses in one way, and counts what it was asked."""

    def __init__(self, fails_at: int = 10**9) -> None:
        self.asked = 0
        self._fails_at = fails_at

    async def find(self, texts: Sequence[str]) -> list[list[PiiSpan]]:
        self.asked += 1
        if self.asked >= self._fails_at:
            raise PiiUnavailable("the analyser gave no answer in 5 s")
        return [[self._span(text, word) for word in text.split() if "@" in word] for text in texts]

    def _span(self, text: str, word: str) -> PiiSpan:
        return PiiSpan(text.index(word), text.index(word) + len(word), "EMAIL_ADDRESS", 1.0)


def nothing(done: int, total: int) -> None:
    return None


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


async def test_names_addresses_and_cards_are_gone_from_the_file(tmp_path: Path) -> None:
    found, out = await run.read("zendesk", EXPORTS / "zendesk"), tmp_path / "past.jsonl"
    written = await run.keep_transcripts(found.talks, out, Finder(), nothing)
    text = out.read_text(encoding="utf-8")
    personal = ["Olive", "Tremblay", "Priya", "Magnus", "priya@example.net", "4111 1111"]
    assert [each for each in personal if each in text] == []
    assert "<PERSON_1>" in text
    assert "[card ending 1111]" in text
    assert (written.rows, written.routes, written.weak) == (4, {"answer": 3, "handoff": 1}, 2)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


async def test_a_pseudonym_is_the_same_person_throughout_a_conversation(tmp_path: Path) -> None:
    found, out = await run.read("zendesk", EXPORTS / "zendesk"), tmp_path / "past.jsonl"
    await run.keep_transcripts(found.talks, out, Finder(), nothing)
    first, second = lines(out)[:2]
    assert second["turns"][: len(first["turns"])] == first["turns"]
    assert second["turns"][1]["text"] == first["expect"]["reply"]


async def test_kept_personal_data_still_has_no_card_number(tmp_path: Path) -> None:
    found, out = await run.read("zendesk", EXPORTS / "zendesk"), tmp_path / "past.jsonl"
    await run.keep_transcripts(found.talks, out, None, nothing)
    text = out.read_text(encoding="utf-8")
    assert "Olive Tremblay" in text
    assert "4111" not in text


async def test_names_of_bots_and_of_the_organisation_are_no_persons(tmp_path: Path) -> None:
    found, out = await run.read("chatwoot", EXPORTS / "chatwoot"), tmp_path / "past.jsonl"
    await run.keep_transcripts(found.talks, out, Finder(), nothing, "Cairn")
    assert "help.cairn.example" in out.read_text(encoding="utf-8")
    assert "Noor" not in out.read_text(encoding="utf-8")


async def test_without_an_analyser_nothing_unredacted_is_written_and_the_next_run_goes_on(tmp_path: Path) -> None:
    found, out = await run.read("zendesk", EXPORTS / "zendesk"), tmp_path / "past.jsonl"
    with pytest.raises(run.NotRedacted, match="run it again"):
        await run.keep_transcripts(found.talks, out, Finder(fails_at=2), nothing)
    assert not out.exists()
    again = Finder()
    written = await run.keep_transcripts(found.talks, out, again, nothing)
    assert (written.resumed, again.asked) == (1, 1)
    whole = tmp_path / "whole.jsonl"
    await run.keep_transcripts(found.talks, whole, Finder(), nothing)
    assert out.read_bytes() == whole.read_bytes()
    assert names(tmp_path) == ["past.jsonl", "whole.jsonl"]


@pytest.mark.parametrize("cut", [1, 3, 20])
async def test_a_conversation_that_was_half_written_is_written_again(tmp_path: Path, cut: int) -> None:
    talks = [Talk([{"id": f"{n}-{m}", "n": n} for m in range(3)], ()) for n in range(4)]
    made: list[str] = []

    async def make(rows: Sequence[Row], people: Sequence[str]) -> list[Row]:
        if len(made) == 2:
            raise NotRedacted("stopped")
        made.append(str(rows[0]["n"]))
        return list(rows)

    out = tmp_path / "out.jsonl"
    with pytest.raises(NotRedacted):
        await write(talks, out, make, kind="x", progress=nothing)
    part = tmp_path / names(tmp_path)[0]
    part.write_bytes(part.read_bytes()[:-cut])
    made.clear()
    made.append("")
    with pytest.raises(NotRedacted):
        await write(talks, out, make, kind="x", progress=nothing)
    assert made == ["", "1"]


async def test_another_kind_of_rows_never_goes_on_in_the_same_file(tmp_path: Path) -> None:
    found, out = await run.read("zendesk", EXPORTS / "zendesk"), tmp_path / "past.jsonl"
    with pytest.raises(run.NotRedacted):
        await run.keep_transcripts(found.talks, out, Finder(fails_at=2), nothing)
    assert (await run.keep_transcripts(found.talks, out, None, nothing)).resumed == 0


def test_a_file_is_replaced_only_when_that_was_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "past.jsonl"
    check(out, force=False)
    out.write_text("mine")
    with pytest.raises(OutputThere, match="--force"):
        check(out, force=False)
    check(out, force=True)
    with pytest.raises(OutputThere, match="no such folder"):
        check(tmp_path / "gone" / "past.jsonl", force=True)
    with pytest.raises(OutputThere, match="folder"):
        check(tmp_path, force=True)


async def test_what_is_written_is_what_the_report_reads(tmp_path: Path) -> None:
    for provider in ("zendesk", "intercom", "chatwoot"):
        found, out = await run.read(provider, EXPORTS / provider), tmp_path / f"{provider}.jsonl"
        written = await run.keep_transcripts(run.chosen(found, sure=False), out, Finder(), nothing)
        loaded = load(out)
        assert (len(loaded.rows), loaded.skipped) == (written.rows, [])
        sure = run.chosen(found, sure=True)
        assert sum(len(talk.rows) for talk in sure) == written.rows - written.weak
