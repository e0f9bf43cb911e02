"""Promises of questions and answers, in CSV and in JSON lines, and of values as filters compare them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import BadDocument
from knowledge.loaders import beir, tables
from knowledge.loaders.cleaning import cleaned, day, languages
from knowledge.loaders.plain import File
from knowledge.passages import Document


def lines(tmp_path: Path, *rows: object) -> tuple[list[Document], list[str]]:
    path = tmp_path / "faq.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    found = list(beir.load(File(path, "faq.jsonl")))
    return [x for x in found if isinstance(x, Document)], [str(x) for x in found if isinstance(x, BadDocument)]


@pytest.mark.parametrize(
    "row",
    [
        {"question": "Can I pay by card?", "answer": "Yes."},
        {"Question": "Can I pay by card?", "Answer": "Yes."},
        {"q": "Can I pay by card?", "a": "Yes."},
        {"title": "Can I pay by card?", "body": "Yes."},
        {"title": "Can I pay by card?", "text": "Yes."},
        {"instruction": "Can I pay by card?", "response": "Yes.", "intent": "payment"},
        {"prompt": "Can I pay by card?", "completion": "Yes."},
        {"name": "Can I pay by card?", "acceptedAnswer": {"@type": "Answer", "text": "Yes."}},
        {"questions": ["Can I pay by card?"], "answer": "Yes."},
        {"answer": "Yes.", "question": "Can I pay by card?", "category": None},
    ],
)
def test_every_common_spelling_is_a_question_and_its_answer(tmp_path: Path, row: dict[str, object]) -> None:
    [document], faults = lines(tmp_path, row)
    assert (document.title, document.text, faults) == ("Can I pay by card?", "Yes.", [])
    assert document.id == "faq.jsonl#can-i-pay-by-card"


def test_other_ways_to_ask_stand_with_the_answer(tmp_path: Path) -> None:
    [document], _ = lines(tmp_path, {"questions": ["Do you ship abroad?", "Is Malta served?"], "answer": "Yes."})
    assert (document.title, document.text) == ("Do you ship abroad?", "Is Malta served?\nYes.")


KNOWN = {
    "language": "en", "region": "uk", "tier": "gold", "audience": "partners", "valid_from": "2026-01-01",
    "valid_until": "2026-12-31", "updated": "2026-02-03", "section": "Payment", "tags": "cards, cash",
}  # fmt: skip


def test_known_columns_are_metadata_and_others_are_not(tmp_path: Path) -> None:
    row = {"question": "Q?", "answer": "A.", **KNOWN, "tags": ["cards", "cash"], "url": "https://x.example", "n": 3}
    [document], _ = lines(tmp_path, row)
    assert (document.metadata, document.source) == (KNOWN, "https://x.example")


def test_the_same_names_are_understood_in_csv(tmp_path: Path) -> None:
    path = tmp_path / "faq.csv"
    path.write_text("Instruction,Response,Lang,Last Updated,Valid To\nPay?,By card.,en-GB,2026-02-03,2026-12-31\n")
    [document] = tables.load(File(path, "faq.csv"))
    assert isinstance(document, Document)
    assert (document.title, document.text) == ("Pay?", "By card.")
    assert document.metadata == {"language": "en-GB", "updated": "2026-02-03", "valid_until": "2026-12-31"}


def test_questions_in_any_script_have_ids_of_their_own(tmp_path: Path) -> None:
    documents, _ = lines(tmp_path, {"q": "可以退货吗？", "a": "可以。"}, {"q": "多少钱？", "a": "五元。"})
    assert [each.id for each in documents] == ["faq.jsonl#可以退货吗", "faq.jsonl#多少钱"]


def test_a_corpus_line_and_a_question_may_stand_in_one_file(tmp_path: Path) -> None:
    documents, faults = lines(tmp_path, {"_id": "d1", "text": "Words."}, {"q": "Q?", "a": "A."}, {"q": "No answer?"})
    assert [each.id for each in documents] == ["d1", "faq.jsonl#q"]
    assert faults == ["line 3 has no _id and text, and no question and answer"]


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-31", "2026/01/31", "2026/1/31", "2026.01.31", "20260131", "31 January 2026", "31 Jan 2026",
        "January 31, 2026", "Jan 31st, 2026", "31. Januar 2026", "31 de enero de 2026", "31 janvier 2026", "31.1.2026",
        "31/01/2026", "01/31/2026", "2026-01-31T23:59:59+02:00", "2026-01-31 10:00", "2026-01-31T10:00:00Z",
        "Sat, 31 Jan 2026 10:00:00 GMT",
    ],
)  # fmt: skip
def test_a_day_is_understood_however_it_is_written(written: str) -> None:
    assert day(written) == "2026-01-31"


@pytest.mark.parametrize("written", ["", "soon", "01/02/2026", "2026-02-30", "Q1 2026", "2026", "31 Foo 2026", "1" * 9])
def test_a_day_that_could_be_two_or_none_is_none(written: str) -> None:
    assert day(written) == ""


def test_languages_become_lower_case_tags() -> None:
    said = {"en": "en", "en_GB.UTF-8": "en-gb", "DE-at": "de-at", "German": "de", "Deutsch": "de", "zh-Hans": "zh-hans"}
    assert {each: languages(each) for each in said} == said
    assert languages("en, fr") == "en, fr"
    assert languages("???") == ""


def test_a_value_that_cannot_be_used_is_named_and_the_document_kept() -> None:
    document = Document("a", "A", "Words.", "a", {"valid_until": "end of year", "language": "EN", "region": "uk"})
    kept, faults = cleaned(document)
    assert kept.metadata == {"language": "en", "region": "uk"}
    why = "is no day anybody could be sure of (write 2026-01-31): kept without it"
    assert faults == [f"valid_until 'end of year' {why}"]


@given(st.text(max_size=60))
def test_any_value_is_cleaned_or_named(written: str) -> None:
    document = Document("a", "A", "Words.", "a", {"updated": written, "language": written})
    kept, faults = cleaned(document)
    assert len(kept.metadata) + len(faults) in (2, 0) or not written


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))  # fmt: skip  # noqa: E501
def test_any_json_is_a_document_or_a_named_line(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    row = {"question": value, "answer": value, "metadata": value}
    documents, faults = lines(tmp_path_factory.mktemp("any"), row, value)
    assert len(documents) + len(faults) in (1, 2)
