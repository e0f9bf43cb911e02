"""Links between customers: what they join, that they are taken back exactly, and that nothing joins by itself that
should not."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kept import NOW, Kept, empty_log
from sqlalchemy import Connection, insert, select

from memory import audit, controls, customers
from memory.errors import MergeRefused, UnknownMerge
from memory.identity import evidence, linking
from memory.identity.groups import heads
from memory.identity.linking import By
from memory.identity.members import members
from memory.identity.naming import Name
from memory.schema import audit as audit_rows
from memory.schema import customers as rows
from memory.schema import links
from memory.store import sqlite_engine

ADA = By("Ada", "agent", "they said so on the telephone")


def make(connection: Connection, *ids: str) -> None:
    for n, id in enumerate(ids):
        connection.execute(insert(rows).values(id=id, key=b"k", created_at=NOW + timedelta(seconds=n)))


async def customers_of(kept: Kept, *ids: str) -> None:
    await kept.write(lambda c: make(c, *ids))


async def merge(kept: Kept, one: str, other: str, id: str) -> linking.Link:
    return await kept.write(lambda c: linking.merge(c, one, other, [evidence.DESK], id=id, by=ADA, now=NOW))


async def undo(kept: Kept, link: linking.Link) -> linking.Link:
    return await kept.write(lambda c: linking.undo(c, link, by=ADA, now=NOW))


async def group(kept: Kept, customer: str) -> set[str]:
    return set(await kept.read(lambda c: members(c, customer)))


async def propose(kept: Kept, one: str, other: str, *found: str, strong: bool = False, id: str = "l-p") -> str:
    return await kept.write(lambda c: linking.propose(c, one, other, found, strong=strong, id=id, now=NOW))


# --- who is one person ---


def test_persons_are_the_components_of_the_links() -> None:
    found = heads(["a", "b", "c", "d"], [("c", "b"), ("b", "a"), ("d", "gone")])
    assert found == {"a": "a", "b": "a", "c": "a", "d": "d"}


ids = [f"p-{n}" for n in range(7)]
_pairs = st.tuples(st.sampled_from(ids), st.sampled_from(ids)).filter(lambda pair: pair[0] != pair[1])
_acts = st.one_of(
    st.tuples(st.just("merge"), _pairs),
    st.tuples(st.just("propose"), _pairs),
    st.tuples(st.just("weakly"), _pairs),
    st.tuples(st.just("undo"), st.integers(0, 30)),
    st.tuples(st.just("erase"), st.sampled_from(ids)),
)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """One store for all the sequences; each runs in a transaction that is rolled back."""
    path = Path(tmp_path_factory.mktemp("links"), "log.db")
    path.write_bytes(empty_log())
    engine = sqlite_engine(f"sqlite:///{path}")
    with engine.connect() as opened:
        yield opened
    engine.dispose()


@given(st.lists(_acts, max_size=25))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_merged_undone_and_erased_persons_are_what_the_links_say(
    connection: Connection, acts: list[tuple[str, object]]
) -> None:
    with connection.begin() as transaction:
        connection.exec_driver_sql("BEGIN")
        make(connection, *ids)
        there, holding = set(ids), dict[str, frozenset[str]]()
        undone: set[frozenset[str]] = set()
        serial = itertools.count()
        for act, given_ in acts:
            if act in ("merge", "propose", "weakly"):
                one, other = given_  # type: ignore[misc]
                id, before = f"l-{next(serial)}", partition(there, holding)
                joined = any({one, other} <= part for part in before)
                if act == "merge":
                    if joined or not {one, other} <= there:
                        with pytest.raises(MergeRefused):
                            linking.merge(connection, one, other, ["desk"], id=id, by=ADA, now=NOW)
                    else:
                        linking.merge(connection, one, other, ["desk"], id=id, by=ADA, now=NOW)
                        holding[id] = frozenset((one, other))
                elif {one, other} <= there:
                    strong = act == "propose"
                    did = linking.propose(connection, one, other, ["signed"], strong=strong, id=id, now=NOW)
                    assert (did == "same") == joined
                    if did == "merged":
                        assert strong, "weak evidence never merges"
                        parts = {each for each in before if {one, other} & each}
                        assert not any(len({next((p for p in parts if end in p), None) for end in pair}) == 2
                                       and all(any(end in p for p in parts) for end in pair)
                                       for pair in undone), "what people took back is not made again"  # fmt: skip
                        holding[id] = frozenset((one, other))
            elif act == "undo" and holding:
                id = sorted(holding)[given_ % len(holding)]  # type: ignore[operator]
                pair = holding.pop(id)
                linking.undo(connection, linking.read(connection, id, min(pair)), by=ADA, now=NOW)
                undone.add(pair)
            elif act == "erase" and given_ in there:
                linking.forget(connection, [str(given_)])
                connection.execute(rows.delete().where(rows.c.id == given_))
                there.discard(str(given_))
                holding = {id: pair for id, pair in holding.items() if given_ not in pair}
                undone = {pair for pair in undone if given_ not in pair}
            check(connection, there, holding)
        transaction.rollback()


def partition(there: set[str], holding: dict[str, frozenset[str]]) -> set[frozenset[str]]:
    """The persons, found in the plainest way there is."""
    parts = {frozenset([id]) for id in there}
    for pair in holding.values():
        touched = {part for part in parts if part & pair}
        parts = (parts - touched) | {frozenset().union(*touched)}
    return parts


def check(connection: Connection, there: set[str], holding: dict[str, frozenset[str]]) -> None:
    for part in partition(there, holding):
        for id in part:
            found = members(connection, id)
            assert found[0] == id
            assert set(found) == part
    into = {row.id: row.merged_into for row in connection.execute(select(rows.c.id, rows.c.merged_into))}
    for head in filter(None, into.values()):
        assert into[head] is None, "nobody stands for the one who stands for them"


async def test_undoing_one_of_two_links_leaves_what_the_other_says(kept: Kept) -> None:
    await customers_of(kept, "a", "b", "c")
    first, second = await merge(kept, "a", "b", "l-1"), await merge(kept, "b", "c", "l-2")
    assert await group(kept, "a") == {"a", "b", "c"}
    await undo(kept, first)
    assert await group(kept, "c") == {"b", "c"}
    assert await group(kept, "a") == {"a"}
    await undo(kept, second)
    assert [await group(kept, id) for id in "abc"] == [{"a"}, {"b"}, {"c"}]


async def test_a_merge_moves_no_row_and_changes_no_key(kept: Kept) -> None:
    receipts = [await kept.receive(kept.sms(sender=f"+44163296000{n}")) for n in (1, 2)]
    before = [dict(row) for row in await kept.rows(rows)]
    link = await merge(kept, receipts[0].customer, receipts[1].customer, "l-1")
    changed = [row for row in await kept.rows(rows) if row["merged_into"]]
    assert len(changed) == 1
    await undo(kept, link)
    assert [dict(row) for row in await kept.rows(rows)] == before


async def test_merges_at_once_agree_and_end_in_one_person(kept: Kept) -> None:
    names = [f"p-{n}" for n in range(8)]
    await customers_of(kept, *names)
    await asyncio.gather(*(merge(kept, one, other, f"l-{one}") for one, other in itertools.pairwise(names)))
    assert {frozenset(await group(kept, name)) for name in names} == {frozenset(names)}
    results = await asyncio.gather(
        *(merge(kept, names[0], names[-1], f"l-again-{n}") for n in range(3)), return_exceptions=True
    )
    assert all(isinstance(result, MergeRefused) for result in results)


async def test_the_same_two_merged_at_once_are_merged_once(kept: Kept) -> None:
    await customers_of(kept, "a", "b")
    results = await asyncio.gather(*(merge(kept, *"ab", f"l-{n}") for n in range(4)), return_exceptions=True)
    assert sum(isinstance(result, MergeRefused) for result in results) == 3
    assert len(await kept.rows(links)) == 1


# --- what links by itself, and what does not ---


@pytest.mark.parametrize("found", sorted(set(evidence.WEIGHTS)))
async def test_no_evidence_links_by_its_name_or_its_score(kept: Kept, found: str) -> None:
    await customers_of(kept, "a", "b")
    assert await propose(kept, "a", "b", found) == "suggested"
    assert await group(kept, "a") == {"a"}


async def test_all_weak_evidence_together_is_still_a_suggestion(kept: Kept) -> None:
    await customers_of(kept, "a", "b")
    for found in (evidence.TYPED_PHONE, evidence.TYPED_EMAIL, evidence.NAME, evidence.DEVICE):
        assert await propose(kept, "b", "a", found, id=f"l-{found}") == "suggested"
    (row,) = await kept.rows(links)
    assert (row["state"], row["evidence"]) == ("suggested", ["device", "name", "typed_email", "typed_phone"])
    assert 0.9 < row["score"] < 1.0
    assert await group(kept, "a") == {"a"}


async def test_a_refused_suggestion_is_not_made_again_by_any_evidence(kept: Kept) -> None:
    await customers_of(kept, "a", "b")
    await propose(kept, "a", "b", evidence.TYPED_PHONE, id="l-1")
    link = await kept.read(lambda c: linking.read(c, "l-1", "b"))
    await kept.write(lambda c: linking.decide(c, link, False, by=ADA, now=NOW))
    assert await propose(kept, "b", "a", evidence.TYPED_EMAIL, id="l-2") == "refused"
    assert await propose(kept, "b", "a", evidence.SIGNED, strong=True, id="l-3") == "refused"
    assert [row["state"] for row in await kept.rows(links)] == ["refused"]


async def test_what_was_taken_back_is_not_made_again_by_itself_but_by_hand(kept: Kept) -> None:
    await customers_of(kept, "a", "b")
    await undo(kept, await merge(kept, "a", "b", "l-1"))
    assert await propose(kept, "a", "b", evidence.SIGNED, strong=True, id="l-2") == "refused"
    await merge(kept, "a", "b", "l-3")
    assert await group(kept, "a") == {"a", "b"}


async def test_two_users_of_the_organisation_are_never_one_by_themselves(kept: Kept) -> None:
    def two(connection: Connection) -> list[str]:
        return [
            customers.by_name(connection, kept.vault, Name("user", name, "signed"), f"p-{name}", NOW) for name in "xy"
        ]

    one, other = await kept.write(two)
    assert await propose(kept, one, other, evidence.SIGNED, strong=True) == "suggested"


async def test_a_legal_hold_is_never_merged_across_in_silence(kept: Kept) -> None:
    await customers_of(kept, "a", "b")
    await kept.write(lambda c: controls.put(c, "hold/b", {"on": True}, "Ada", "a law suit", NOW))
    assert await propose(kept, "a", "b", evidence.SIGNED, strong=True, id="l-1") == "suggested"
    link = await kept.read(lambda c: linking.read(c, "l-1", "a"))
    await kept.write(lambda c: linking.decide(c, link, True, by=ADA, now=NOW))
    entries = [row for row in await kept.rows(audit_rows) if row["act"] == "customer.merged"]
    assert [row["detail"]["legal_hold"] for row in entries] == [["b"], ["b"]]


async def test_whoever_types_a_hundred_addresses_gets_no_hundred_suggestions(kept: Kept) -> None:
    others = [f"p-{n}" for n in range(40)]
    await customers_of(kept, "a", *others)
    for n, other in enumerate(others):
        await propose(kept, "a", other, evidence.TYPED_EMAIL, id=f"l-{n}")
    assert len(await kept.rows(links)) == 20


# --- what people do, and what is kept of it ---


async def test_every_act_is_in_the_audit_of_both_and_names_no_value(kept: Kept) -> None:
    await customers_of(kept, "a", "b")
    await undo(kept, await merge(kept, "a", "b", "l-1"))
    entries = await kept.rows(audit_rows)
    assert [(row["act"], row["subject"]) for row in entries] == [
        ("customer.merged", "customer:a"), ("customer.merged", "customer:b"),
        ("customer.unmerged", "customer:a"), ("customer.unmerged", "customer:b"),
    ]  # fmt: skip
    assert await kept.read(audit.verify) is None


async def test_a_link_is_decided_once_and_only_by_who_has_it(kept: Kept) -> None:
    await customers_of(kept, "a", "b", "c")
    await propose(kept, "a", "b", evidence.TYPED_PHONE, id="l-1")
    with pytest.raises(UnknownMerge):
        await kept.read(lambda c: linking.read(c, "l-1", "c"))
    link = await kept.read(lambda c: linking.read(c, "l-1", "a"))
    await kept.write(lambda c: linking.decide(c, link, True, by=ADA, now=NOW))
    for act in (True, False):
        with pytest.raises(MergeRefused):
            await kept.write(lambda c, act=act: linking.decide(c, link, act, by=ADA, now=NOW))
    await undo(kept, link)
    with pytest.raises(MergeRefused):
        await undo(kept, link)


async def test_a_merge_with_somebody_erased_or_being_erased_is_refused(kept: Kept) -> None:
    await customers_of(kept, "a", "b")
    await kept.write(lambda c: c.execute(rows.update().where(rows.c.id == "b").values(key=b"")).rowcount)
    with pytest.raises(MergeRefused):
        await merge(kept, "a", "b", "l-0")
    assert await propose(kept, "a", "b", evidence.SIGNED, strong=True) == "refused"
    with pytest.raises(MergeRefused):
        await merge(kept, "a", "gone", "l-1")
