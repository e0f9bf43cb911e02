"""Every citation is the sentence it says it is: the span of the passage's text, with document, title and section."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agent.guardrails.sentences import cite
from agent.ports import Question
from agent.state import Citation
from agent.understanding import tables
from knowledge import chunking
from knowledge.loaders.reading import Read, read
from knowledge.passages import Hit, Passage

CENTRE = Path(__file__).parents[3] / "sample" / "help-centre"
PASSAGES = [p for each in read(CENTRE) if isinstance(each, Read) for p in chunking.chunk(each.document)]


def question(*passages: Passage) -> Question:
    none = np.zeros((0, 4), np.float32)
    hits = tuple(Hit(passage, 1.0, 0.5, 1.0, none) for passage in passages)
    return Question("?", "?", np.zeros(4, np.float32), (), hits)


def cited(text: str, *passages: Passage) -> tuple[Citation, ...]:
    return cite(text, question(*passages)).citations


@pytest.mark.parametrize("passage", PASSAGES, ids=lambda passage: passage.id)
def test_a_sentence_of_an_article_is_cited_by_its_own_span(passage: Passage) -> None:
    for start, end in passage.sentences:
        row = tables.row_at(passage.text, start, end)
        said = row.shown() if row is not None else passage.text[start:end]
        (citation,) = cited(f"{said} [1]", passage)
        again = passage.text[citation.start : citation.end]
        assert (citation.start, citation.end) in passage.sentences
        if row is None:
            assert again == passage.text[start:end]
        assert (citation.passage, citation.document) == (passage.id, passage.document_id)
        assert (citation.title, citation.section, citation.source) == (passage.title, passage.section, passage.source)
        assert citation.score == 1.0


def test_words_of_a_models_own_are_cited_by_the_sentence_that_says_most_of_them() -> None:
    passage = next(p for p in PASSAGES if "60 days start on the day after delivery" in p.text)
    (citation,) = cited("The 60 days begin on the day after the delivery [1].", passage)
    assert passage.text[citation.start : citation.end].startswith("The 60 days start on the day after delivery")


def test_each_of_several_sources_has_its_own_span() -> None:
    one, other = PASSAGES[0], PASSAGES[-1]
    found = cited(f"{one.sentence_texts()[0]} [1][2]", one, other)
    assert [each.passage for each in found] == [one.id, other.id]
    for citation, passage in zip(found, (one, other), strict=True):
        assert (citation.start, citation.end) in passage.sentences


def test_a_number_beyond_the_sources_is_no_citation() -> None:
    assert cited("It is so [7].", PASSAGES[0]) == ()
