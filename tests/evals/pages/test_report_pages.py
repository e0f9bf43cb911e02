"""Promises of the report pages: safe with hostile text, small, usable without scripts, and narrowed down by them."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright

from evals.measures import reliability as bins
from evals.pages import errors, retrieval
from evals.pages.kit import FULL_BYTES, Item, clip, esc, items, page, section
from evals.pages.plots import histogram, reliability

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=document.title='owned'>\u202e\x00'\""


def query(n: int, value: float, said: str = "Do they allow pets?") -> dict[str, Any]:
    found = [{"id": f"d{k}", "title": said, "text": said * 5, "score": 0.5, "gain": 0.0} for k in range(10)]
    return {
        "suite": "retrieval",
        "kind": "query",
        "id": f"q{n}",
        "text": f"{n} {said}",
        "history": [{"role": role, "text": said * 3} for role in ("customer", "bot") * 4],
        "fields": {"part": "ab"[n % 2]},
        "query": said,
        "searched": {"why": said, "forms": {"message": said}},
        "ranking": found,
        "relevant": [{"id": "w", "gain": 1.0, "rank": 14, "title": said, "text": said}],
        "ndcg@10": value,
        "ms": 12.0,
        "answerable": {"probability": 0.8, "passed": True, "reason": ""},
    }


def nothing(n: int) -> dict[str, Any]:
    verdict = {"probability": n / 10, "passed": n > 4, "reason": "no passage is close"}
    return {"kind": "no_answer", "id": f"n{n}", "text": "Who won?", "history": [], "answerable": verdict}


def report(name: str = "set") -> dict[str, Any]:
    part = {"n": 2, "ndcg@10": 0.5, "interval": [0.2, 0.8]}
    return {
        "suite": "retrieval",
        "data": f"somewhere/{name}",
        "n": 2,
        "metrics": {"ndcg@10": 0.5, "query_ms_p50": 10.0, "query_ms_p95": 20.0, "abstain_auroc": None},
        "intervals": {"ndcg@10": [0.4, 0.6]},
        "parts": {"part": {"a": part, "b": part}},
        "config": {"documents": 3, "versions": {"numpy": "2"}},
        "seconds": 1.0,
    }


class Tags(HTMLParser):
    """Counts what a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes |= {name for name, _ in attrs}


def test_hostile_text_stays_text_wherever_it_stands() -> None:
    rows = [query(n, 0.1, HOSTILE) for n in range(3)]
    found = Tags(retrieval.render(report(HOSTILE), rows))
    assert found.seen.count("script") == 1
    assert "img" not in found.seen
    assert not any(name.startswith("on") or name == "style" for name in found.attributes)


def test_control_and_direction_changing_characters_are_shown_as_such() -> None:
    assert esc("a\u202eb\x00c\ud800") == "a\ufffdb\ufffdc\ufffd"
    assert esc("ünïcode\n\t") == "ünïcode\n\t"
    assert clip("a  b\nc", 4) == "a b…"


def test_eight_hundred_queries_are_less_than_two_megabytes() -> None:
    made = retrieval.render(report(), [query(n, 0.0) for n in range(800)])
    assert len(made.encode()) < 2_000_000
    assert made.count("<li data-tags") == 800


def test_the_worst_come_first_and_say_where_the_wanted_one_stood() -> None:
    made = retrieval.render(report(), [query(1, 0.9), query(2, 0.0), query(3, 0.4)])
    assert made.index("2 Do they") < made.index("3 Do they") < made.index("1 Do they")
    assert "at 14" in made


def test_a_page_of_no_queries_is_still_a_page() -> None:
    empty = {**report(), "n": 0, "metrics": {"ndcg@10": None, "query_ms_p50": None, "query_ms_p95": None}, "parts": {}}
    assert "nDCG@10 –" in retrieval.render({**empty, "intervals": {"ndcg@10": None}}, [])


def test_refused_and_let_through_questions_are_shown_with_a_plot() -> None:
    made = retrieval.render(report(), [query(1, 0.9), *(nothing(n) for n in range(10))])
    assert "5 of 10 questions without an answer are refused" in made
    assert made.index("n9") if "n9" in made else True
    assert "<circle" in made


def test_bodies_beyond_the_page_are_left_out_and_said_so() -> None:
    made = items([Item("1", "first", "x" * (FULL_BYTES - 1)), Item("2", "second", "yyy")])
    assert "Only the first 1 open" in made
    assert "yyy" not in made
    assert "second" in made


def test_plots_have_their_table_and_hold_the_edges() -> None:
    assert '<td>0.9 to 1.0</td><td class="n">2</td>' in histogram("t", [0.0, 1.0, 0.95], "x", "n")
    assert "<td>0.9 to 1.0</td>" in reliability("t", bins([0.0, 1.0], [False, True]), "x", "n")


def test_pii_is_marked_in_its_text_with_its_fate() -> None:
    row = {
        "suite": "pii",
        "id": "1",
        "text": "Ann <b> from Rome",
        "wanted": [[0, 3, "PERSON"], [13, 17, "LOCATION"]],
        "found": [[0, 3, "PERSON"], [4, 7, "URL"]],
        "f2": 0.5,
    }
    made = errors.render({"suite": "pii", "data": "d", "n": 1, "metrics": {}, "config": {}, "seconds": 1.0}, [row])
    assert '<mark class="good">Ann<sup> found PERSON</sup></mark>' in made
    assert '<mark class="warn">&lt;b&gt;<sup> extra URL</sup></mark>' in made
    assert '<mark class="bad">Rome<sup> missed LOCATION</sup></mark>' in made


@pytest.mark.browser
async def test_the_list_narrows_by_words_and_by_part_without_a_network(tmp_path: Path, chromium: str) -> None:
    file = tmp_path / "page.html"
    rows = [query(n, 0.0, HOSTILE if n == 3 else "Do they allow pets?") for n in range(8)]
    file.write_text(retrieval.render(report(), rows), encoding="utf-8")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab, said = await browser.new_page(), []
        tab.on("console", lambda message: said.append(message.text))
        await tab.goto(file.as_uri())
        shown = tab.locator("ol.items > li:visible")
        assert await shown.count() == 8
        await tab.get_by_label("Only").select_option("b")
        assert await shown.count() == 4
        await tab.get_by_label("Find").fill("3 owned")
        assert await shown.count() == 1
        assert "owned" not in (await tab.title())
        plain = await (await browser.new_context(java_script_enabled=False)).new_page()
        await plain.goto(file.as_uri())
        assert await plain.locator("ol.items > li:visible").count() == 8
        assert await plain.locator(".filter:visible").count() == 0
        await browser.close()
    assert said == []


def test_a_page_fetches_nothing() -> None:
    made = page("t", "l", section("h", "<p>b</p>", note="n"))
    assert "default-src &#x27;none&#x27;" in made
    assert "http://" not in made
    assert "https://" not in made
