"""Promises of the loaders, one format after the other."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import BadDocument
from knowledge.loaders import beir, front_matter, html, markdown, plain, tables
from knowledge.loaders.plain import File
from knowledge.passages import Document


def file(tmp_path: Path, name: str, content: str | bytes) -> File:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return File(path, f"help/{name}")


ARTICLE = """---
title: "Returns: what you need"   # shown on top
updated: 2026-03-01
Valid from: 2026-01-01
region: [uk, ie]
audience:
  - customers
  - partners
empty:
nested:
  a: 1
---
# Returns: what you need

You can return **almost everything** within [30 days](https://example.org)
of delivery. <!-- internal -->

Gifts
-----

1. Pack it
2. Send it
   - by post
   - in store

| Country | Price |
|:--------|------:|
| UK      | £3.95 |
| a \\| b | *free* |

```
code stays
```
"""


class TestMarkdown:
    def test_an_article_becomes_plain_text_with_headings_items_and_rows(self, tmp_path: Path) -> None:
        [document] = markdown.load(file(tmp_path, "returns.md", ARTICLE))
        assert document.id == document.source == "help/returns.md"
        assert document.title == "Returns: what you need"
        assert document.text == (
            "You can return almost everything within 30 days of delivery.\n\n"
            "## Gifts\n\n"
            "1. Pack it\n2. Send it\n  - by post\n  - in store\n\n"
            "| Country | Price |\n|---|\n| UK | £3.95 |\n| a / b | free |\n\n"
            "    code stays"
        )

    def test_front_matter_becomes_metadata_with_names_as_filters_use_them(self, tmp_path: Path) -> None:
        [document] = markdown.load(file(tmp_path, "returns.md", ARTICLE))
        assert document.metadata == {
            "updated": "2026-03-01",
            "valid_from": "2026-01-01",
            "region": "uk, ie",
            "audience": "customers, partners",
        }

    def test_without_front_matter_the_first_heading_is_the_title_else_the_name(self, tmp_path: Path) -> None:
        [first] = markdown.load(file(tmp_path, "a.md", "# Store hours\n\nNine to six."))
        [second] = markdown.load(file(tmp_path, "store-hours_uk.md", "Nine to six."))
        assert (first.title, first.text) == ("Store hours", "Nine to six.")
        assert second.title == "Store hours uk"

    def test_an_articles_own_url_is_its_source(self, tmp_path: Path) -> None:
        [document] = markdown.load(file(tmp_path, "a.md", "---\nurl: https://example.org/a\n---\nText."))
        assert document.source == "https://example.org/a"
        assert document.metadata == {}

    @pytest.mark.parametrize("text", ["---\ntitle: x\nno end", "---\ntitle: x\n???\n---\n"])
    def test_broken_front_matter_is_named(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(BadDocument, match="front matter"):
            list(markdown.load(file(tmp_path, "a.md", text)))

    def test_a_ruler_at_the_top_is_no_front_matter(self) -> None:
        assert front_matter.split("---\n\nText.") == ({}, "---\n\nText.")

    @given(st.text(max_size=400))
    def test_any_text_is_an_article_or_a_bad_document(
        self, tmp_path_factory: pytest.TempPathFactory, text: str
    ) -> None:
        path = tmp_path_factory.mktemp("any") / "a.md"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            [document] = markdown.load(File(path, "a.md"))
        except BadDocument:
            return
        assert isinstance(document.text, str)


PAGE = """<!doctype html><html lang="de-AT"><head><title>Help | Shop</title>
<meta name="region" content="at"><meta property="article:modified_time" content="2026-02-03">
<meta name="viewport" content="width=1"><link rel="canonical" href="https://example.org/h"></head>
<body><nav><a>Home</a></nav><main><h1>Returns</h1>
<p>Send it <b>back</b> in<br>30&nbsp;days.</p><script>alert(1)</script>
<h2>Gifts</h2><ul><li>with <i>receipt</i></li><li>boxed</li></ul><!-- no -->
<table><tr><th>Land</th><th>Preis</th></tr><tr><td>AT</td><td>4 |</td></tr></table>
</main><footer>© Shop</footer></body></html>"""


class TestHtml:
    def test_a_page_is_what_a_reader_reads_without_the_site_around_it(self, tmp_path: Path) -> None:
        [document] = html.load(file(tmp_path, "h.html", PAGE))
        assert document.title == "Returns"
        assert document.source == "https://example.org/h"
        assert document.metadata == {"region": "at", "updated": "2026-02-03", "language": "de-AT"}
        assert document.text == (
            "Send it back in\n\n30 days.\n\n## Gifts\n\n- with receipt\n\n- boxed\n\n"
            "| Land | Preis |\n|---|\n| AT | 4 / |"
        )

    def test_a_page_nested_without_end_is_read(self, tmp_path: Path) -> None:
        [document] = html.load(file(tmp_path, "deep.html", "<div>" * 20_000 + "<p>bottom</p>"))
        assert document.text in ("bottom", "")

    @pytest.mark.parametrize("content", ["", "<", "<html>", "plain words", "<p>unclosed", "\ufeff<p>x</p>"])
    def test_what_is_hardly_html_is_read_as_far_as_it_goes(self, tmp_path: Path, content: str) -> None:
        [document] = html.load(file(tmp_path, "odd.html", content))
        assert document.title == "Odd"


class TestPlain:
    def test_hard_wrapped_lines_are_joined_and_short_lines_are_not(self, tmp_path: Path) -> None:
        wrapped = "Our store in Leeds opens every weekday at nine and closes\nat six in the evening."
        text = f"Opening hours\n\n{wrapped}\nClosed."
        [document] = plain.load(file(tmp_path, "store-hours.txt", text))
        assert document.title == "Store hours"
        assert document.text == (
            "Opening hours\n\nOur store in Leeds opens every weekday at nine and closes at six in the evening.\nClosed."
        )

    def test_old_office_encodings_and_byte_order_marks_are_read(self, tmp_path: Path) -> None:
        for data in ("£5 – naïve".encode("cp1252"), "£5 – naïve".encode("utf-8-sig"), "£5 – naïve".encode("utf-16")):
            [document] = plain.load(file(tmp_path, "a.txt", data))
            assert document.text == "£5 – naïve"

    def test_binary_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadDocument, match="not text"):
            list(plain.load(file(tmp_path, "a.txt", b"\x89PNG\x00\x00")))

    def test_metadata_names_are_folded(self) -> None:
        assert plain.metadata({"Valid From": "x", "Größe": 3, "": "y", "none": None, "yes": True}) == {
            "valid_from": "x",
            "grosse" if "grosse" in plain.metadata({"Größe": 3}) else "groe": "3",
            "yes": "true",
        }


def rows(found: object) -> tuple[list[Document], list[str]]:
    listed = list(found)  # type: ignore[call-overload]
    return [x for x in listed if isinstance(x, Document)], [str(x) for x in listed if isinstance(x, BadDocument)]


class TestTables:
    def test_questions_and_answers_become_documents_with_stable_ids(self, tmp_path: Path) -> None:
        text = "Question;Answer;Region\nCan I return gifts?;Yes, within 30 days.;uk\nCan I return gifts?;Ja.;de\n"
        text += ";;\nEmpty?;;\n"
        documents, errors = rows(tables.load(file(tmp_path, "faq.csv", text)))
        assert [document.id for document in documents] == [
            "help/faq.csv#can-i-return-gifts",
            "help/faq.csv#can-i-return-gifts-2",
        ]
        assert documents[0].title == "Can I return gifts?"
        assert documents[0].text == "Yes, within 30 days."
        assert documents[0].metadata == {"region": "uk"}
        assert errors == ["row 5 has no text"]

    def test_other_rows_become_a_line_for_each_column(self, tmp_path: Path) -> None:
        text = "Store,Opens,Closes\nLeeds,9:00,18:00\n"
        [document], _ = rows(tables.load(file(tmp_path, "stores.csv", text)))
        assert document.title == "Leeds"
        assert document.text == "Store: Leeds\nOpens: 9:00\nCloses: 18:00"

    def test_an_id_column_is_the_id(self, tmp_path: Path) -> None:
        [document], _ = rows(
            tables.load(file(tmp_path, "f.csv", 'id,question,answer\n7,Q?,"A, with ""quotes""\nand lines"\n'))
        )
        assert document.id == "help/f.csv#7"
        assert document.text == 'A, with "quotes"\nand lines'

    @pytest.mark.parametrize("text", ["", "\n", "only\none\n", "a,b\n" + "x" * 200_000 + ",y\n"])
    def test_what_is_no_table_is_named(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(BadDocument):
            list(tables.load(file(tmp_path, "f.csv", text)))


class TestBeir:
    LINES = (
        {"_id": "a/1", "title": "T", "text": "Words.", "metadata": {"Region": "uk", "url": "https://example.org/1"}},
        {"_id": 2, "title": None, "text": "More."},
    )

    def test_a_corpus_is_read_plain_and_gzipped(self, tmp_path: Path) -> None:
        data = "\n".join(json.dumps(line) for line in self.LINES).encode() + b"\n\n"
        for name, content in (("corpus.jsonl", data), ("corpus.jsonl.gz", gzip.compress(data))):
            documents, errors = rows(beir.load(file(tmp_path, name, content)))
            assert [(d.id, d.title, d.text) for d in documents] == [("a/1", "T", "Words."), ("2", "", "More.")]
            assert documents[0].source == "https://example.org/1"
            assert documents[0].metadata == {"region": "uk"}
            assert errors == []

    def test_a_broken_line_is_named_and_the_rest_is_read(self, tmp_path: Path) -> None:
        lines = [b'{"_id": "1", "text": "a"}', b"{broken", b"[]", b'{"_id": "2"}', b'{"text": "x"}', b"\xff\xfe",
                 b'{"_id": "3", "text": "c"}']  # fmt: skip
        documents, errors = rows(beir.load(file(tmp_path, "c.jsonl", b"\n".join(lines))))
        assert [document.id for document in documents] == ["1", "3"]
        why = "has no _id and text, and no question and answer"
        assert errors == [f"line {number} {why}" for number in (2, 3, 4, 5, 6)]

    def test_a_gzip_that_is_cut_off_is_named_after_what_could_be_read(self, tmp_path: Path) -> None:
        data = gzip.compress(b"\n".join(b'{"_id": "%d", "text": "words"}' % n for n in range(5000)))
        found: list[object] = []
        with pytest.raises(BadDocument):
            found.extend(beir.load(file(tmp_path, "c.jsonl.gz", data[: len(data) // 2])))
        assert found
