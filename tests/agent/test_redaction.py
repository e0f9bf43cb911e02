"""What a turn reads has pseudonyms: by what was asked, over two messages, and with no value in the file of the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from agent_support import DEFAULTS, Office, deps, office, people, scripted
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.guardrails.pii import PiiDetector, PiiUnavailable
from agent.guardrails.sentences import SentenceSplitter
from agent.redaction import redact_events_of, redact_text
from memory.pseudonyms import Pseudonym, PseudonymBook

pytestmark = pytest.mark.server  # a whole office each: Frontdesk itself


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Office]:
    """An office with the shipped detector over a SQLite file."""
    detector = PiiDetector(timeout_s=60)
    await detector.warm_up()
    async with office(f"sqlite:///{tmp_path / 'log.db'}", deps(scripted()), detector=detector) as opened:
        yield opened
    await detector.aclose()


def _bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("log.db*"))


async def redacted(shop: Office, conversation: str) -> list[str | None]:
    return [event.redacted for event in await shop.events(conversation) if event.kind == "received"]


@pytest.mark.model
async def test_a_number_sent_in_two_messages_is_hidden_in_both(shop: Office) -> None:
    first = await shop.receive("Please call me about boots on 07700")
    await shop.receive("900123")
    await shop.settled(first.conversation)
    said = await redacted(shop, first.conversation)
    assert said[1] == "<PHONE_NUMBER_1>" or said[1] == "<PHONE_NUMBER_2>"
    assert "900123" not in str(said)


@pytest.mark.model
async def test_no_value_stands_readable_in_the_file_of_the_log(shop: Office, tmp_path: Path) -> None:
    values = ("Priya Raghunathan", "07700 900123", "84900641324", "Quarry Lane", "priya@example.org")
    text = (
        "My name is Priya Raghunathan, call 07700 900123, account number 84900641324,"
        " I live at 62 Quarry Lane, Sheffield, write to priya@example.org"
    )
    conversation = await shop.ask(text)
    assert await redacted(shop, conversation)
    stored = _bytes(tmp_path)
    assert stored
    assert not [value for value in values if value.encode() in stored]


@pytest.mark.model
async def test_one_person_is_one_pseudonym_however_written(shop: Office) -> None:
    conversation = await shop.ask("My name is Siobhan Kelly.")
    await shop.ask("SIOBHAN KELLY again. Siobhan Kelly's order is late")
    said = await redacted(shop, conversation)
    assert said == ["My name is <PERSON_1>.", "<PERSON_1> again. <PERSON_1>'s order is late"]


async def test_where_the_detector_is_down_nothing_of_two_messages_reaches_the_model(tmp_path: Path) -> None:
    detector, model = people(), scripted()
    detector.down = True
    async with office(f"sqlite:///{tmp_path / 'log.db'}", deps(model), detector=detector) as opened:
        conversation = await opened.ask("call me on 07700 900123")
        assert (await opened.replies(conversation))[-1].endswith(DEFAULTS["handoff_failed"])
    assert not model.asked


@pytest.mark.model
async def test_a_person_s_note_is_hidden_under_the_customer_s_pseudonyms(shop: Office) -> None:
    conversation = await shop.ask("My name is Siobhan Kelly.")
    customer = (await shop.head(conversation))["customer_id"]
    worker = shop.worker
    note = await redact_text("Siobhan Kelly rang", customer, worker.detector, shop.store, worker.vault)
    assert note == "<PERSON_1> rang"


async def test_what_two_redact_at_once_is_stored_once_and_both_read_the_same(tmp_path: Path) -> None:
    """Outside of a turn: people wrote, and nobody has looked at it yet."""
    detector = people()
    async with office(f"sqlite:///{tmp_path / 'log.db'}", detector=detector, started=False) as shop:
        receipt = await shop.receive("Ben Ash wrote.")
        await shop.receive("So did Wilhelmina Quackenbush.")
        raw, vault = await shop.events(receipt.conversation), shop.worker.vault
        given = (receipt.conversation, receipt.customer, raw, detector, shop.store, vault)
        first, second = await asyncio.gather(redact_events_of(*given), redact_events_of(*given))
        again = await redact_events_of(*given)  # from events read before anything was stored
        texts = ["<PERSON_1> wrote.", "So did <PERSON_2>."]
        assert [[event.redacted for event in found] for found in (first, second, again)] == [texts] * 3
        assert await redacted(shop, receipt.conversation) == texts
        looked = len(detector.looked_at)
        stored = await shop.events(receipt.conversation)
        assert await redact_events_of(receipt.conversation, receipt.customer, stored, *given[3:]) == stored
        assert len(detector.looked_at) == looked, "what is redacted is not looked at again"
        assert await redact_events_of(receipt.conversation, receipt.customer, [], *given[3:]) == []
        detector.down = True
        with pytest.raises(PiiUnavailable):
            await redact_events_of(*given)


BOOK = PseudonymBook([Pseudonym("PERSON", 1, "Ann Lee"), Pseudonym("PHONE_NUMBER", 12, "+44 7700 900123")])
PIECES = st.sampled_from(
    [
        "Dear <PERSON_1>, ",
        "<PHONE_NUMBER_12>. ",
        "Thanks! ",
        "<PERSON_9>? ",
        "‹PERSON_1› ",
        "1 < 2. ",
        "<PERSON_1>'s ",
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=8).map("".join), st.data())
def test_no_cut_of_the_stream_leaves_half_a_pseudonym_to_be_shown(reply: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(reply)), max_size=12)))
    splitter, shown = SentenceSplitter(), []
    for a, b in zip([0, *cuts], [*cuts, len(reply)], strict=True):
        shown += [BOOK.restore(sentence) for sentence in splitter.feed(reply[a:b])]
    shown += [BOOK.restore(sentence) for sentence in splitter.flush()]
    assert "".join("".join(shown).split()) == "".join(BOOK.restore(reply).split())
