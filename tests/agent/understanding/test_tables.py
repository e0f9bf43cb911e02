from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.understanding.tables import cells, clean, lead_in, row_at, says
from knowledge.sentences import sentences

TABLE = """## Prices

| Service | Price | Arrives in |
|---|---|---|
| Standard | £3.95 | 3 to 5 working days |
| Next day | £6.95 | Next working day |
"""


def _row(text: str, number: int):
    start, end = sentences(text)[number]
    found = row_at(text, start, end)
    assert found is not None
    return found


def test_a_row_is_shown_with_its_columns_names() -> None:
    assert _row(TABLE, 0).shown() == "Standard: Price: £3.95; Arrives in: 3 to 5 working days"


def test_some_columns_of_a_row_can_be_shown_alone() -> None:
    assert _row(TABLE, 1).shown(frozenset({1})) == "Next day: Price: £6.95"


def test_a_key_that_is_only_a_number_gets_its_columns_name() -> None:
    text = "| UK size | EU size |\n|---|---|\n| 8 | 42 |"
    assert _row(text, 0).shown() == "UK size 8: EU size: 42"


def test_empty_cells_are_not_shown() -> None:
    text = "| Shop | Lift | Café |\n|---|---|---|\n| Leeds | | Yes |"
    assert _row(text, 0).shown() == "Leeds: Café: Yes"


def test_a_table_without_a_header_shows_its_cells() -> None:
    found = row_at("| Leeds | Open |", 0, 16)
    assert found is not None
    assert found.shown() == "Leeds: Open"


def test_prose_is_no_row() -> None:
    assert row_at("Standard costs £3.95.", 0, 21) is None


def test_a_row_says_what_it_shows_and_nothing_else() -> None:
    row = _row(TABLE, 0)
    assert says(row, row.shown())
    assert says(row, row.shown() + ".")
    assert says(row, "Standard: Price: £3.95")
    assert says(row, "Standard: £3.95")
    assert not says(row, "Standard: Price: £6.95")
    assert not says(row, "Next day: Price: £3.95")
    assert not says(row, "Standard: Price: £3.95; Arrives in: 2 days")
    assert not says(row, "Standard: Arrives in: £3.95")
    assert not says(row, "")


def test_a_cell_with_a_semicolon_is_still_one_cell() -> None:
    text = "| Item | Note |\n|---|---|\n| Stove | Ship by road; never by air |"
    row = _row(text, 0)
    assert says(row, row.shown())
    assert not says(row, "Stove: Note: Ship by road")


def test_escaped_pipes_stay_in_their_cell() -> None:
    assert cells(r"| a \| b | c |") == ("a | b", "c")


def test_markdown_is_cleaned_and_words_are_kept() -> None:
    assert clean("- **Return** it to [any shop](https://x.example/a_b), `now`.") == "Return it to any shop, now."
    assert clean("snake_case and 2 * 3 stay") == "snake_case and 2 * 3 stay"


def test_the_nearest_heading_leads_in() -> None:
    assert lead_in(TABLE, TABLE.index("| Standard")) == "Prices"
    assert lead_in("no heading", 5) == ""


cell = st.text(alphabet=st.characters(blacklist_characters="|\\\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), max_size=12)


@given(st.lists(st.tuples(cell, cell, cell), min_size=1, max_size=4))
def test_every_row_says_its_own_words(rows: list[tuple[str, str, str]]) -> None:
    text = "| K | A | B |\n|---|---|---|\n" + "\n".join(f"| {a} | {b} | {c} |" for a, b, c in rows)
    for start, end in sentences(text):
        row = row_at(text, start, end)
        if row is not None and row.shown().rstrip(". "):
            assert says(row, row.shown())


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    clean(text)
    cells(text)
    row_at(text, 0, len(text))


def test_a_line_of_marks_alone_is_no_row() -> None:
    assert row_at("|", 0, 1) is None
