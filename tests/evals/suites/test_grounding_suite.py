"""The grounding suite reports what it measured, and why each row was judged as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.guardrails.evidence_card import shipped, to_card
from channels.settings import Settings
from evals.command import Asked
from evals.suites.grounding import run

FACT = "The shop opens at nine on Sundays and sells tents."


def rows(path: Path, *rows: tuple[str, str]) -> Path:
    written = [{"reply": reply, "evidence": [FACT], "history": [], "label": label} for reply, label in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in written), "utf-8")
    return path


def asked(data: Path, outcomes: list[dict[str, Any]] | None = None, **agent: Any) -> Asked:
    settings = Settings()
    settings = settings.model_copy(update={"agent": settings.agent.model_copy(update=agent)})
    return Asked(data, settings, None, None, outcomes)


async def test_what_is_said_and_what_is_not_are_told_apart(tmp_path: Path) -> None:
    data = rows(
        tmp_path / "a.jsonl",
        (FACT, "grounded"),
        ("The shop opens at nine on Sundays.", "grounded"),
        ("Penguins eat fish.", "ungrounded"),
        ("I love hiking in the rain!", "ungrounded"),
    )
    outcomes: list[dict[str, Any]] = []
    found = await run(asked(data, outcomes))
    assert (found["suite"], found["n"]) == ("grounding", 4)
    assert found["metrics"]["auroc"] == found["metrics"]["balanced_accuracy"] == 1.0
    assert found["config"]["card"] == "shipped"
    assert [row["found"] for row in outcomes] == ["grounded", "grounded", "ungrounded", "ungrounded"]
    assert all(0 <= row["score"] <= 1 and row["right"] == 1.0 for row in outcomes)
    assert "penguin" in outcomes[2]["outcome"]


async def test_figures_that_need_both_kinds_are_left_open_without_them(tmp_path: Path) -> None:
    found = await run(asked(rows(tmp_path / "a.jsonl", (FACT, "grounded"))))
    assert found["metrics"]["auroc"] is None
    assert found["metrics"]["balanced_accuracy"] is None
    assert found["metrics"]["grounded_sent"] == 1.0


async def test_the_card_in_force_is_the_one_that_is_measured(tmp_path: Path) -> None:
    card = tmp_path / "strict.json"
    card.write_text(json.dumps(to_card(replace(shipped(), threshold=1.0))), "utf-8")
    data = rows(tmp_path / "a.jsonl", ("On Sundays the shop, which sells tents, opens at nine.", "grounded"))
    found = await run(asked(data, grounding=str(card)))
    assert found["metrics"]["grounded_sent"] == 0.0
    assert found["config"]["threshold"] == 1.0


async def test_a_broken_row_is_named(tmp_path: Path) -> None:
    data = tmp_path / "a.jsonl"
    data.write_text(json.dumps({"reply": "x", "evidence": None, "label": "grounded"}), "utf-8")
    with pytest.raises(ValueError, match="row 1: evidence"):
        await run(asked(data))
    data.write_text("", "utf-8")
    with pytest.raises(ValueError, match="no rows"):
        await run(asked(data))
