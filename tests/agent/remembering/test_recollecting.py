"""What is remembered is found for the person it is of, and for nobody else; whatever is away, the turn goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from agent_support import turn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from remembering_support import NOW, Remembering, remembering

from agent.ports import Vector
from agent.remembering.recollecting import TERMS, Recollections, _terms
from memory.erasure.rows import erase
from memory.errors import StoreUnavailable
from memory.facts.index import Found, IndexUnavailable
from memory.facts.memory import Recalled
from memory.identity.profile import Profile
from memory.messages import Line

DAY = timedelta(days=1)
ADA, BEN = "+441632960001", "+441632960002"


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Remembering]:
    async with remembering(tmp_path, PERSON="Mara Novak|Sam Reid", LOCATION="Leeds|York|Hull") as opened:
        yield opened


def recollections(desk: Remembering, **fields: Any) -> Recollections:
    given = {"index": desk.index, "timeout_s": 30.0, **fields}
    return Recollections(desk.store, desk.vault, embedder=desk.embedder, **given)


async def ask(desk: Remembering, customer: str, text: str, *, members: Sequence[str] = (), **fields: Any) -> Recalled:
    who = Profile(customer, members=(customer, *members))
    asking = turn(text, conversation="c-asking", customer=customer, profile=who, started_at=NOW + 40 * DAY)
    return await recollections(desk, **fields).recall(asking, None)


def texts(recalled: Recalled) -> list[str]:
    return [memory.text for memory in recalled.found]


async def test_what_was_said_long_ago_is_found_with_where_and_when(desk: Remembering) -> None:
    customer, conversation = await desk.says(ADA, "The blue kettle leaks since Monday.")
    await desk.says(ADA, "Thanks, that is all.", NOW + DAY)
    await desk.remember()
    recalled = await ask(desk, customer, "Which kettle leaks?")
    best = recalled.found[0]
    assert best.text == "The blue kettle leaks since Monday."
    assert (best.kind, best.customer, best.conversation, best.seq) == ("said", customer, conversation, 1)
    assert (best.role, best.said_at) == ("customer", NOW)
    assert best.score > 0
    assert "of its words" in best.why
    assert recalled.degraded == ""
    assert recalled.figures["looked_at"] == 2


async def test_what_stands_is_there_without_being_asked_for(desk: Remembering) -> None:
    customer, _ = await desk.says(ADA, "Hi, never call before 10. I live in Leeds.")
    await desk.remember()
    recalled = await ask(desk, customer, "Is the shop open?")
    assert [memory.text for memory in recalled.standing] == ["Must not be contacted before 10."]


async def test_a_fact_is_found_in_its_words(desk: Remembering) -> None:
    customer, _ = await desk.says(ADA, "Hello, I live in Leeds.")
    await desk.remember()
    found = {memory.kind: memory for memory in (await ask(desk, customer, "Where do I live?")).found}
    assert found["fact"].text == "Lives in <LOCATION_1>."
    assert found["fact"].value == "<LOCATION_1>"


async def test_messages_that_the_turn_has_before_it_are_not_recalled(desk: Remembering) -> None:
    customer, conversation = await desk.says(ADA, "The kettle leaks.")
    await desk.remember()
    asking = turn("Which kettle leaks?", conversation=conversation, customer=customer, started_at=NOW + DAY)
    line = Line("customer", "The kettle leaks.", 1)
    here = replace(asking, said=(Line("customer", "Which kettle leaks?", 9),), history=(line,))
    assert texts(await recollections(desk).recall(here, None)) == []
    elsewhere = replace(here, conversation="c-other")
    assert texts(await recollections(desk).recall(elsewhere, None)) == ["The kettle leaks."]


async def test_another_person_with_the_same_words_and_name_is_never_recalled(desk: Remembering) -> None:
    ada, _ = await desk.says(ADA, "I am Mara Novak and my order ORD-1 is late.")
    ben, _ = await desk.says(BEN, "I am Mara Novak and my order ORD-1 is late.")
    await desk.remember()
    for customer in (ada, ben):
        found = (await ask(desk, customer, "What about Mara Novak's order ORD-1?")).found
        assert {memory.customer for memory in found} == {customer}
    assert (await ask(desk, "nobody", "What about ORD-1?")).found == ()


async def test_an_index_that_answers_with_others_is_not_believed(desk: Remembering) -> None:
    ada, _ = await desk.says(ADA, "My order ORD-1 is late.")
    ben, _ = await desk.says(BEN, "My order ORD-2 is late.")
    await desk.remember()

    class Confused:
        """Filters by nobody, or says that what it found is the asker's."""

        def __init__(self, claims: str = "") -> None:
            self.claims = claims

        async def search(self, customers: Any, vector: Any, terms: Any = (), *, limit: int = 9) -> list[Found]:
            found = await desk.index.search([ada, ben], vector, terms)
            return [replace(each, customer=self.claims or each.customer) for each in found]

    for index in (Confused(), Confused(ada)):
        found = (await ask(desk, ada, "Which order is late?", index=index)).found
        assert {memory.customer for memory in found} == {ada}
        assert not [memory for memory in found if "ORD-2" in memory.text]


async def test_what_a_merged_customer_said_is_read_in_the_readers_pseudonyms(desk: Remembering) -> None:
    ada, _ = await desk.says(ADA, "Sam Reid will fetch the kettle in York.")
    other, _ = await desk.says(BEN, "Mara Novak will fetch the toaster in Hull. I live in Leeds.")
    await desk.remember()
    recalled = await ask(desk, ada, "Who will fetch the toaster?", members=[other])
    (toaster,) = [memory for memory in recalled.found if "toaster" in memory.text]
    book = await desk.read(lambda c: desk.vault.book(c, ada))
    assert toaster.customer == other
    assert toaster.text.startswith("<PERSON_2> will fetch the toaster in <LOCATION_2>")
    assert book.restore(toaster.text) == "Mara Novak will fetch the toaster in Hull. I live in Leeds."
    assert [each for each in texts(recalled) if "Mara" in each] == []
    again = await ask(desk, ada, "Who will fetch the toaster?", members=[other])
    assert again.found == recalled.found
    assert not [memory for memory in (await ask(desk, ada, "toaster?")).found if memory.customer == other]


async def test_what_was_erased_is_not_recalled_though_the_index_still_has_it(desk: Remembering) -> None:
    customer, _ = await desk.says(ADA, "The kettle leaks.")
    await desk.remember()
    await desk.store.write(lambda c: erase(c, desk.vault, customer, by="ada", role="admin", why="asked", now=NOW))
    assert await desk.index.count([customer]) == 1
    recalled = await ask(desk, customer, "Which kettle leaks?")
    assert recalled.found == ()


class Away:
    async def search(self, *_: Any, **__: Any) -> list[Found]:
        raise IndexUnavailable("the server is away")


class Slow:
    async def search(self, *_: Any, **__: Any) -> list[Found]:
        await asyncio.sleep(30)
        return []


class Broken:
    async def search(self, *_: Any, **__: Any) -> list[Found]:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("index", "says"),
    [
        (Away(), "the server is away"),
        (Broken(), "failed: ZeroDivisionError"),
        (None, "the index of memories is not open in this process"),
    ],
)
async def test_without_the_index_what_stands_is_still_recalled_and_it_is_said(
    desk: Remembering, index: Any, says: str
) -> None:
    customer, _ = await desk.says(ADA, "Never call before 10.")
    await desk.remember()
    recalled = await ask(desk, customer, "Is it open?", index=index)
    assert recalled.degraded == says
    assert recalled.found == ()
    assert len(recalled.standing) == 1


async def test_a_slow_index_is_not_waited_for(desk: Remembering) -> None:
    recalled = await ask(desk, "nobody", "Is it open?", index=Slow(), timeout_s=0.05)
    assert recalled.degraded == "took longer than 0.05 s"


async def test_a_store_that_is_away_is_said(desk: Remembering) -> None:
    class Down:
        url = ""

        async def read(self, _: Any) -> Any:
            raise StoreUnavailable("down")

        write = read

        async def close(self) -> None: ...

    recalled = await replace(recollections(desk), store=Down()).recall(turn("Is it open?"), None)
    assert "down" in recalled.degraded


async def test_without_an_embedding_words_alone_find(desk: Remembering) -> None:
    customer, _ = await desk.says(ADA, "The kettle leaks.")
    await desk.remember()

    class Closed:
        name, dim = "words", 16

        async def embed(self, _: Sequence[str]) -> Vector:
            raise RuntimeError("closed")

    recalled = await replace(recollections(desk), embedder=Closed()).recall(
        turn("Which kettle leaks?", conversation="c-asking", customer=customer, started_at=NOW + DAY), None
    )
    assert texts(recalled) == ["The kettle leaks."]


async def test_a_vector_that_is_known_is_not_made_again(desk: Remembering) -> None:
    customer, _ = await desk.says(ADA, "The kettle leaks.")
    await desk.remember()
    (vector,) = await desk.embedder.embed(["Which kettle leaks?"])
    desk.embedder.texts.clear()
    asking = turn("Which kettle leaks?", conversation="c-asking", customer=customer, started_at=NOW + DAY)
    assert texts(await recollections(desk).recall(asking, vector)) == ["The kettle leaks."]
    assert desk.embedder.texts == []
    await recollections(desk).recall(
        turn("Which kettle has <PERSON_1>?", conversation="c-asking", customer=customer), vector
    )
    assert desk.embedder.texts == ["Which kettle has ?"]


async def test_words_are_found_in_any_form_that_they_were_kept_in(desk: Remembering) -> None:
    """Endings are taken off once, not twice."""
    customer, _ = await desk.says(ADA, "Both addresses and all glasses are wrong.")
    await desk.remember()
    (found,) = await desk.index.search([customer], None, _terms("addresses glasses"))
    assert len(found.words) == 2


@pytest.mark.parametrize("text", ["", "   ", "?!", "x" * 20_000, "word " * 5_000, "\x00‮<b>'; DROP TABLE events"])
async def test_any_message_can_be_asked(desk: Remembering, text: str) -> None:
    customer, _ = await desk.says(ADA, "The kettle leaks.")
    await desk.remember()
    assert (await ask(desk, customer, text)).degraded == ""


async def test_a_long_message_is_searched_for_by_its_telling_words(desk: Remembering) -> None:
    customer, _ = await desk.says(ADA, "My reference is ZX-4711-9.")
    await desk.remember()
    asked: list[Sequence[int]] = []

    class Counting:
        async def search(self, customers: Any, vector: Any, terms: Any = (), *, limit: int = 9) -> list[Found]:
            asked.append(terms)
            return await desk.index.search(customers, None, terms)

    long = " ".join(f"w{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(400)) + " zx 4711"
    recalled = await ask(desk, customer, long, index=Counting())
    assert len(asked[0]) == TERMS
    assert recalled.figures["looked_at"] == 1
    assert texts(recalled) == ["My reference is ZX-4711-9."]


async def test_the_same_words_are_recalled_once(desk: Remembering) -> None:
    customer, _ = await desk.says(ADA, "The kettle leaks.")
    for _ in range(3):
        await desk.says(ADA, "the kettle leaks. ")
    await desk.remember()
    assert len((await ask(desk, customer, "Which kettle leaks?")).found) == 1


_people = st.lists(
    st.tuples(
        st.sampled_from([ADA, "+44 1632 960001", "01632960002", BEN, "+441632960011"]),
        st.sampled_from(
            ["I live in Leeds.", "Mara Novak has ORD-1.", "I prefer email.", "ORD-1 is late.", "call me Sam"]
        ),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_people, st.sampled_from(["Where do I live?", "Whose is ORD-1?", "Who is Mara Novak or Sam Reid?"]))
def test_a_recall_never_crosses_customers(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, str]], question: str
) -> None:
    """Names, places, orders and telephones that look alike, on devices that write their number in any form."""

    async def play() -> None:
        async with remembering(
            tmp_path_factory.mktemp("people"), PERSON="Mara Novak|Sam Reid", LOCATION="Leeds"
        ) as desk:
            owners = {}
            for number, (sender, text) in enumerate(said):
                customer, conversation = await desk.says(sender, text, NOW + number * DAY)
                owners[conversation] = customer
            await desk.remember()
            for customer in set(owners.values()):
                recalled = await ask(desk, customer, question)
                assert recalled.degraded == ""
                for memory in (*recalled.standing, *recalled.found):
                    assert memory.customer == customer == owners[memory.conversation]

    asyncio.run(play())
