"""LoCoMo's files, as they come and as they should not, and the memory suite over a small one."""

from __future__ import annotations

import gzip
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from evals import locomo
from evals.locomo_kept import asking, keep, shelf
from evals.locomo_plain import Plain, share, texts
from evals.pages import errors
from evals.suites import memory
from knowledge.embedding import LocalEmbedder
from knowledge.encoders import HashingEncoder

ENCODER = HashingEncoder(64)


def message(id: str, speaker: str, text: str, **more: str) -> dict[str, str]:
    return {"dia_id": id, "speaker": speaker, "text": text, **more}


SAMPLE: dict[str, Any] = {
    "sample_id": "conv-1",
    "conversation": {
        "speaker_a": "Ada",
        "speaker_b": "Ben",
        "session_1_date_time": "1:56 pm on 8 May, 2023",
        "session_1": [
            message("D1:1", "Ada", "I went to the pottery class."),
            message("D1:2", "Ben", "Nice! What did you make there?"),
            message("D1:3", "Ada", "A bowl.", blip_caption="a photo of a blue bowl"),
        ],
        "session_2_date_time": "9:05 am on 3 June, 2023",
        "session_2": [
            message("D2:1", "Ben", "My dog Rex ran away in the park."),
            message("D2:2", "Ada", "Oh no!"),
        ],
        "session_3_date_time": "9:05 am on 4 June, 2023",
        "session_10_date_time": "9:05 am on 9 June, 2023",
        "session_10": [message("D10:1", "Ben", "Rex is back.")],
    },
    "qa": [
        {"question": "What did Ada make?", "answer": "a bowl", "evidence": ["D1:3"], "category": 4},
        {
            "question": "What happened to Ben's Rex?",
            "answer": "back",
            "evidence": ["D2:01; D10:1", "D9:9"],
            "category": 1,
        },
        {"question": "When did Rex run away?", "answer": 2023, "evidence": ["D:2:1"], "category": 2},
        {"question": "Is Ada kind?", "answer": "yes", "evidence": [], "category": 3},
        {"question": "Did Ada lose a dog?", "evidence": ["D2:1"], "category": 5, "adversarial_answer": "yes"},
    ],
}


def written(folder: Path, content: Any) -> Path:
    path = folder / "locomo.json"
    path.write_bytes(content if isinstance(content, bytes) else orjson.dumps(content))
    return path


def test_a_sample_is_read_in_the_order_of_its_sessions(tmp_path: Path) -> None:
    (sample,) = locomo.read(written(tmp_path, [SAMPLE]))
    assert (sample.id, sample.speakers) == ("conv-1", ("Ada", "Ben"))
    assert [(session.number, len(session.messages)) for session in sample.sessions] == [(1, 3), (2, 2), (10, 1)]
    assert sample.sessions[0].at == datetime(2023, 5, 8, 13, 56, tzinfo=UTC)
    assert sample.sessions[0].messages[2].text == "A bowl. [shares a photo: a photo of a blue bowl]"
    assert [sorted(each.evidence) for each in sample.questions] == [["D1:3"], ["D10:1", "D2:1"], ["D2:1"], [], ["D2:1"]]
    assert sample.missing == 1


def test_a_zipped_file_and_one_sample_alone_are_read(tmp_path: Path) -> None:
    path = tmp_path / "locomo.json.gz"
    path.write_bytes(gzip.compress(orjson.dumps(SAMPLE)))
    assert len(locomo.read(path)) == 1


def without(*keys: Any) -> dict[str, Any]:
    made = deepcopy(SAMPLE)
    inside = made
    for key in keys[:-1]:
        inside = inside[key]
    del inside[keys[-1]]
    return made


def changed(value: Any, *keys: Any) -> dict[str, Any]:
    made = deepcopy(SAMPLE)
    inside = made
    for key in keys[:-1]:
        inside = inside[key]
    inside[keys[-1]] = value
    return made


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        ([], "not a list"),
        (3, "not a list"),
        (["x"], "sample 1"),
        ([SAMPLE, None], "sample 2"),
        ([without("conversation")], "there is no 'conversation'"),
        ([without("conversation", "speaker_b")], "there is no 'speaker_b'"),
        ([without("conversation", "session_1_date_time")], "there is no 'session_1_date_time'"),
        ([without("conversation", "session_1", 0, "dia_id")], "there is no 'dia_id'"),
        ([without("qa")], "there is no 'qa'"),
        ([without("qa", 0, "question")], "there is no 'question'"),
        ([changed("soon", "conversation", "session_1_date_time")], "'soon' is no date"),
        ([changed("one", "conversation", "session_1", 0, "dia_id")], "'one' is no id"),
        ([changed("first", "qa", 0, "category")], "sample 1"),
        ([changed({}, "conversation")], "no session"),
    ],
)
def test_a_malformed_file_is_said_to_be_with_its_place(tmp_path: Path, content: Any, says: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(ValueError, match=r"locomo\.json") as caught:
        locomo.read(path)
    assert says in str(caught.value)


async def test_a_question_is_put_to_the_code_of_a_turn(tmp_path: Path) -> None:
    (sample,) = locomo.read(written(tmp_path, SAMPLE))
    async with shelf(LocalEmbedder(ENCODER)) as put:
        kept = await keep(put, sample, 1)
        recalled = await kept.recollections.recall(asking(kept, "Which bowl did Ada make?"), None)
    assert recalled.degraded == ""
    first = recalled.found[0]
    assert kept.ids[first.conversation, first.seq] == "D1:3"
    assert (first.role, first.said_at.date().isoformat()) == ("customer", "2023-05-08")


async def test_samples_do_not_find_each_others_messages(tmp_path: Path) -> None:
    (sample,) = locomo.read(written(tmp_path, SAMPLE))
    async with shelf(LocalEmbedder(ENCODER)) as put:
        one, other = await keep(put, sample, 1), await keep(put, sample, 2)
        for kept in (one, other):
            recalled = await kept.recollections.recall(asking(kept, "Which dog ran away?"), None)
            assert {memory.customer for memory in recalled.found} == {kept.customer}


async def test_the_suite_counts_what_was_to_be_found(tmp_path: Path) -> None:
    samples = locomo.read(written(tmp_path, [SAMPLE]))
    outcomes = await memory.measured(samples, LocalEmbedder(ENCODER), 4000)
    assert [each.asking.id for each in outcomes] == ["conv-1:1", "conv-1:2", "conv-1:3"]
    found = memory.metrics(outcomes)
    assert found["evidence_recall@30"] == 1.0
    assert found["plain_rrf_recall@10"] == 1.0
    assert 0 < found["context_tokens_mean"] <= 4000
    assert found["recall_ms_p50"] > 0
    assert {name: each["n"] for name, each in found["per_category"].items()} == {
        "several hops": 1,
        "time": 1,
        "one hop": 1,
    }
    rows = [memory._row(each) for each in outcomes]
    assert rows[1]["wanted"] == [
        {"id": "D10:1", "text": "Rex is back."},
        {"id": "D2:1", "text": "My dog Rex ran away in the park."},
    ]
    report = {"suite": "memory", "data": "locomo.json", "n": 3, "metrics": found, "config": {}, "seconds": 1.0}
    rows[1]["recall@10"] = 0.5
    page = errors.render(report, rows)
    assert "Rex is back." in page
    assert "several hops" in page


def test_a_run_without_a_question_has_no_figures() -> None:
    found = memory.metrics([])
    assert found["evidence_recall@10"] is None
    assert found["recall_ms_p50"] is None
    assert found["per_category"] == {}


def test_the_yardstick_ranks_by_words_and_by_vectors(tmp_path: Path) -> None:
    (sample,) = locomo.read(written(tmp_path, [SAMPLE]))
    plain = Plain(sample, ENCODER.encode(texts(sample)))
    ranked = plain.rankings("Ada: Oh no!", ENCODER.encode(["Ada: Oh no!"])[0])
    assert {way: ids[0] for way, ids in ranked.items()} == {"plain_rrf": "D2:2", "bm25": "D2:2", "dense": "D2:2"}
    assert share(ranked["bm25"], frozenset({"D2:2", "D1:1"}), 1) == 0.5
