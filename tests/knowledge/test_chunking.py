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


def test_a_question_is_never_cut_from_the_first_of_its_answer() -> None:
    for form in ("Can I return number {}?", "**Q: Number {}**", "Question {}: returns", "可以退货吗 {}？"):
        pairs = [f"{form.format(n)}\n\nYes you can. {prose(40)}" for n in range(12)]
        passages = chunk(document("\n\n".join(pairs)))
        assert len(passages) > 2
        for n in range(12):
            [passage] = [each for each in passages if form.format(n) + "\n" in each.text + "\n"]
            assert passage.text.split(form.format(n) + "\n\n")[1].startswith("Yes you can.")


def test_code_is_no_heading_no_table_and_no_list_and_stays_together() -> None:
    code = "```sh\n# not a heading\n| not | a table |\n\n- no item\nTitle\n-----\n```"
    passages = chunk(document(f"# One\n{prose(100)}\n\n{code}\n\n# Two\n{prose(160)}"))
    assert [passage.section for passage in passages] == ["One", "Two"]
    assert code in passages[0].text


def test_code_that_never_ends_loses_nothing() -> None:
    text = f"# One\n{prose(160)}\n\n~~~\n# inside\n{prose(300)}"
    assert "# inside" in "".join(passage.text for passage in chunk(document(text)))


def test_an_underlined_heading_is_one() -> None:
    text = f"Post\n====\n\n{prose(160)}\n\nGifts\n-----\n\n{prose(100)}\n\nA line above\nanother line\n-----\n"
    passages = chunk(document(text))
    assert [passage.section for passage in passages] == ["Post", "Post > Gifts"]
    assert "A line above\nanother line" in passages[-1].text


def test_nested_items_stay_with_the_item_they_are_under() -> None:
    items = [f"- item {n} {prose(20)}\n  - nested {n} {prose(20)}\n    and more of it" for n in range(10)]
    for passage in chunk(document("# List\n" + "\n".join(items))):
        assert passage.text.startswith("- item")
        assert passage.text.endswith("more of it")


def test_a_list_item_with_much_under_it_is_cut_between_lines() -> None:
    text = "- all of it\n" + "\n".join(f"  - nested {n} {prose(20)}" for n in range(40))
    passages = chunk(document(text))
    assert all(count_tokens(passage.text) <= BUDGET_TOKENS for passage in passages)
    assert "\n".join(passage.text for passage in passages).replace("\n\n", "\n").count("- nested") == 40


def test_scripts_without_spaces_are_cut_by_characters_and_nothing_is_put_between_them() -> None:
    for text in ("您可以在三十天内退回商品。我们会承担运费。" * 100, "คุณสามารถส่งคืนสินค้าได้" * 100, "返品できます" * 300):
        passages = chunk(document(text))
        assert all(count_tokens(passage.text) <= 2 * BUDGET_TOKENS for passage in passages)
        assert "".join(passage.text for passage in passages) == text
        assert all(passage.sentences for passage in passages)


def test_right_to_left_text_is_cut_between_its_sentences() -> None:
    for sentence in ("אפשר להחזיר מוצרים תוך שלושים יום.", "هل يمكنني إرجاع المنتجات خلال ثلاثين يومًا؟"):
        passages = chunk(document(" ".join([sentence] * 100)))
        assert len(passages) > 1
        assert all(passage.text.startswith(sentence) and passage.text.endswith(sentence) for passage in passages)


def test_a_row_too_wide_for_any_passage_is_cut_under_its_header_too() -> None:
    header = "| Country | Days |\n|---|---|"
    passages = chunk(document(f"{header}\n| {prose(4000)} | 5 |\n| Wales | 6 |"))
    assert all(passage.text.startswith(header) for passage in passages)
    assert all(count_tokens(passage.text) <= TABLE_BUDGETS * BUDGET_TOKENS for passage in passages)
    assert sum(passage.text.count("parcel") + passage.text.count("Parcel") for passage in passages) == 4000
    assert "| Wales | 6 |" in passages[-1].text


def test_headings_with_nothing_under_them_are_kept() -> None:
    text = "\n".join(["# Closed on Sundays", *(f"# Heading number {n} of many" for n in range(60)), prose(100)])
    text += "\n## The last word"
    kept = "\n".join(f"{passage.section}\n{passage.text}" for passage in chunk(document(text)))
    assert all(line.lstrip("# ") in kept for line in text.splitlines())


def test_only_headings_is_still_a_document() -> None:
    [passage] = chunk(document("# Closed on Sundays"))
    assert passage.text == "# Closed on Sundays"
    assert passage.sentences == ()


@given(
    st.lists(
        st.sampled_from(
            [
                "# One",
                "## Two",
                "Some words here.",
                "- an item",
                "| a | b |",
                "|---|---|",
                "",
                "x" * 900,
                "```",
                "====",
                "----",
            ]
        )
        | st.text(max_size=60),
        max_size=60,
    )
)
def test_no_word_of_a_document_is_lost_outside_table_heads(lines: list[str]) -> None:
    text = "\n".join(lines)
    passages = chunk(document(text), budget_tokens=30)
    kept = "".join(c for passage in passages for c in f"{passage.section}{passage.text}" if c.isalnum())
    for line in text.splitlines():
        words = "".join(c for c in line if c.isalnum())
        if words and not line.lstrip().startswith("|") and passages:
            assert words[:20] in kept
    assert len({passage.id for passage in passages}) == len(passages)
    for passage in passages:
        assert all(0 <= start < end <= len(passage.text) for start, end in passage.sentences)


@given(st.text(max_size=2000))
def test_cutting_is_a_function_of_the_document(text: str) -> None:
    assert chunk(document(text)) == chunk(document(text))
