"""Waiting for a person, whole: out of hours, going on with the bot, requests for rights, idle owners, suggestions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from agent_support import ANSWERED, INVENTED, Office, deps, office, people, run, scripted, turn

from agent.errors import NotYours, Refused
from agent.hours import OpeningHours
from agent.nodes.going_on import goes_on
from agent.queueing import QueueKeeper
from agent.routing import Staffing, Team
from agent.templates import DEFAULTS
from memory import audit, ownership
from memory.messages import Line
from memory.schema import tasks

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday, the moment at which the Turns of these tests start
MORNINGS = OpeningHours(ZoneInfo("Europe/London"), (((time(9), time(11)),),) * 7)
NEVER = OpeningHours(ZoneInfo("UTC"), (((time(9), time(9, 1)),), *((),) * 6), lambda day: True)
CLOSED = Staffing(hours={"web": MORNINGS, "sms": MORNINGS})
OFFERED = "A person answers you later. " + DEFAULTS["closed_offer"]


def waiting(text: str, *, said: str = OFFERED, **fields: Any) -> Any:
    """A Turn of a customer whom the queue has and to whom `said` was said last."""
    return turn(text, owner="queue", history=(Line("customer", "A person please", 1), Line("bot", said, 2)), **fields)


# --- out of hours ---


async def test_out_of_hours_a_handover_says_when_a_person_answers_asks_where_and_offers_to_go_on() -> None:
    ran = await run(turn("I want a human"), deps(staffing=CLOSED))
    assert ran.said == (
        "A person answers you from Wednesday, 25 November, 09:00 GMT; before that nobody is at the desk. "
        "Your messages are kept. You can leave an email address or a telephone number, and we answer you there. "
        'I can go on helping until then: write "go on", with your question if you have one.'
    )
    assert ran.turn.route == "handoff"


async def test_who_writes_from_an_address_is_not_asked_for_one() -> None:
    ran = await run(turn("I want a human", inbox="sms", channel="sms"), deps(staffing=CLOSED))
    assert "leave an email address" not in ran.said
    assert "09:00 GMT" in ran.said


async def test_a_complaint_out_of_hours_is_not_told_that_somebody_comes_now() -> None:
    ran = await run(turn("This is a disgrace"), deps(staffing=CLOSED))
    assert ran.said.startswith("I'm sorry this has gone wrong. A person answers you from Wednesday")
    assert "now" not in ran.said


async def test_in_hours_the_words_are_those_of_a_desk_with_people() -> None:
    ran = await run(turn("I want a human", started_at=NOON - timedelta(hours=2)), deps(staffing=CLOSED))
    assert ran.said == DEFAULTS["handoff_asked"]


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en-US", "Wednesday, November 25, 9:00 AM GMT"),
        ("de-DE", "Mittwoch, 25. November, 09:00 GMT"),
        ("xx", "25 Nov"),
    ],
)
async def test_dates_have_the_form_of_the_organisations_locale(locale: str, words: str) -> None:
    ran = await run(turn("I want a human"), deps(staffing=replace(CLOSED, locale=locale)))
    assert words in ran.said


# --- going on with the bot ---


@pytest.mark.parametrize("text", ["go on", "Go on!", "yes", "OK, go ahead", "weiter", "Ja", "oui", "sí", "continua"])
async def test_a_customer_who_says_so_goes_on_with_the_bot(text: str) -> None:
    ran = await run(waiting(text), deps(staffing=CLOSED))
    assert (ran.turn.resumes, ran.said) == (True, DEFAULTS["go_on"])


async def test_going_on_with_a_question_is_answered_at_once() -> None:
    ran = await run(waiting("Go on. How many days do I have to return unworn items?"), deps(staffing=CLOSED))
    assert ran.turn.resumes
    assert ANSWERED in ran.said


@pytest.mark.parametrize("text", ["priya@shop.example", "my number is +44 1632 960001", "<EMAIL_ADDRESS_1> please"])
async def test_an_address_is_noted_for_people_and_the_bot_goes_on(text: str) -> None:
    ran = await run(waiting(text), deps(staffing=CLOSED))
    assert (ran.turn.resumes, ran.said) == (True, DEFAULTS["contact_kept"])
    assert ran.turn.contact in text


@pytest.mark.parametrize("text", ["Hello? Anybody there?", "I am going on holiday", "yes but I want my money", "no"])
async def test_whatever_else_a_waiting_customer_writes_is_left_to_people(text: str) -> None:
    ran = await run(waiting(text), deps(staffing=CLOSED))
    assert (ran.turn.route, ran.turn.resumes, ran.said) == ("silent", False, "")


async def test_nobody_goes_on_who_was_not_offered_it_or_whom_a_person_has() -> None:
    assert goes_on(waiting("go on", said=DEFAULTS["handoff_asked"]), DEFAULTS) is None
    taken = turn("go on", owner="person", history=(Line("bot", OFFERED, 1),))
    assert goes_on(taken, DEFAULTS) is None
    spoken = turn("go on", owner="queue", history=(Line("bot", OFFERED, 1), Line("agent", "Hello", 2)))
    assert goes_on(spoken, DEFAULTS) is None


# --- requests for one's rights ---


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Please delete all my personal data", "erasure"),
        ("Welche Daten haben Sie über mich gespeichert?", "access"),
        ("Me opongo al tratamiento de mis datos", "objection"),
        ("Mes données personnelles sont inexactes", "rectification"),
    ],
)
async def test_a_request_is_confirmed_with_the_day_it_is_due(text: str, kind: str) -> None:
    ran = await run(turn(text), deps())
    assert ran.path == ["admit", "template", "guard", "commit"]
    assert (ran.turn.request, ran.turn.template) == (kind, f"request_{kind}")
    assert "you have an answer by Thursday, 24 December 2026." in ran.said


async def test_a_request_to_a_person_is_recognised_and_left_to_them_to_confirm() -> None:
    ran = await run(turn("Please delete all my personal data", owner="person"), deps())
    assert (ran.turn.request, ran.turn.route, ran.said) == ("erasure", "silent", "")


async def test_a_request_of_somebody_who_opted_out_is_recognised_and_answered_by_a_person() -> None:
    ran = await run(turn("Please delete all my personal data", opted_out=True), deps())
    assert (ran.turn.request, ran.turn.route, ran.said) == ("erasure", "handoff", "")


# --- in the log ---


@pytest_asyncio.fixture
async def staffed(tmp_path: Path) -> AsyncIterator[Office]:
    team = Team("Help", ("Ada", "Ben"), capacity=2)
    given = deps(staffing=Staffing(teams=(team,), idle=timedelta(minutes=30)))
    async with office(f"sqlite:///{tmp_path}/log.db", given, detector=people()) as made:
        yield made


async def test_a_night_from_the_wish_for_a_person_to_the_morning(tmp_path: Path) -> None:
    """Nobody is there: the customer leaves an address, goes on with the bot, and is taken over in the morning."""
    given = deps(staffing=Staffing(hours={"sms": NEVER}))
    async with office(f"sqlite:///{tmp_path}/log.db", given, detector=people()) as made:
        conversation, desk = await made.ask("I want a human"), made.runtime.desk
        assert "I can go on helping until then" in (await made.replies(conversation))[-1]
        since = (await desk.conversation(conversation)).waiting_since
        await made.ask("reach me at ben@shop.example")
        noted = next(event for event in await made.events(conversation) if event.kind == "noted")
        assert noted.text == "ben@shop.example"
        await made.ask("How many days do I have to return unworn items?")
        assert ANSWERED in (await made.replies(conversation))[-1]
        view = await desk.conversation(conversation)
        assert (view.owner, view.waiting_since, view.due_at is not None) == ("bot", since, True)
        await desk.take_over(conversation, "Ada")
        await made.receive("go on")
        await made.settled(conversation)
        view = await desk.conversation(conversation)
        assert (view.owner, view.person, view.waiting_since) == ("person", "Ada", None)


async def test_a_request_opens_its_task_on_any_channel_and_the_customer_is_told(staffed: Office) -> None:
    conversation = await staffed.ask("Please delete all my personal data")
    (row,) = await staffed.rows(tasks)
    assert (row["kind"], row["conversation_id"], row["status"]) == ("erasure", conversation, "open")
    (reply,) = await staffed.replies(conversation)
    assert "We have your request to erase your data." in reply
    rights = staffed.runtime.desk.rights
    await rights.verify(row["id"], "called Wilhelmina Quackenbush back", "Ada", "agent")
    ended = await rights.finish(row["id"], "done", "", "Ada", "agent")
    assert ended.identity is not None
    assert "Quackenbush" not in ended.identity["how"]
    with pytest.raises(Refused, match="say why"):
        await rights.finish(row["id"], "refused", " ", "Ada", "agent")
    assert await staffed.store.read(audit.verify) is None


async def test_a_request_is_extended_by_two_months(staffed: Office) -> None:
    await staffed.ask("I want a copy of all the data you hold about me")
    rights = staffed.runtime.desk.rights
    (task,) = await rights.tasks()
    longer = await rights.extend(task.id, "three systems", "Ada", "agent")
    assert longer.extended
    assert timedelta(days=80) < longer.due_at - task.opened_at < timedelta(days=96)


async def test_who_comes_to_the_desk_is_offered_who_waits_and_an_idle_owner_is_not_left_with_them(
    staffed: Office,
) -> None:
    conversation = await staffed.ask("I want a human")
    desk = staffed.runtime.desk
    assert (await desk.conversation(conversation)).team == "Help"
    await desk.seen("Ada", "here")
    keeper = QueueKeeper(staffed.store, staffed.runtime.vault, staffed.runtime.bus, staffed.worker.deps.staffing)
    await keeper.look(datetime.now(UTC))
    assert (await desk.conversation(conversation)).person == "Ada"
    await desk.take_over(conversation, "Ada")
    await staffed.receive("Hello?")
    await staffed.settled(conversation)
    later = datetime.now(UTC) + timedelta(minutes=40)
    await desk.writes(conversation, "Ben")  # not its owner: no sign of hers
    await keeper.look(later)
    view = await desk.conversation(conversation)
    assert (view.owner, view.team) == ("queue", "Help")
    assert view.reason == "Ada had it and gave no sign for 40 min"
    with pytest.raises(NotYours):
        await desk.say(conversation, "Ada", "Back again", "k")


async def test_an_owner_who_writes_keeps_the_conversation(staffed: Office) -> None:
    conversation = await staffed.ask("I want a human")
    desk = staffed.runtime.desk
    await desk.take_over(conversation, "Ada")
    past = datetime.now(UTC) - timedelta(hours=1)
    await staffed.change(conversation, person_at=past)
    await desk.writes(conversation, "Ada")
    keeper = QueueKeeper(staffed.store, staffed.runtime.vault, staffed.runtime.bus, staffed.worker.deps.staffing)
    await keeper.look(datetime.now(UTC))
    assert (await desk.conversation(conversation)).owner == "person"


async def test_it_is_passed_on_by_name_and_audited_and_only_to_somebody_who_is_there(staffed: Office) -> None:
    conversation = await staffed.ask("I want a human")
    desk = staffed.runtime.desk
    await desk.take_over(conversation, "Ada")
    with pytest.raises(Refused, match="nobody called Zed"):
        await desk.transfer(conversation, "Ada", "agent", person="Zed")
    with pytest.raises(Refused, match="no team called Zed"):
        await desk.transfer(conversation, "Ada", "agent", team="Zed")
    with pytest.raises(Refused, match="a person or a team"):
        await desk.transfer(conversation, "Ada", "agent")
    assert (await desk.transfer(conversation, "Ada", "agent", person="Ben")).person == "Ben"
    with pytest.raises(NotYours):
        await desk.transfer(conversation, "Ada", "agent", team="Help")
    assert (await desk.transfer(conversation, "Ada", "admin", team="Help")).owner == "queue"
    whom = {each.name: each.teams for each in (await desk.colleagues()).people}
    assert whom == {"Ada": ("Help",), "Ben": ("Help",)}


async def test_a_clock_runs_from_what_the_customer_writes_to_the_persons_reply(staffed: Office) -> None:
    conversation = await staffed.ask("I want a human")
    desk = staffed.runtime.desk
    first = (await desk.conversation(conversation)).due_at
    assert first is not None
    await desk.take_over(conversation, "Ada")
    await desk.say(conversation, "Ada", "Hello", "1")
    assert (await desk.conversation(conversation)).due_at is None
    await staffed.receive("Where is it?")
    await staffed.settled(conversation)
    due = (await desk.conversation(conversation)).due_at
    assert due is not None
    assert timedelta(minutes=29) < due - datetime.now(UTC) <= timedelta(minutes=30)


# --- suggestions ---


async def test_a_person_is_suggested_an_answer_to_what_the_customer_wrote_last(staffed: Office) -> None:
    conversation = await staffed.ask("I want a human")
    desk = staffed.runtime.desk
    await desk.take_over(conversation, "Ada")
    await staffed.receive("How many days do I have to return unworn items? Wilhelmina Quackenbush")
    await staffed.settled(conversation)
    assist = await desk.assist(conversation)
    assert assist.suggestion == ANSWERED
    assert assist.passages[0]["passage"] == "returns"
    assert await desk.assist(conversation) == assist
    assert len([row for row in await staffed.turns(conversation) if row["route"] == "answer"]) == 0


async def test_a_model_is_asked_once_for_a_suggestion_and_never_told_a_name(tmp_path: Path) -> None:
    model = scripted()
    async with office(f"sqlite:///{tmp_path}/log.db", deps(model), detector=people()) as made:
        conversation = await made.ask("I want a human")
        await made.runtime.desk.take_over(conversation, "Ada")
        await made.receive("I am Ben Ash. How many days do I have to return unworn items?")
        await made.settled(conversation)
        for _ in range(3):
            await made.runtime.desk.assist(conversation)
        assert len(model.asked) == 1
        assert "Ben Ash" not in str(model.asked)


async def test_what_no_source_says_is_not_suggested(tmp_path: Path) -> None:
    async with office(f"sqlite:///{tmp_path}/log.db", deps(scripted(INVENTED, INVENTED))) as made:
        conversation = await made.ask("I want a human")
        await made.runtime.desk.take_over(conversation, "Ada")
        await made.receive("How many days do I have to return unworn items?")
        await made.settled(conversation)
        assert (await made.runtime.desk.assist(conversation)).suggestion == ""


async def test_without_the_privacy_filter_nothing_is_looked_up(tmp_path: Path) -> None:
    detector = people()
    async with office(f"sqlite:///{tmp_path}/log.db", deps(), detector=detector) as made:
        conversation = await made.ask("I want a human")
        await made.runtime.desk.take_over(conversation, "Ada")
        detector.down = True
        await made.receive("How many days do I have to return unworn items?")
        await made.settled(conversation)
        assist = await made.runtime.desk.assist(conversation)
        assert (assist.suggestion, assist.passages) == ("", ())


async def test_a_sign_of_life_is_one_update_and_no_event(staffed: Office) -> None:
    conversation = await staffed.ask("I want a human")
    before = await staffed.kinds(conversation)
    await staffed.store.write(lambda c: ownership.sign(c, conversation, "Ada", datetime.now(UTC)))
    assert await staffed.kinds(conversation) == before
