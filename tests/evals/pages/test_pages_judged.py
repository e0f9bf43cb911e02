"""Promises of the pages of suites that guess a label: the worst on top, honest curves, safe and small."""

from __future__ import annotations

import math
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright

from evals.pages import judged, plots
from evals.pages.outcomes import read
from evals.pages.tallies import confusions, coverage, in_force, labels, thresholds, worst_first

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=document.title='owned'>\u202e\x00'\""


def row(id: str, wanted: Any, found: Any, score: Any = 0.9, **more: Any) -> dict[str, Any]:
    right = float(wanted == found)
    return {
        "suite": "triage",
        "id": id,
        "text": f"message {id}",
        "wanted": wanted,
        "found": found,
        "score": score,
        "right": right,
        "outcome": f"nearest to {found}",
        **more,
    }


def report(suite: str = "triage", n: int = 4, **more: Any) -> dict[str, Any]:
    return {
        "suite": suite,
        "data": "somewhere/set.jsonl",
        "n": n,
        "metrics": {"accuracy": 0.75, "oos_recall": None},
        "intervals": {"accuracy": [0.7, 0.8], "oos_recall": None},
        "config": {"model": "m"},
        "seconds": 1.0,
        **more,
    }


ROWS = [
    row("a", "refund", "refund", 0.6),
    row("b", "refund", "return", 0.55),
    row("c", "return", "refund", 0.99),
    row("d", "oos", "oos", 0.95),
]


def attack(id: str, wanted: str, score: float, threshold: float = 0.6) -> dict[str, Any]:
    return row(id, wanted, "attack" if score >= threshold else "benign", score, suite="injection")


class Tags(HTMLParser):
    """What a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes |= {name for name, _ in attrs}


def test_wrong_and_sure_stands_on_top_and_right_and_sure_at_the_end() -> None:
    assert [each.id for each in worst_first(read("triage", ROWS))] == ["c", "b", "a", "d"]
    made = judged.render(report(), ROWS)
    assert made.index("message c") < made.index("message b") < made.index("message a") < made.index("message d")


def test_the_page_says_what_is_mistaken_for_what_and_can_be_narrowed_to_it() -> None:
    made = judged.render(report(), ROWS)
    assert "2 of 4 not right" in made
    assert '<option value="return → refund">return → refund (1)</option>' in made
    assert "0.700 to 0.800" in made


def test_confusions_are_counted_with_their_mean_confidence() -> None:
    rows = [row(str(n), "a", "b", 0.5 + n / 10) for n in range(3)] + [row("x", "b", "a", None)]
    first, second = confusions(read("triage", rows))
    assert (first.wanted, first.found, first.n, first.sure) == ("a", "b", 3, pytest.approx(0.6))
    assert (second.n, second.sure) == (1, None)


def test_the_label_that_is_never_found_is_the_worst() -> None:
    first = labels(read("triage", [*ROWS, row("e", "lost", "oos")]))[0]
    assert (first.name, first.precision, first.recall, first.f1) == ("lost", None, 0.0, 0.0)


def test_coverage_ends_with_all_rows_and_keeps_equal_confidences_together() -> None:
    curve = coverage(read("triage", [row("1", "a", "a", 0.9), row("2", "a", "b", 0.9), row("3", "a", "a", 0.5)]))
    assert curve == [(pytest.approx(2 / 3), 0.5, 0.9), (1.0, pytest.approx(2 / 3), 0.5)]


def test_a_score_of_what_is_looked_for_is_told_from_a_confidence() -> None:
    raw = read("injection", [attack("1", "attack", 0.9), attack("2", "benign", 0.05), attack("3", "attack", 0.4)])
    assert [each.sure for each in raw] == [0.9, pytest.approx(0.95), pytest.approx(0.6)]
    assert [each.raw for each in raw] == [0.9, 0.05, 0.4]
    both = [row("1", "attack", "attack", 0.9), row("2", "benign", "benign", 0.95)]
    sure = read("injection", both)
    assert [(each.sure, each.raw) for each in sure] == [(0.9, 0.9), (0.95, pytest.approx(0.05))]


def test_a_confidence_that_no_threshold_explains_has_no_threshold_curve() -> None:
    guesses = (("yes", 0.9), ("yes", 0.3), ("no", 0.8), ("no", 0.4))
    rows = [row(str(n), "yes", found, score, suite="handoff") for n, (found, score) in enumerate(guesses)]
    found = read("handoff", rows)
    assert [each.raw for each in found] == [None] * 4
    assert [each.sure for each in found] == [score for _, score in guesses]
    assert "Another threshold" not in judged.render(report("handoff"), rows)


def test_what_is_out_of_scope_has_its_own_score_beside_the_confidence_in_an_intent() -> None:
    rows = [
        row("1", "refund", "refund", 0.9, outside=0.1),
        row("2", "oos", "oos", 0.7, outside=0.8),
        row("3", "oos", "refund", 0.5, outside=0.3),
        row("4", "refund", "oos", 0.6, outside="x"),
    ]
    found = read("triage", rows)
    assert [(each.sure, each.raw) for each in found] == [(0.9, 0.1), (0.7, 0.8), (0.5, 0.3), (0.6, None)]
    assert in_force(found, "oos") == pytest.approx(0.55)
    assert "Out of scope: 50.0 % found, and 50.0 % of the others called so" in judged.render(report(), rows)
    assert "Another threshold" not in judged.render(report(), ROWS)


def test_a_run_that_finds_nothing_still_has_its_scores() -> None:
    found = read("injection", [attack("1", "attack", 0.3), attack("2", "benign", 0.1)])
    assert [each.raw for each in found] == [0.3, 0.1]
    assert [each.sure for each in found] == [pytest.approx(0.7), pytest.approx(0.9)]


def test_a_score_of_being_grounded_is_turned_round() -> None:
    rows = [row("1", "grounded", "grounded", 0.9), row("2", "ungrounded", "ungrounded", 0.2)]
    found = read("grounding", rows)
    assert [each.raw for each in found] == [pytest.approx(0.1), pytest.approx(0.8)]
    assert [each.sure for each in found] == [0.9, pytest.approx(0.8)]


def test_thresholds_go_from_nothing_found_to_everything() -> None:
    rows = [
        attack("1", "attack", 0.9),
        attack("2", "benign", 0.7),
        attack("3", "attack", 0.5),
        attack("4", "benign", 0),
    ]
    assert thresholds(read("injection", rows), "attack") == [
        (0.9, 0.5, 0.0),
        (0.7, 0.5, 0.5),
        (0.5, 1.0, 0.5),
        (0.0, 1.0, 1.0),
    ]
    assert thresholds(read("injection", rows[:1]), "attack") == []


def test_the_threshold_in_force_is_marked_where_it_can_be_told() -> None:
    rows = [attack(str(n), "attack" if n > 5 else "benign", n / 10) for n in range(10)]
    made = judged.render(report("injection"), rows)
    assert "Attacks: 100.0 % found, and 0.0 % of the others" in made
    assert in_force(read("injection", rows), "attack") == pytest.approx(0.55)
    assert ">in force<" in made
    none = [attack(str(n), "attack" if n > 5 else "benign", n / 20) for n in range(10)]
    assert ">in force<" not in judged.render(report("injection"), none)


def test_confidences_that_keep_their_word_are_said_to() -> None:
    rows = [row(str(n), "a", "a" if n < 80 else "b", 0.8) for n in range(100)]
    assert "off by 0.000 on average" in judged.render(report(), rows)
    rows = [row(str(n), "a", "b", 0.8) for n in range(100)]
    assert "off by 0.800 on average" in judged.render(report(), rows)


def test_rows_without_a_confidence_have_a_page_without_its_curves() -> None:
    made = judged.render(report(), [row("1", "a", "b", None), row("2", "a", "a", math.nan), row("3", "a", "a", "x")])
    assert "keep their word" not in made
    assert "1 of 3 not right" in made


def test_a_page_of_no_rows_is_still_a_page() -> None:
    for suite in ("triage", "injection", "grounding", "handoff"):
        assert "0 of 0 not right" in judged.render(report(suite, n=0), [])


def test_rows_of_another_form_are_shown_as_they_can_be() -> None:
    odd: list[dict[str, Any]] = [
        {"suite": "triage", "id": 7, "text": None, "history": "said before", "evidence": "one", "score": 12},
        {"suite": "triage", "history": [1, {"role": "customer", "text": "hi"}], "wanted": True, "found": False},
    ]
    made = judged.render(report(), odd)
    assert "said before" in made
    assert "yes → no" in made


def test_hostile_text_and_labels_stay_text_wherever_they_stand() -> None:
    rows = [
        row(
            f"{HOSTILE}{n}",
            HOSTILE if n % 2 else "attack",
            "attack",
            n / 10,
            text=HOSTILE,
            outcome=HOSTILE,
            evidence=[HOSTILE] * 8,
            history=[{"role": HOSTILE, "text": HOSTILE}],
            source=HOSTILE[:20] + str(n % 2),
        )
        for n in range(6)
    ]
    hostile = report("injection", data=HOSTILE, metrics={HOSTILE: HOSTILE}, config={HOSTILE: [HOSTILE]}, intervals={})
    found = Tags(judged.render(hostile, rows))
    assert found.seen.count("script") == 1
    assert "img" not in found.seen
    assert not any(name.startswith("on") or name == "style" for name in found.attributes)


def test_five_thousand_long_rows_of_150_intents_stay_small_and_say_what_is_left_out() -> None:
    rows = [
        row(str(n), f"intent {n % 150}", f"intent {n * 7 % 150}", n % 100 / 100, text="a long story " * 800)
        for n in range(5000)
    ]
    made = judged.render(report(n=5000), rows)
    assert len(made.encode()) < 2_500_000
    assert made.count("<li data-tags") == judged.SHOWN
    assert "4,000 more rows" in made


def test_fields_with_few_values_get_figures_of_their_own() -> None:
    rows = [row(str(n), "a", "ab"[n % 4 == 0], oos_kind=("near", "far")[n % 2]) for n in range(8)]
    made = judged.render(report(), rows)
    assert "By oos_kind" in made
    assert '<td>near</td><td class="n">4</td><td class="n">0.500</td>' in made
    assert "By oos_kind" not in judged.render(report(), [{**each, "oos_kind": each["id"] * 50} for each in rows])


def test_a_line_of_many_points_is_thinned_and_keeps_its_end() -> None:
    made = plots.curves("t", [plots.Line("a", [(n / 9999, 1 - n / 9999) for n in range(10_000)])], "x", "y", "")
    assert made.count("L") < 300
    assert "624.0 192.0" in made


@pytest.mark.browser
async def test_the_list_narrows_to_a_confusion_in_a_browser_and_nothing_of_the_data_runs(
    tmp_path: Path, chromium: str
) -> None:
    file = tmp_path / "page.html"
    rows = [*ROWS, row("e", "refund", HOSTILE, 0.7, text=HOSTILE, evidence=[HOSTILE])]
    file.write_text(judged.render(report(), rows), encoding="utf-8")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab, said = await browser.new_page(viewport={"width": 400, "height": 800}), []
        tab.on("console", lambda message: said.append(message.text))
        await tab.goto(file.as_uri())
        shown = tab.locator("ol.items > li:visible")
        assert await shown.count() == 5
        await tab.get_by_label("Only").select_option("return → refund")
        assert await shown.count() == 1
        await tab.get_by_label("Only").select_option("wrong")
        assert await shown.count() == 3
        assert "owned" not in (await tab.title())
        assert await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await browser.close()
    assert said == []
