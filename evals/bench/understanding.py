"""What it costs to read a message before it is answered: personal data found, embedded, triaged.

Alone is one message after another, as a quiet desk has them; in bulk is a crowd at once, as after an outage. Beside
them stand the detector alone and the embedder alone, on the same messages: nothing that uses them is faster.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.table import Table

from agent.guardrails.pii import PiiDetector
from agent.ports import Understanding
from agent.understanding.triage import LocalUnderstanding
from knowledge.embedding import LocalEmbedder, open_embedder

MESSAGES: Final = 300
AT_ONCE: Final = 64
"""Messages under way together in bulk: a detector that is asked for all at once would give up on the last."""
BAR_ALONE_MS: Final = 12.0
BAR_PER_S: Final = 150.0
_OPENINGS: Final = (
    "Hello, my name is {name} and I bought a pair of walking boots from you last month.",
    "Hi there. I placed an order on the 3rd and it has still not arrived at my house.",
    "Good morning, this is {name} again about the tent with the broken pole that I wrote about.",
    "I would like to know whether the jacket in your summer sale can be exchanged for another size.",
    "hi im {name} i cant log into my account since yesterday and the reset mail does not come",
)
_ENDINGS: Final = (
    "Could you tell me how long a refund takes once the parcel is back with you, and who pays the postage?",
    "The order number is {order} and you can reach me at {name}@example.org or on 020 7946 0{digits}.",
    "Please send the replacement to {digits} Mill Lane, Keswick, because I have moved since I ordered it.",
    "What do I have to do to get my money back, and is there a form that I should put into the box?",
    "thanks in advance for your help, i really need this sorted before we leave for the hills on friday",
)
_NAMES: Final = ("Ann Whitfield", "Tomasz Zielinski", "Priya Raghunathan", "Omar Haddad", "Grace Okafor", "Li Na")


@dataclass(frozen=True, slots=True)
class Reading:
    """Milliseconds a message alone (the median), and messages a second in bulk, over `n` messages. `bar_*` is what was
    promised, None where nothing was."""

    name: str
    n: int
    wall_ms_p50: float
    cpu_ms: float
    per_s: float
    bar_ms: float | None = None
    bar_per_s: float | None = None


def messages(n: int = MESSAGES) -> list[str]:
    """`n` different messages of about 200 characters."""
    made = []
    for number in range(n):
        opening = _OPENINGS[number % len(_OPENINGS)]
        ending = _ENDINGS[number // len(_OPENINGS) % len(_ENDINGS)]
        name = _NAMES[number % len(_NAMES)]
        given = {"name": name, "order": f"WO-{10_000 + number}", "digits": f"{100 + number}"}
        made.append(f"{opening} {ending} Ticket {{order}}.".format(**given))
    return made


async def measure(n: int = MESSAGES) -> list[Reading]:
    """The detector alone, the embedder alone, and the whole."""
    texts = messages(n)
    detector, embedder, understanding = PiiDetector(), await open_embedder("bundled"), LocalUnderstanding()
    await detector.warm_up()

    async def find(text: str) -> None:
        await detector.find([text])

    async def embed(text: str) -> None:
        await embedder.embed([text])

    async def whole(text: str) -> None:
        await _read(text, detector, embedder, understanding)

    try:
        return [
            await _measured("personal data found", texts, find),
            await _measured("embedded", texts, embed),
            await _measured("found, embedded, triaged", texts, whole, bars=True),
        ]
    finally:
        await embedder.close()
        await detector.aclose()


async def _read(text: str, detector: PiiDetector, embedder: LocalEmbedder, understanding: Understanding) -> None:
    await detector.find([text])
    (vector,) = await embedder.embed([text])
    await understanding.triage(text, (), vector)


async def _measured(
    name: str, texts: Sequence[str], work: Callable[[str], Awaitable[None]], *, bars: bool = False
) -> Reading:
    room = asyncio.Semaphore(AT_ONCE)

    async def in_turn(text: str) -> None:
        async with room:
            await work(text)

    await asyncio.gather(*map(in_turn, texts[:32]))  # warm
    walls = []
    cpu_begun = time.process_time()
    for text in texts:
        begun = time.perf_counter()
        await work(text)
        walls.append((time.perf_counter() - begun) * 1000)
    cpu = (time.process_time() - cpu_begun) * 1000 / len(texts)
    begun = time.perf_counter()
    await asyncio.gather(*map(in_turn, texts))
    per_s = len(texts) / (time.perf_counter() - begun)
    bar_ms, bar_per_s = (BAR_ALONE_MS, BAR_PER_S) if bars else (None, None)
    return Reading(name, len(texts), statistics.median(walls), cpu, per_s, bar_ms, bar_per_s)


def table(readings: Sequence[Reading]) -> Table:
    """The readings as people read them."""
    made = Table("what", "messages", "alone p50 ms", "bar", "CPU ms", "a second", "bar", title="Reading a message")
    for column in made.columns[1:]:
        column.justify = "right"
    for each in readings:
        made.add_row(
            each.name,
            f"{each.n}",
            f"{each.wall_ms_p50:.1f}",
            "" if each.bar_ms is None else f"{each.bar_ms:.0f}",
            f"{each.cpu_ms:.1f}",
            f"{each.per_s:.0f}",
            "" if each.bar_per_s is None else f"{each.bar_per_s:.0f}",
        )
    return made
