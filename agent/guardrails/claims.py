"""What a sentence claims that can be checked: figures, dates, names, negations; and whether it claims at all."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from agent.understanding.query import names
from knowledge.sparse import stem

_NUMBER: Final = re.compile(r"(?<![\w.])[-+]?\d+(?:[.,:/]\d+)*(?:\s?(?:k|m|bn))?(?![\w])", re.IGNORECASE)
_SPELLED: Final = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15",
    "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "ninety": "90", "hundred": "100",
    "half": "half", "double": "double", "twice": "twice", "once": "once",
}  # fmt: skip
_MONTH: Final = re.compile(
    r"\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may(?=\s+\d)|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weekends?|weekdays?)\b",
    re.IGNORECASE,
)
_UNIT: Final = re.compile(
    r"[£$€%]|\b(?:pounds?|euros?|dollars?|per ?cent|hours?|minutes?|days?|nights?|weeks?|months?|"
    r"years?|kg|km|miles?|cm|mm|litres?)\b",
    re.IGNORECASE,
)
_NEGATIVE: Final = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|unable|unavailable|impossible|excluded|"
    r"prohibited|forbidden|refused?|unless|except|don'?t|doesn'?t|didn'?t|can'?t|won'?t|isn'?t|"
    r"aren'?t|wasn'?t|weren'?t|"
    r"shouldn'?t|couldn'?t|wouldn'?t|hasn'?t|haven'?t)\b|\bn't\b",
    re.IGNORECASE,
)
_COURTESY: Final = re.compile(
    r"^\W*(?:(?:hi|hello|hey|good (?:morning|afternoon|evening)|welcome|dear)\b.{0,40}|"
    r"(?:many )?(?:thanks|thank you)\b.{0,60}|(?:of course|sure|certainly|absolutely|great|happy to help|no problem|"
    r"you'?re welcome|my pleasure|i understand|i see|got it)\b.{0,20}|"
    r"(?:i'?m |i am |we'?re )?(?:so |very |really )?(?:sorry|glad|happy|pleased)\b.{0,70}|"
    r"(?:is there|can i|may i|could i)\b.{0,60}\?|(?:do|would|could) you\b.{0,80}\?|"
    r"(?:please )?(?:let me know|feel free|have a|take care|best (?:wishes|regards)|kind regards|goodbye|bye)\b.{0,60}|"
    r"(?:i|we) hope (?:this|that|it) helps\b.{0,20}|here(?: i|')s what i found\b.{0,30})\W*$",
    re.IGNORECASE,
)
_CLAIMS: Final = re.compile(
    r"[£$€%@]|\d|\b(?:refund\w*|free|guarantee\w*|warranty|polic(?:y|ies)|return\w*|deliver\w*|"
    r"ship\w*|charge\w*|cost\w*|"
    r"price\w*|discount\w*|compensat\w*|allowed|covered|eligible|entitled|within|deadline|"
    r"(?:we|i)(?:'ll| will| can| have| shall)\b(?! (?:help|assist|look forward|hope)))",
    re.IGNORECASE,
)

_RHETORICAL: Final = re.compile(
    r"\b(?:did you know|were you aware|have you heard|"
    r"(?:do|did|is|are|was|were|does|ca|wo)n[o'’ ]*t (?:you|it|that|they|we)|"
    r"right|correct|you know)\s*(?:\?|that\b|,|about\b)",
    re.IGNORECASE,
)
"""A question that tells: what it says is a claim like any other."""


@lru_cache(maxsize=8192)
def figures(text: str) -> frozenset[str]:
    """The numbers, months, weekdays and units of a text, each in one spelling ("three" and "3" are one)."""
    lower = text.lower()
    words = set(re.findall(r"[a-z]+", lower))
    found = {_figure(match.group(0)) for match in _NUMBER.finditer(text.replace("\u00a0", " "))}
    found |= {figure for word, figure in _SPELLED.items() if word in words and word not in {"one", "once"}}
    found |= {match.group(0).lower()[:3] for match in _MONTH.finditer(text)}
    return frozenset(found | {_unit(match.group(0).lower()) for match in _UNIT.finditer(text)})


@lru_cache(maxsize=8192)
def _words(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in re.findall(r"[^\W_]+", text.lower()))


@lru_cache(maxsize=1024)
def _named(text: str) -> tuple[str, ...]:
    words = [word for name in names(text) for word in re.findall(r"[^\W_]+", name) if word[0].isupper()]
    return tuple(dict.fromkeys(words))


def lost(text: str, source: str) -> tuple[str, ...]:
    """The figures and names of `text` that `source` does not have, in a stable order; names count in any case."""
    figures_lost = sorted(figures(text) - figures(source) - _words(source))
    there = _words(source)
    names_lost = [word for word in _named(text) if stem(word.lower()) not in there and not word.isdigit()]
    return (*figures_lost, *names_lost)


def _figure(number: str) -> str:
    """3,000 and 3000, 09:00 and 9:00, 4.50 and 4.5, 7.00 and 7 are each one figure."""
    plain = number.lower().replace(" ", "").lstrip("+")
    if re.fullmatch(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?", plain):
        plain = plain.replace(",", "")
    if re.fullmatch(r"\d{1,2}:\d{2}", plain):
        hours, minutes = plain.split(":")
        return f"{int(hours)}:{minutes}" if minutes != "00" else str(int(hours))
    if re.fullmatch(r"-?\d+\.\d+", plain):
        return plain.rstrip("0").rstrip(".")
    return plain.lstrip("0") or "0"


def _unit(unit: str) -> str:
    names_of = {"£": "pound", "$": "dollar", "€": "euro", "%": "percent", "per cent": "percent"}
    return names_of.get(unit, unit.rstrip("s"))


def negations(text: str) -> int:
    """How many negative words a text has; two cancel out for whoever compares two texts by their presence."""
    return len(_NEGATIVE.findall(text))


def is_courtesy(text: str) -> bool:
    """Whether a sentence claims nothing: a greeting, thanks, an offer to help, a question back, without a fact."""
    plain = text.strip()
    if not any(char.isalnum() for char in plain):
        return True
    if plain.endswith("?") and not re.search(r"[£$€%@]|\d", plain) and not _RHETORICAL.search(plain):
        return True
    return bool(_COURTESY.match(plain)) and not _CLAIMS.search(plain)
