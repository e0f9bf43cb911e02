"""What the bench of searching measures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from evals.bench import search
from knowledge.encoders import HashingEncoder


def test_texts_are_the_sentences_of_a_folder_each_once_and_pairs_where_they_are_too_few(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "# Returns\n\nGifts can be returned. Boots can be resoled.\n\nGifts can be returned.\n"
    )
    (tmp_path / "b.txt").write_text("Tents are under warranty for years.\n")
    (tmp_path / "c.bin").write_bytes(b"\x00\xff Not a text at all.")
    found = search.sentences(tmp_path)
    assert "Boots can be resoled." in found
    assert len(found) == len(set(found)) == 3
    made = search.enough(found, 5)
    assert set(made[:3]) == set(found)
    assert len(made) == len(set(made)) == 5
    assert search.enough(found, 2) == made[:2]
    assert search.enough([], 5) == []


async def test_searches_are_timed_and_their_recall_is_that_of_an_exact_one(tmp_path: Path) -> None:
    texts = [f"Rule {number} says that item {number * 7 % 97} is returned." for number in range(520)]
    vectors = HashingEncoder(64).encode(texts)
    found = await search.measure_of(texts, np.asarray(vectors), tmp_path / "library", questions=20)
    assert [each.n for each in found] == [500] * 4
    assert found[0].recall == 1.0
    assert all(0 < each.p50_ms <= each.p95_ms for each in found)
    assert search.table(found).row_count == 4
