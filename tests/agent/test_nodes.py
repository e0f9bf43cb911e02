"""Nodes alone, without a graph: each returns only what it sets, from what it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, get_args, get_type_hints

import pytest
from agent_support import ANSWER, ANSWERED, DISCLOSURE, QUESTION, Audience, Shelf, WordEmbedder, deps, scripted, turn
from langgraph.runtime import Runtime

from agent.graph import NODES
from agent.nodes.admit import admit
from agent.nodes.commit import commit
from agent.nodes.generate import generate
from agent.nodes.guard import MAX_REVISIONS, guard
from agent.nodes.hand_over import hand_over
from agent.nodes.judging import invented
from agent.nodes.recall import recall
from agent.nodes.retrieve import ask, retrieve
from agent.nodes.template import template
from agent.nodes.triage import triage
from agent.policy.engine import SILENT
from agent.ports import Bench, Deps, Run
from agent.state import Draft, Handoff, Sentence, Turn, Verdict
from agent.templates import DEFAULTS
from knowledge.errors import LibraryUnavailable
from knowledge.seeking.ports import EVERYWHERE, FOR_CUSTOMERS, Scope
from memory.messages import Line, Role

Node = Callable[[Turn, Runtime[Run]], Awaitable[dict[str, Any]]]


def runtime(given: Deps | None = None, committed: list[Turn] | None = None) -> Runtime[Run]:
    async def keep(made: Turn) -> None:
        (committed if committed is not None else []).append(made)

    return Runtime(context=Run(given or deps(), Audience(), keep, Bench()))


def lines(count: int, words: int = 10) -> tuple[Line, ...]:
    roles: tuple[Role, Role] = ("customer", "bot")
    return tuple(Line(roles[n % 2], f"Order A-{n:03} " + "word " * words, n + 1) for n in range(count))


def test_a_node_is_named_as_its_file() -> None:
    for node in NODES:
        assert node.__module__ == f"agent.nodes.{node.__name__}"


@pytest.mark.parametrize("node", [node for node in NODES if node.__name__ != "approve"])
async def test_a_node_returns_only_fields_of_the_turn_and_leaves_it_as_it_was(node: Node) -> None:
    before = turn(handoff=Handoff("asked", "asked"), template="greeting", query=QUESTION)
    made = await node(before, runtime())
    assert set(made) <= set(Turn.__dataclass_fields__)
    assert before == turn(handoff=Handoff("asked", "asked"), template="greeting", query=QUESTION)


async def test_admit_decides_nothing_where_the_bot_may_answer() -> None:
    made = await admit(turn(), runtime())
    assert [(verdict.rule, verdict.decision) for verdict in made.pop("verdicts")] == [("pii", "pass")]
    assert made == {}


async def test_verdicts_are_added_to_those_before_them() -> None:
    earlier = Verdict("earlier", "admit", "pass", "before")
    for node in (triage, retrieve, generate, guard):
        made = await node(turn(verdicts=(earlier,), query=QUESTION), runtime())
        assert made["verdicts"][0] == earlier
        assert len(made["verdicts"]) > 1 or node is generate


# --- triage ---


async def test_a_message_is_embedded_once_and_its_vector_is_there_for_the_search() -> None:
    embedder = WordEmbedder()
    context = runtime(deps(embedder=embedder))
    await triage(turn("And on Mondays?"), context)
    assert embedder.asked == ["And on Mondays?"]
    assert list(context.context.bench.known) == ["And on Mondays?"]


async def test_a_message_of_placeholders_alone_is_triaged_and_does_not_crash() -> None:
    made = await triage(turn("<PERSON_1> <EMAIL_ADDRESS_1>"), runtime())
    assert made["triage"].kind == "question"


# --- recall ---


async def test_what_fits_stays_as_it_was_said() -> None:
    made = await recall(turn(history=lines(4), summary="Customer: earlier", summary_to=0), runtime())
    assert made["history"] == lines(4)
    assert made["summary"] == "Customer: earlier"
    assert "folded" not in made, "no new summary is written when nothing fell out"
    assert [block.kind for block in made["blocks"]] == ["summary", *["window"] * 4]


@pytest.mark.parametrize("count", [0, 1, 2, 7, 30, 200])
async def test_nothing_falls_between_window_and_summary(count: int) -> None:
    said = lines(count)
    made = await recall(turn(history=said), runtime(deps(window_tokens=90, fold_tokens=30)))
    covered = made.get("folded_to", 0)
    assert [line.seq for line in made["history"]] == list(range(covered + 1, count + 1))
    for line in said[:covered]:
        assert line.text.split()[1] in made["folded"]


async def test_a_second_fold_keeps_what_the_first_had_pinned() -> None:
    tight = deps(window_tokens=60, fold_tokens=30)
    first = await recall(turn(history=lines(10)), runtime(tight))
    more = tuple(Line("customer", f"Order B-{n:03} " + "word " * 10, 11 + n) for n in range(10))
    second = await recall(turn(history=(*first["history"], *more), summary=first["folded"]), runtime(tight))
    for n in range(first["folded_to"]):
        assert f"A-{n:03}" in second["folded"]


# --- retrieve ---


async def test_each_inbox_is_searched_in_its_own_collection() -> None:
    class Named(Shelf):
        collection: str | None = None

        async def seek(self, text: str, history: Any = (), *, collection: str | None = None, **more: Any) -> Any:
            self.collection = collection
            return await super().seek(text, history, **more)

    for inbox, expected in (("web", "shop"), ("sms", "help")):
        shelf = Named({})
        await retrieve(turn(inbox=inbox, query="x"), runtime(deps(library=shelf, collections={"web": "shop"})))
        assert shelf.collection == expected


async def test_an_inbox_finds_only_what_suits_it_and_nobody_finds_what_is_for_staff() -> None:
    class Scoped(Shelf):
        scope: Scope = EVERYWHERE

        async def seek(self, text: str, history: Any = (), *, scope: Scope = EVERYWHERE, **more: Any) -> Any:
            self.scope = scope
            return await super().seek(text, history, **more)

    uk = Scope(suits={"region": ("UK",)})
    for inbox, expected in (("web", uk), ("sms", FOR_CUSTOMERS)):
        shelf, asked = Scoped({}), turn(inbox=inbox)
        await retrieve(asked, runtime(deps(library=shelf, scopes={"web": uk})))
        assert shelf.scope == replace(expected, on=asked.started_at.date())


async def test_the_record_says_what_was_searched_and_why() -> None:
    made = await retrieve(turn(QUESTION), runtime())
    assert made["query"] == QUESTION
    assert made["searched"]["forms"] == {"message": QUESTION}


async def test_a_resumed_run_can_ask_again() -> None:
    """A bench is not kept with a checkpoint: what was found is searched again."""
    context = runtime().context
    question = await ask(turn(query=QUESTION), context)
    assert question.hits[0].passage.id == "returns"
    assert context.bench.searched is not None


@pytest.mark.parametrize("fault", [LibraryUnavailable("down"), TimeoutError()])
async def test_search_that_fails_says_so_without_the_customers_words(fault: Exception) -> None:
    shelf = Shelf({})
    shelf.fault = fault
    made = await retrieve(turn("My secret question", query="My secret question"), runtime(deps(library=shelf)))
    assert made["handoff"].code == "failed"
    assert "secret" not in made["handoff"].reason + made["verdicts"][-1].reason


# --- generate and guard ---


async def test_a_sentence_said_twice_is_said_once() -> None:
    context = runtime(deps(scripted(f"{ANSWER} {ANSWER}")))
    made = await generate(turn(query=QUESTION), context)
    assert made["draft"].text == ANSWERED


async def test_a_courtesy_before_the_answer_is_shown_with_it_and_in_order() -> None:
    context = runtime(deps(scripted(f"Thanks for asking. {ANSWER}")))
    made = await generate(turn(query=QUESTION, introduce=True), context)
    audience = context.context.voice
    assert isinstance(audience, Audience)
    assert "".join(audience.shown) == made["draft"].text == f"{DISCLOSURE} Thanks for asking. {ANSWERED}"


async def test_a_cancelled_run_is_cancelled_and_no_fault_of_a_model() -> None:
    task = asyncio.create_task(generate(turn(query=QUESTION), runtime(deps(scripted(delay_s=5.0)))))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("revisions", range(MAX_REVISIONS + 1))
async def test_guard_counts_revisions(revisions: int) -> None:
    refused = (Verdict("grounding", "generate", "revise", "not in its source"),)
    made = await guard(turn(verdicts=refused, revisions=revisions), runtime())
    if revisions < MAX_REVISIONS:
        assert (made["revisions"], made["draft"]) == (revisions + 1, None)
    else:
        assert made["draft"].text == DEFAULTS["unknown"]


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Dear <PERSON_1>,", ""),
        ("Dear <PERSON_2>,", "<PERSON_2>"),
        ("Dear <PERSON_11>,", "<PERSON_11>"),
        ("<IN_PAN_1> and <UK_NHS_3>", "<IN_PAN_1>, <UK_NHS_3>"),
        ("<A1_TYPE_2>", "<A1_TYPE_2>"),
        ("<b>bold</b> < 3 <PERSON>", ""),
        ("", ""),
    ],
)
def test_a_placeholder_is_known_when_the_conversation_has_it(text: str, unknown: str) -> None:
    assert invented(turn("I am <PERSON_1>"), text) == unknown


@pytest.mark.parametrize("where", ["said", "history", "summary"])
def test_a_placeholder_may_come_from_anywhere_in_the_conversation(where: str) -> None:
    line = (Line("customer", "I am <PERSON_4>", 1),)
    places: dict[str, Any] = {"said": line, "history": line, "summary": "Customer: I am <PERSON_4>"}
    assert invented(turn(**{where: places[where]}), "Dear <PERSON_4>") == ""


# --- words ---


async def test_every_reason_to_hand_over_has_its_words() -> None:
    for code in get_args(get_type_hints(Handoff)["code"]):
        made = await hand_over(turn(handoff=Handoff(code, "why")), runtime())
        assert made["route"] == "handoff"
        assert (made["draft"] is None) == (code in SILENT)


@pytest.mark.parametrize("name", sorted(set(DEFAULTS) - {"disclosure"}))
async def test_a_first_message_says_that_it_is_automated_whatever_it_is(name: str) -> None:
    for introduce in (True, False):
        made = await template(turn(template=name, introduce=introduce), runtime())
        assert made["draft"].text.startswith(DISCLOSURE) == introduce
        assert "{" not in made["draft"].text


async def test_commit_hands_over_the_turn_once_and_sets_nothing() -> None:
    committed: list[Turn] = []
    draft = Draft((Sentence("Yes."),), made_by="test")
    assert await commit(turn(draft=draft), runtime(committed=committed)) == {}
    assert [made.draft for made in committed] == [draft]
