# ruff: noqa: E501  (a pattern is read whole)
"""How a matter ended, by the words of whoever ended it. English alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from memory.messages import Role

_ID: Final = r"(?P<id>#?(?=[\w-]*\d)[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]+){0,4})"
_OF: Final = (
    r"(?: (?:of|for) (?P<amount>[£$€]\s?\d[\d,.]*\d|[£$€]\s?\d|\d[\d,.]*\s?(?:GBP|USD|EUR|pounds|euros|dollars)))?"
)
_FOR: Final = rf"(?:[^.;!?]{{0,40}}?\border (?:number )?{_ID})?"
_WE: Final = r"\b(?:i have|i've|we have|we've|i|we)(?: now| just| also)? "
_US: Final[tuple[Role, ...]] = ("agent", "bot")


@dataclass(frozen=True, slots=True)
class OutcomePhrase:
    """One way of saying that something was done; named groups of the pattern (an amount, an order) join the value."""

    attribute: str
    value: str
    pattern: re.Pattern[str]
    text: str
    roles: tuple[Role, ...]
    sure: float = 0.9


def _us(attribute: str, value: str, text: str, *patterns: str) -> list[OutcomePhrase]:
    return [OutcomePhrase(attribute, value, re.compile(each, re.IGNORECASE), text, _US) for each in patterns]


def _them(attribute: str, value: str, text: str, *patterns: str) -> list[OutcomePhrase]:
    return [
        OutcomePhrase(attribute, value, re.compile(each, re.IGNORECASE), text, ("customer",), 0.8) for each in patterns
    ]


_GIVEN: Final = {
    "refund": "refund",
    "replacement": "replacement",
    "credit": "(?:store |account )?credit",
    "voucher": "(?:voucher|gift card|discount code)",
    "exchange": "exchange",
}

OUTCOMES: Final[tuple[OutcomePhrase, ...]] = (
    *(
        phrase
        for name, words in _GIVEN.items()
        for phrase in _us(
            "given", name, "Was given: {v}.",
            rf"{_WE}(?:issued|processed|arranged|sent(?: out)?|approved|granted|added|applied|given you|sent you|raised) (?:you )?(?:an? |the |your )?(?:full |partial |goodwill |free )*{words}{_OF}{_FOR}",
            rf"\b(?:your|the|an?)(?: full| partial)? {words}{_OF}{_FOR} (?:has (?:now |just )?been|was) (?:issued|processed|approved|sent|arranged|applied|credited)",
            rf"^\W*(?:issued|processed) (?:a |the |your )?(?:full |partial )?{words}{_OF}{_FOR}",
        )[: 3 if name == "refund" else 2]
    ),
    *_us("given", "replacement", "Was given: {v}.", r"\b(?:your|a|the) replacement is on its way\b"),
    *_us("cancelled", "cancelled", "{v}.",
         rf"{_WE}(?:cancelled|canceled) (?:your |the )?(?:order|subscription|booking|appointment|membership|contract)(?: (?:number )?{_ID})?",
         rf"\byour (?:order|subscription|booking|appointment|membership|contract)(?: (?:number )?{_ID})? (?:has (?:now )?been|was) (?:cancelled|canceled)"),
    *_us("changed", "changed", "{v}.",
         r"\b(?:i have|i've|we have|we've|i)(?: now| just| also)? (?:changed|updated|corrected|amended) (?:your |the )(?P<what>(?:delivery |billing |email )?(?:address|plan|date|name|details|number|appointment|booking|slot|preferences))\b"),
    *_us("resolved", "resolved", "The matter was resolved.",
         r"\b(?:the|your|this) (?:issue|problem|fault|matter|ticket|case) (?:has (?:now )?been|was|is now) (?:resolved|fixed|sorted|solved)\b",
         rf"{_WE}(?:resolved|fixed|sorted(?: out)?|solved) (?:the|your|this) (?:issue|problem|fault|matter)\b"),
    *_them("resolved", "resolved", "The matter was resolved.",
           r"^\W*(?:(?:ok|okay|great|brilliant|perfect|thanks|thank you|yes|wow|lovely|cheers|hi|hello)[,!. ]+)*(?:that|this|it)(?:'s| has| is)? (?:worked|fixed it|solved it|did the trick|sorted it|working again|all working now|resolved)\b(?! (?:before|until|for a))",
           r"\b(?:my|the) (?:issue|problem) (?:is|has been|was) (?:now )?(?:resolved|fixed|solved|sorted)\b(?! (?:yet|only))"),
    *_them("received", "received", "Received: {v}.",
           r"\b(?:i|we)(?:'ve| have)? (?:now |finally |just |already )*(?:received|got) (?:my|the|our) (?P<what>refund|replacement|voucher|credit|exchange)(?:,? thank|,? so|,? all|\s*[.!]|\s*$| today| yesterday| this morning)"),
)  # fmt: skip
