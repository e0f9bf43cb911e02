"""Promises of the bias check: nothing is changed but what is exchanged, fairness is silent, and a bias is found."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from agent_support import WordUnderstanding, deps
from hypothesis import given
from hypothesis import strategies as some

from agent.guardrails.pii import PiiSpan, PiiUnavailable
from agent.ports import Vector
from agent.redaction import NoDetector
from agent.state import Triage
from evals.bias import exchanges as shipped
from evals.bias.asking import treat
from evals.bias.exchanges import MOST, exchanges, fill, pairs, read_messages, reword
from evals.bias.figures import Judged, corrected, difference, groups, mcnemar, share
from evals.pages import bias as page
from evals.suites import bias
from memory.messages import Line

NAMES = {name for group in exchanges()["names"]["groups"].values() for name in group}


class AllNames:
    """A detector that knows every name and title of the exchanges, however written."""

    async def find(self, texts: Sequence[str]) -> list[list[PiiSpan]]:
        return [[span for name in NAMES for span in _places(text, name)] for text in texts]


class NoForeignNames(AllNames):
    """One that knows the reference's names alone."""

    async def find(self, texts: Sequence[str]) -> list[list[PiiSpan]]:
        known = [name for group, each in exchanges()["names"]["groups"].items() if "english" in group for name in each]
        return [[span for name in known for span in _places(text, name)] for text in texts]


def _places(text: str, name: str) -> list[PiiSpan]:
    at = text.lower().find(name.lower())
    return [] if at < 0 else [PiiSpan(at, at + len(name), "PERSON", 1.0)]


class Unkind(WordUnderstanding):
    """One that takes whoever says one of these words for a complaint."""

    def __init__(self, *words: str) -> None:
        super().__init__()
        self._words = words

    async def triage(self, text: str, history: Sequence[Line], vector: Vector | None) -> Triage:
        found = await super().triage(text, history, vector)
        said = next((word for word in self._words if word in text.lower()), "")
        if not said:
            return found
        return replace(found, kind="complaint", sentiment="negative", urgency="high", reason=f"says {said}")


@pytest.fixture(scope="module")
def unkind(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(report, rows) of an office that minds Scots and a name, where the redaction knows English names alone."""
    rows: list[dict[str, Any]] = []
    office = deps(understanding=Unkind("dinnae", "patel"))
    return asyncio.run(bias.measure(questions(tmp_path_factory.mktemp("own")), office, NoForeignNames(), rows)), rows


def own(tmp_path: Path, *texts: Any) -> Path:
    path = tmp_path / "messages.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    return path


def questions(tmp_path: Path, n: int = 16) -> Path:
    return own(tmp_path, *(f"I do not know how many days I have to return item {k}. What is it?" for k in range(n)))


# -- the exchanges


def test_the_shipped_messages_are_120_to_a_dozen_trades_and_have_no_slot_left() -> None:
    messages, there = read_messages()
    assert len(messages) == there == 120
    assert len({message.id for message in messages}) == 120
    assert not [pair for pair in pairs(messages) if "{" in pair.text or "{" in pair.plain]


def test_pairs_differ_and_are_the_same_every_time() -> None:
    messages, _ = read_messages()
    made = pairs(messages)
    assert made == pairs(messages)
    assert all(pair.plain != pair.text for pair in made)
    assert len({pair.id for pair in made}) == len(made)


def test_every_group_meets_every_frame_and_name() -> None:
    messages, _ = read_messages()
    met = [pair for pair in pairs(messages) if pair.kind == "names"]
    count = Counter(pair.group for pair in met)
    assert set(count.values()) == {120}
    assert {pair.names[1] for pair in met if pair.names} == NAMES - set(exchanges()["names"]["groups"]["english_man"])


def test_with_the_name_taken_out_a_pair_is_the_same_message() -> None:
    messages, _ = read_messages()
    for pair in pairs(messages):
        if pair.names:
            usual, other = pair.names
            small = "hi its" in pair.text
            a, b = (usual.lower(), other.lower()) if small else (usual, other)
            assert pair.plain.replace(a, "#") == pair.text.replace(b, "#")


def test_pronouns_agree_with_their_verbs() -> None:
    sets = exchanges()["pronouns"]["groups"]
    said = "{They} {are} late and {do} not know what {they} want{s} for {their} card; ask {them}."
    assert fill(said, sets["she"]) == "She is late and does not know what she wants for her card; ask her."
    assert fill(said, sets["they"]) == "They are late and do not know what they want for their card; ask them."
    assert fill("{nothing} of ours") == "{nothing} of ours"


def test_a_rule_keeps_capitals_and_leaves_other_words_alone() -> None:
    assert reword("Do not go. I do not know donors", [(r"\bdo not\b", "dinnae")]) == ("Dinnae go. I dinnae know donors")
    assert reword("The zip is broken. A boot too", [(r"\b(?:the|a) (\w)", r"\1")]) == "Zip is broken. Boot too"


def test_every_dialect_changes_most_messages_and_none_beyond_knowing() -> None:
    messages, _ = read_messages()
    for pair in pairs(messages):
        if pair.kind == "dialects":
            assert 0.4 < len(pair.text) / len(pair.plain) < 1.8, pair.id
            assert set("".join(filter(str.isdigit, pair.plain))) == set("".join(filter(str.isdigit, pair.text))), (
                pair.id
            )


@given(some.text())
def test_any_text_of_ones_own_can_be_exchanged(text: str) -> None:
    made = pairs([shipped.Message("1", shipped._as_said(text), {})])
    assert made
    assert all(shipped._as_said(text) in pair.text for pair in made if pair.kind == "pronouns")


def test_messages_of_ones_own_are_taken_evenly_and_counted(tmp_path: Path) -> None:
    messages, there = read_messages(own(tmp_path, *(f"message {n} {{they}}" for n in range(1000))))
    assert (len(messages), there) == (MOST, 1000)
    assert messages[-1].text.startswith("message 99")
    assert "{" not in messages[0].text


@pytest.mark.parametrize(("rows", "reason"), [([], "no rows"), (["fine", None], "row 2: text must be a string")])
def test_messages_that_are_none_are_refused_in_one_line(tmp_path: Path, rows: list[Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_messages(own(tmp_path, *rows))


# -- the figures


def test_zero_of_many_is_not_certainty() -> None:
    none = share(0, 120)
    assert (none.value, none.low) == (0.0, pytest.approx(0.0, abs=1e-9))
    assert 0.02 < none.high < 0.04
    same = difference([(True, True)] * 60 + [(False, False)] * 60)
    assert same.value == 0
    assert same.low < 0 < same.high
    assert same.p == 1.0


def test_mcnemars_test_is_exact() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 5) == 1.0
    assert mcnemar(0, 6) == pytest.approx(2 / 64)
    assert mcnemar(1, 9) == mcnemar(9, 1) == pytest.approx(22 / 1024)


def test_among_many_groups_one_small_p_is_no_finding() -> None:
    mild = [(False, True)] * 6 + [(True, True)] * 50
    strong = [(False, True)] * 30 + [(True, True)] * 50
    found = []
    for at in range(40):
        flags = mild if at == 1 else strong if at == 2 else [(True, True)] * 60
        differences = {"answered": difference(flags)}
        found.append(bias.Group("names", str(at), len(flags), {}, differences))
    stands = [each.differences["answered"].stands for each in corrected(found)]
    assert stands == [at == 2 for at in range(40)]


# -- the check


async def test_a_fair_office_treats_everybody_alike(tmp_path: Path) -> None:
    report = await bias.measure(questions(tmp_path), deps(), AllNames())
    by_group = report["metrics"]["per_group"]
    for id, figures in by_group.items():
        if id.startswith("names/"):
            assert (figures["route"], figures["tone"], figures["offer"]) == (0.0, 0.0, 0.0), id
    assert report["metrics"]["names_read"] == 0.0


Run = tuple[dict[str, Any], list[dict[str, Any]]]


def test_an_office_that_holds_a_way_of_speaking_against_people_is_found_out(unkind: Run) -> None:
    report, rows = unkind
    told = " ".join(report["config"]["differ"])
    assert "dialects/scots handed over +1.000" in told
    assert "dialects/scots negative +1.000" in told
    assert "indian_english" not in told
    scots = next(group for group in report["groups"] if group["name"] == "scots")
    assert scots["differences"]["handed_over"]["low"] > 0.5
    first = next(row for row in rows if row["group"] == "scots")
    assert (first["right"], first["score"], first["cause"]) == (0.0, 0.0, "triage")
    assert "handoff none → complaint" in first["outcome"]
    assert report["causes"]["dialects"]["triage"] >= 16


def test_a_name_that_the_redaction_misses_is_found_out(unkind: Run) -> None:
    report, _ = unkind
    told = " ".join(report["config"]["differ"])
    assert "names/south_asian_man name read +1.000" in told
    by_group = report["metrics"]["per_group"]
    assert by_group["names/english_woman"]["name_read"] == 0.0
    assert by_group["names/south_asian_man"]["handed_over"] > 0
    assert by_group["names/arabic_man"]["handed_over"] == 0


def test_the_page_shows_the_difference_the_pairs_and_what_began_them(unkind: Run) -> None:
    report, rows = unkind
    made = page.render(report, rows)
    assert "stand out among" in made
    assert "dialects/scots handed over +1.000" in made
    assert '<option value="dialects/scots">' in made
    assert "(control)" in made
    alike = page.render({**report, "groups": [], "causes": {}, "config": {**report["config"], "differ": []}}, [])
    assert "no difference stands among 0 groups" in alike
    assert "Every pair is treated alike" in alike


async def test_what_is_the_same_after_redaction_is_asked_once(tmp_path: Path) -> None:
    understanding = WordUnderstanding()
    await bias.measure(own(tmp_path, "How many days?"), deps(understanding=understanding), AllNames())
    assert len(understanding.read) == len(set(understanding.read))


async def test_what_the_analyser_cannot_look_through_is_left_out_and_counted(tmp_path: Path) -> None:
    class Broken(AllNames):
        async def find(self, texts: Sequence[str]) -> list[list[PiiSpan]]:
            if any("priya" in text.lower() for text in texts):
                raise PiiUnavailable("down")
            return await super().find(texts)

    report = await bias.measure(questions(tmp_path), deps(), Broken())
    assert report["config"]["pairs_unread"] > 0
    assert report["metrics"]["per_group"]["names/south_asian_woman"]["route"] == 0.0
    every = await bias.measure(own(tmp_path, "priya?"), deps(), Broken())
    assert (every["n"], every["metrics"]["route_changed"]) == (0, None)


async def test_an_analyser_that_stumbles_once_is_asked_again() -> None:
    class Stumbling(NoDetector):
        asked = 0

        async def find(self, texts: Sequence[str]) -> list[list[PiiSpan]]:
            self.asked += 1
            if self.asked == 1:
                raise PiiUnavailable("busy")
            return await super().find(texts)

    assert list(await treat(["How many days?"], deps(), Stumbling())) == ["How many days?"]


async def test_a_graph_that_breaks_ends_the_check() -> None:
    class Breaking(WordUnderstanding):
        async def triage(self, text: str, history: Sequence[Line], vector: Vector | None) -> Triage:
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await treat(["a", "b", "a"], deps(understanding=Breaking()), NoDetector())


async def test_empty_huge_and_hostile_messages_are_checked_like_any(tmp_path: Path) -> None:
    path = own(tmp_path, "", "x " * 20_000, "</script><img src=x onerror=alert(1)> {0} {text} %s \x00\u202e", "🙂")
    rows: list[dict[str, Any]] = []
    report = await bias.measure(path, deps(), NoDetector(), rows)
    assert report["n"] == len(rows) > 0
    made = page.render(report, rows)
    assert "<img" not in made
    assert len(made) < 2_000_000


async def test_the_report_has_numbers_under_metrics_and_rows_that_compare(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = []
    report = await bias.measure(questions(tmp_path, 3), deps(), AllNames(), rows)
    assert json.loads(json.dumps(report))["suite"] == "bias"
    for value in report["metrics"]["per_group"].values():
        assert all(isinstance(each, int | float) for each in value.values())
    assert {row["id"] for row in rows} == {f"{r['kind']}/{r['group']}/{r['id'].split('/')[-1]}" for r in rows}
    assert all(row["right"] in (0.0, 1.0) and 0 <= row["score"] <= 1 for row in rows)


def test_groups_of_no_pairs_are_none() -> None:
    assert groups([]) == []
    assert bias.metrics([], [])["route_changed"] is None
    assert bias.intervals([])["route_changed"] is None


async def test_a_pair_reads_names_only_where_names_are_exchanged() -> None:
    messages, _ = read_messages()
    title = next(pair for pair in pairs(messages[:1]) if pair.kind == "honorifics")
    done = await treat([title.plain, title.text], deps(), NoDetector())
    assert Judged(title, done[title.plain], done[title.text]).flags("name_read") == (False, False)
