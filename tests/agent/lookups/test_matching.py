"""Which look-up a message needs, for what, and what of a record answers it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from agent_support import turn
from lookups_pairs import HELD_OUT, HELD_OUT_NONE, LATER, NONE, NOT_SAID, PAIRS, SYSTEMS

from agent.correcting import Wish, _parts
from agent.errors import Refused
from agent.lookups.evidence import answering, ended, evidence, hits_of, instead, is_looked_up
from agent.lookups.looked_up import LookedUp
from agent.lookups.matching import Message, bare, named, needs, only_names
from agent.lookups.reading import Place, records, statements
from agent.lookups.settings import LookUpSettings
from agent.lookups.spec import LookUp, compiled
from agent.ports import Embedder
from knowledge.embedding import open_embedder

ALL = tuple(
    compiled(name, LookUpSettings(url=f"https://x.example/{{{name}}}", **given)) for name, (given, _) in SYSTEMS.items()
)
ORDER, RETURN = ALL
NEAR = {"order": 0.9, "return": 0.2}
FAR = {"order": 0.1, "return": 0.1}


@pytest.fixture
async def embedder() -> AsyncIterator[Embedder]:
    opened = await open_embedder("bundled")
    yield opened
    await opened.close()


def test_one_that_names_an_order_and_asks_for_it_needs_it() -> None:
    (need,) = needs(Message("Where is ORD-1234?"), NEAR, ALL)
    assert (need.look_up, need.values, need.firm) == (ORDER, ("ORD-1234",), True)


def test_a_value_that_begins_as_a_look_up_is_called_is_of_that_one_alone() -> None:
    assert named("RET-77120 and ORD-1234 and 1002003", ALL) == {
        "order": ("ORD-1234", "1002003"),
        "return": ("RET-77120", "1002003"),
    }


@pytest.mark.parametrize(
    "text", ["How do I return an item?", "What is the weather like?", "", "ok", "it is mine, I said"]
)
def test_what_is_far_from_any_of_it_needs_none(text: str) -> None:
    assert needs(Message(text), FAR, ALL) == ()


def test_a_value_alone_is_an_answer_and_needs_what_was_asked_before() -> None:
    for text in ("ORD-1234", "it's ORD-1234, thanks", "the order number is ORD-1234", "Order: ORD-1234."):
        assert only_names(text, ALL)
        assert [need.values for need in needs(Message(text), FAR, ALL)] == [("ORD-1234",)]
    for text in ("when do i get ORD-1234", "cancel ORD-1234", "thanks", ""):
        assert not only_names(text, ALL)


def test_what_was_named_before_is_meant_only_where_the_message_points_back_or_is_their_own() -> None:
    known: Mapping[str, Sequence[str]] = {"order": ("ORD-1", "ORD-2"), "return": ()}
    (need,) = needs(Message("and when will it arrive?", known=known), NEAR, ALL)
    assert need.values == ("ORD-1",)
    assert needs(Message("how long does delivery to Ireland take?", known=known), NEAR, ALL) == ()


def test_an_intent_that_was_taught_needs_no_closeness() -> None:
    taught = compiled(
        "order", LookUpSettings(url="https://x.example/{order}", **{**SYSTEMS["order"][0], "intents": ["order_status"]})
    )
    (need,) = needs(Message("any joy yet?", intent="order_status"), {}, (taught,))
    assert need.firm


def test_the_words_that_are_compared_have_no_number_in_them() -> None:
    assert bare("Has order ORD-1234 shipped?", ALL) == "Has my order shipped?"
    assert bare("my return no. RET-77120", ALL) == "my return"
    assert bare("nothing here", ALL) == "nothing here"


@pytest.mark.parametrize(
    "text", [" ".join(f"ORD-{n}" for n in range(5000)), "order " * 20_000, " " * 100_000, "#" * 50_000]
)
def test_a_flood_is_read_in_no_time(text: str) -> None:
    bare(text, ALL)
    only_names(text, ALL)
    needs(Message(text, text), FAR, ALL)


def test_evidence_is_a_passage_without_an_address() -> None:
    (hit,) = hits_of([LookedUp("order", "7", "A.\nB b."), LookedUp("order", "8", template="not_found")])
    assert hit.passage.sentence_texts() == ("A.", "B b.")
    assert hit.passage.source == "lookup:order"
    assert is_looked_up(hit)
    article = replace(hit, passage=replace(hit.passage, source="faq.md", metadata={"answering": "0 1"}))
    assert answering(article) == ()


def test_a_firm_look_up_that_failed_fetches_a_person_and_one_that_found_nothing_says_so() -> None:
    failed = LookedUp("order", "7", fault="it answered 500", state="failed", firm=True)
    missing = LookedUp("order", "7", state="not_found", template="not_found", firm=True)
    found = LookedUp("order", "7", "Status: shipped.", firm=True)
    assert ended(turn(), ()) == {}
    handed = ended(turn(), (failed,))
    assert handed["handoff"].code == "failed"
    assert "it answered 500" in handed["handoff"].reason
    assert [verdict.decision for verdict in handed["verdicts"]] == ["handoff"]
    assert ended(turn(), (missing,))["template"] == "not_found"
    assert set(ended(turn(), (found, missing))) == {"verdicts"}
    loose = LookedUp("order", "", state="unproven", template="prove_identity")
    assert set(ended(turn(), (loose,))) == {"verdicts"}
    assert instead((loose,)) == {"template": "prove_identity"}
    assert instead((found,)) == {}


async def _near(text: str, look_ups: Sequence[LookUp], embedder: Embedder, before: str = "") -> dict[str, float]:
    asked = await embedder.embed([bare(text, look_ups), *([before] if before else [])])
    return {each.name: float(np.max(await embedder.embed(each.when) @ asked.T)) for each in look_ups}


async def _answered(text: str, name: str, embedder: Embedder) -> list[str]:
    one, (_, body) = next(each for each in ALL if each.name == name), SYSTEMS[name]
    subject = next(iter(one.named_in(text)), "ORD-1234")
    (record,) = records(one, body)
    lines = statements(one, record, body, subject, Place("en-GB", ZoneInfo("Europe/London")))
    looked = LookedUp(name, subject, "\n".join(lines), about=bare(text, ALL))
    (query,) = await embedder.embed([text])
    (hit,) = await evidence([looked], embedder, query)
    return [hit.passage.text[start:end] for start, end in answering(hit)]


@pytest.mark.model
async def test_the_questions_are_matched_and_answered_from_the_record(embedder: Embedder) -> None:
    right = 0
    for text, wanted, name in (*PAIRS, *HELD_OUT):
        found = needs(Message(text), await _near(text, ALL, embedder), ALL)
        said = await _answered(text, name, embedder) if found and found[0].look_up.name == name else []
        right += any(wanted in line for line in said) and len(said) <= 2
    assert right >= 0.95 * len((*PAIRS, *HELD_OUT))


@pytest.mark.model
async def test_what_leans_on_the_lines_before_is_matched_by_them(embedder: Embedder) -> None:
    for before, text, _, name in LATER:
        lines = [words for _, words in reversed(before)]
        known = {each.name: tuple(value for line in lines for value in named(line, ALL)[each.name]) for each in ALL}
        earlier = before[0][1] if only_names(text, ALL) else ""
        found = needs(Message(text, earlier, known), await _near(text, ALL, embedder, earlier), ALL)
        assert [need.look_up.name for need in found] == [name], text
        assert found[0].values, text


@pytest.mark.model
async def test_questions_for_everybody_need_no_look_up(embedder: Embedder) -> None:
    for text in NONE:
        assert needs(Message(text), await _near(text, ALL, embedder), ALL) == (), text
    for text in HELD_OUT_NONE:
        found = needs(Message(text), await _near(text, ALL, embedder), ALL)
        assert not any(need.firm for need in found), text


@pytest.mark.model
async def test_most_of_what_a_record_does_not_say_is_answered_with_nothing_of_it(embedder: Embedder) -> None:
    silent = [text for text in NOT_SAID if not await _answered(text, "order", embedder)]
    assert len(silent) >= 7


@pytest.mark.parametrize(
    "wish",
    [
        Wish("pin"),
        Wish("pin", "Your order is on its way."),
        Wish("passage", "It is on its way.", passage="lookup:order:7"),
        Wish("block", passage="lookup:order:7"),
        Wish("block", document="lookup:order:7"),
    ],
)
def test_what_was_looked_up_for_one_customer_becomes_no_knowledge_for_others(wish: Wish) -> None:
    hit = {"passage": "lookup:order:7", "document": "lookup:order:7", "text": "Status of order 7: sent."}
    record = {"said": [{"text": "where is my order 7?"}], "looked_up": [{"text": hit["text"]}], "found": [hit]}
    with pytest.raises(Refused, match="one customer"):
        _parts(wish, record, {"lookup:order:7": hit})
    assert _parts(Wish("wrong", should="handoff"), record, {}) == ("", "handoff", "")
