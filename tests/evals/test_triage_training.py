"""`frontdesk train triage` and `scope` and the suite `triage`, on rows made here and hashed embeddings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from agent.understanding.intents.model import Judged, open_intents
from agent.understanding.intents.scope import SIGNALS, of_card
from channels.commands import triage as triage_command
from evals.command import evaluate
from evals.suites import triage as suite
from evals.training import triage as training
from evals.training import triage_command as commands
from evals.training import triage_scope
from knowledge.encoders import HashingEncoder

WORDS = {
    "refund": ("refund", "money", "back", "paid", "return"),
    "opening": ("open", "hours", "close", "sunday", "today"),
    "parcel": ("parcel", "tracking", "courier", "late", "deliver"),
}


def rows(each: int = 12, seed: int = 1) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    return [
        {"text": " ".join(rng.choice(words, 3).tolist()), "intent": name}
        for name, words in WORDS.items()
        for _ in range(each)
    ]


def written(path: Path, given: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in given) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "frontdesk.toml"
    path.write_text('[models.embedding]\nmodel = "hashing"\n', encoding="utf-8")
    return path


def test_training_leaves_a_model_a_card_and_a_report(tmp_path: Path, config: Path) -> None:
    out = tmp_path / "triage"
    commands.triage(written(tmp_path / "ours.jsonl", rows()), out=out, about="our rows", config=config)
    card = json.loads((out / "intents.json").read_text(encoding="utf-8"))
    assert card["rows"] == 36
    assert card["intents"] == {"opening": 12, "parcel": 12, "refund": 12}
    assert card["figures"]["accuracy"] > 0.9
    assert (out / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads((out / "report.json").read_text(encoding="utf-8"))["metrics"]["accuracy"] > 0.9
    assert open_intents(out, "hashing").intents == ("opening", "parcel", "refund")
    assert not (out / "moods.npz").exists()


def test_the_card_beside_the_model_quotes_no_example(tmp_path: Path) -> None:
    given = [*rows(20), {"text": "refund money back zanzibar7391", "intent": "opening"}]
    vectors = HashingEncoder(64).encode([row["text"] for row in given])
    made = training.train(given, vectors, "ours.jsonl", "hashing", "", "2026-11-27")
    made.write(tmp_path)
    held = {path.name for path in tmp_path.iterdir() if b"zanzibar7391" in path.read_bytes()}
    assert held == {"report.html", "report.json"}


def test_a_wrong_label_is_among_the_suspicious(tmp_path: Path) -> None:
    given = rows(20)
    given[0]["intent"] = "opening"  # its words are those of a refund
    vectors = HashingEncoder(64).encode([row["text"] for row in given])
    made = training.train(given, vectors, "ours.jsonl", "hashing", "", "2026-11-27")
    found = made.quoted["suspicious"]
    assert (found[0]["row"], found[0]["intent"], found[0]["reads_as"]) == (1, "opening", "refund")
    assert ("opening", "refund", 1) in made.card["figures"]["confusions"]
    shares = [share for share, *_ in made.card["figures"]["coverage"]]
    assert shares == sorted(shares)


def test_rows_that_carry_moods_teach_heads_too(tmp_path: Path) -> None:
    given = [{**row, "sentiment": "negative" if row["intent"] == "refund" else "neutral"} for row in rows(10)]
    vectors = HashingEncoder(384).encode([row["text"] for row in given])
    made = training.train(given, vectors, "ours.jsonl", "hashing", "", "2026-11-27")
    assert made.card["heads"]["sentiment"]["n"] == 30
    made.write(tmp_path)
    assert (tmp_path / "moods.npz").exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"text": 3, "intent": "a"}', "row 2: text must be"),
        ('{"text": " ", "intent": "a"}', "row 2: text must be"),
        ('{"text": "x"}', "row 2: intent must be"),
        ('{"text": "x", "intent": ["a"]}', "row 2: intent must be"),
        ("{", "line 2: not JSON"),
        ("[]", "line 2: not an object"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "ours.jsonl"
    path.write_text('{"text": "hello", "intent": "a"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=told):
        training.read(path)


@pytest.mark.parametrize("content", ["", '{"text": "hello", "intent": "oos"}\n'])
def test_a_file_without_an_intent_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "ours.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match="no row names an intent"):
        training.read(path)


def test_wrong_use_is_said_before_anything_is_trained(tmp_path: Path) -> None:
    data = written(tmp_path / "ours.jsonl", rows(2))
    with pytest.raises(typer.BadParameter, match="is not there"):
        commands.triage(tmp_path / "none.jsonl", out=tmp_path / "out")
    with pytest.raises(typer.BadParameter, match="is a file"):
        commands.triage(data, out=data)
    with pytest.raises(typer.BadParameter, match="same name"):
        commands.scope([data, data], out=tmp_path / "scope.json")


def test_the_suite_reports_every_figure_and_each_row(tmp_path: Path, config: Path) -> None:
    data = written(tmp_path / "test.jsonl", [*rows(4, seed=2), {"text": "zebra quantum", "intent": "oos"}])
    out, lines = tmp_path / "out.json", tmp_path / "rows.jsonl"
    train = written(tmp_path / "train.jsonl", rows())
    evaluate("triage", data=data, train=train, rows=lines, html=tmp_path / "page.html", json=str(out), config=config)
    found = json.loads(out.read_text(encoding="utf-8"))
    asked = {"accuracy", "macro_f1", "in_scope_accuracy", "oos_recall", "oos_precision", "oos_f1", "oos_auroc"}
    assert {*asked, "text_ms_p50"} <= set(found["metrics"])
    assert (found["suite"], found["n"]) == ("triage", 13)
    first = json.loads(lines.read_text(encoding="utf-8").splitlines()[0])
    assert {"suite", "id", "text", "wanted", "found", "score", "right", "outcome"} <= set(first)


def test_the_suite_without_examples_says_what_it_needs(tmp_path: Path, config: Path) -> None:
    with pytest.raises(ValueError, match="needs --train"):
        evaluate("triage", data=written(tmp_path / "test.jsonl", rows(1)), config=config)


def judged(intent: str, outside: float, score: float = 0.9) -> Judged:
    return Judged(intent, score, "a", "b", 0.5, outside, {"a": 1 - outside})


def test_a_refusal_of_what_is_in_scope_counts_as_wrong() -> None:
    found = suite.metrics(["a", "a", "oos", "oos"], [judged("a", 0.1), judged("oos", 0.6)] + [judged("oos", 0.9)] * 2)
    assert found["in_scope_accuracy"] == 0.5
    assert found["accuracy"] == 0.75
    assert (found["oos_recall"], found["oos_auroc"]) == (1.0, 1.0)
    assert found["oos_precision"] == pytest.approx(2 / 3)


def test_figures_that_need_rows_that_are_not_there_are_none() -> None:
    inside = suite.metrics(["a"], [judged("a", 0.1)])
    assert [inside[name] for name in ("oos_recall", "oos_precision", "oos_f1", "oos_auroc")] == [None] * 4
    assert suite.metrics(["oos"], [judged("oos", 0.9)])["in_scope_accuracy"] is None


def test_the_scope_is_learnt_from_intents_kept_out_and_is_the_same_again() -> None:
    rng = np.random.default_rng(3)
    encoder, sets = HashingEncoder(64), {}
    for name in ("one", "two"):
        words = {f"{name}{n}": [f"{name}{n}word{k}" for k in range(6)] for n in range(8)}
        given = [(" ".join(rng.choice(w, 3).tolist()), intent) for intent, w in words.items() for _ in range(12)]
        texts = [text for text, _ in given]
        sets[name] = triage_scope.Labelled(texts, np.array([intent for _, intent in given]), encoder.encode(texts))
    made = triage_scope.cases(sets, each=3)
    fitted = triage_scope.fit_scope(made)
    figures = triage_scope.figures(made, fitted)
    assert all(each["auroc_other_sets"] is not None and each["auroc_other_sets"] > 0.8 for each in figures.values())
    card = triage_scope.card(fitted, {})
    assert tuple(card["signals"]) == SIGNALS
    again = of_card(
        json.loads(json.dumps(triage_scope.card(triage_scope.fit_scope(triage_scope.cases(sets, each=3)), {})))
    )
    assert np.allclose(again.weights, of_card(card).weights)


@pytest.mark.model
def test_the_command_says_the_intent_of_a_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "triage"
    commands.triage(written(tmp_path / "ours.jsonl", rows()), out=out)
    config = tmp_path / "frontdesk.toml"
    config.write_text(f'[agent]\ntriage = "{out}"\n', encoding="utf-8")
    capsys.readouterr()
    triage_command.triage("when do you open on sunday", config=config)
    assert "intent     opening" in capsys.readouterr().out
