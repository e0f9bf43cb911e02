"""Promises of the cutting into passages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from knowledge.chunking import BUDGET_TOKENS, LEAST_TOKENS, TABLE_BUDGETS, chunk, count_tokens
from knowledge.passages import Document


def document(text: str) -> Document:
    return Document("a.md", "Returns", text, "https://example.org/a", {"region": "uk"})


def prose(words: int, word: str = "parcel") -> str:
    return " ".join([f"{word.capitalize()} {word} {word} {word} {word}."] * (words // 5))


def test_a_short_document_is_one_passage_with_the_documents_id_and_its_text_unchanged() -> None:
    text = "# Gifts\n\nGifts can be returned too. Ask us."
    [passage] = chunk(document(text))
    assert (passage.id, passage.document_id, passage.text) == ("a.md", "a.md", text)
    assert (passage.title, passage.source, passage.metadata) == ("Returns", "https://example.org/a", {"region": "uk"})
    assert passage.sentence_texts() == ("Gifts can be returned too.", "Ask us.")


def test_a_long_document_is_cut_at_its_headings_and_passages_know_their_section() -> None:
    text = f"# Post\n{prose(100)}\n## Gifts\n{prose(100)}\n# Stores\n{prose(100)}"
    passages = chunk(document(text))
    assert [passage.section for passage in passages] == ["Post", "Post > Gifts", "Stores"]
    assert [passage.id for passage in passages] == ["a.md#0", "a.md#1", "a.md#2"]


def test_a_section_too_small_to_be_found_goes_with_the_next_and_keeps_that_ones_heading() -> None:
    text = f"# One\nShort one.\n# Two\n{prose(150)}\n# Three\n{prose(150)}"
    first, second = chunk(document(text))
    assert first.section == "One"
    assert first.text.startswith("Short one.\n\n# Two\nParcel")
    assert second.section == "Three"
    assert count_tokens("Short one.") < LEAST_TOKENS


def test_a_table_is_never_cut_when_it_is_of_ordinary_size() -> None:
    table = "| Country | Days |\n|---|---|\n" + "\n".join(f"| Country {n} | {n} days |" for n in range(60))
    assert BUDGET_TOKENS < count_tokens(table) < TABLE_BUDGETS * BUDGET_TOKENS
    passages = chunk(document(f"# Post\n{prose(190)}\n\n{table}\n\n{prose(190)}"))
    assert table in [passage.text for passage in passages]


def test_a_table_without_end_is_cut_between_rows_under_its_header_again() -> None:
    rows = [f"| Country {n} | {n} days |" for n in range(500)]
    passages = chunk(document("\n".join(["| Country | Days |", "|---|---|", *rows])))
    assert len(passages) > 5
    assert all(passage.text.startswith("| Country | Days |\n|---|---|\n") for passage in passages)
    assert [row for passage in passages for row in passage.sentence_texts()] == rows


def test_passages_stay_near_the_budget_and_cut_between_sentences() -> None:
    passages = chunk(document(prose(3000)))
    assert all(count_tokens(passage.text) <= BUDGET_TOKENS for passage in passages)
    assert all(passage.text.endswith(".") for passage in passages)


def test_a_row_of_a_corpus_is_one_passage_up_to_its_own_limit() -> None:
    text = prose(300)
    assert [passage.id for passage in chunk(document(text), whole_tokens=512)] == ["a.md"]
    assert len(chunk(document(text))) > 1


def test_list_items_stay_under_each_other() -> None:
    items = "\n".join(f"- item number {n} of the list" for n in range(10))
    text = f"# Bring\n{items}\n# Else\n{prose(190)}"
    assert chunk(document(text))[0].text == items


def test_a_document_without_words_has_no_passages() -> None:
    for text in ("", "  \n ", "---", "# ", "***", "|---|"):
        assert chunk(document(text)) == []


def test_only_headings_is_still_a_document() -> None:
    [passage] = chunk(document("# Closed on Sundays"))
    assert passage.text == "# Closed on Sundays"
    assert passage.sentences == ()


@given(
    st.lists(
        st.sampled_from(["# One", "## Two", "Some words here.", "- an item", "| a | b |", "|---|---|", "", "x" * 900])
        | st.text(max_size=60),
        max_size=60,
    )
)
def test_no_word_of_a_document_is_lost_outside_headings_and_table_heads(lines: list[str]) -> None:
    text = "\n".join(lines)
    passages = chunk(document(text), budget_tokens=30)
    kept = "".join(c for passage in passages for c in f"{passage.section}{passage.text}" if c.isalnum())
    for line in text.splitlines():
        words = "".join(c for c in line if c.isalnum())
        if words and not line.lstrip().startswith(("#", "|")) and passages:
            assert words[:20] in kept
    assert len({passage.id for passage in passages}) == len(passages)
    for passage in passages:
        assert all(0 <= start < end <= len(passage.text) for start, end in passage.sentences)


@given(st.text(max_size=2000))
def test_cutting_is_a_function_of_the_document(text: str) -> None:
    assert chunk(document(text)) == chunk(document(text))
