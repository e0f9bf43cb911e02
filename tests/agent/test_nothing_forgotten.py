"""Every message of a conversation is in the window or in exactly one piece of its summary, whatever happens to it.

Conversations are generated: questions, quick second messages, newer messages that supersede a turn, turns that fail, a
holder that dies, a privacy filter that is down, automatic mail, notes, people who take over, write for a long time and
give back. The log, the folding and the node that slides the window are the real ones, on real SQLite.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import forgetting_support
import pytest
from forgetting_support import BEGUN, Talk, talking
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from memory import backlog, log, ownership
from memory.schema import UNFOLDED, conversations
from memory.schema import segments as table
from memory.turns import MOST_EVENTS, Taken

WORDS = st.lists(
    st.sampled_from(["Where is it?", "Please never ring me.", "I like wool.", "ok", "Thanks!", "\u202e?", "It broke."]),
    min_size=1,
    max_size=4,
).map(" ".join)
HAPPENS = st.sampled_from(
    [*["ask"] * 8, "ask_twice", "supersede", "fail", "die", "cut", "blind", "mail", "note", "person", "person"]
)
STORIES = st.lists(st.tuples(HAPPENS, WORDS), min_size=5, max_size=60)


async def _tell(folder: Path, story: Sequence[tuple[str, str]], window: int) -> None:
    async with talking(folder, window) as talk:
        for at, (what, words) in enumerate(story):
            await getattr(talk, what)(words)
            if at % 10 == 9:
                await talk.check()
        await talk.check()
        await talk.check_turn()
        await talk.check()


@settings(max_examples=8, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(story=STORIES, window=st.integers(20, 400))
async def test_every_message_is_in_the_window_or_in_one_piece(
    story: list[tuple[str, str]], window: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await _tell(tmp_path_factory.mktemp("talk"), story, window)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=3, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    story=st.lists(st.tuples(HAPPENS | st.just("long_person"), WORDS), min_size=200, max_size=500),
    window=st.integers(20, 1_200),
)
async def test_every_message_of_a_conversation_of_500_turns_is_in_the_window_or_in_one_piece(
    story: list[tuple[str, str]], window: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await _tell(tmp_path_factory.mktemp("talk"), story, window)


async def test_what_people_write_for_hours_is_folded_page_by_page(tmp_path: Path) -> None:
    async with talking(tmp_path, 400) as talk:
        await talk.ask("Hello.")
        await talk.owned("Let me see.", 3 * MOST_EVENTS)
        await talk.check()
        taken = await talk.take() or await _asked(talk)
        assert len(taken.events) <= MOST_EVENTS
        assert not taken.behind
        await talk.commit((await talk.carried(taken))[2])
        await talk.check()
        await talk.check_turn()


async def _asked(talk: Talk) -> Taken:
    await talk.hear("Are you there?")
    taken = await talk.take()
    assert taken is not None
    return taken


async def test_a_backlog_is_found_and_folded_while_nobody_writes(tmp_path: Path) -> None:
    async with talking(tmp_path, 400) as talk:
        await talk.ask("Hello.")
        name = talk.conversation
        await talk.store.write(lambda c: ownership.take_over(c, talk.vault, name, "ada", BEGUN))
        for n in range(MOST_EVENTS + 5):
            await talk.store.write(
                lambda c, n=n: ownership.say(  # type: ignore[misc]
                    c, talk.vault, name, "ada", f"Voucher V-{n:05}.", key=str(n), push=False, now=BEGUN
                )
            )
        before = await talk.store.read(lambda c: log.read_head(c, name))
        assert await talk.store.read(lambda c: backlog.behind(c, 10)) == [name]
        assert await talk.catching.fold(name) > 1
        assert await talk.catching.fold(name) == 0, "once"
        assert await talk.store.read(lambda c: backlog.behind(c, 10)) == []
        after = await talk.store.read(lambda c: log.read_head(c, name))
        assert after["last_at"] == before["last_at"], "nobody said anything"
        await talk.check()


async def test_two_that_fold_one_backlog_at_once_fold_it_once(tmp_path: Path) -> None:
    async with talking(tmp_path, 400) as talk:
        await talk.ask("Hello.")
        name = talk.conversation
        await talk.store.write(lambda c: ownership.take_over(c, talk.vault, name, "ada", BEGUN))
        for n in range(MOST_EVENTS + 80):
            await talk.store.write(
                lambda c, n=n: ownership.say(  # type: ignore[misc]
                    c, talk.vault, name, "ada", f"Voucher V-{n:05}.", key=str(n), push=False, now=BEGUN
                )
            )
        await asyncio.gather(*(talk.catching.fold(name) for _ in range(4)))
        await talk.check()


async def test_a_flood_that_nobody_answered_is_answered_at_its_end_and_none_of_it_is_lost(tmp_path: Path) -> None:
    async with talking(tmp_path, 400) as talk:
        for _ in range(MOST_EVENTS + 60):
            await talk.hear("Hello?")
        taken = await talk.take()
        assert taken is not None
        assert len(taken.events) <= MOST_EVENTS
        assert taken.from_seq > 1
        await talk.commit((await talk.carried(taken))[2])
        await talk.check()
        await talk.check_turn()


async def test_a_backlog_waits_while_the_privacy_filter_is_down(tmp_path: Path) -> None:
    async with talking(tmp_path, 400) as talk:
        for _ in range(MOST_EVENTS + 60):
            await talk.hear("Hello?")
        talk.detector.down = True
        taken = await talk.take()
        assert taken is not None
        assert taken.behind
        assert len(taken.events) == MOST_EVENTS
        assert taken.events[-1].seq == taken.to_seq, "the message it answers is among them"
        _, _, made = await talk.carried(taken)
        assert made.segments == ()
        await talk.commit(made)
        assert await talk.store.read(lambda c: c.execute(select(table)).all()) == []
        talk.detector.down = False
        await talk.ask("And now?")
        await talk.check()


async def test_what_a_turn_reads_is_what_the_index_of_backlogs_counts(tmp_path: Path) -> None:
    assert re.search(r"\d+", str(UNFOLDED))[0] == str(MOST_EVENTS)  # type: ignore[index]
    async with talking(tmp_path, 400) as talk:
        plan = await talk.store.read(
            lambda c: str(c.exec_driver_sql(f"EXPLAIN QUERY PLAN {select(conversations.c.id).where(UNFOLDED)}").all())
        )
    assert "unfolded" in plan


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_process_killed_while_it_folds_neither_loses_nor_doubles(tmp_path: Path) -> None:
    """kill -9, again and again, at moments of chance; another process goes on each time."""
    rng, conversation = random.Random(7), ""
    paths = os.pathsep.join([str(Path(forgetting_support.__file__).parent), os.getcwd()])
    for round in range(8):
        child = subprocess.Popen(  # noqa: ASYNC220  (a test may wait)
            [sys.executable, forgetting_support.__file__, str(tmp_path), str(round)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
            text=True,
        )
        assert child.stdout is not None
        for _ in range(rng.randrange(3, 12)):
            conversation = child.stdout.readline().strip() or conversation
        await asyncio.sleep(rng.random() * 0.02)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        async with talking(tmp_path, 60) as talk:
            talk.conversation = conversation
            await talk.check()
    async with talking(tmp_path, 60) as talk:
        talk.conversation, talk.now = conversation, BEGUN + timedelta(days=1)
        talk.serial = iter(range(900_000, 990_000))
        await talk.ask("Are you still there?")
        await talk.check()
        await talk.check_turn()
        assert len(await talk.store.read(lambda c: c.execute(select(table)).all())) > 8
