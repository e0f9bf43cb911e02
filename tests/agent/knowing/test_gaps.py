"""Questions of one meaning are one gap, with who asked, how, and what comes near."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from knowing_support import WordEmbedder, passage

from agent.knowing.clusters import clusters
from agent.knowing.gaps import Gap, grouped, nearest, wordings
from knowledge.passages import Hit
from memory.unanswered import Unanswered, Why

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KAYAKS = ("Do you sell kayaks?", "do you sell  KAYAKS?", "Do you sell any kayaks?", "Which kayaks do you sell?")


def question(text: str, customer: str = "p-1", why: Why = "not_found", hours: float = 0, **more: str) -> Unanswered:
    said = {"inbox": "web", "channel": "chat", **more}
    return Unanswered(
        f"t-{text}", f"c-{customer}", customer, said["inbox"], said["channel"], NOW - timedelta(hours=hours), text,
        said.get("query", text), (why,),
    )  # fmt: skip


async def gaps(*questions: Unanswered, limit: int = 20) -> tuple[int, list[Gap]]:
    asked = wordings(questions)
    return grouped(asked, await WordEmbedder().embed([each.query for each in asked]), limit)


async def test_questions_of_one_meaning_are_one_gap_with_all_about_it() -> None:
    asked = [question(text, f"p-{n}", hours=n) for n, text in enumerate(KAYAKS)]
    more = question("Do you sell kayaks?", "p-0", "rated", hours=9, channel="email")
    groups, found = await gaps(*asked, more, question("Where is the Oslo shop?", "p-9"))
    assert groups == 2
    gap = found[0]
    assert (gap.count, gap.customers) == (5, 4)
    assert (gap.first, gap.last) == (NOW - timedelta(hours=9), NOW)
    assert gap.why == {"not_found": 4, "rated": 1}
    assert gap.channels == {"chat": 4, "email": 1}
    assert gap.label in KAYAKS
    assert len({example.text for example in gap.examples}) == len(gap.examples)


async def test_what_many_ask_comes_before_what_one_asks_often() -> None:
    often = [question("Where is the Oslo shop?", "p-1", hours=n) for n in range(6)]
    many = [question("Do you sell kayaks?", f"p-{n}") for n in range(3)]
    _, found = await gaps(*often, *many)
    assert [gap.customers for gap in found] == [3, 1]


async def test_only_the_largest_are_given_and_all_are_counted() -> None:
    groups, found = await gaps(*(question(f"word{n} thing{n}", f"p-{n}") for n in range(7)), limit=3)
    assert (groups, len(found)) == (7, 3)


async def test_no_questions_no_gaps() -> None:
    assert await gaps() == (0, [])


@pytest.mark.parametrize("text", ["<PERSON_1> wrote ½", "<script>alert(1)</script>", "?" * 2000, "\x00"])
async def test_any_text_may_be_a_question(text: str) -> None:
    _, (gap,) = await gaps(question(text))
    assert gap.examples[0].text == text


def test_the_nearest_passages_say_whether_an_article_is_there() -> None:
    none = np.zeros((0, 4), np.float32)
    hits = [Hit(passage(name, "Words."), 1.0, dense, None, none) for name, dense in (("far", 0.2), ("near", 0.6))]
    hits.append(Hit(passage("words", "Words."), 1.0, None, 3.0, none))
    assert [(each.passage, each.score) for each in nearest(hits)] == [("near", 0.6), ("far", 0.2)]
    gap = Gap("x", 1, 1, NOW, NOW, {}, {}, ())
    assert not gap.has_article
    assert Gap("x", 1, 1, NOW, NOW, {}, {}, (), nearest(hits)).has_article


def test_ten_thousand_questions_are_each_in_one_group() -> None:
    rng = np.random.default_rng(3)
    about = rng.normal(size=(40, 64))
    made = (np.repeat(about, 250, axis=0) + 0.3 * rng.normal(size=(10_000, 64))).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    found = clusters(made, np.ones(len(made), dtype=np.float32))
    assert sorted(np.concatenate(found).tolist()) == list(range(10_000))
    assert [len(rows) for rows in found] == [250] * 40
