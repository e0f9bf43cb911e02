"""Ordinary support conversation, made up by a seed: what people say while nothing of it need be remembered."""

from __future__ import annotations

import random
from collections.abc import Sequence

_ASKED: Sequence[str] = (
    "Thanks for getting back to me. Could you tell me how the {thing} ought to be cleaned after a wet week?",
    "I had a look at the {thing} again last night, and the {part} still seems a little loose to me.",
    "Is the {colour} {thing} the same as the one in the shop window, or is that an older one?",
    "We were out on the fells over the weekend and the {thing} did rather well, I must say.",
    "Sorry to bother you again. What is the difference between the {thing} and the lighter one?",
    "My friend swears by the {colour} {thing}. Would it suit somebody who walks mostly on flat paths?",
    "Right, I see. And does the {part} come off for washing, or does it stay where it is?",
    "I am not in a hurry, but it would be good to know whether the {thing} comes in {colour}.",
    "The instructions that came with the {thing} are hard to read. Do you have them in larger print?",
    "That makes sense. I will try it with the {part} done up and see how it goes.",
)
_ANSWERED: Sequence[str] = (
    "The {thing} can be wiped with a damp cloth and left to dry in the air, away from a heater.",
    "The {part} of the {thing} has a small screw at the back that can be tightened with a coin.",
    "It is the same {thing}; the {colour} one only has a different lining, and the {part} is a little wider.",
    "That is good to hear. The {thing} is made for just that kind of weather, and the {part} keeps out the rain.",
    "The lighter one has a thinner {part}. Both keep the wind out, and the {thing} lasts longer on rough ground.",
    "On flat paths either will do. Most people who walk there choose the {colour} {thing} for its soft {part}.",
    "The {part} comes off. Please wash it by hand and let it dry before you put it back.",
    "The {thing} comes in {colour} and in grey. Both are in the shops and in the catalogue.",
    "There is a version in larger print on the page of the {thing}; it says a little more about the {part} too.",
    "Do let us know how it goes. If the {part} slips again, the workshop will have a look at the {thing}.",
)
_THINGS = ("rucksack", "tent", "jacket", "stove", "sleeping bag", "lantern", "walking pole", "boot", "flask", "hammock")
_PARTS = ("strap", "zip", "buckle", "lining", "hood", "handle", "lid", "pocket", "sole", "cord")
_COLOURS = ("green", "navy", "rust", "charcoal", "sand", "teal", "plum", "mustard")


def talk(rng: random.Random, messages: int) -> list[str]:
    """So many messages, a customer's and an answer by turns; about 22 tokens each."""
    return [
        rng.choice(_ANSWERED if at % 2 else _ASKED).format(
            thing=rng.choice(_THINGS), part=rng.choice(_PARTS), colour=rng.choice(_COLOURS)
        )
        for at in range(messages)
    ]
