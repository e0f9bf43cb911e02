from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent / "understanding"))
from understanding_support import NOW, ask, bot, customer, hit

from agent.gateway.extractive import ExtractiveChatModel, sentences
from agent.guardrails.grounding import GroundingJudge
from agent.guardrails.sentences import SentenceSplitter, cite
from agent.ports import Question

TABLE = """| Region | Standard | Express |
|---|---|---|
| Leeds | £3.95 | £6.95 |
| Cardiff | £4.95 | £7.95 |"""


def model() -> ExtractiveChatModel:
    return ExtractiveChatModel(clock=lambda: NOW)


def test_the_sentence_that_answers_is_said_with_its_source() -> None:
    good = hit("returns", "Unused items can be returned within 60 days. The café is nice.", [0.8, 0.1], dense=0.7)
    other = hit("hours", "We open at nine.", 0.1, dense=0.1, score=0.01)
    said = sentences(ask("how many days to return unused items", other, good), NOW)
    assert said == ["Unused items can be returned within 60 days. [2]"]


def test_a_row_is_chosen_by_its_key_and_shown_with_its_header() -> None:
    said = sentences(ask("what is standard delivery to Cardiff", hit("d", TABLE, [0.6, 0.55], title="Delivery")), NOW)
    assert said[0] == "Cardiff: Standard: £4.95; Express: £7.95. [1]"


def test_the_limit_of_a_rule_comes_with_the_rule() -> None:
    text = "The warranty on boots is 12 months. The warranty does not cover worn soles."
    said = sentences(ask("how long is the warranty on boots", hit("w", text, [0.8, 0.75], dense=0.7)), NOW)
    assert said == ["The warranty on boots is 12 months. [1]", "The warranty does not cover worn soles. [1]"]


def test_a_sentence_that_leans_comes_with_the_one_before_it() -> None:
    text = "Gift wrapping is offered in all stores. It costs £3 for each item."
    said = sentences(ask("how much does it cost for each item", hit("g", text, [0.3, 0.8], dense=0.6)), NOW)
    assert said[0].startswith("Gift wrapping")
    assert said[1].startswith("It costs £3")


def test_an_expired_passage_is_never_said() -> None:
    old = hit("old", "Delivery costs £2.95.", 0.9, metadata={"valid_until": "2025-12-31"}, dense=0.9)
    assert sentences(ask("what does delivery cost", old), NOW) == []


def test_the_place_asked_for_wins_over_a_nearer_sentence_of_another() -> None:
    text = "Standard delivery to Canada takes 9 days. Standard delivery to Ireland takes 4 days."
    question = ask("how long is standard delivery to Ireland", hit("d", text, [0.72, 0.70], dense=0.6))
    assert sentences(question, NOW)[0] == "Standard delivery to Ireland takes 4 days. [1]"


def test_the_place_may_have_been_said_before() -> None:
    text = "Standard delivery to Canada takes 9 days. Standard delivery to Ireland takes 4 days."
    history = [customer("do you ship to Galway?"), bot("Yes.")]
    question = ask("how long does standard take", hit("d", text, [0.72, 0.70], dense=0.6), history=history)
    assert sentences(question, NOW)[0] == "Standard delivery to Ireland takes 4 days. [1]"


async def test_it_streams_a_chunk_a_sentence() -> None:
    text = "The warranty on boots is 12 months. The warranty does not cover worn soles."
    question = ask("how long is the warranty on boots", hit("w", text, [0.8, 0.75], dense=0.7))
    chunks = [str(chunk.content) async for chunk in model().astream("ignored", question=question)]
    assert [chunk for chunk in chunks if chunk] == [
        "The warranty on boots is 12 months. [1]",
        " The warranty does not cover worn soles. [1]",
    ]


async def test_it_answers_whole_the_same_as_streamed() -> None:
    text = "The warranty on boots is 12 months. The warranty does not cover worn soles."
    question = ask("how long is the warranty on boots", hit("w", text, [0.8, 0.75], dense=0.7))
    streamed = "".join([str(chunk.content) async for chunk in model().astream("x", question=question)])
    assert (await model().ainvoke("x", question=question)).content == streamed
    assert model().invoke("x", question=question).content == streamed


@pytest.mark.parametrize("question", [None, ask("anything at all")])
async def test_it_says_nothing_when_it_has_nothing(question: Question | None) -> None:
    kwargs = {} if question is None else {"question": question}
    assert (await model().ainvoke("tell me something", **kwargs)).content == ""
    assert "".join([str(chunk.content) async for chunk in model().astream("x", **kwargs)]) == ""


@given(
    st.text(max_size=80),
    st.lists(
        st.tuples(st.text(alphabet=st.sampled_from("ab £5.|\n-#*[]()IT'1é"), max_size=120), st.floats(-0.2, 1)),
        max_size=4,
    ),
)
def test_every_sentence_it_says_is_in_the_passage_it_cites(text: str, passages: list[tuple[str, float]]) -> None:
    hits = [hit(f"d{n}", body, round(cosine, 2), dense=cosine) for n, (body, cosine) in enumerate(passages)]
    question = ask(text, *hits)
    for said in sentences(question, NOW):
        assert re.search(r"\[\d+\]$", said)
        sentence = cite(said, question)
        verdict = GroundingJudge().judge(sentence, question)
        assert verdict.decision == "pass", (said, verdict)


def test_what_it_says_survives_the_splitter() -> None:
    question = ask("what is standard delivery to Cardiff", hit("d", TABLE, [0.6, 0.55], title="Delivery"))
    said = sentences(question, NOW)
    splitter = SentenceSplitter()
    got = [piece for char in " ".join(said) for piece in splitter.feed(char)] + splitter.flush()
    assert got == said
