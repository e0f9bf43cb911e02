"""`frontdesk train grounding`: a card from labelled replies, the same from the same rows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from agent.guardrails.evidence_card import read_card
from agent.guardrails.evidence_lexicon import load
from evals.training.command import app
from evals.training.grounding_words import build, chosen_words, read_wordnet

CLI = CliRunner()
PLACES = ["Leeds", "York", "Kendal", "Whitby", "Ripon", "Malton", "Settle", "Thirsk", "Selby", "Otley"]
THINGS = ["tent", "stove", "jacket", "rope"]


def written(path: Path) -> Path:
    rows = []
    for place in PLACES:
        for thing in THINGS:
            fact = f"The {thing} is sold in the shop at {place}, where it costs {len(place)} pounds and is kept dry."
            rows.append({"reply": f"The {thing} is sold at {place}.", "evidence": [fact], "label": "grounded"})
            rows.append(
                {
                    "reply": f"I think penguins of {place} swim.",
                    "evidence": [fact],
                    "label": "ungrounded",
                    "source": "b",
                }
            )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_a_card_is_written_that_tells_the_two_apart(tmp_path: Path) -> None:
    data, out = written(tmp_path / "shop.jsonl"), tmp_path / "card.json"
    done = CLI.invoke(app, ["grounding", str(data), "--out", str(out)])
    assert done.exit_code == 0, done.output
    model = read_card(out)
    fact = "The tent is sold in the shop at Leeds."
    assert model.score(["The tent is sold at Leeds."], [fact]) > 0.5 > model.score(["I think penguins swim."], [fact])
    assert model.made["auroc"]["shop"]["unseen_evidence"] == 1.0
    assert model.made["edited"] == []


def test_the_same_rows_give_the_same_weights(tmp_path: Path) -> None:
    data = written(tmp_path / "shop.jsonl")
    for name in ("a.json", "b.json"):
        CLI.invoke(app, ["grounding", str(data), "--out", str(tmp_path / name)])
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_rows_of_one_kind_teach_nothing(tmp_path: Path) -> None:
    data = written(tmp_path / "shop.jsonl")
    done = CLI.invoke(app, ["grounding", str(data), "--without", "b", "--out", str(tmp_path / "c.json")])
    assert done.exit_code == 1
    assert "needs a set of grounded and ungrounded replies" in str(done.exception)


def test_two_files_of_one_name_and_a_missing_one_are_said_first(tmp_path: Path) -> None:
    data = written(tmp_path / "shop.jsonl")
    assert CLI.invoke(app, ["grounding", str(data), str(data)]).exit_code == 2
    assert CLI.invoke(app, ["grounding", str(tmp_path / "none.jsonl")]).exit_code == 2
    assert CLI.invoke(app, ["grounding", str(data), "--out", str(tmp_path / "no" / "c.json")]).exit_code == 2


HEAD = "  1 a licence of many lines\n"
NOUNS = "00000001 05 n 02 price 0 cost 0 001 @ 00000002 n 0000 | what is paid\n00000002 05 n 01 value 0 000 | worth\n"
ADJECTIVES = (
    "00000003 00 a 01 easy 0 001 ! 00000004 a 0101 | not hard\n"
    "00000004 00 a 02 hard 0 difficult 0 001 ! 00000003 a 0101 | not easy\n"
)


@pytest.fixture
def wordnet(tmp_path: Path) -> Path:
    for name, data, index in (
        ("noun", NOUNS, "price n 1 1 @ 1 1 00000001\ncost n 1 1 @ 1 1 00000001\nvalue n 1 0 1 1 00000002\n"),
        ("verb", "", ""),
        ("adj", ADJECTIVES, "easy a 1 1 ! 1 1 00000003\nhard a 1 1 ! 1 1 00000004\ndifficult a 1 0 1 0 00000004\n"),
        ("adv", "", ""),
    ):
        (tmp_path / f"data.{name}").write_text(HEAD + data)
        (tmp_path / f"index.{name}").write_text(HEAD + index)
        (tmp_path / f"{name}.exc").write_text("harder hard\n" if name == "adj" else "")
    (tmp_path / "cntlist.rev").write_text("price%1:05:00:: 1 9\ncost%1:05:00:: 1 4\nvalue%1:05:00:: 1 2\n")
    return tmp_path


async def one_hot(words: object) -> np.ndarray:
    return np.eye(64, dtype=np.float32)[: len(words)]  # type: ignore[arg-type]


async def test_the_word_table_has_what_wordnet_says(wordnet: Path) -> None:
    table = load((await build(read_wordnet(wordnet), ["price", "leeds", "prices"], one_hot)).dump())
    assert table.words == ("cost", "difficult", "easy", "hard", "leeds", "price", "value")
    cost, price, value, easy, difficult, hard = map(
        table.places.__getitem__, ["cost", "price", "value", "easy", "difficult", "hard"]
    )
    assert table.means[cost] & table.means[price]
    assert table.wider[price] & table.own[value]
    assert table.against[easy] & table.own[hard]
    assert table.against[easy] & table.own[difficult]
    assert not table.against[value]
    assert table.lemma("prices") == "price"
    assert table.part("leeds") == "x"


def test_a_folder_without_wordnet_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not hold WordNet"):
        read_wordnet(tmp_path)


def test_inflected_words_of_the_vocabulary_are_left_to_their_bare_form(wordnet: Path) -> None:
    assert "prices" not in chosen_words(read_wordnet(wordnet), ["prices"])
