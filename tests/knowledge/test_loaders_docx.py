"""Promises of the Word loader. The files are made of the parts that Word writes, by hand."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.errors import BadDocument
from knowledge.loaders import docx
from knowledge.loaders.plain import File
from knowledge.passages import Document

NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
STYLES = """<w:docDefaults><w:rPrDefault><w:rPr><w:lang w:val="de-CH"/></w:rPr></w:rPrDefault></w:docDefaults>
<w:style w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style>
<w:style w:styleId="Mine"><w:name w:val="Our section"/><w:basedOn w:val="berschrift2"/></w:style>
<w:style w:styleId="Title"><w:name w:val="Title"/></w:style>"""
NUMBERS = """<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl>
<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>
<w:num w:numId="5"><w:abstractNumId w:val="0"/></w:num>"""
CORE = """<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">
<dc:title>{}</dc:title><dcterms:modified>2026-02-03T10:00:00Z</dcterms:modified></cp:coreProperties>"""


def text(words: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{words}</w:t></w:r>'


def paragraph(words: str, *, style: str = "", item: int | None = None) -> str:
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    if item is not None:
        properties += f'<w:numPr><w:ilvl w:val="{item}"/><w:numId w:val="5"/></w:numPr>'
    return f"<w:p><w:pPr>{properties}</w:pPr>{words if '<' in words else text(words)}</w:p>"


def table(*rows: tuple[str, ...]) -> str:
    cells = ("".join(f"<w:tc>{cell if '<' in cell else paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def package(body: str, *, title: str = "", **parts: str) -> bytes:
    written = {
        "word/document.xml": f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>",
        "word/styles.xml": f"<w:styles {NAMESPACES}>{STYLES}</w:styles>",
        "word/numbering.xml": f"<w:numbering {NAMESPACES}>{NUMBERS}</w:numbering>",
        "docProps/core.xml": CORE.format(title),
    }
    for name, content in parts.items():
        written[f"word/{name}.xml"] = f"<w:{name} {NAMESPACES}>{content}</w:{name}>"
    return zipped(written)


def zipped(parts: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def loaded(tmp_path: Path, data: bytes) -> Document:
    path = tmp_path / "kettle-guide.docx"
    path.write_bytes(data)
    [document] = docx.load(File(path, "kettle-guide.docx"))
    assert isinstance(document, Document)
    return document


def test_headings_lists_and_tables_are_as_in_every_other_document(tmp_path: Path) -> None:
    body = paragraph("Kettles", style="Title") + paragraph("Keep the receipt.") + paragraph("Claims", style="Mine")
    body += "".join(paragraph(words, item=level) for words, level in (("Find it", 0), ("at home", 1), ("Send it", 0)))
    body += table(("Model", "Years"), ("K1 | old", "2"))
    document = loaded(tmp_path, package(body))
    assert document.title == "Kettles"
    assert document.text == (
        "Keep the receipt.\n\n## Claims\n\n1. Find it\n  - at home\n2. Send it\n\n"
        "| Model | Years |\n|---|\n| K1 / old | 2 |"
    )
    assert document.metadata == {"updated": "2026-02-03T10:00:00Z", "language": "de-CH"}


def test_the_files_own_title_goes_before_a_heading(tmp_path: Path) -> None:
    document = loaded(tmp_path, package(paragraph("Kettles", style="Title") + paragraph("Words."), title="All kettles"))
    assert (document.title, document.text) == ("All kettles", "# Kettles\n\nWords.")
    assert loaded(tmp_path, package(paragraph("Words."))).title == "Kettle guide"


def test_a_table_in_a_table_stays_in_its_cell(tmp_path: Path) -> None:
    inner = table(("a", "b"), ("c", "d")) + paragraph("after")
    document = loaded(tmp_path, package(table(("Model", "Parts"), ("K1", inner))))
    assert document.text == "| Model | Parts |\n|---|\n| K1 | a, b c, d after |"


def test_insertions_are_read_and_deletions_comments_and_hidden_words_are_not(tmp_path: Path) -> None:
    words = text("You may ")
    words += (
        f'<w:del w:id="1"><w:r><w:delText>never </w:delText></w:r></w:del><w:ins w:id="2">{text("always ")}</w:ins>'
    )
    words += "<w:r><w:rPr><w:vanish/></w:rPr><w:t>secretly </w:t></w:r>"
    words += '<w:commentRangeStart w:id="3"/>' + text("return it.") + '<w:r><w:commentReference w:id="3"/></w:r>'
    body = f"<w:p>{words}</w:p>"
    assert loaded(tmp_path, package(body, comments='<w:comment w:id="3"/>')).text == "You may always return it."


def test_links_fields_footnotes_and_text_boxes_are_words(tmp_path: Path) -> None:
    words = text("See ") + f'<w:hyperlink r:id="r1">{text("our site")}</w:hyperlink>'
    words += '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> PAGEREF x </w:instrText></w:r>' + text(
        " now"
    )
    words += '<w:r><w:footnoteReference w:id="4"/></w:r>'
    box = f"<w:r><mc:AlternateContent><mc:Choice><w:txbxContent>{paragraph('In a box.')}</w:txbxContent></mc:Choice>"
    box += f"<mc:Fallback><w:txbxContent>{paragraph('In a box.')}</w:txbxContent></mc:Fallback>"
    box += "</mc:AlternateContent></w:r>"
    notes = f'<w:footnote w:id="0" w:type="separator">{paragraph("---")}</w:footnote>'
    notes += f'<w:footnote w:id="4">{paragraph("Except on Sundays.")}</w:footnote>'
    document = loaded(tmp_path, package(f"<w:p>{words}{box}</w:p>", footnotes=notes))
    assert document.text == "See our site now\n\nExcept on Sundays.\n\nIn a box."


def test_what_a_content_control_holds_is_read(tmp_path: Path) -> None:
    body = f"<w:sdt><w:sdtPr/><w:sdtContent>{paragraph('Inside.')}</w:sdtContent></w:sdt>{paragraph('Outside.')}"
    assert loaded(tmp_path, package(body)).text == "Inside.\n\nOutside."


def test_macros_are_never_looked_at(tmp_path: Path) -> None:
    parts = {"word/document.xml": f"<w:document {NAMESPACES}><w:body>{paragraph('Words.')}</w:body></w:document>"}
    assert loaded(tmp_path, zipped({**parts, "word/vbaProject.bin": "\0" * 50})).text == "Words."


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is no Word document"),
        (b"PK\x03\x04 cut off", "is no Word document"),
        (zipped({"xl/workbook.xml": "<a/>"}), "has no word/document.xml"),
        (zipped({"word/document.xml": "<w:document"}), "broken XML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "protected by a password, or written by a Word older"),
        (zipped({"word/document.xml": "<!DOCTYPE a [<!ENTITY b 'lol'><!ENTITY c '&b;&b;'>]><a>&c;</a>"}), "broken XML"),
        (zipped({"word/document.xml": "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"}), "broken XML"),
        (zipped({"word/document.xml": " " * 60_000_001}), "unpacks to more than 60 MB"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(BadDocument, match=reason):
        loaded(tmp_path, data)


def test_tables_nested_without_end_are_read_or_named(tmp_path: Path) -> None:
    cell = paragraph("bottom")
    for _ in range(3_000):
        cell = f"<w:tbl><w:tr><w:tc>{cell}</w:tc></w:tr></w:tbl>"
    assert loaded(tmp_path, package(cell + paragraph("after"))).text.endswith("after")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_broken_file_is_read_as_far_as_it_goes_or_named(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = bytearray(package(paragraph("Kettles", style="Title") + table(("a", "b"), ("c", "d"))))
    for _ in range(data.draw(st.integers(0, 20))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BadDocument):
        loaded(tmp_path_factory.mktemp("broken"), bytes(whole[: data.draw(st.integers(0, len(whole)))]))
