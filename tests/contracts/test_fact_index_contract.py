"""What every index of memories promises: embedded in a folder, qdrant-client, and a real server where one is named."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qdrant_client import AsyncQdrantClient

from memory.facts import qdrant_index
from memory.facts.edge_index import EdgeIndex
from memory.facts.index import FactIndex, IndexLocked, IndexUnavailable, Made, Point, Vector, memory_point, said_id
from memory.facts.opening import open_index
from memory.facts.qdrant_index import QdrantIndex

DIM = 16
MADE = Made("hashing", DIM, "form-1")
SERVER = os.environ.get("FRONTDESK_QDRANT__URL")
ADAPTERS = ["edge", "client", *(["server"] if SERVER else [])]
AT = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
Open = Callable[..., Awaitable[FactIndex]]


def unit(seed: int) -> Vector:
    vector = np.random.default_rng(seed).normal(size=DIM).astype(np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def point(customer: str, seq: int, **fields: object) -> Point:
    conversation = f"c-{customer}"
    given = {
        "id": said_id(conversation, seq),
        "customer": customer,
        "kind": "said",
        "conversation": conversation,
        "seq": seq,
        "said_at": AT + timedelta(minutes=seq),
        "vector": unit(seq),
        "words": {7: 1.5, 1000 + seq: 2.0},
    }
    return Point(**{**given, **fields})  # type: ignore[arg-type]


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def opened(adapter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Open]:
    """Opens the index, the same one each time; whatever is open is closed in the end."""
    open_now: list[FactIndex] = []
    monkeypatch.setattr(qdrant_index, "COLLECTION", f"test-{uuid4().hex}")
    client = AsyncQdrantClient(":memory:")

    async def closing() -> None:
        """The in-process store goes with its client, which therefore stays."""

    async def open_it(made: Made = MADE) -> FactIndex:
        index: FactIndex
        if adapter == "edge":
            index = await EdgeIndex.open(tmp_path / "index", made)
        elif adapter == "client":
            index = await QdrantIndex.over(client, made, local=True)
            index.close = closing  # type: ignore[method-assign]
        else:
            assert SERVER is not None
            index = await QdrantIndex.connect(SERVER, made)
        open_now.append(index)
        return index

    yield open_it
    if adapter == "server":
        last = await QdrantIndex.connect(str(SERVER), MADE)
        await last._client.delete_collection(qdrant_index.COLLECTION)
        await last.close()
    for each in open_now:
        await each.close()
    await client.close()


@pytest.fixture
async def index(opened: Open) -> FactIndex:
    return await opened()


async def ids_of(index: FactIndex, *customers: str) -> set[str]:
    return {each.id for each in await index.search(customers, unit(0), [7])}


async def test_what_was_put_is_found_as_it_was(index: FactIndex) -> None:
    said, fact = point("a", 3, role="agent"), point(
        "a", 4, id=memory_point("m-1"), kind="fact", memory="m-1", valid_until=AT + timedelta(days=3, microseconds=5)
    )  # fmt: skip
    await index.put([said, fact])
    found = {each.id: each for each in await index.search(["a"], unit(3), [7, 1003, 555])}
    one, other = found[said.id], found[fact.id]
    assert (one.customer, one.kind, one.conversation, one.seq) == ("a", "said", "c-a", 3)
    assert (one.role, one.said_at, one.valid_until, one.memory) == ("agent", said.said_at, None, "")
    assert one.dense == pytest.approx(1.0, abs=1e-5)
    assert dict(one.words) == pytest.approx({7: 1.5, 1003: 2.0})
    assert (other.kind, other.memory, other.valid_until) == ("fact", "m-1", fact.valid_until)
    assert other.dense == pytest.approx(float(unit(3) @ unit(4)), abs=1e-5)
    assert dict(other.words) == pytest.approx({7: 1.5})


async def test_the_same_id_is_one_point_and_the_last_put_holds(index: FactIndex) -> None:
    await index.put([point("a", 1), point("a", 1)])
    await index.put([point("a", 1, valid_until=AT)])
    (found,) = await index.search(["a"], unit(1))
    assert found.valid_until == AT
    assert await index.count() == 1


async def test_nothing_is_found_for_nobody_and_for_nothing(index: FactIndex) -> None:
    await index.put([])
    await index.put([point("a", 1)])
    assert await index.search([], unit(1), [7]) == []
    assert await index.search(["a"], None, []) == []
    assert await index.search(["nobody"], unit(1), [7]) == []
    assert await index.count(["nobody"]) == 0


async def test_words_alone_find(index: FactIndex) -> None:
    await index.put([point("a", 1), point("a", 2)])
    (found,) = await index.search(["a"], None, [1002])
    assert found.seq == 2
    assert found.dense is None


async def test_a_point_without_words_is_found_by_its_vector(index: FactIndex) -> None:
    await index.put([point("a", 1, words={})])
    assert await ids_of(index, "a") == {said_id("c-a", 1)}


async def test_a_limit_cuts_off_the_least_like(index: FactIndex) -> None:
    await index.put([point("a", seq) for seq in range(1, 30)])
    found = await index.search(["a"], unit(5), limit=3)
    best = sorted(range(1, 30), key=lambda seq: -float(unit(5) @ unit(seq)))[:3]
    assert {each.seq for each in found} == set(best)


async def test_a_removed_point_is_found_no_more(index: FactIndex) -> None:
    await index.put([point("a", 1), point("a", 2)])
    await index.remove([said_id("c-a", 1), str(uuid4())])
    await index.remove([])
    assert await ids_of(index, "a") == {said_id("c-a", 2)}


async def test_a_forgotten_customer_is_gone_and_nobody_else(index: FactIndex) -> None:
    await index.put([point(customer, seq) for customer in ("a", "b", "c") for seq in range(1, 40)])
    before = {each.id: each for each in await index.search(["c"], unit(2), [7, 1002])}
    assert await index.forget(["a", "b", "nobody"]) == 78
    assert await index.count(["a", "b"]) == 0
    after = {each.id: each for each in await index.search(["c"], unit(2), [7, 1002])}
    assert after == before
    assert await index.forget(["a", "b"]) == 0
    assert await index.forget([]) == 0
    await index.put([point("a", 1), point("c", 2, valid_until=AT)])
    assert await ids_of(index, "a") == {said_id("c-a", 1)}
    assert next(each for each in await index.search(["c"], unit(2)) if each.seq == 2).valid_until == AT


async def test_an_index_is_fresh_until_all_was_put_also_after_a_restart(opened: Open) -> None:
    index = await opened()
    assert index.fresh
    await index.put([point("a", 1)])
    await index.close()
    index = await opened()
    assert index.fresh
    assert await index.count() == 1
    await index.whole()
    assert not index.fresh
    await index.close()
    assert not (await opened()).fresh


@pytest.mark.parametrize("made", [Made("other", DIM, "form-1"), Made("hashing", DIM, "form-2"), Made("hashing", 8)])
async def test_an_index_of_another_model_or_form_is_emptied_and_fresh(opened: Open, made: Made) -> None:
    index = await opened()
    await index.put([point("a", 1)])
    await index.whole()
    await index.close()
    index = await opened(made)
    assert index.fresh
    assert await index.count() == 0
    assert index.was == MADE  # type: ignore[attr-defined]
    await index.put([point("a", 1, vector=unit(1)[: made.dim])])
    assert await index.count() == 1


async def test_a_scan_sees_the_customers_it_holds_and_no_words(index: FactIndex) -> None:
    await index.put([point("customer-kept", 1), point("customer-gone", 2)])
    needles = [b"customer-kept", b"customer-gone", b"parcel"]
    seen = await index.scan(needles)
    assert set(seen.hits) == {0, 1}
    assert seen.parts > 0
    assert seen.bytes > 0
    await index.forget(["customer-gone"])
    assert set((await index.scan(needles)).hits) == {0}
    assert (await index.scan([])).hits == {}


async def test_it_says_that_it_can_be_searched(index: FactIndex) -> None:
    await index.ready()


async def test_a_wrong_vector_is_a_fault_of_the_index(index: FactIndex, adapter: str) -> None:
    if adapter == "client":
        pytest.skip("qdrant-client's own store compares whatever it is given")
    with pytest.raises(IndexUnavailable):
        await index.search(["a"], np.ones(DIM + 1, dtype=np.float32))


CUSTOMERS = ("a", "A", "a ", "ab", "<PERSON_1>", "c-a")
LIKE_EACH_OTHER = st.lists(st.tuples(st.sampled_from(CUSTOMERS), st.integers(1, 6)), min_size=1, max_size=25)


@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LIKE_EACH_OTHER, st.lists(st.sampled_from(CUSTOMERS), min_size=1, max_size=3))
async def test_a_search_never_crosses_customers(index: FactIndex, said: list[tuple[str, int]], who: list[str]) -> None:
    """Names that are nearly the same, the same words, the same vectors."""
    await index.forget(list(CUSTOMERS))
    await index.put([point(customer, seq, vector=unit(seq % 2)) for customer, seq in said])
    found = await index.search(who, unit(0), [7, 1001, 1002])
    assert {(each.customer, each.seq) for each in found} == {each for each in said if each[0] in who}


def held(folder: Path) -> bytes:
    """What is written in the files, without the long runs of nothing that they are made with."""
    blocks = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        raw = path.read_bytes()
        for start in range(0, len(raw), 1 << 16):
            block = raw[start : start + (1 << 16) + 2048]
            if block.strip(b"\0"):
                blocks.append(block)
    return b"".join(blocks)


def traces(made: Point) -> list[bytes]:
    """Ways in which a point may stand in a file: as Qdrant writes them, and as its log does."""
    id = UUID(made.id)
    numbers = made.vector.astype("<f4"), made.vector.astype(">f4")
    rare = next(term for term in made.words if term != 7)
    return [
        *(each.tobytes() for each in numbers),
        *(each[:4].tobytes() for each in numbers),
        id.bytes,
        id.bytes[::-1],
        made.id.encode(),
        id.hex.encode(),
        made.customer.encode(),
        made.conversation.encode(),
        rare.to_bytes(4, "little"),
        rare.to_bytes(4, "big"),
    ]


async def test_nothing_of_a_forgotten_customer_is_left_in_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    index = await EdgeIndex.open(folder, MADE)
    gone = [point("customer-gone", seq, words={7: 1.0, 0xA1B2C300 + seq: 1.5}) for seq in range(1, 80)]
    kept = [point("customer-kept", seq, words={7: 1.0, 0x1A2B3C00 + seq: 1.5}) for seq in range(300, 340)]
    await index.put(gone)
    await index.put([*gone[:50], *kept])
    assert any(trace in held(folder) for trace in traces(gone[0])), "the search for traces finds none at all"
    assert await index.forget(["customer-gone"]) == 79
    left = held(folder)
    assert not [trace for each in gone[::8] for trace in traces(each) if trace in left]
    assert await ids_of(index, "customer-kept") == {each.id for each in kept}
    await index.close()
    left = held(folder)
    assert not [trace for each in gone[::8] for trace in traces(each) if trace in left]


async def test_what_was_removed_before_is_gone_from_the_files_after_a_forget(tmp_path: Path) -> None:
    """Also where a kill came between taking it out and writing the files anew: the folder remembers."""
    folder = tmp_path / "index"
    index = await EdgeIndex.open(folder, MADE)
    gone = point("customer-gone", 1)
    await index.put([gone, point("customer-kept", 2)])
    await index.remove([gone.id])
    await index.close()
    index = await EdgeIndex.open(folder, MADE)
    assert await index.forget(["customer-gone"]) == 0
    left = held(folder)
    assert not [trace for trace in traces(gone)[:-2] if trace in left]
    assert await index.count() == 1
    await index.close()


async def test_one_process_has_the_folder(tmp_path: Path) -> None:
    index = await EdgeIndex.open(tmp_path / "index", MADE)
    with pytest.raises(IndexLocked):
        await EdgeIndex.open(tmp_path / "index", MADE)
    await index.close()
    await index.close()
    with pytest.raises(IndexUnavailable):
        await index.put([point("a", 1)])
    await (await EdgeIndex.open(tmp_path / "index", MADE)).close()


async def test_a_kill_while_files_are_written_anew_leaves_the_old_ones_or_an_index_to_be_filled(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    index = await EdgeIndex.open(folder, MADE)
    await index.put([point("a", 1)])
    await index.whole()
    await index.close()
    for left in ("shard.next", "shard.old"):
        (folder / left).mkdir()
        (folder / left / "page").write_bytes(b"customer-gone")
    index = await EdgeIndex.open(folder, MADE)
    assert await index.count() == 1
    assert not index.fresh
    assert b"customer-gone" not in held(folder)
    await index.close()
    (folder / "shard").rename(folder / "shard.old")
    index = await EdgeIndex.open(folder, MADE)
    assert await index.count() == 0
    assert index.fresh
    assert not (folder / "shard.old").exists()
    await index.close()


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"made": {"x": 1}, "whole": true}'])
async def test_a_folder_that_does_not_say_what_it_is_made_with_is_filled_again(tmp_path: Path, broken: bytes) -> None:
    index = await EdgeIndex.open(tmp_path, MADE)
    await index.put([point("a", 1)])
    await index.close()
    (tmp_path / "index.json").write_bytes(broken)
    index = await EdgeIndex.open(tmp_path, MADE)
    assert index.fresh
    assert await index.count() == 0
    await index.close()


async def test_a_folder_that_cannot_be_made_is_a_fault_of_the_index(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(IndexUnavailable):
        await EdgeIndex.open(tmp_path / "file" / "index", MADE)


async def test_searches_go_on_while_a_customer_is_forgotten(tmp_path: Path) -> None:
    index = await EdgeIndex.open(tmp_path, MADE)
    await index.put([point(customer, seq) for customer in ("a", "b") for seq in range(1, 500)])
    forgetting = asyncio.create_task(index.forget(["a"]))
    putting = asyncio.create_task(index.put([point("b", 600)]))
    while not forgetting.done():
        assert len(await index.search(["b"], unit(1))) >= 499
        await asyncio.sleep(0)
    await putting
    assert await index.count(["a"]) == 0
    assert await index.count(["b"]) == 500
    await index.close()


async def test_the_configured_index_lies_beside_the_knowledge(tmp_path: Path) -> None:
    index = await open_index(MADE, path=tmp_path)
    assert (tmp_path / ".memory" / "index.json").exists()
    await index.close()
    other = await open_index(Made("other", DIM), path=tmp_path)
    assert other.fresh
    await other.close()
    with pytest.raises(IndexUnavailable):
        await open_index(MADE, path=tmp_path, url="http://127.0.0.1:9")
