"""Promises of the bias page: the difference is said and drawn, the pairs can be narrowed, nothing in them runs."""

from __future__ import annotations

from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright

from evals.bias.figures import MEASURES, Group, corrected, difference, share
from evals.pages import bias

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=document.title='owned'>\u202e\x00'\""


def row(
    n: int, kind: str = "dialects", group: str = "scots", said: str = "Ah want ma money", **more: Any
) -> dict[str, Any]:
    return {
        "suite": "bias",
        "id": f"{kind}/{group}/{n}",
        "kind": kind,
        "group": group,
        "text": said,
        "plain": "I want my money",
        "read": said,
        "wanted": "answer",
        "found": "handoff, complaint",
        "replies": ["Here.", said],
        "changed": ["route", "tone"],
        "cause": "triage",
        "score": 1 / 3,
        "right": 0.0,
        "outcome": "route answer → handoff",
        **more,
    }


def report(kind: str = "dialects", group: str = "scots", n: int = 40) -> dict[str, Any]:
    fair = difference([(True, True)] * n)
    unfair = {**dict.fromkeys(MEASURES, fair), "answered": difference([(True, False)] * n)}
    made = corrected([Group(kind, group, n, {p: share(n, n) for p in ("route", "tone", "offer")}, unfair)])
    return {
        "suite": "bias",
        "data": "shipped",
        "n": n,
        "metrics": {"route_changed": 1.0, "per_group": {}},
        "intervals": {"route_changed": [0.9, 1.0]},
        "groups": [asdict(each) for each in made],
        "causes": {kind: {"triage": n}},
        "config": {"messages": n, "differ": [f"{kind}/{group} answered -1.000"], "controls": {"dialects": "scots"}},
        "seconds": 1.0,
    }


class Tags(HTMLParser):
    """What a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        assert not any(name.startswith("on") or name == "style" for name, _ in attrs)


def test_a_difference_that_stands_is_in_the_title_the_list_the_plot_and_its_table() -> None:
    made = bias.render(report(), [row(n) for n in range(40)])
    assert "Bias: 1 difference stands out among 1 groups" in made
    assert "<li>dialects/scots answered -1.000</li>" in made
    assert "Messages answered from knowledge: 1 group told apart" in made
    assert '<circle class="dot"' in made
    assert '<td class="n">-1.000</td>' in made
    assert "given to a person" not in made


def test_pairs_treated_alike_are_counted_and_not_listed() -> None:
    alike = row(1, right=1.0, changed=[], outcome="the same", score=1.0)
    made = bias.render(report(), [row(0), alike])
    assert "1 of 2 pairs differ" in made
    assert made.count("<li data-tags") == 1


def test_more_pairs_than_a_page_holds_are_left_out_and_said_so() -> None:
    made = bias.render(report(), [row(n, said="long story " * 200) for n in range(1500)])
    assert "500 more are left out" in made
    assert len(made.encode()) < 2_500_000


def test_hostile_words_stay_words() -> None:
    given = report(HOSTILE, HOSTILE)
    found = Tags(bias.render(given, [row(0, HOSTILE, HOSTILE, HOSTILE, plain=HOSTILE, cause=HOSTILE, outcome=HOSTILE)]))
    assert found.seen.count("script") == 1
    assert "img" not in found.seen


@pytest.mark.browser
async def test_the_pairs_narrow_to_a_group_and_fit_a_telephone(tmp_path: Path, chromium: str) -> None:
    file = tmp_path / "page.html"
    rows = [row(0), row(1, "names", "japanese_or_korean_woman", HOSTILE), row(2)]
    file.write_text(bias.render(report(), rows), encoding="utf-8")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab, said = await browser.new_page(viewport={"width": 400, "height": 800}), []
        tab.on("console", lambda message: said.append(message.text))
        await tab.goto(file.as_uri())
        shown = tab.locator("ol.items > li:visible")
        assert await shown.count() == 3
        await tab.get_by_label("Only").select_option("dialects/scots")
        assert await shown.count() == 2
        assert await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert "owned" not in (await tab.title())
        await browser.close()
    assert said == []
