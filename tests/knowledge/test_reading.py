"""Promises of reading whatever lies in a folder: nothing in it stops the rest."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pdf_writing import Sheet, pdf

from knowledge.errors import BadDocument
from knowledge.loaders.aside import Aside
from knowledge.loaders.formats import FORMATS
from knowledge.loaders.plain import File
from knowledge.loaders.reading import Read, Skipped, read


def split(found: list[Read | Skipped]) -> tuple[list[str], dict[str, str]]:
    documents = [each.document.id for each in found if isinstance(each, Read)]
    return documents, {Path(each.origin).name: each.reason for each in found if isinstance(each, Skipped)}


@pytest.mark.server
def test_every_format_is_read_and_what_is_broken_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf([Sheet().line("Words of a page.")]))
    (tmp_path / "b.pdf").write_bytes(b"broken")
    (tmp_path / "c.docx").write_bytes(b"broken")
    (tmp_path / "d.md").write_text("---\nvalid until: whenever\nlanguage: EN\n---\nWords.")
    (tmp_path / "e.txt").write_text("Words.")
    (tmp_path / "f.xyz").write_text("Not looked at.")
    documents, reasons = split(list(read(tmp_path)))
    assert documents == ["a.pdf", "d.md", "e.txt"]
    assert reasons == {
        "b.pdf": "is no PDF: Failed to load document (PDFium: Data format error).",
        "c.docx": "is no Word document: File is not a zip file",
        "d.md": "valid_until 'whenever' is no day anybody could be sure of (write 2026-01-31): kept without it",
    }


@pytest.mark.server
def test_a_file_that_takes_too_long_is_named_and_the_next_is_read(tmp_path: Path) -> None:
    sheets = [Sheet().line("Words of a page.")]
    for number in range(2_000):
        sheets[0].at("word", number % 500, number % 800)
    (tmp_path / "a.pdf").write_bytes(pdf(sheets * 200))
    (tmp_path / "b.md").write_text("Words.")
    documents, reasons = split(list(read(tmp_path, limit_s=0.5)))
    assert documents == ["b.md"]
    assert reasons == {"a.pdf": "took longer than 0.5 s to read"}


@pytest.mark.server
def test_a_file_that_takes_too_much_memory_is_named_and_the_next_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "<a>" + "<b/>" * 8_000_000 + "</a>")
    (tmp_path / "fine.pdf").write_bytes(pdf([Sheet().line("Words of a page.")]))
    with Aside(memory_bytes=600_000_000) as aside:
        with pytest.raises(BadDocument, match=r"memory|ended the program"):
            list(aside.read(File(tmp_path / "bomb.docx", "bomb.docx")))
        assert len(list(aside.read(File(tmp_path / "fine.pdf", "fine.pdf")))) == 1


@pytest.mark.server
def test_what_is_left_in_the_middle_of_a_file_does_not_come_with_the_next(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.pdf").write_bytes(pdf([Sheet().line(f"Words of {name}."), Sheet().rule(1, 1, 300, 300)]))
    with Aside() as aside:
        one = aside.read(File(tmp_path / "one.pdf", "one.pdf"))
        next(one)
        one.close()  # type: ignore[attr-defined]
        found = list(aside.read(File(tmp_path / "two.pdf", "two.pdf")))
    assert [getattr(each, "id", "") for each in found] == ["two.pdf", ""]


def test_links_in_circles_pipes_and_folders_with_a_files_name_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "nowhere.md").symlink_to(tmp_path / "missing")
    (tmp_path / "round.md").symlink_to(tmp_path / "round.md")
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "folder.md" / "a.md").write_text("Words.")
    documents, reasons = split(list(read(tmp_path)))
    assert documents == ["folder.md/a.md"]
    assert reasons == dict.fromkeys(("pipe.md", "nowhere.md", "round.md"), "is no regular file")


@pytest.mark.parametrize("ending", sorted(FORMATS))
@given(data=st.binary(max_size=600))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_under_any_ending_are_documents_or_a_named_fault(tmp_path: Path, ending: str, data: bytes) -> None:
    path = tmp_path / f"any{ending}"
    path.write_bytes(data)
    found: list[object] = []
    try:
        found += FORMATS[ending](File(path, path.name))
    except BadDocument as error:
        found.append(error)
    assert all(not isinstance(each, BadDocument) or (str(each) and "\n" not in str(each)) for each in found)
