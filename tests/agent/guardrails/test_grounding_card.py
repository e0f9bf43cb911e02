"""The grounding judge's small model: what moves its score, how its card is read, and what it costs."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "understanding"))
from understanding_support import ask, hit

from agent.gateway.extractive import _closed
from agent.guardrails.commitments import CommitmentJudge
from agent.guardrails.evidence_card import (
    CARD,
    GroundingCardError,
    GroundingModel,
    from_card,
    read_card,
    shipped,
    split,
    to_card,
)
from agent.guardrails.evidence_lexicon import WORDS, lexicon, load
from agent.guardrails.evidence_reading import read
from agent.guardrails.evidence_signals import SIGNALS, evidence_of, find, signals
from agent.guardrails.grounding import GroundingJudge, reply_score, turn_score
from agent.guardrails.sentences import cite
from knowledge.sentences import sentences as sentence_spans

HELP = Path(__file__).parents[3] / "sample" / "help-centre"
PASSAGE = (
    "The project manager thinks that special colours will raise the price of the remote control. However, its looks "
    "must reflect the brand. The designer is easy to reach on Monday. Young users found the advanced functions hard. "
    "The budget is £12,000 and the launch is in March."
)
SUMMARY = (
    "The project manager believes that special colours will increase the price of the remote control. However, the "
    "looks of the remote control must reflect the brand, and young users found the advanced functions difficult to use."
)


def card() -> dict[str, Any]:
    return json.loads(files("agent.guardrails").joinpath(CARD).read_text("utf-8"))


# --- what moves the score


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("will increase", "will not increase"),
        ("increase the price", "lower the price"),
        ("must reflect", "need not reflect"),
        ("young users", "elderly users"),
        ("project manager", "sales manager Bob Hunt"),
        ("special colours", "only 17 special colours"),
        ("the brand", "the brand and the customers in Ireland"),
    ],
)
def test_one_changed_word_of_a_true_summary_lowers_its_score(said: str, instead: str) -> None:
    assert said in SUMMARY
    assert reply_score(SUMMARY.replace(said, instead, 1), [PASSAGE]) < reply_score(SUMMARY, [PASSAGE])


def test_a_reply_about_something_else_scores_low_however_long_it_is() -> None:
    other = (
        "Penguins live in the south. They eat fish and swim very well. Some of them walk a hundred miles inland. " * 3
    )
    assert reply_score(other, [PASSAGE]) < 0.2
    assert reply_score(SUMMARY, [PASSAGE]) > 0.5


def test_an_opinion_of_the_assistants_own_is_not_grounded() -> None:
    assert reply_score("I love that brand, it is so cool!", [PASSAGE]) < 0.2


def test_evidence_that_says_nothing_grounds_nothing() -> None:
    assert reply_score(SUMMARY, []) == reply_score(SUMMARY, [""]) == reply_score(SUMMARY, ["  \n"]) == 0.0


def test_a_reply_that_is_a_quotation_is_certain() -> None:
    assert reply_score("Young users found the advanced functions hard.", [PASSAGE]) == 1.0


def test_the_score_does_not_depend_on_the_order_of_the_passages() -> None:
    first, second = PASSAGE[:150], PASSAGE[150:]
    assert reply_score(SUMMARY, [first, second]) == pytest.approx(reply_score(SUMMARY, [second, first]), abs=0.1)


@given(st.text(max_size=300), st.lists(st.text(max_size=300), max_size=3))
def test_any_reply_has_a_score(reply: str, evidence: list[str]) -> None:
    assert 0.0 <= reply_score(reply, evidence) <= 1.0
    assert 0.0 <= turn_score(reply, evidence, GroundingJudge()) <= 1.0
    assert np.isfinite(signals(split(reply), evidence_of(tuple(evidence)))).all()


# --- how words stand to a text


@pytest.mark.parametrize(
    ("word", "how"),
    [
        ("price", "same"),
        ("designers", "same"),
        ("cost", "synonym"),
        ("animal", "broader"),
        ("difficult", "both_ways"),
        ("old", "opposite"),
        ("april", "sibling"),
        ("zorblax", "unknown"),
        ("13", "number"),
    ],
)
def test_a_word_is_found_as_it_stands_to_the_text(word: str, how: str) -> None:
    text = read("The price, which a designer set in March, is hard or easy on the young dog.")
    found = find(lexicon().lemma(word), text)
    assert found.how == how
    assert 0.0 <= found.worth <= 1.0


def test_irregular_forms_are_one_word() -> None:
    table = lexicon()
    assert table.lemma("went") == "go"
    assert table.lemma("children") == "child"
    assert table.lemma("policies") == "policy"


def test_a_negative_denies_the_words_after_it() -> None:
    text = read("Boots cannot be returned, tents can.")
    assert any(text.denied["return"] if "return" in text.denied else text.denied["returned"])
    assert not any(text.denied["boot"])


def test_the_word_table_reads_back_as_it_was_written() -> None:
    table = lexicon()
    again = load(table.dump())
    assert again.words == table.words
    assert (again.vectors == table.vectors).all()
    place = table.find("easy")
    assert place is not None
    assert again.against[place] == table.against[place]


# --- in a turn


def judged(raw: str, *, title: str = "", model: GroundingModel | None = None):
    question = ask("how", hit("p", PASSAGE, title=title))
    return GroundingJudge(model).judge(cite(raw, question), question)


def test_the_reason_names_the_words_that_no_source_has() -> None:
    reason = judged("The warehouse accountant forgot the strawberries. [1]").reason
    assert "strawberr" in reason
    assert "accountant" in reason


def test_a_name_in_a_passages_title_is_said_by_it() -> None:
    said = "At Peakhouse young users found the advanced functions hard. [1]"
    assert "Peakhouse" in judged(said).reason
    assert "Peakhouse" not in judged(said, title="Peakhouse study").reason


def test_a_negative_about_something_else_turns_nothing() -> None:
    passage = "The jacket is warm and light, though it is not made in England by the old mill."
    question = ask("is it warm", hit("p", passage))
    verdict = GroundingJudge().judge(cite("The jacket is warm and light. [1]", question), question)
    assert "negation" not in verdict.reason


def test_a_question_that_tells_is_a_claim() -> None:
    assert judged("Did you know that the launch was moved to Spain?").decision == "revise"
    assert judged("Would you like to know more?").decision == "pass"


def test_the_cards_threshold_decides_over_a_models_own_words_alone() -> None:
    said = "Young users thought that the advanced functions were hard. [1]"
    lenient, strict = replace(shipped(), threshold=0.0), replace(shipped(), threshold=1.0)
    assert judged(said, model=lenient).decision == "pass"
    assert judged(said, model=strict).decision == "revise"
    assert judged("Young users found the advanced functions hard. [1]", model=strict).decision == "pass"
    assert judged("The budget is £13,000. [1]", model=lenient).decision == "revise"


def test_a_turn_is_as_sure_as_of_its_least_sure_sentence() -> None:
    judge = GroundingJudge()
    quoted = "Young users found the advanced functions hard."
    assert turn_score(quoted, [PASSAGE], judge) == 1.0
    assert turn_score(f"{quoted} The budget is £13,000.", [PASSAGE], judge) == 0.0
    assert turn_score(f"Hello! {quoted} Can I help you with anything else?", [PASSAGE], judge) == 1.0
    assert turn_score("Hello! Is there anything else?", [PASSAGE], judge) == 0.0


def help_sentences() -> list[tuple[str, str]]:
    found = []
    for path in sorted(HELP.rglob("*.md")):
        text = path.read_text("utf-8").split("---", 2)[-1]
        found += [(text[start:end], text) for start, end in sentence_spans(text) if not text[start:end].startswith("|")]
    return found


def test_no_sentence_of_the_help_centre_is_refused_when_it_is_quoted() -> None:
    judges = (GroundingJudge(), CommitmentJudge())
    refused = []
    for sentence, passage in help_sentences():
        question = ask("how", hit("p", passage))
        said = cite(f"{_closed(sentence)} [1]", question)
        refused += [
            f"{v.rule}: {v.reason}: {sentence}" for j in judges if (v := j.judge(said, question)).decision != "pass"
        ]
    assert refused == []


# --- the card


def test_a_card_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text(json.dumps(to_card(replace(shipped(), threshold=0.8))), "utf-8")
    model = read_card(path)
    assert model.threshold == 0.8
    assert model.fingerprint == shipped().fingerprint
    assert model.score([SUMMARY], [PASSAGE]) == pytest.approx(shipped().score([SUMMARY], [PASSAGE]))
    assert model.made["made_by"] == "frontdesk train grounding"


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"threshold": 2},
        {"threshold": "high"},
        {"threshold": float("nan")},
        {"cut": float("inf")},
        {"weights": {}},
        {"weights": {"short": {"bias": 0, "weight_mean_spread": {"colour": [1, 0, 1]}}}},
    ],
)
def test_a_card_that_does_not_fit_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(GroundingCardError):
        from_card({**card(), **broken} if broken else {})


@pytest.mark.parametrize("row", [[1, 0, 0], [1, 0], [1, 0, -1], [float("nan"), 0, 1], ["a", 0, 1], []])
def test_a_signals_weight_needs_a_mean_and_a_spread(row: list[Any]) -> None:
    bad = card()
    bad["weights"]["short"]["weight_mean_spread"][SIGNALS[0]] = row
    with pytest.raises(GroundingCardError):
        from_card(bad)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"\xff\xfe", b"\x00" * 1000])
def test_a_file_that_is_no_card_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(content)
    with pytest.raises(GroundingCardError, match=r"mine\.json"):
        read_card(path)
    with pytest.raises(GroundingCardError, match="nowhere"):
        read_card(tmp_path / "nowhere.json")


def test_the_shipped_card_says_on_what_and_how_well() -> None:
    made = shipped().made
    assert made["without"] == ["tc"]
    assert set(made["auroc"]) == {"begin", "faithdial_audit", "mtrag", "summedits"}
    assert all(0.5 < figures["unseen_evidence"] <= 1 for figures in made["auroc"].values())


def test_what_ships_is_small() -> None:
    folder = files("agent.guardrails")
    assert sum(len(folder.joinpath(name).read_bytes()) for name in (CARD, WORDS)) < 3_000_000


# --- cost


def test_a_sentence_costs_little_beside_twelve_long_passages() -> None:
    passages = [f"{PASSAGE} {' '.join(f'word{n}{k} of the remote control' for k in range(40))}." for n in range(12)]
    evidence = tuple(passages)
    shipped().score([SUMMARY], evidence)  # read once, as in a turn
    said = [f"The designer number {n} believes that special colours raise the price." for n in range(20)]
    began = time.process_time()
    for sentence in said:
        shipped().score([sentence], evidence)
    # 1 to 2 ms measured; the bound is loose for busy machines.
    assert (time.process_time() - began) / len(said) < 0.02


@settings(deadline=None, max_examples=3)
@given(st.sampled_from(["a ", "returns ", "€5 ", "not ", "x." * 3]))
def test_a_huge_reply_is_judged_in_time(piece: str) -> None:
    began = time.process_time()
    reply_score(piece * 5_000, [piece * 4_000, PASSAGE])
    assert time.process_time() - began < 10
