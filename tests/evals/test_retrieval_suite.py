"""Promises of the retrieval suite, on a BEIR folder small enough to work out by hand."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from evals.suites.retrieval import run
from knowledge.errors import BadDocument

CORPUS = [
    {"_id": "tents", "title": "Tents", "text": "Tents have a warranty of three years."},
    {"_id": "boots", "title": "Boots", "text": "Boots can be resoled in our workshop."},
    {"_id": "gifts", "title": "Gifts", "text": "Gifts come back with their receipt."},
]
QUERIES = [
    {"_id": "q1", "text": "warranty of tents", "history": []},
    {"_id": "q2", "text": "how are they resoled", "history": [{"role": "agent", "text": "We sell Boots."}]},
    {"_id": "q3", "text": "nobody labelled this", "history": []},
]
QRELS = "query-id\tcorpus-id\tscore\nq1\ttents\t1\nq2\tboots\t1\nq2\tgifts\t0\n"


def folder(tmp_path: Path, *, zipped: bool = False) -> Path:
    for name, rows in (("corpus.jsonl", CORPUS), ("queries.jsonl", QUERIES)):
        data = "\n".join(json.dumps(row) for row in rows).encode()
        (tmp_path / (name + ".gz" * zipped)).write_bytes(gzip.compress(data) if zipped else data)
    (tmp_path / "qrels.tsv").write_text(QRELS, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("zipped", [False, True])
async def test_what_ranks_every_answer_first_scores_one(tmp_path: Path, zipped: bool) -> None:
    out = await run(folder(tmp_path, zipped=zipped), model="hashing")
    assert list(out) == ["suite", "data", "n", "metrics", "intervals", "config", "seconds"]
    assert (out["suite"], out["n"]) == ("retrieval", 2)
    quality = {name: value for name, value in out["metrics"].items() if "@" in name}
    assert quality == {"ndcg@10": 1.0, "recall@5": 1.0, "recall@10": 1.0, "mrr@10": 1.0}
    assert all(out["metrics"][name] > 0 for name in ("query_ms_p50", "query_ms_p95", "ingest_docs_per_s"))
    assert out["intervals"]["ndcg@10"] == [1.0, 1.0]
    json.dumps(out)


async def test_each_query_can_be_looked_at(tmp_path: Path) -> None:
    target = tmp_path / "queries-out.jsonl"
    await run(folder(tmp_path), model="hashing", per_query=target)
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [row["_id"] for row in rows] == ["q1", "q2"]
    assert rows[0]["ranking"][0] == "tents"
    assert rows[1]["query"] == "how are they resoled Boots We sell Boots. how are they resoled"


async def test_no_labelled_query_leaves_gaps_and_not_zeros(tmp_path: Path) -> None:
    data = folder(tmp_path)
    (data / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n", encoding="utf-8")
    out = await run(data, model="hashing")
    assert out["n"] == 0
    assert out["metrics"]["ndcg@10"] is None
    assert out["metrics"]["query_ms_p50"] is None


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("queries.jsonl", "{", "line 1 is no JSON"),
        ("queries.jsonl", "[]", "needs _id and text"),
        ("qrels.tsv", "h\nq1\ttents", "line 2 needs"),
        ("qrels.tsv", "h\nq1\ttents\tmany", "line 2 needs"),
    ],
)
async def test_a_malformed_row_is_named(tmp_path: Path, name: str, content: str, reason: str) -> None:
    data = folder(tmp_path)
    (data / name).write_text(content, encoding="utf-8")
    with pytest.raises(BadDocument, match=reason):
        await run(data, model="hashing")


async def test_a_folder_that_is_no_beir_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadDocument, match=r"has no queries\.jsonl"):
        await run(tmp_path, model="hashing")
