"""Promises of saved web pages: one page, one browser file, a whole site with its sitemap."""

from __future__ import annotations

import gzip
import json
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.errors import BadDocument
from knowledge.loaders import html, mht, sitemap
from knowledge.loaders.plain import File
from knowledge.loaders.reading import Read, Skipped, read
from knowledge.passages import Document


def page(tmp_path: Path, markup: str | bytes) -> list[Document]:
    path = tmp_path / "a.html"
    path.write_bytes(markup.encode() if isinstance(markup, str) else markup)
    return [each for each in html.load(File(path, "a.html")) if isinstance(each, Document)]


def tree(folder: Path, files: dict[str, str | bytes]) -> tuple[dict[str, Document], list[str]]:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    found = list(read(folder))
    return (
        {each.document.id: each.document for each in found if isinstance(each, Read)},
        [f"{Path(each.origin).relative_to(folder)}: {each.reason}" for each in found if isinstance(each, Skipped)],
    )


class TestOnePage:
    @pytest.mark.parametrize(
        ("head", "source"),
        [
            ('<link rel="canonical" href="https://x.example/r#top">', "https://x.example/r"),
            ('<base href="https://x.example/help/"><link rel="canonical" href="r">', "https://x.example/help/r"),
            ('<meta property="og:url" content="https://x.example/r">', "https://x.example/r"),
            ("<!-- saved from url=(0019)https://x.example/r -->", "https://x.example/r"),
            ("<!-- Mirrored from x.example/r by HTTrack Website Copier/3.x -->", "https://x.example/r"),
            ('<link rel="canonical" href="javascript:alert(1)">', "a.html"),
            ('<link rel="canonical" href="http://[broken">', "a.html"),
            ("", "a.html"),
        ],
    )
    def test_its_source_is_the_address_it_gives_itself(self, tmp_path: Path, head: str, source: str) -> None:
        assert page(tmp_path, f"<head>{head}</head><p>Words.")[0].source == source

    def test_its_times_are_those_of_its_metadata_and_linked_data(self, tmp_path: Path) -> None:
        data = {"@graph": [{"@type": "Article", "dateModified": "2026-02-03", "datePublished": "2025-01-02"}]}
        head = f'<script type="application/ld+json">{json.dumps(data)}</script><meta name="csrf-token" content="x1">'
        head += '<meta name="generator" content="y"><meta name="audience" content="partners">'
        [document] = page(tmp_path, f"<html lang=en-GB><head>{head}</head><p>Words.")
        assert document.metadata == {
            "updated": "2026-02-03", "published": "2025-01-02", "audience": "partners", "language": "en-GB",
        }  # fmt: skip

    def test_questions_for_machines_are_rows_and_are_not_said_twice(self, tmp_path: Path) -> None:
        answers = {"Can I pay by card?": "<p>Yes.</p><ul><li>Visa</li></ul>", "Any fees?": "None."}
        entries = [
            {"@type": "Question", "name": name, "acceptedAnswer": {"@type": "Answer", "text": text}}
            for name, text in answers.items()
        ]
        data = json.dumps({"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": entries})
        body = "<h1>Payment</h1><p>All about paying.</p>" + "".join(f"<h2>{n}</h2>{t}" for n, t in answers.items())
        found = page(tmp_path, f'<script type="application/ld+json">{data}</script>{body}')
        assert [(each.id, each.title, each.text) for each in found] == [
            ("a.html#can-i-pay-by-card", "Can I pay by card?", "Yes.\n\n- Visa"),
            ("a.html#any-fees", "Any fees?", "None."),
            ("a.html", "Payment", "All about paying."),
        ]

    def test_linked_data_that_is_broken_or_huge_is_passed_over(self, tmp_path: Path) -> None:
        for data in ("{", "[" * 5_000, '"' + "x" * 2_100_000 + '"', "null"):
            assert page(tmp_path, f'<script type="application/ld+json">{data}</script><p>Words.')[0].text == "Words."

    def test_a_heading_in_an_articles_header_and_a_page_in_a_form_are_read(self, tmp_path: Path) -> None:
        [document] = page(tmp_path, "<form><article><header><h1>Returns</h1></header><p>Words.</p></article></form>")
        assert (document.title, document.text) == ("Returns", "Words.")

    def test_a_page_that_leaves_out_head_and_body_is_read(self, tmp_path: Path) -> None:
        [document] = page(tmp_path, "<title>Shop</title><main><h1>Returns</h1><p>Words.</p></main>")
        assert (document.title, document.text) == ("Returns", "Words.")

    def test_what_unfolds_at_a_click_is_read(self, tmp_path: Path) -> None:
        fold = "<h2><button>Any fees?</button></h2><div hidden aria-hidden=true>None.</div>"
        assert page(tmp_path, f"<main>{fold}</main>")[0].text == "## Any fees?\n\nNone."

    def test_all_articles_of_a_page_are_read(self, tmp_path: Path) -> None:
        [document] = page(tmp_path, "<body><article><p>One.</p></article><article><p>Two.</p></article>")
        assert document.text == "One.\n\nTwo."

    def test_a_table_that_only_places_things_is_no_table(self, tmp_path: Path) -> None:
        inner = "<table><tr><th>A</th></tr><tr><td>1</td></tr></table>"
        [document] = page(tmp_path, f"<table><tr><td><h1>T</h1><p>Words.</p>{inner}</td><td>Side.</td></tr></table>")
        assert document.text == "Words.\n\n| A |\n|---|\n| 1 |\n\nSide."

    def test_code_is_no_heading(self, tmp_path: Path) -> None:
        [document] = page(tmp_path, "<p>Run:</p><pre># a comment\nmake</pre>")
        assert document.text == "Run:\n\n    # a comment\n    make"

    def test_a_page_is_read_in_the_encoding_it_names(self, tmp_path: Path) -> None:
        for name in ("iso-8859-2", "shift_jis", "utf-8", "nonsense"):
            words = {"shift_jis": "返品", "nonsense": "plain"}.get(name, "źdźbło")
            data = f'<meta charset="{name}"><p>{words}'.encode("utf-8" if name == "nonsense" else name)
            assert page(tmp_path, data)[0].text == words

    def test_a_fragment_is_text_as_a_page_is(self) -> None:
        assert html.fragment("<h2>Gifts</h2><p>Within <b>30</b> days.") == "## Gifts\n\nWithin 30 days."
        assert html.fragment("") == html.fragment("<br><!-- x -->") == ""


class TestBrowserFile:
    def test_a_page_saved_as_one_file_is_read_with_its_address(self, tmp_path: Path) -> None:
        message = EmailMessage()
        message["Snapshot-Content-Location"] = "https://x.example/r#a"
        message.set_content("<h1>Rückgabe</h1><p>Wörter.", subtype="html", charset="utf-8")
        message.add_related(b"\x89PNG", "image", "png")
        path = tmp_path / "r.mhtml"
        path.write_bytes(bytes(message))
        [document] = mht.load(File(path, "r.mhtml"))
        assert isinstance(document, Document)
        assert (document.title, document.text, document.source) == ("Rückgabe", "Wörter.", "https://x.example/r")

    @given(st.binary(max_size=400))
    @settings(deadline=None)
    def test_any_bytes_are_a_page_or_named(self, tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
        path = tmp_path_factory.mktemp("any") / "a.mht"
        path.write_bytes(b"Content-Type: multipart/related; boundary=x\n\n--x\nContent-Type: text/html\n" + data)
        try:
            found = list(mht.load(File(path, "a.mht")))
        except BadDocument:
            return
        assert found


MENU = "<div><a>Home</a></div><div><a>All topics</a></div><div><a>Sign in</a></div>"
COOKIES = "<div>We use cookies. <span>Accept all</span></div>"
FOOT = "<div>Call us on 020 7946 0000 from nine to six.</div><div>© Acme</div>"
TOPICS = ("returns", "parcels", "gifts", "cards", "kettles", "repairs", "orders", "refunds")


def shop(topic: str, extra: str = "") -> str:
    words = f"<h1>All of {topic}</h1><p>What you must know of {topic}.</p><h2>More</h2><p>It is about {topic}.</p>"
    return f"<body>{MENU}{COOKIES}<div>{words}{extra}</div><h2>Related</h2>{FOOT}</body>"


class TestSite:
    def test_what_stands_on_most_pages_is_left_out_and_sentences_of_it_kept_once(self, tmp_path: Path) -> None:
        documents, skipped = tree(tmp_path, {f"{topic}.html": shop(topic) for topic in TOPICS})
        assert skipped == []
        for topic in TOPICS:
            own = f"What you must know of {topic}.\n\n## More\n\nIt is about {topic}."
            assert own in documents[f"{topic}.html"].text
            assert documents[f"{topic}.html"].title == f"All of {topic}"
        joined = "\n\n".join(document.text for document in documents.values())
        assert "All topics" not in joined
        assert joined.count("## Related\n\nCall us on 020 7946 0000") == joined.count("Related") == 1

    def test_a_few_pages_say_nothing_of_what_is_furniture(self, tmp_path: Path) -> None:
        documents, _ = tree(tmp_path, {f"{topic}.html": shop(topic) for topic in TOPICS[:4]})
        assert all("All topics" in document.text for document in documents.values())

    def test_a_page_saved_twice_is_one_document(self, tmp_path: Path) -> None:
        link = "<link rel=canonical href='https://x.example/r'>"
        documents, skipped = tree(tmp_path, {"a.html": link + "<p>Words.", "b.html": link + "<p>Words."})
        assert list(documents) == ["a.html"]
        assert skipped == ["b.html: is the same page as a.html"]

    def test_what_browsers_and_httrack_save_beside_a_page_is_not_read(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {"Help.html": "<p>Words.", "Help_files/frame.html": "<p>Ad."}
        files |= {"hts-cache/x.html": "<p>Old.", "robots.txt": "User-agent: *"}
        files |= {"index.html": "<h1>Index of locally available sites:</h1><p>x"}
        documents, skipped = tree(tmp_path, files)
        assert list(documents) == ["Help.html"]
        assert skipped == ["index.html: is the list of sites that HTTrack writes"]

    @pytest.mark.parametrize("name", ["sitemap.xml", "sitemap-help.xml.gz"])
    def test_a_sitemap_in_the_folder_gives_addresses_and_times(self, tmp_path: Path, name: str) -> None:
        body = b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"
        body += b"<url><loc>https://x.example/help/returns/</loc><lastmod>2026-02-03T04:05:06Z</lastmod></url>"
        body += b"<url><loc>https://x.example/gifts</loc></url></urlset>"
        link = "<link rel=canonical href='http://www.x.example/gifts/'>"
        documents, _ = tree(
            tmp_path,
            {
                name: gzip.compress(body) if name.endswith(".gz") else body,
                "x.example/help/returns/index.html": "<p>Words.",
                "g.html": link + "<p>Gifts.",
                "other.html": "<p>Other.",
            },
        )
        assert documents["x.example/help/returns/index.html"].source == "https://x.example/help/returns/"
        assert documents["x.example/help/returns/index.html"].metadata == {"updated": "2026-02-03"}
        assert documents["g.html"].source == "https://x.example/gifts"
        assert documents["other.html"].source == "other.html"

    def test_a_broken_sitemap_is_named_and_the_pages_are_read(self, tmp_path: Path) -> None:
        documents, skipped = tree(tmp_path, {"sitemap.xml": "<urlset", "a.html": "<p>Words."})
        assert list(documents) == ["a.html"]
        assert skipped == ["sitemap.xml: is no sitemap: broken XML (ParseError)"]

    @given(st.binary(max_size=300))
    def test_any_bytes_are_a_sitemap_or_named(self, data: bytes) -> None:
        for each in (data, b"<urlset>" + data, gzip.compress(data), b"\x1f\x8b" + data):
            try:
                assert sitemap.parse(each).pages == {}
            except BadDocument:
                continue

    def test_a_sitemap_that_unpacks_without_end_is_refused(self) -> None:
        with pytest.raises(BadDocument, match="larger than 50 MB unpacked"):
            sitemap.parse(gzip.compress(b"<urlset>" + b" " * 60_000_000))
