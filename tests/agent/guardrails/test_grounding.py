from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "understanding"))
from understanding_support import ask, hit

from agent.guardrails.claims import figures, is_courtesy, lost
from agent.guardrails.grounding import GroundingJudge, reply_score, support
from agent.guardrails.sentences import SentenceSplitter, cite
from agent.state import Citation, Sentence
from knowledge.sentences import sentences as sentence_spans

TEXT = (
    "## Return window\n\nUnused items can be **returned within 60 days** of delivery. Refunds take 5 to 7 days. "
    "Boots that were worn outside cannot be returned.\n\n| Region | Price |\n|---|---|\n| Ireland | €6.95 |\n"
)
QUESTION = ask("how do returns work", hit("returns", TEXT), hit("hours", "The store opens at 9:00 every day."))


def judged(raw: str):
    return GroundingJudge().judge(cite(raw, QUESTION), QUESTION)


def test_a_verbatim_sentence_passes_whatever_its_markdown() -> None:
    verdict = judged("Unused items can be returned within 60 days of delivery. [1]")
    assert verdict.decision == "pass"
    assert verdict.score == 1.0


def test_a_row_shown_with_its_header_is_verbatim() -> None:
    assert judged("Ireland: Price: €6.95. [1]").score == 1.0
    assert judged("Ireland: Price: €7.95. [1]").decision == "revise"


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ("Unused items can be returned within 90 days of delivery. [1]", "90"),
        ("Unused items can be returned within 60 weeks of delivery. [1]", "week"),
        ("Boots that were worn outside can be returned. [1]", "negation"),
        ("Unused items cannot be returned within 60 days of delivery. [1]", "negation"),
        ("You may return unused items to Peakhouse within 60 days. [1]", "Peakhouse"),
        ("Refunds take 5 to 7 days and cost £4. [1]", "4"),
    ],
)
def test_a_changed_fact_is_sent_back(said: str, missing: str) -> None:
    verdict = judged(said)
    assert verdict.decision == "revise"
    assert missing in verdict.reason


def test_a_models_own_words_pass_when_its_facts_are_there() -> None:
    assert judged("You can return unused items for up to 60 days after delivery. [1]").decision == "pass"


def test_spelled_numbers_are_numbers() -> None:
    assert judged("Unused items can be returned within sixty days of delivery. [1]").decision == "pass"


def test_the_wrong_source_does_not_support() -> None:
    assert judged("Unused items can be returned within 60 days of delivery. [2]").decision == "revise"


def test_either_of_two_sources_is_enough() -> None:
    assert judged("Unused items can be returned within 60 days of delivery. [2][1]").decision == "pass"


def test_a_source_that_was_not_found_does_not_count() -> None:
    citation = Citation("elsewhere", "elsewhere", "", "", "", 0, 1, 1.0)
    verdict = GroundingJudge().judge(Sentence("The store opens at 9:00.", (citation,)), QUESTION)
    assert verdict.decision == "revise"
    assert judged("The store opens at 9:00 every day. [7]").decision == "revise"


@pytest.mark.parametrize(
    "text", ["Hello!", "Thank you for your message.", "Is there anything else?", "I'm sorry to hear that."]
)
def test_a_courtesy_needs_no_source(text: str) -> None:
    assert judged(text).decision == "pass"


@pytest.mark.parametrize(
    "text",
    [
        "We will refund you tomorrow.",
        "Delivery is free.",
        "It costs £5.",
        "Thank you, your refund of £20 is on its way.",
        "The store is open on Sunday.",
    ],
)
def test_a_claim_without_a_source_is_sent_back(text: str) -> None:
    assert judged(text).decision == "revise"


def test_a_citation_holds_the_exact_span() -> None:
    sentence = cite("Refunds take 5 to 7 days. [1]", QUESTION)
    (citation,) = sentence.citations
    assert TEXT[citation.start : citation.end] == "Refunds take 5 to 7 days."
    assert sentence.text == "Refunds take 5 to 7 days."
    assert citation.passage == "returns"


def test_markers_in_any_form_are_read_once() -> None:
    sentence = cite("Refunds take 5 to 7 days [1, 2] [1].", QUESTION)
    assert [each.passage for each in sentence.citations] == ["returns", "hours"]
    assert sentence.text == "Refunds take 5 to 7 days."
    assert cite("[0] [999] Nothing", QUESTION).citations == ()


def test_one_figure_in_many_spellings_is_one() -> None:
    assert figures("£3,000.00 at 09:00") == figures("£3000 at 9:00")
    assert lost("three days", "3 days") == ()
    assert lost("on Friday", "on Fridays") == ()
    assert "15" in lost("15 days", "5 days")


def test_part_of_a_number_is_not_that_number() -> None:
    passage = "Refunds take 15 days in all."
    assert not support("Refunds take 5 days in all.", passage).verbatim
    assert not support("take 5 days", "It will take 5 days less than that. No.").unsupported


def test_a_reply_is_as_good_as_its_worst_claim() -> None:
    evidence = [TEXT]
    good = "Unused items can be returned within 60 days of delivery."
    assert reply_score(good, evidence) == 1.0
    assert reply_score(f"{good} Refunds take 30 days.", evidence) < 0.9
    assert reply_score("The moon is made of cheese.", evidence) < 0.5
    assert reply_score("", evidence) == 1.0
    assert reply_score(good, []) == 0.0


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_is_judged(text: str, passage: str) -> None:
    found = support(text, passage)
    assert 0.0 <= found.score <= 1.0
    assert 0 <= found.start <= found.end <= len(passage)
    is_courtesy(text)


@given(
    st.lists(
        st.sampled_from(["Refunds take 5 days.", "The store opens at 9:00 every day.", "No stoves, please."]),
        min_size=1,
    )
)
def test_every_sentence_of_a_passage_supports_itself(lines: list[str]) -> None:
    passage = " ".join(lines)
    for start, end in sentence_spans(passage):
        assert support(passage[start:end], passage).verbatim


STREAM = [
    "It costs £3.95 in the U.K. and €6.95 in Ireland. [1]",
    "See https://x.example/a.b?c=1. [2]",
    "Bring e.g. the receipt, the label etc. to us at 9.30 a.m. on Monday. [1][3]",
    "Is that all? [2]",
    "Yes!",
]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_a_stream_is_cut_between_sentences_only(step: int) -> None:
    text = " ".join(STREAM)
    splitter = SentenceSplitter()
    got = [piece for n in range(0, len(text), step) for piece in splitter.feed(text[n : n + step])] + splitter.flush()
    assert got == STREAM


def test_a_sentence_is_given_out_before_the_stream_ends() -> None:
    splitter = SentenceSplitter()
    assert splitter.feed("Refunds take 5 days. [1] The next") == ["Refunds take 5 days. [1]"]
    assert splitter.flush() == ["The next"]
    assert splitter.flush() == []


def test_lines_of_a_table_stay_whole() -> None:
    splitter = SentenceSplitter()
    got = splitter.feed("| A. B | £1.50 |\n| C | 2. |\nDone. ") + splitter.flush()
    assert got == ["| A. B | £1.50 |", "| C | 2. |", "Done."]


def test_numbered_steps_keep_their_numbers() -> None:
    splitter = SentenceSplitter()
    got = splitter.feed("1. Open the app. [1]\n2. Choose Settings. [1]\n") + splitter.flush()
    assert got == ["1. Open the app. [1]", "2. Choose Settings. [1]"]


@given(st.text(max_size=200), st.integers(1, 9))
def test_no_character_but_space_is_lost_in_a_stream(text: str, step: int) -> None:
    splitter = SentenceSplitter()
    got = [piece for n in range(0, len(text), step) for piece in splitter.feed(text[n : n + step])] + splitter.flush()
    assert "".join("".join(got).split()) == "".join(text.split())
