"""What every library promises: embedded, client, remote over HTTP, and a real server where one is configured."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from channels.http.knowledge import router
from knowledge import edge_library
from knowledge.edge_library import EdgeLibrary
from knowledge.embedding import LocalEmbedder
from knowledge.encoders import HashingEncoder
from knowledge.entries import Entry, embedding_text
from knowledge.errors import BadRequest, EmbedderMismatch, LibraryError, LibraryUnavailable
from knowledge.opening import AnyLibrary
from knowledge.passages import Passage
from knowledge.qdrant_library import QdrantLibrary
from knowledge.remote_library import RemoteLibrary

DIM = 64
ENCODER = HashingEncoder(DIM)
SERVER = os.environ.get("FRONTDESK_QDRANT__URL")
ADAPTERS = ["edge", "client", "remote", *(["server"] if SERVER else [])]


def app_of(library: AnyLibrary, embedder: LocalEmbedder) -> FastAPI:
    """The routes as an app serves them: errors become problem details with their code."""
    app = FastAPI()
    app.include_router(router(library, embedder, lambda role: lambda: role))

    @app.exception_handler(LibraryError)
    async def problem(_: Request, error: LibraryError) -> JSONResponse:
        status = 503 if error.retryable else 400
        return JSONResponse({"title": "library", "detail": str(error), "code": error.code}, status)

    return app


@pytest.fixture(params=ADAPTERS)
async def library(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnyLibrary]:
    if request.param == "server":
        assert SERVER is not None
        served = QdrantLibrary.connect(SERVER, embedder="hashing", dim=DIM, collection=f"test-{uuid4().hex}")
        yield served
        await served._client.delete_collection(served._collection)
        await served.close()
        return
    if request.param == "client":
        client = QdrantLibrary.connect(":memory:", embedder="hashing", dim=DIM)
        yield client
        await client.close()
        return
    edge = await EdgeLibrary.open(tmp_path / "qdrant", embedder="hashing", dim=DIM)
    if request.param == "edge":
        yield edge
    else:
        embedder = LocalEmbedder(ENCODER)
        transport = httpx.ASGITransport(app_of(edge, embedder))
        http = httpx.AsyncClient(transport=transport, base_url="http://frontdesk")
        remote = RemoteLibrary(http, embedder="hashing", dim=DIM)
        yield remote
        await remote.close()
        await embedder.close()
    await edge.close()


def name_of(library: AnyLibrary) -> str:
    return library._collection


def entry(
    id: str, text: str, *, document: str | None = None, hash: str = "h1", parts: int = 1, **metadata: str
) -> Entry:
    half = len(text) // 2
    passage = Passage(
        id=id,
        document_id=document or id,
        title=f"About {id}",
        text=text,
        source=f"https://example.org/{id}",
        section="Returns > Gifts",
        sentences=((0, half), (half, len(text))),
        metadata=metadata,
    )
    vectors = ENCODER.encode([embedding_text(passage), *passage.sentence_texts()])
    return Entry(passage, vectors[0], vectors[1:], hash, parts, f"/somewhere/{document or id}")


CORPUS = [
    entry("gifts", "Gifts can be returned within thirty days with the gift receipt.", region="uk", language="en"),
    entry("tents", "Tents are under warranty for three years, poles for one.", region="uk", language="en"),
    entry("boots", "Boots can be resoled; resoling costs forty pounds.", region="de", language="en"),
    entry("stores", "The Leeds store opens at nine and closes at six.", region="de", language="en"),
    entry("cards", "Gift cards never expire and can be used in every store.", language="en"),
]


async def search(library: AnyLibrary, text: str, **kwargs: object) -> list[str]:
    hits = await library.search(text, ENCODER.encode([text])[0], **kwargs)  # type: ignore[arg-type]
    return [hit.passage.id for hit in hits]


async def test_what_is_kept_is_found_best_first_with_everything_it_was_kept_with(library: AnyLibrary) -> None:
    await library.upsert(name_of(library), CORPUS)
    query = "how long is the warranty of tents"
    hits = await library.search(query, ENCODER.encode([query])[0], limit=3)
    assert len(hits) == 3
    best = hits[0]
    assert best.passage == CORPUS[1].passage
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert best.dense == pytest.approx(float(ENCODER.encode([query])[0] @ CORPUS[1].vector), abs=1e-4)
    assert best.sparse is not None
    assert best.sparse > 0
    assert best.sentence_vectors.shape == (2, DIM)
    assert best.sentence_vectors.dtype == np.float32
    np.testing.assert_allclose(best.sentence_vectors, CORPUS[1].sentence_vectors, atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(best.sentence_vectors, axis=1), 1, atol=1e-6)


async def test_an_empty_or_unknown_collection_finds_nothing(library: AnyLibrary) -> None:
    assert await search(library, "anything") == []
    assert await search(library, "anything", collection="never-made") == []
    await library.upsert(name_of(library), [])
    assert await search(library, "anything") == []
    assert await library.count(name_of(library)) == 0
    assert await library.documents(name_of(library)) == {}
    assert await library.passage(name_of(library), "gifts") is None


async def test_filters_all_have_to_match(library: AnyLibrary) -> None:
    await library.upsert(name_of(library), CORPUS)
    assert set(await search(library, "gift store", filters={"region": "uk"})) == {"gifts", "tents"}
    assert await search(library, "gift store", filters={"region": "uk", "language": "de"}) == []
    assert await search(library, "gift store", filters={"nowhere": "x"}) == []
    assert len(await search(library, "gift store", filters={"language": "en"})) == 5


async def test_a_query_without_words_is_searched_by_its_vector_alone(library: AnyLibrary) -> None:
    await library.upsert(name_of(library), CORPUS)
    hits = await library.search("?!", CORPUS[2].vector, limit=2)
    assert hits[0].passage.id == "boots"
    assert all(hit.sparse is None for hit in hits)


async def test_limit_is_kept_and_what_no_store_accepts_is_a_bad_request(library: AnyLibrary) -> None:
    await library.upsert(name_of(library), CORPUS)
    assert len(await search(library, "gift", limit=2)) == 2
    assert len(await search(library, "gift", limit=200)) == 5
    for wrong in ({"limit": 0}, {"limit": -1}, {"limit": 10_000}, {"collection": "../etc"}, {"filters": {"a.b": "c"}}):
        with pytest.raises(BadRequest):
            await search(library, "gift", **wrong)
    for vector in (np.zeros(3, np.float32), np.full(DIM, np.nan, np.float32)):
        with pytest.raises(BadRequest):
            await library.search("gift", vector)


async def test_keeping_a_document_again_replaces_all_its_passages(library: AnyLibrary) -> None:
    name = name_of(library)
    old = [entry(f"post#{n}", f"Posting rule number {n}.", document="post", parts=3) for n in range(3)]
    await library.upsert(name, [*CORPUS, *old])
    assert (await library.documents(name))["post"].content_hash == "h1"
    await library.upsert(name, [entry("post", "One rule is left: posting is free.", hash="h2")])
    assert await library.count(name) == len(CORPUS) + 1
    held = (await library.documents(name))["post"]
    assert (held.content_hash, held.passages, held.origin) == ("h2", 1, "/somewhere/post")
    assert await search(library, "posting rule number", limit=1) == ["post"]


async def test_a_document_of_which_passages_are_missing_does_not_count_as_kept(library: AnyLibrary) -> None:
    name = name_of(library)
    await library.upsert(name, [entry("post#0", "Posting is free.", document="post", parts=2)])
    held = (await library.documents(name))["post"]
    assert (held.content_hash, held.passages) == ("", 1)


async def test_keeping_the_same_twice_changes_nothing(library: AnyLibrary) -> None:
    name = name_of(library)
    await library.upsert(name, CORPUS)
    before = await search(library, "gift store")
    await library.upsert(name, CORPUS)
    assert await search(library, "gift store") == before
    assert await library.count(name) == 5


async def test_what_is_deleted_is_gone_and_deleting_again_is_no_error(library: AnyLibrary) -> None:
    name = name_of(library)
    await library.upsert(name, CORPUS)
    for _ in range(2):
        await library.delete(name, ["gifts", "never was"])
    assert "gifts" not in await search(library, "gift receipt")
    assert sorted(await library.documents(name)) == ["boots", "cards", "stores", "tents"]
    await library.delete(name, [])
    await library.delete("never-made", ["gifts"])
    await library.settle(name)
    assert await library.count(name) == 4


async def test_collections_are_apart(library: AnyLibrary) -> None:
    name, other = name_of(library), f"{name_of(library)}-other"
    try:
        await library.upsert(name, CORPUS[:2])
        await library.upsert(other, CORPUS[2:])
        assert {name, other} <= set(await library.collections())
        assert set(await search(library, "gift", collection=other)) == {"boots", "stores", "cards"}
    finally:
        if isinstance(library, QdrantLibrary):
            await library._client.delete_collection(other)


async def test_one_passage_can_be_read_by_its_id(library: AnyLibrary) -> None:
    id = "a folder/ü?&#%2F.md#0"
    await library.upsert(name_of(library), [entry(id, "Odd names are names.", document="odd", parts=1)])
    passage = await library.passage(name_of(library), id)
    assert passage is not None
    assert passage.text == "Odd names are names."


async def test_searches_and_upserts_at_once_all_succeed(library: AnyLibrary) -> None:
    name = name_of(library)
    await library.upsert(name, CORPUS)
    many = [entry(f"doc{n}", f"Rule {n} says that item {n} is returned.") for n in range(60)]
    writes = [library.upsert(name, many[start : start + 10]) for start in range(0, 60, 10)]
    reads = [search(library, "gift receipt", limit=1) for _ in range(20)]
    found = await asyncio.gather(*reads, *writes)
    assert found[:20] == [["gifts"]] * 20
    assert await library.count(name) == 65


async def test_a_huge_and_a_strange_passage_are_kept_and_read_back_as_they_were(library: AnyLibrary) -> None:
    strange = replace(entry("strange", "naïve 👩‍👩‍👧 \u202eRTL \x00 nul end."), content_hash="h")
    huge = entry("huge", "A parcel. " * 15_000)
    await library.upsert(name_of(library), [strange, huge])
    for each in (strange, huge):
        assert await library.passage(name_of(library), each.passage.id) == each.passage


async def test_a_document_of_many_passages_is_kept_in_one_step(library: AnyLibrary) -> None:
    many = [entry(f"long#{n}", f"Part {n} of it.", document="long", parts=450) for n in range(450)]
    await library.upsert(name_of(library), many)
    assert (await library.documents(name_of(library)))["long"].content_hash == "h1"


async def test_a_ready_library_is_ready(library: AnyLibrary) -> None:
    await library.ready()
    await library.upsert(name_of(library), CORPUS)
    await library.ready()


def words(vocabulary: Sequence[str], rng: np.random.Generator) -> str:
    return " ".join(rng.choice(vocabulary, size=int(rng.integers(3, 30))))


async def test_every_adapter_finds_the_same_in_the_same_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    vocabulary = [
        f"{a}{b}" for a in ("tent", "boot", "gift", "post", "card", "shop", "size", "coat") for b in "abcdefgh"
    ]
    corpus = [entry(f"d{n}", words(vocabulary, rng), region="uk" if n % 3 else "de") for n in range(300)]
    edge = await EdgeLibrary.open(tmp_path / "q", embedder="hashing", dim=DIM)
    client = QdrantLibrary.connect(":memory:", embedder="hashing", dim=DIM)
    embedder = LocalEmbedder(ENCODER)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app_of(edge, embedder)), base_url="http://frontdesk")
    remote = RemoteLibrary(http, embedder="hashing", dim=DIM)
    await edge.upsert("help", corpus)
    await client.upsert("help", corpus)
    for number in range(25):
        query = words(vocabulary, rng)
        vector = ENCODER.encode([query])[0]
        filters = {"region": "uk"} if number % 2 else None
        found = [await each.search(query, vector, limit=10, filters=filters) for each in (edge, client, remote)]
        expected = [(hit.passage.id, round(hit.score, 6)) for hit in found[0]]
        for other in found[1:]:
            assert [(hit.passage.id, round(hit.score, 6)) for hit in other] == expected
            for one, two in zip(found[0], other, strict=True):
                assert one.dense == pytest.approx(two.dense, abs=1e-4)
                assert one.sparse == pytest.approx(two.sparse, rel=1e-4)
    for each in (remote, client, edge, embedder):
        await each.close()


async def test_another_embedding_model_is_a_clear_error_in_every_store(tmp_path: Path) -> None:
    edge = await EdgeLibrary.open(tmp_path / "q", embedder="hashing", dim=DIM)
    await edge.upsert("help", CORPUS)
    await edge.close()
    other = await EdgeLibrary.open(tmp_path / "q", embedder="other", dim=DIM)
    client = QdrantLibrary.connect(":memory:", embedder="hashing", dim=DIM)
    await client.upsert("help", CORPUS)
    stranger = QdrantLibrary(client._client, embedder="hashing", dim=32, local=True)
    for library, dim in ((other, DIM), (stranger, 32)):
        with pytest.raises(EmbedderMismatch, match=r"hashing \(64 dimensions\)"):
            await library.search("gift", np.ones(dim, np.float32))
        with pytest.raises(EmbedderMismatch):
            await library.ready()
        await library.close()


async def test_a_remote_of_another_model_is_refused_before_anything_is_kept(tmp_path: Path) -> None:
    edge = await EdgeLibrary.open(tmp_path / "q", embedder="hashing", dim=DIM)
    embedder = LocalEmbedder(ENCODER)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app_of(edge, embedder)), base_url="http://frontdesk")
    remote = RemoteLibrary(http, embedder="other", dim=DIM)
    for call in (remote.ready(), remote.upsert("help", CORPUS), remote.search("gift", CORPUS[0].vector)):
        with pytest.raises(EmbedderMismatch):
            await call
    assert await edge.collections() == []
    for each in (remote, embedder, edge):
        await each.close()


async def test_a_server_that_is_not_there_is_unavailable_and_may_be_tried_again() -> None:
    remote = RemoteLibrary.connect("http://127.0.0.1:9", embedder="hashing", dim=DIM, timeout_s=2)
    client = QdrantLibrary.connect("http://127.0.0.1:9", embedder="hashing", dim=DIM, timeout_s=2)
    for library in (remote, client):
        with pytest.raises(LibraryUnavailable) as caught:
            await search(library, "gift")
        assert caught.value.retryable
        await library.close()


def test_an_edge_upsert_stays_under_what_one_write_ahead_entry_holds() -> None:
    # 2000 characters, 25 sentences of 384 half floats in base64, and the vector as text.
    assert edge_library._UPSERT_AT_ONCE * (2_000 + 25 * 1_024 + 384 * 12) < 32_000_000
