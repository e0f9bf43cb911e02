"""Promises of the PDF loader."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pdf_writing import Sheet, pdf

from knowledge.chunking import chunk
from knowledge.errors import BadDocument
from knowledge.loaders import pdf as loader
from knowledge.loaders.plain import File
from knowledge.passages import Document

PROSE = "Parcels are carried by post to every address in the country that has a door."


def loaded(tmp_path: Path, data: bytes) -> tuple[Document, list[str]]:
    path = tmp_path / "hand-book.pdf"
    path.write_bytes(data)
    found = list(loader.load(File(path, "help/hand-book.pdf")))
    [document] = [each for each in found if isinstance(each, Document)]
    return document, [str(each) for each in found if isinstance(each, BadDocument)]


def manual() -> list[Sheet]:
    first = Sheet().line("Delivery", size=24).gap().line(PROSE).line("It takes three days.").gap()
    first.line("Prices", size=16).gap().line("What it costs depends on where you live, and on how heavy it is:")
    return [first.gap()]


class TestText:
    def test_larger_letters_are_headings_and_lines_one_paragraph(self, tmp_path: Path) -> None:
        document, _ = loaded(tmp_path, pdf(manual()))
        assert document.title == "Delivery"
        assert document.id == document.source == "help/hand-book.pdf"
        assert document.text == (
            f"{PROSE} It takes three days.\n\n## Prices\n\n"
            "What it costs depends on where you live, and on how heavy it is:"
        )

    def test_title_language_and_day_of_the_last_change_are_the_files_own(self, tmp_path: Path) -> None:
        info = "/Title(Delivery manual)/ModDate(D:20260131120000Z)/Keywords(post, parcels)"
        document, _ = loaded(tmp_path, pdf(manual(), info=info, catalog="/Lang(en-GB)"))
        assert document.title == "Delivery manual"
        assert document.text.startswith("# Delivery")
        assert document.metadata == {"language": "en-GB", "updated": "2026-01-31", "tags": "post, parcels"}

    @pytest.mark.parametrize("title", ["untitled", "Microsoft Word - x.doc", "final.indd", "\\(anonymous\\)", "123"])
    def test_a_title_that_a_program_made_up_is_none(self, tmp_path: Path, title: str) -> None:
        document, _ = loaded(tmp_path, pdf(manual(), info=f"/Title({title})"))
        assert document.title == "Delivery"

    def test_a_short_bold_line_is_a_heading_where_the_text_is_not_bold(self, tmp_path: Path) -> None:
        sheet = Sheet().line(PROSE).gap().line("Opening hours", bold=True).gap(4).line("We open at nine.")
        document, _ = loaded(tmp_path, pdf([sheet]))
        assert "\n\n# Opening hours\n\nWe open at nine." in document.text

    def test_words_cut_at_the_end_of_a_line_are_whole_again(self, tmp_path: Path) -> None:
        sheet = (
            Sheet().line("You can ask for the cancel-").line("lation of an order. Our self-").line("service is open.")
        )
        document, _ = loaded(tmp_path, pdf([sheet]))
        assert document.text == "You can ask for the cancellation of an order. Our self-service is open."

    def test_list_items_keep_their_marks_and_stand_together(self, tmp_path: Path) -> None:
        sheet = Sheet().line(PROSE).gap().line("• Cash").line("• Card").gap().line("1. Pack it").line("2. Send it")
        document, _ = loaded(tmp_path, pdf([sheet]))
        assert document.text.endswith("- Cash\n- Card\n1. Pack it\n2. Send it")

    def test_running_headers_and_page_numbers_are_left_out_and_sentences_go_on(self, tmp_path: Path) -> None:
        sheets = []
        for number in range(1, 6):
            sheet = Sheet(y=100).line(f"Chapter {number}", size=18).gap().line(f"{PROSE} Number {number} goes")
            sheet.at("Acme handbook 2026", 72, 30, size=8).at(f"Page {number} of 5", 72, 815, size=8)
            sheets.append(sheet)
        document, _ = loaded(tmp_path, pdf(sheets))
        assert "Acme" not in document.text
        assert "Page" not in document.text
        assert document.text.count("# Chapter") == 4  # the first is the title

    def test_columns_are_read_one_after_the_other_also_when_written_across(self, tmp_path: Path) -> None:
        sheet = Sheet()
        for number in range(8):
            sheet.at(f"left line {number} goes on for some while", 60, sheet.y)
            sheet.at(f"right line {number} goes on for some while", 320, sheet.y)
            sheet.y += 12
        document, _ = loaded(tmp_path, pdf([sheet]))
        assert document.text.index("left line 7") < document.text.index("right line 0")

    def test_writing_at_an_angle_is_left_out(self, tmp_path: Path) -> None:
        sheet = Sheet().line(PROSE).at("DRAFT", 200, 400, size=60, turn="0.7 0.7 -0.7 0.7")
        document, _ = loaded(tmp_path, pdf([sheet]))
        assert document.text == PROSE

    def test_a_page_printed_sideways_is_read(self, tmp_path: Path) -> None:
        sheet = Sheet()
        for number, text in enumerate((PROSE, "It takes three days.")):
            sheet.at(text, 100 + 12 * number, 700, turn="0 1 -1 0")
        document, _ = loaded(tmp_path, pdf([sheet]))
        assert document.text == f"{PROSE} It takes three days."


class TestTables:
    ROWS = (("Country", "Days", "Price"), ("Ireland", "3", "5.50"), ("Isle of Man", "4", ""), ("Malta", "6", "9.00"))
    TABLE = "| Country | Days | Price |\n|---|\n| Ireland | 3 | 5.50 |\n| Isle of Man | 4 |  |\n| Malta | 6 | 9.00 |"

    def test_a_ruled_table_is_rows_with_their_cells(self, tmp_path: Path) -> None:
        sheet = Sheet().line(PROSE).gap(30)
        top = sheet.y - 13
        for row in self.ROWS:
            sheet.row(row, (80, 205, 305))
        sheet.grid((75, 200, 300, 400), [top + 18 * n for n in range(5)])
        document, _ = loaded(tmp_path, pdf([sheet]))
        assert document.text == f"{PROSE}\n\n{self.TABLE}"

    def test_lines_in_a_ruled_cell_stay_in_their_cell(self, tmp_path: Path) -> None:
        sheet = Sheet().at("Name", 80, 100).at("Says", 205, 100)
        sheet.at("K1", 80, 120).at("keeps water hot", 205, 120).at("for an hour", 205, 132)
        sheet.grid((75, 200, 400), (88, 106, 140))
        document, _ = loaded(tmp_path, pdf([sheet]))
        assert document.text == "| Name | Says |\n|---|\n| K1 | keeps water hot for an hour |"

    def test_a_table_without_rules_is_one_too(self, tmp_path: Path) -> None:
        sheet = Sheet().line(PROSE).gap(30)
        for row in self.ROWS:
            sheet.row(row, (80, 205, 305))
        document, _ = loaded(tmp_path, pdf([sheet.gap(20).line(PROSE)]))
        assert document.text == f"{PROSE}\n\n{self.TABLE}\n\n{PROSE}"

    def test_a_table_that_goes_on_over_the_page_is_one_with_one_header(self, tmp_path: Path) -> None:
        sheets = []
        for rows in (self.ROWS[:3], (self.ROWS[0], self.ROWS[3])):
            sheet = Sheet(y=113)
            for row in rows:
                sheet.row(row, (80, 205, 305))
            sheets.append(sheet.grid((75, 200, 300, 400), [100 + 18 * n for n in range(len(rows) + 1)]))
        document, _ = loaded(tmp_path, pdf(sheets))
        assert document.text == self.TABLE

    def test_a_table_stays_one_passage(self, tmp_path: Path) -> None:
        sheet = Sheet().line("Prices", size=16).gap()
        for row in self.ROWS:
            sheet.row(row, (80, 205, 305))
        document, _ = loaded(tmp_path, pdf([sheet]))
        [passage] = chunk(document)
        assert [text for text in passage.sentence_texts() if "Malta" in text] == ["| Malta | 6 | 9.00 |"]


class TestRefused:
    def test_pages_that_are_pictures_are_named_and_the_others_kept(self, tmp_path: Path) -> None:
        picture = Sheet().rule(50, 50, 500, 700)
        document, faults = loaded(tmp_path, pdf([*manual(), picture, picture, *manual(), picture]))
        assert document.title == "Delivery"
        assert faults == ["pages 2-3, 5 are pictures without text; the others are kept"]

    def test_a_scan_says_what_to_do_about_it(self, tmp_path: Path) -> None:
        with pytest.raises(BadDocument, match=r"pictures; run text recognition \(OCR\)"):
            loaded(tmp_path, pdf([Sheet().rule(50, 50, 500, 700)]))

    def test_an_empty_one_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(BadDocument, match="is empty"):
            loaded(tmp_path, pdf([Sheet()]))

    def test_one_with_a_password_is_named(self, tmp_path: Path) -> None:
        encrypted = (
            b"/Encrypt<</Filter/Standard/V 1/R 2/O<" + b"41" * 32 + b">/U<" + b"42" * 32 + b">/P -4>>/ID[<00><00>]"
        )
        data = pdf(manual()).replace(b"/Info 5 0 R", encrypted)
        with pytest.raises(BadDocument, match="protected by a password"):
            loaded(tmp_path, data)

    @pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"not a pdf at all", b"%PDF-1.7\n" + b"\xff" * 5_000])
    def test_what_is_no_pdf_is_named(self, tmp_path: Path, data: bytes) -> None:
        with pytest.raises(BadDocument):
            loaded(tmp_path, data)

    @given(st.data())
    @settings(max_examples=150, deadline=None)
    def test_a_broken_file_is_read_as_far_as_it_goes_or_named(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        whole = bytearray(pdf(manual()))
        for _ in range(data.draw(st.integers(0, 20))):
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
        cut = data.draw(st.integers(0, len(whole)))
        path = tmp_path_factory.mktemp("broken") / "a.pdf"
        path.write_bytes(bytes(whole[:cut] if data.draw(st.booleans()) else whole))
        try:
            found = list(loader.load(File(path, "a.pdf")))
        except BadDocument:
            return
        assert all(isinstance(each, (Document, BadDocument)) for each in found)
