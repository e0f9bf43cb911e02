"""What a sentence commits the organisation to: what, who, how much, until when, on what condition. Pure.

A promise ("we will refund you", "I've cancelled it") commits whatever it is about; a claim of policy commits where it
is about money, a deadline, a right or what is free. English only, as the answers are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from agent.guardrails.claims import negations

Actor = Literal["us", "customer", ""]

_KINDS: Final = {
    "refund": r"refund\w*|money[- ]back|reimburs\w+|repa(?:y|id)\b|credit(?:ed)? back|(?:pay|give)\w* (?:you )?back",
    "voucher": r"vouchers?|store credit|gift cards?|credit notes?|goodwill|loyalty points",
    "compensation": r"compensat\w+|make (?:it|this) up to you",
    "replacement": r"replac\w+|exchang\w+|swap\w*|send (?:you )?(?:a new|another)",
    "discount": r"discount\w*|\d ?(?:%|per ?cent) off|money off|waiv\w+|half price",
    "free": r"free(?! to)|no (?:extra )?(?:charge|cost|fee)|without (?:charge|cost)|on us|complimentary|gratis",
    "price": r"price[sd]?|costs?|fees?|charge[sd]?|surcharges?|deposits?|tariffs?",
    "warranty": r"warrant(?:y|ies)|guarantee[sd]?|lifetime",
    "return": r"returns?|returned|send (?:it|them) back|bring (?:it|them) back|sent back|brought back",
    "delivery": r"deliver\w*|arriv\w+|dispatch\w*|ship(?:s|ped|ping)?\b|next[- ]day|same[- ]day|reach(?:es)? you",
    "cancellation": r"cancel\w*",
    "eligibility": r"eligible|entitle[ds]?|qualif\w+|allowed|permitted|have (?:a|the) right",
    "contact": r"(?:calls?|phones?|rings?|emails?|texts?|writes? to|contacts?|gets? back to|"
    r"comes? back to|replies to|reply to|informs?|updates?) you"
    r"|let you know|follow up|hear from us|be in touch",
}
KINDS: Final = (*_KINDS, "action")
"""`action` is any other thing promised."""
_KIND: Final = {name: re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE) for name, pattern in _KINDS.items()}
_US: Final = r"(?:we|i|our (?:team|staff|colleagues?|engineers?|couriers?|store)|(?:a|my) colleague|someone|the team)"
_WILL: Final = r"(?:'ll|’ll| will| shall| (?:am|are|is) going to| promise(?: to)?| guarantee(?: to)?| undertake to)"
_NOT_PROMISES: Final = (
    r"(?: (?:always|also|then|now|gladly))*(?: be)? "
    r"(?:help|assist|look forward|happy|glad|explain|tell|need|see|try|hope)\b"
)
_PROMISE: Final = re.compile(
    rf"\b{_US}{_WILL}(?!{_NOT_PROMISES})|"
    r"\byou(?:'ll|’ll| will| are going to) (?:get|receive|have|be|hear|find|not (?:pay|be))\b|"
    r"\b(?:will|shall|is going to|are going to|'ll|’ll)(?: not)? be (?:refunded|credited|replaced|sent|delivered|paid|"
    r"waived|returned|issued|compensated|processed|shipped|dispatched|collected|called|contacted|cancelled|covered)\b|"
    r"\bguaranteed?\b|\bpromise\b|\brest assured\b",
    re.IGNORECASE,
)
_DEEDS: Final = (
    r"(?:refunded|processed|cancelled|canceled|sent|issued|credited|arranged|booked|applied|waived|escalated|extended|"
    r"changed|updated|removed|added|reserved|ordered|approved|upgraded|shipped|dispatched|replaced|made|opened|raised)"
)
_DONE: Final = re.compile(
    rf"\b(?:we|i)(?:(?:'ve|’ve| have)(?: just| already| now)?| just| already) {_DEEDS}\b|"
    rf"\b(?:we|i) {_DEEDS} (?:it|your|the|a)\b|"
    rf"\byour [a-z ]{{2,30}} (?:has|have) (?:now |already |just )?been {_DEEDS}\b|\bis on its way\b",
    re.IGNORECASE,
)
_SORTS: Final = r"(?:unused|unworn|undamaged|unopened|members?)"
"""Words that limit a commitment to one sort of thing or customer by themselves."""
_CONDITION: Final = re.compile(
    r"\b(?:if|unless|only|provided|providing|as long as|so long as|when|where|once|except(?: for)?|subject to|in case|"
    r"until|with (?:a|the|your|proof|original)|minimum|orders? (?:over|above|from)|spend\w*|before (?=\d)|"
    rf"{_SORTS})\b",
    re.IGNORECASE,
)
_NO_CHARGE: Final = re.compile(
    r"\b(?:costs? nothing|nothing extra|no (?:extra |further )?(?:charge|cost|fee)s?|no questions)\b", re.I
)
_US_PAYS: Final = re.compile(
    r"\b(?:we|i)(?:'ll|’ll| will| shall)?(?: also)? (?:pay|cover|bear|meet)\b|\bat our (?:cost|expense)\b|\bon us\b|"
    r"\bprepaid\b|\b(?:paid|covered) by us\b|\bfree (?:returns?|delivery|shipping|postage)\b",
    re.IGNORECASE,
)
_CUSTOMER_PAYS: Final = re.compile(
    r"\b(?:you|customers?|the buyer|the sender)(?: must| have to| need to| will|'ll)? "
    r"(?:pays?|covers?|bears?|meets?)\b|"
    r"\bat your (?:own )?(?:cost|expense)\b|\b(?:paid|covered) by (?:you|the customer)\b|\b(?:is|are) deducted\b",
    re.IGNORECASE,
)
_CURRENCIES: Final = {
    "£": "GBP", "$": "USD", "€": "EUR", "pound": "GBP", "quid": "GBP", "gbp": "GBP", "euro": "EUR", "eur": "EUR",
    "dollar": "USD", "usd": "USD",
}  # fmt: skip
_AMOUNT: Final = re.compile(
    r"(?P<sign>[£$€])\s?(?P<a>\d[\d,]*(?:\.\d+)?)(?P<k>k)?\b|"
    r"\b(?P<b>\d[\d,]*(?:\.\d+)?)\s?(?P<unit>pounds?|quid|gbp|euros?|eur|dollars?|usd|€|£)(?![a-z])",
    re.IGNORECASE,
)
_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s?(?:%|per ?cent\b)", re.IGNORECASE)
_NUMBERS: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "twenty": 20, "thirty": 30,
    "forty": 40, "sixty": 60, "ninety": 90,
}  # fmt: skip
_COUNT: Final = r"\d+|" + "|".join(sorted(_NUMBERS, key=len, reverse=True))
_PERIOD: Final = re.compile(
    rf"\b(?:(?P<low>{_COUNT})\s?(?:to|-|–|or)\s?)?(?P<high>{_COUNT})[\s-](?P<working>working |business |calendar )?"
    r"(?P<unit>hours?|days?|nights?|weeks?|months?|years?)\b",
    re.IGNORECASE,
)
_UNITS: Final = {"hour": 1 / 24, "day": 1.0, "night": 1.0, "week": 7.0, "month": 30.0, "year": 365.0}
_SOON: Final = {
    "today": 0.0, "tonight": 0.0, "immediately": 0.0, "straight away": 0.0, "right away": 0.0, "at once": 0.0,
    "instantly": 0.0, "same day": 0.0, "same-day": 0.0, "tomorrow": 1.0, "next day": 1.0, "next-day": 1.0,
    "this week": 7.0, "next week": 14.0,
}  # fmt: skip
_SOON_WORD: Final = re.compile(rf"\b(?:{'|'.join(map(re.escape, _SOON))})\b", re.IGNORECASE)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE: Final = re.compile(
    r"\b(?P<y1>\d{4})-(?P<m1>\d{2})-(?P<d1>\d{2})\b|"
    rf"\b(?P<d2>\d{{1,2}})(?:st|nd|rd|th)? (?P<m2>(?:{'|'.join(_MONTHS)})[a-z]*)(?:,? (?P<y2>\d{{4}}))?\b|"
    rf"\b(?P<m3>(?:{'|'.join(_MONTHS)})[a-z]*) (?P<d3>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y3>\d{{4}}))?\b",
    re.IGNORECASE,
)
_WEEKDAY: Final = re.compile(r"\b(mon|tues|wednes|thurs|fri|satur|sun)day\b", re.IGNORECASE)
_LIMITLESS: Final = re.compile(
    r"\b(?:always|any(?:thing| time| reason|one)?|all|every\w*|whatever|unlimited|lifetime|for ever|forever|full(?:y)?|"
    r"no matter|regardless|no questions)\b",
    re.IGNORECASE,
)
_MONEY: Final = frozenset(
    ("refund", "voucher", "compensation", "replacement", "discount", "free", "warranty", "return", "delivery",
     "cancellation", "eligibility")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time in days: 5 to 7 working days are (5, 7, True)."""

    low: float
    high: float
    working: bool

    def __str__(self) -> str:
        number = f"{self.high:g}" if self.low == self.high else f"{self.low:g} to {self.high:g}"
        return f"{number}{' working' if self.working else ''} day{'' if number == '1' else 's'}"


@dataclass(frozen=True, slots=True)
class Commitment:
    """What one sentence commits to. `promised` says that something will or did happen for this customer, `done` that it
    happened already; `amounts` are (value, currency), `dates` (year or 0, month, day), `conditional` whether it holds
    only sometimes, `limitless` words that let it hold always."""

    kinds: frozenset[str]
    promised: bool
    done: bool
    payer: Actor
    amounts: frozenset[tuple[float, str]]
    percents: frozenset[float]
    periods: frozenset[Period]
    dates: frozenset[tuple[int, int, int]]
    weekdays: frozenset[str]
    negative: bool
    conditional: bool
    limitless: frozenset[str]


@lru_cache(maxsize=4096)
def commitment(text: str) -> Commitment | None:
    """What the sentence commits to; None for a sentence that commits to nothing, a question for one."""
    if text.rstrip(" \"'”’)*_").endswith("?"):
        return None
    found = facts(text)
    timed = "contact" in found.kinds and bool(found.periods)
    priced = "price" in found.kinds and bool(found.amounts or found.percents)
    return found if found.promised or timed or priced or found.kinds & _MONEY else None


@lru_cache(maxsize=8192)
def facts(text: str) -> Commitment:
    """What a sentence says of the things that commitments are about, whether it commits or not."""
    kinds = frozenset(name for name, pattern in _KIND.items() if pattern.search(text))
    done = bool(_DONE.search(text))
    promised = done or bool(_PROMISE.search(text))
    return Commitment(
        kinds=kinds or (frozenset({"action"}) if promised else kinds),
        promised=promised,
        done=done,
        payer=_payer(text),
        amounts=frozenset(_amounts(text)),
        percents=frozenset(float(each) for each in _PERCENT.findall(text)),
        periods=frozenset(_periods(text)),
        dates=frozenset(_dates(text)),
        weekdays=frozenset(day.lower() for day in _WEEKDAY.findall(text)),
        negative=negations(_NO_CHARGE.sub("free", text)) % 2 == 1,
        conditional=bool(_CONDITION.search(text)),
        limitless=frozenset(word.lower() for word in _LIMITLESS.findall(text)),
    )


def condition(text: str) -> str:
    """The part of a sentence that says when it holds, from its first such word to the next comma or its end."""
    match = _CONDITION.search(text)
    if match is None:
        return ""
    if re.fullmatch(_SORTS, match.group(), re.IGNORECASE):
        return match.group()
    rest = text[match.start() :]
    return re.split(r"[,;.]\s", rest, maxsplit=1)[0].rstrip(" .!")


def main_clause(text: str) -> Commitment:
    """What is committed to, less its condition: "if your parcel is 3 days late, we send £10" commits to £10, not to 3
    days. Amounts and periods that stand in the condition alone count all the same."""
    whole, main = facts(text), facts(text.replace(condition(text), " ")) if condition(text) else facts(text)
    return replace(
        whole,
        kinds=main.kinds or whole.kinds,
        amounts=main.amounts or whole.amounts,
        percents=main.percents or whole.percents,
        periods=main.periods or whole.periods,
    )


def _payer(text: str) -> Actor:
    if _CUSTOMER_PAYS.search(text):
        return "customer"
    return "us" if _US_PAYS.search(text) else ""


def _amounts(text: str) -> list[tuple[float, str]]:
    found = []
    for match in _AMOUNT.finditer(text):
        number = float((match["a"] or match["b"]).replace(",", "")) * (1000 if match["k"] else 1)
        unit = match["sign"] or match["unit"].lower()
        found.append((number, _CURRENCIES[unit if unit in _CURRENCIES else unit.rstrip("s")]))
    return found


def _periods(text: str) -> list[Period]:
    found = []
    for match in _PERIOD.finditer(text):
        days = _UNITS[match["unit"].lower().rstrip("s")]
        high = _number(match["high"]) * days
        low = _number(match["low"]) * days if match["low"] else high
        found.append(Period(low, high, (match["working"] or "").strip().lower() in ("working", "business")))
    return found + [Period(_SOON[word], _SOON[word], False) for word in map(str.lower, _SOON_WORD.findall(text))]


def _number(word: str) -> float:
    return float(word) if word.isdigit() else float(_NUMBERS[word.lower()])


def _dates(text: str) -> list[tuple[int, int, int]]:
    found = []
    for match in _DATE.finditer(text):
        year = match["y1"] or match["y2"] or match["y3"] or "0"
        month = match["m1"] or match["m2"] or match["m3"]
        number = int(month) if month.isdigit() else _MONTHS.index(month[:3].lower()) + 1
        found.append((int(year), number, int(match["d1"] or match["d2"] or match["d3"])))
    return found
