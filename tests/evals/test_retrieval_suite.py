"""Promises of the retrieval suite, on a BEIR folder small enough to work out by hand."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from evals.suites.retrieval import run
from knowledge.errors import BadDocument

CORPUS = [
    {"_id": "tents", "title": "Tents", "text": "Tents have a warranty of three years."},
    {"_id": "boots", "title": "Boots", "text": "Boots can be resoled in our workshop."},
    {"_id": "gifts", "title": "Gifts", "text": "Gifts come back with their receipt."},
]
QUERIES: list[dict[str, Any]] = [
    {"_id": "q1", "text": "warranty of tents", "history": []},
    {"_id": "q2", "text": "how are they resoled", "history": [{"role": "agent", "text": "We sell Boots."}]},
    {"_id": "q3", "text": "nobody labelled this", "history": []},
]
QRELS = "query-id\tcorpus-id\tscore\nq1\ttents\t1\nq2\tboots\t1\nq2\tgifts\t0\n"
NOTHING = [{"_id": "n1", "text": "who won the football yesterday", "history": [{"role": "customer", "text": "hi"}]}]


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")


def _unlike(number: int) -> str:
    """Words that no other number has."""
    return " ".join(hashlib.sha256(f"{number} {word}".encode()).hexdigest()[:8] for word in range(12))


def folder(tmp_path: Path, *, zipped: bool = False) -> Path:
    for name, rows in (("corpus.jsonl", CORPUS), ("queries.jsonl", QUERIES)):
        data = "\n".join(json.dumps(row) for row in rows).encode()
        (tmp_path / (name + ".gz" * zipped)).write_bytes(gzip.compress(data) if zipped else data)
    (tmp_path / "qrels.tsv").write_text(QRELS, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("zipped", [False, True])
async def test_what_ranks_every_answer_first_scores_one(tmp_path: Path, zipped: bool) -> None:
    out = await run(folder(tmp_path, zipped=zipped), model="hashing")
    assert {"suite", "data", "n", "metrics", "intervals", "config", "seconds"} <= set(out)
    assert (out["suite"], out["n"]) == ("retrieval", 2)
    quality = {name: value for name, value in out["metrics"].items() if "@" in name}
    assert quality == {"ndcg@10": 1.0, "recall@5": 1.0, "recall@10": 1.0, "mrr@10": 1.0}
    assert all(out["metrics"][name] > 0 for name in ("query_ms_p50", "query_ms_p95", "ingest_docs_per_s"))
    assert out["intervals"]["ndcg@10"] == [1.0, 1.0]
    json.dumps(out)


async def test_each_query_can_be_looked_at(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = []
    await run(folder(tmp_path), model="hashing", rows=rows)
    assert [row["id"] for row in rows] == ["q1", "q2"]
    assert (rows[0]["ranking"][0]["id"], rows[0]["ranking"][0]["title"]) == ("tents", "Tents")
    assert rows[0]["relevant"] == [
        {"id": "tents", "gain": 1.0, "rank": 1, "title": "Tents", "text": "Tents have a warranty of three years."}
    ]
    assert rows[1]["history"] == [{"role": "bot", "text": "We sell Boots."}]
    assert "We sell Boots." in rows[1]["query"]
    assert rows[1]["searched"]
    json.dumps(rows)


async def test_what_was_wanted_is_shown_where_it_stood_beyond_ten_or_as_not_there(tmp_path: Path) -> None:
    data = folder(tmp_path)
    write(data / "corpus.jsonl", [{"_id": f"d{n}", "title": "", "text": f"lamp {_unlike(n)}"} for n in range(60)])
    write(data / "queries.jsonl", [{"_id": "q", "text": "lamp"}])
    (data / "qrels.tsv").write_text("h\nq\tgone\t1\n" + "".join(f"q\td{n}\t1\n" for n in range(0, 60, 4)))
    rows: list[dict[str, Any]] = []
    await run(data, model="hashing", rows=rows)
    (row,) = rows
    places = [each["rank"] for each in row["relevant"] if each["rank"]]
    assert places == sorted(places)
    assert places[-1] > 10
    assert len(row["ranking"]) == 10
    assert row["relevant"][-1] == {"id": "gone", "gain": 1.0, "rank": None, "title": None, "text": ""}


async def test_a_run_can_be_made_again(tmp_path: Path) -> None:
    config = (await run(folder(tmp_path), model="hashing"))["config"]
    assert (config["documents"], config["queries_without_label"], config["labels_without_query"]) == (3, 1, 0)
    assert set(config["sha256"]) == {"corpus.jsonl", "queries.jsonl", "qrels.tsv"}
    assert config["versions"]["numpy"]
    assert config["weights"]["agent.understanding/floor.json"]


async def test_the_second_run_in_a_kept_folder_embeds_only_what_changed(tmp_path: Path) -> None:
    data, keep = folder(tmp_path), tmp_path / "kept"
    first = await run(data, model="hashing", keep=keep)
    again = await run(data, model="hashing", keep=keep)
    assert (first["config"]["added"], again["config"]["added"], again["config"]["unchanged"]) == (3, 0, 3)
    assert again["metrics"]["ingest_docs_per_s"] is None
    assert again["metrics"]["ndcg@10"] == first["metrics"]["ndcg@10"]
    write(data / "corpus.jsonl", CORPUS[:2])
    assert (await run(data, model="hashing", keep=keep))["config"]["documents"] == 2


async def test_parts_of_a_set_have_figures_of_their_own(tmp_path: Path) -> None:
    data = folder(tmp_path)
    write(
        data / "queries.jsonl",
        [{**QUERIES[n % 2], "_id": f"{n}", "part": "ab"[n % 2], "note": f"{n}"} for n in range(4)],
    )
    (data / "qrels.tsv").write_text("h\n0\ttents\t1\n1\tboots\t1\n2\ttents\t1\n3\tgone\t1\n")
    parts = (await run(data, model="hashing"))["parts"]
    assert list(parts) == ["part"]
    assert parts["part"]["a"] == {"n": 2, "ndcg@10": 1.0, "interval": [1.0, 1.0]}
    assert parts["part"]["b"]["ndcg@10"] == 0.5


@pytest.mark.model
async def test_questions_that_nothing_answers_are_judged_by_the_floor(tmp_path: Path) -> None:
    data = folder(tmp_path)
    rows: list[dict[str, Any]] = []
    names = ("abstain_auroc", "abstain_recall", "answered_share", "abstain_ece")
    before = (await run(data))["metrics"]
    assert [before[name] for name in names] == [None] * 4
    write(data / "no_answer.jsonl", NOTHING)
    metrics = (await run(data, rows=rows))["metrics"]
    assert (metrics["abstain_auroc"], metrics["abstain_recall"]) == (1.0, 1.0)
    assert 0 <= metrics["answered_share"] <= 1
    assert 0 <= metrics["abstain_ece"] <= 1
    assert (rows[-1]["kind"], rows[-1]["answerable"]["passed"]) == ("no_answer", False)
    assert rows[0]["answerable"]["probability"] > rows[-1]["answerable"]["probability"]


async def test_no_labelled_query_leaves_gaps_and_not_zeros(tmp_path: Path) -> None:
    data = folder(tmp_path)
    (data / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n", encoding="utf-8")
    out = await run(data, model="hashing")
    assert out["n"] == 0
    assert out["metrics"]["ndcg@10"] is None
    assert out["metrics"]["query_ms_p50"] is None


async def test_a_message_without_words_finds_nothing_and_counts(tmp_path: Path) -> None:
    data = folder(tmp_path)
    write(
        data / "queries.jsonl",
        [{"_id": "q1", "text": ""}, {"_id": "q2", "text": "<script>\u202e\x00", "history": None}],
    )
    assert (await run(data, model="hashing"))["n"] == 2


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("queries.jsonl", b"{", "line 1 is no JSON"),
        ("queries.jsonl", b"\n\xff", "line 2 is no JSON"),
        ("queries.jsonl", b"[]", "needs _id and text"),
        ("queries.jsonl", b'{"_id":"a","text":"b"}\n{"_id":"a","text":"c"}', "line 2 has the _id 'a' of line 1 again"),
        ("queries.jsonl", b'{"_id":"a","text":"b","history":"x"}', "line 1: history must be"),
        ("queries.jsonl", b'{"_id":"a","text":"b","history":[{"role":"system","text":"x"}]}', "history must be"),
        ("queries.jsonl", b'{"_id":"a","text":"b","history":[{"role":[],"text":"x"}]}', "history must be"),
        ("no_answer.jsonl", b'{"_id":1}', r"no_answer.jsonl line 1 needs"),
        ("qrels.tsv", b"h\nq1\ttents", "line 2 needs"),
        ("qrels.tsv", b"h\nq1\ttents\tmany", "line 2 needs"),
        ("qrels.tsv", b"h\nq1\ttents\tinf", "line 2 needs a finite number"),
        ("qrels.tsv", b"h\nq1\t\xff\t1", "line 2 needs"),
    ],
)
async def test_a_malformed_row_is_named(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    data = folder(tmp_path)
    (data / name).write_bytes(content)
    with pytest.raises(BadDocument, match=reason):
        await run(data, model="hashing")


async def test_a_broken_archive_is_named(tmp_path: Path) -> None:
    data = folder(tmp_path, zipped=True)
    (data / "queries.jsonl.gz").write_bytes(gzip.compress(b'{"_id":"a","text":"b"}')[:-9])
    with pytest.raises(BadDocument, match=r"queries\.jsonl\.gz cannot be read"):
        await run(data, model="hashing")


async def test_a_line_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    data = folder(tmp_path, zipped=True)
    (data / "queries.jsonl.gz").write_bytes(gzip.compress(b" " * 11_000_000))
    with pytest.raises(BadDocument, match="line 1 is longer than 10 MB"):
        await run(data, model="hashing")


async def test_a_folder_that_is_no_beir_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadDocument, match=r"has no (queries|corpus)\.jsonl"):
        await run(tmp_path, model="hashing")
