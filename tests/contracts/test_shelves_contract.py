"""What every library promises to those who rank by several probes: the same ids, order and scores in all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from listening import listening

from channels.http import problems
from channels.http.knowledge import router
from knowledge.edge_library import EdgeLibrary
from knowledge.embedding import LocalEmbedder
from knowledge.encoders import HashingEncoder
from knowledge.entries import MAX_PROBES, MAX_RANKED, MAX_SCOPED, MAX_VALUES, Entry, embedding_text, point_id
from knowledge.errors import BadRequest, EmbedderMismatch
from knowledge.opening import AnyLibrary
from knowledge.passages import Passage
from knowledge.qdrant_library import QdrantLibrary
from knowledge.remote_library import RemoteLibrary
from knowledge.seeking.ports import EVERYWHERE, Probe, Scope

DIM = 64
ENCODER = HashingEncoder(DIM)
ROUNDING = 2e-5
DAY = date(2026, 11, 27)
WORDS = [f"{a}{b}" for a in ("tent", "boot", "gift", "post", "card", "shop", "size", "coat") for b in "abcdefgh"]

pytestmark = pytest.mark.server


def entry(number: int, text: str, **metadata: str) -> Entry:
    document = f"doc{number // 3}"
    passage = Passage(
        f"{document}#{number % 3}", document, f"About {document}", text, "", f"Part {number % 3}", metadata=metadata
    )
    return Entry(passage, ENCODER.encode([embedding_text(passage)])[0], np.empty((0, DIM), np.float32), "h", 3)


def corpus(size: int = 240) -> list[Entry]:
    rng = np.random.default_rng(5)
    dates = ("", "2026-11-26", "2026-11-27", "2026-11-28", "soon", "2026-11-27T09:00:00Z", "2026-13-45")
    made = []
    for number in range(size):
        metadata = {"valid_until": dates[number % 7], "valid_from": dates[(number // 7) % 7]}
        metadata |= {"region": ("uk", "de", "")[number % 3], "tier": ("gold", "")[number % 2]}
        metadata["language"] = ("en-gb", "en", "de-at", "")[number % 4]
        text = " ".join(rng.choice(WORDS, size=int(rng.integers(3, 30))))
        made.append(entry(number, text, **{key: value for key, value in metadata.items() if value}))
    return made


CORPUS = corpus()


@pytest.fixture
async def libraries(tmp_path: Path) -> AsyncIterator[Mapping[str, AnyLibrary]]:
    """Embedded, client and remote, the last over a socket to a library of its own; all empty."""
    async with AsyncExitStack() as open_:
        edge = await EdgeLibrary.open(tmp_path / "edge", embedder="hashing", dim=DIM)
        served = await EdgeLibrary.open(tmp_path / "served", embedder="hashing", dim=DIM)
        client = QdrantLibrary.connect(":memory:", embedder="hashing", dim=DIM)
        embedder = LocalEmbedder(ENCODER)
        app = FastAPI()
        problems.install(app)
        app.include_router(router(served, embedder, lambda role: lambda: role))
        for each in (served, embedder, edge, client):
            open_.push_async_callback(each.close)
        remote = RemoteLibrary.connect(await open_.enter_async_context(listening(app)), embedder="hashing", dim=DIM)
        open_.push_async_callback(remote.close)
        yield {"edge": edge, "client": client, "remote": remote}


@pytest.fixture
async def filled(libraries: Mapping[str, AnyLibrary]) -> Mapping[str, AnyLibrary]:
    for each in libraries.values():
        await each.upsert("help", CORPUS)
    return libraries


def probes(seed: int = 1) -> list[Probe]:
    rng = np.random.default_rng(seed)
    texts = [" ".join(rng.choice(WORDS, size=6)) for _ in range(4)]
    return [*(Probe(vector=ENCODER.encode([text])[0]) for text in texts), *(Probe(text=text) for text in texts)]


POINTS = frozenset(point_id(each.passage.id) for each in CORPUS[:40])
SCOPES = [
    EVERYWHERE,
    Scope(equal={"region": ("uk",)}),
    Scope(equal={"region": ("uk", "de"), "tier": ("gold",)}),
    Scope(suits={"region": ("uk",)}),
    Scope(suits={"region": ("uk",), "tier": ("silver",)}),
    Scope(suits={"region": ()}),
    Scope(equal={"language": ("en",)}),
    Scope(equal={"language": ("en-gb", "de")}),
    Scope(suits={"language": ("de",)}, without={"language": ("en",)}),
    Scope(without={"region": ("uk", "fr")}),
    Scope(without={"region": ("uk",), "tier": ("gold",), "nowhere": ("x",)}, suits={"region": ("de",)}, on=DAY),
    Scope(without={"region": ()}),
    Scope(on=DAY),
    Scope(on=date.max),
    Scope(on=date.min),
    Scope(points=POINTS),
    Scope(documents=frozenset({"doc3", "doc50", "never was"})),
    Scope(points=POINTS, documents=frozenset({"doc50"})),
    Scope(points=POINTS, documents=frozenset({"doc50"}), equal={"region": ("uk",)}, suits={"tier": ("gold",)}, on=DAY),
    Scope(equal={"region": ("uk", *(f"region {number}" for number in range(99)))}),
    Scope(equal={"nowhere": ("x",)}),
    Scope(equal={"region": ()}),
    Scope(points=frozenset()),
    Scope(points=frozenset(), documents=frozenset()),
    Scope(points=frozenset(), documents=frozenset({"doc3"})),
]


def admitted(scope: Scope, passage: Passage) -> bool:
    """What the scope's words say, over one passage."""

    def day(value: str) -> date | None:
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            return None

    held = dict(passage.metadata)

    def has(key: str, values: tuple[str, ...]) -> bool:
        own = held.get(key, "")
        return own in values or (key == "language" and own.partition("-")[0] in values and own != "")

    since, until = day(held.get("valid_from", "")), day(held.get("valid_until", ""))
    in_force = scope.on is None or ((since or date.min) <= scope.on <= (until or date.max))
    equal = all(key in held and has(key, values) for key, values in scope.equal.items())
    suits = all(key not in held or has(key, values) for key, values in scope.suits.items())
    free = not any(key in held and has(key, values) for key, values in scope.without.items())
    named = scope.points is None and scope.documents is None
    named = named or point_id(passage.id) in (scope.points or ()) or passage.document_id in (scope.documents or ())
    return in_force and equal and suits and free and named


async def test_every_store_ranks_the_same_points_in_the_same_order_with_the_same_scores(
    filled: Mapping[str, AnyLibrary],
) -> None:
    for number, scope in enumerate(SCOPES):
        asked = probes(number)
        edge, *others = [await each.rankings(asked, limit=60, scope=scope) for each in filled.values()]
        for found in others:
            for one, two in zip(edge, found, strict=True):
                assert [score for _, score in one] == pytest.approx([score for _, score in two], abs=ROUNDING), scope
                scores = dict(one)
                for (mine, score), (theirs, _) in zip(one, two, strict=True):
                    # Only what is as good as the same may change places: a rounding may fall either way.
                    assert mine == theirs or scores[theirs] == pytest.approx(score, abs=ROUNDING), scope


async def test_a_scope_admits_what_its_words_say(filled: Mapping[str, AnyLibrary]) -> None:
    for scope in SCOPES:
        wanted = {point_id(each.passage.id) for each in CORPUS if admitted(scope, each.passage)}
        for name, library in filled.items():
            (found,) = await library.rankings([probes()[0]], limit=len(CORPUS), scope=scope)
            assert {point for point, _ in found} == wanted, (name, scope)


async def test_a_passages_score_is_the_same_in_every_scope(filled: Mapping[str, AnyLibrary]) -> None:
    for library in filled.values():
        everywhere = await library.rankings(probes(), limit=len(CORPUS))
        within = await library.rankings(probes(), limit=len(CORPUS), scope=Scope(points=POINTS))
        for wide, narrow in zip(everywhere, within, strict=True):
            scores = dict(wide)
            assert dict(narrow) == pytest.approx({point: scores[point] for point, _ in narrow}, abs=1e-4)
        cosines = {point_id(each.passage.id): float(probes()[0].vector @ each.vector) for each in CORPUS}  # type: ignore[operator]
        assert dict(everywhere[0]) == pytest.approx(cosines, abs=1e-4)


async def test_equal_scores_go_by_id_also_where_the_limit_cuts(libraries: Mapping[str, AnyLibrary]) -> None:
    same = [entry(3 * number, "The very same words.") for number in range(12)]
    same = [Entry(each.passage, same[0].vector, each.sentence_vectors, "h") for each in same]
    for library in libraries.values():
        await library.upsert("help", same)
        for ranking in await library.rankings([Probe(vector=same[0].vector), Probe(text="very words")], limit=5):
            assert [point for point, _ in ranking] == sorted(point_id(each.passage.id) for each in same)[:5]


async def test_an_empty_or_unknown_collection_has_no_rankings_hits_or_headings(
    libraries: Mapping[str, AnyLibrary],
) -> None:
    for library in libraries.values():
        await library.upsert("empty", [])
        for name in (None, "empty", "never-made"):
            assert await library.rankings(probes(), limit=5, collection=name) == [[]] * 8
            assert await library.fetch([point_id("doc1#0")], collection=name) == {}
            assert await library.headings(name) == []
            assert await library.revision(name) == await library.revision(name)


async def test_no_probes_and_a_text_without_words_rank_nothing(filled: Mapping[str, AnyLibrary]) -> None:
    for library in filled.values():
        assert await library.rankings([], limit=5) == []
        ranked = await library.rankings([Probe(text="?!"), probes()[0], Probe(), Probe(text="the of")], limit=5)
        assert [len(each) for each in ranked] == [0, 5, 0, 0]


async def test_what_no_store_accepts_is_a_bad_request_in_every_store(filled: Mapping[str, AnyLibrary]) -> None:
    many = frozenset(point_id(str(number)) for number in range(MAX_SCOPED + 1))
    hostile = [
        Scope(equal={"a.b": ("x",)}),
        Scope(equal={"": ("x",)}),
        Scope(suits={"x[]": ("x",)}),
        Scope(without={"a b": ("x",)}),
        Scope(suits={"k" * 65: ("x",)}),
        Scope(equal={"region": ("x",) * (MAX_VALUES + 1)}),
        Scope(points=frozenset({"1' or '1'='1"})),
        Scope(points=many),
        Scope(documents=many),
    ]
    for library in filled.values():
        for scope in hostile:
            with pytest.raises(BadRequest):
                await library.rankings(probes(), limit=5, scope=scope)
        for limit in (0, -1, MAX_RANKED + 1):
            with pytest.raises(BadRequest):
                await library.rankings(probes(), limit=limit)
        for asked in ([Probe(text="x")] * (MAX_PROBES + 1), [Probe(np.ones(3, np.float32))]):
            with pytest.raises(BadRequest):
                await library.rankings(asked, limit=5)
        with pytest.raises(BadRequest):
            await library.rankings(probes(), limit=5, collection="../etc")
        with pytest.raises(BadRequest):
            await library.fetch(["no point"])


async def test_passages_are_fetched_with_their_vectors_in_the_order_asked_for(
    filled: Mapping[str, AnyLibrary],
) -> None:
    wanted = [CORPUS[7], CORPUS[2], CORPUS[150]]
    points = [point_id(each.passage.id) for each in wanted]
    for library in filled.values():
        found = await library.fetch([*points, points[0], point_id("never was")])
        assert list(found) == points
        for kept, hit in zip(wanted, found.values(), strict=True):
            assert (hit.passage, hit.dense, hit.sparse) == (kept.passage, None, None)
            assert hit.vector is not None
            assert hit.vector.dtype == np.float32
            np.testing.assert_allclose(hit.vector, kept.vector, atol=1e-6)
        every = await library.fetch([point_id(each.passage.id) for each in CORPUS])
        assert len(every) == len(CORPUS)


async def test_headings_stand_over_every_passage_in_the_order_of_points(filled: Mapping[str, AnyLibrary]) -> None:
    wanted = sorted((point_id(each.passage.id), each.passage.title, each.passage.section) for each in CORPUS)
    for library in filled.values():
        found = await library.headings()
        assert [(each.point, each.title, each.section) for each in found] == wanted
        assert found[0].document in found[0].title


async def test_the_revision_changes_with_every_change_and_only_then(filled: Mapping[str, AnyLibrary]) -> None:
    changed = [entry(number, "Other words.") for number in range(3)]
    for library in filled.values():
        seen = [await library.revision()]
        await library.rankings(probes(), limit=5)
        assert await library.revision() == seen[0]
        await library.upsert("other", CORPUS[:3])
        assert await library.revision() == seen[0]
        await library.upsert("help", changed)
        seen.append(await library.revision())
        await library.delete("help", ["doc5"])
        seen.append(await library.revision())
        assert len(set(seen)) == 3


async def test_another_process_on_the_same_server_learns_of_changes(libraries: Mapping[str, AnyLibrary]) -> None:
    client = libraries["client"]
    assert isinstance(client, QdrantLibrary)
    await client.upsert("help", CORPUS[:3])
    other = QdrantLibrary(client._client, embedder="hashing", dim=DIM, local=True)
    before = await other.revision()
    await client.upsert("help", [entry(number, "Other words, as many passages.") for number in range(3)])
    await client.settle("help")
    settled = await other.revision()
    await client.upsert("help", CORPUS[3:6])
    assert len({before, settled, await other.revision()}) == 3
    await other.ready()


async def test_what_is_deleted_is_neither_ranked_nor_fetched(filled: Mapping[str, AnyLibrary]) -> None:
    point = point_id("doc5#1")
    for library in filled.values():
        await library.delete("help", ["doc5"])
        (found,) = await library.rankings([probes()[0]], limit=len(CORPUS))
        assert len(found) == len(CORPUS) - 3
        assert point not in dict(found)
        assert await library.fetch([point]) == {}


async def test_a_search_takes_several_values_of_a_filter_and_a_day(filled: Mapping[str, AnyLibrary]) -> None:
    (vector, *_), text = ENCODER.encode(["tenta boota"]), "tenta boota"
    expected: list[tuple[str, float]] | None = None
    for library in filled.values():
        hits = await library.search(text, vector, limit=200, filters={"region": ["uk", "de"], "tier": "gold"}, on=DAY)
        scope = Scope(equal={"region": ("uk", "de"), "tier": ("gold",)}, on=DAY)
        assert {hit.passage.id for hit in hits} == {e.passage.id for e in CORPUS if admitted(scope, e.passage)}
        found = [(hit.passage.id, round(hit.score, 6)) for hit in hits]
        assert found == (expected or found)
        expected = found
        assert await library.search(text, vector, filters={"region": []}) == []
        with pytest.raises(BadRequest):
            await library.search(text, vector, filters={"a.b": ["x"]})


async def test_vectors_of_another_model_are_not_ranked(filled: Mapping[str, AnyLibrary]) -> None:
    remote = filled["remote"]
    assert isinstance(remote, RemoteLibrary)
    stranger = RemoteLibrary(remote._client, embedder="other", dim=DIM)
    with pytest.raises(EmbedderMismatch):
        await stranger.rankings(probes(), limit=5)
    assert (await stranger.rankings([Probe(text="tenta")], limit=5))[0]
