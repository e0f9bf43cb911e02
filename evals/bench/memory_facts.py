"""Twenty facts to plant in a conversation and to ask for later, made up by a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "amount", "date", "preference"]


@dataclass(frozen=True, slots=True)
class Planted:
    """What the customer says, what they ask later, and the words that must still be known then."""

    kind: Kind
    said: str
    asked: str
    value: str


def planted(rng: random.Random) -> list[Planted]:
    """Five of each kind, about twenty different things, in an order of their own."""
    made = [
        Planted(kind, rng.choice(said).format(v=value), rng.choice(asked), value)
        for kind, rows in _ROWS.items()
        for said, asked, value in ((row[0], row[1], row[2](rng)) for row in rows)
    ]
    rng.shuffle(made)
    return made


def _code(prefix: str, digits: int) -> Callable[[random.Random], str]:
    return lambda rng: f"{prefix}{rng.randrange(10 ** (digits - 1), 10**digits)}"


def _pounds(low: int, high: int) -> Callable[[random.Random], str]:
    return lambda rng: f"£{rng.randrange(low, high)}.{rng.randrange(100):02}"


def _day(rng: random.Random) -> str:
    month = rng.choice(("January", "February", "March", "April", "June", "July", "September", "October", "November"))
    return f"{rng.randrange(2, 28)} {month}"


def _one(*values: str) -> Callable[[random.Random], str]:
    return lambda rng: rng.choice(values)


_Row = tuple[Sequence[str], Sequence[str], Callable[[random.Random], str]]
_ROWS: dict[Kind, Sequence[_Row]] = {
    "id": (
        (
            ("It is about order {v}, the blue tent.", "The blue tent was on order {v}.", "I ordered the tent, {v}."),
            ("Which order was the tent on?", "What was the order number of my tent?"),
            _code("WO-", 5),
        ),
        (
            ("The courier gave me {v} as tracking number.", "My parcel's tracking number is {v}."),
            ("What is the tracking number of my parcel?", "Which parcel number did the courier give me?"),
            _code("JD00", 8),
        ),
        (
            ("The invoice for the stove is {v}.", "I have invoice {v} here, it is for the stove."),
            ("Which invoice was the stove on?", "Can you remind me of the stove's invoice number?"),
            _code("INV-", 6),
        ),
        (
            ("Your colleague opened case {v} on the broken zip.", "The case about the zip is {v}, I was told."),
            ("What was the case number for the zip?", "Under which case is the broken zip?"),
            _code("CS-", 6),
        ),
        (
            ("The serial number under the lantern is {v}.", "On the bottom of the lantern it says {v}."),
            ("What serial number did I give you for the lantern?", "What did it say on the bottom of the lantern?"),
            _code("LX", 7),
        ),
    ),
    "amount": (
        (
            ("I paid {v} for the rucksack in your sale.", "The rucksack cost me {v}."),
            ("How much did I pay for the rucksack?", "What did the rucksack cost?"),
            _pounds(40, 140),
        ),
        (
            ("They charged me {v} for the delivery to the island.", "Delivery to the island came to {v}."),
            ("What was I charged for delivery to the island?", "How much was the island delivery?"),
            _pounds(9, 30),
        ),
        (
            ("I was promised a refund of {v} for the boots.", "You said that {v} would come back for the boots."),
            ("How much refund was I promised for the boots?", "What was I to get back for the boots?"),
            _pounds(60, 190),
        ),
        (
            ("The gift card I was given had {v} on it.", "My gift card is worth {v}."),
            ("How much is on my gift card?", "What was the gift card worth?"),
            _pounds(15, 80),
        ),
        (
            ("The workshop asked {v} to mend the jacket.", "Mending the jacket would be {v}, the workshop said."),
            ("How much did the workshop want for mending the jacket?", "What would the jacket's repair cost?"),
            _pounds(12, 60),
        ),
    ),
    "date": (
        (
            ("The tent has to be here by {v}, we leave then.", "We set off on {v} and need the tent by then."),
            ("By when do we need the tent?", "When do we set off?"),
            _day,
        ),
        (
            ("I bought the boots on {v}.", "The boots are from {v}, it says on the slip."),
            ("When did I buy the boots?", "On which day were the boots bought?"),
            _day,
        ),
        (
            ("I am away until {v}.", "We are on holiday and back on {v}."),
            ("Until when am I away?", "When are we back from holiday?"),
            _day,
        ),
        (
            ("The engineer is to come on {v} for the heater.", "My appointment for the heater is on {v}."),
            ("When does the engineer come for the heater?", "What day is my heater appointment?"),
            _day,
        ),
        (
            ("My membership runs out on {v}.", "The membership card says {v} as its last day."),
            ("When does my membership run out?", "What is the last day of my membership?"),
            _day,
        ),
    ),
    "preference": (
        (
            ("Please leave parcels {v} when nobody is in.", "If I am out, leave it {v}."),
            ("Where should parcels be left when I am out?", "Do you know where to leave my parcel?"),
            _one("behind the green shed", "with the bakery downstairs", "in the coal bunker", "under the blue bench"),
        ),
        (
            ("I'd rather be written to {v}, I sleep late.", "The best time to reach me is {v}."),
            ("When may you contact me?", "What is the best time to reach me?"),
            _one("after two in the afternoon", "on weekday evenings", "between ten and noon", "early on Saturdays"),
        ),
        (
            ("I can't wear {v}, it makes me itch.", "Nothing with {v} for me, please."),
            ("Which material can I not wear?", "What material should you avoid for me?"),
            _one("merino wool", "goose down", "raw linen", "alpaca"),
        ),
        (
            ("For us it is always {v}, whatever the thing.", "I like everything in {v}."),
            ("Which colour do I like?", "What colour do I always take?"),
            _one("bottle green", "burnt orange", "slate grey", "navy blue"),
        ),
        (
            ("I take a {v} in shoes.", "My shoe size is a {v}."),
            ("What shoe size do I take?", "Which size am I in shoes?"),
            _one("wide forty-three", "narrow thirty-eight", "size nine and a half", "forty-six wide"),
        ),
    ),
}
