"""What kind of answer a question wants, and whether a sentence has one. Pure, English."""

from __future__ import annotations

import re
from typing import Final, Literal

Want = Literal[
    "money", "time", "weight", "temperature", "length", "number", "person", "place", "contact", "steps", "policy"
]

_ASKS: Final[tuple[tuple[Want, re.Pattern[str]], ...]] = (
    (
        "money",
        re.compile(
            r"\bhow much\b(?! (?:time|longer|notice|luggage))|\b(?:costs?|prices?|pric(?:y|ing)|fees?|"
            r"charges?|expensive|cheap\w*|discount|"
            r"what do(?:es)? .{0,30} cost|the damage|set (?:me|us) back|pay (?:extra|for)|free)\b|[£$€]",
            re.I,
        ),
    ),
    (
        "time",
        re.compile(
            r"\b(?:how (?:long|quick\w*|soon|fast|late|early|often)|how many (?:days|weeks|months|hours|years|"
            r"nights)|when|what (?:time|day|date)|"
            r"(?:latest|earliest|deadline|until|till|expire\w*|out of date|open(?:ing)?|clos(?:e|ed|ing)|shut|"
            r"hours|how much (?:time|longer|notice)))\b",
            re.I,
        ),
    ),
    ("weight", re.compile(r"\b(?:how heavy|weigh\w*|what weight|in (?:kg|grams|pounds))\b", re.I)),
    ("temperature", re.compile(r"\b(?:temperatures?|degrees|how (?:hot|cold|warm))\b", re.I)),
    (
        "length",
        re.compile(
            r"\b(?:how (?:far|tall|wide|deep|high|big)|in (?:mm|cm|inches|metres|meters)|height|width|"
            r"dimensions)\b",
            re.I,
        ),
    ),
    ("person", re.compile(r"(?:^|[.!?,]\s+|\band )who(?:'s| is| was| will|se| are)?\b", re.I)),
    (
        "number",
        re.compile(
            r"\b(?:how (?:many|large|old)|what (?:size|capacity|percentage|age)|which size|"
            r"limit|maximum|minimum|max|min)\b",
            re.I,
        ),
    ),
    (
        "place",
        re.compile(
            r"\b(?:where(?!'s my| is my)|(?:which|what) (?:shops?|stores?|branch\w*|country|countries|"
            r"address)|nearest|location|address)\b",
            re.I,
        ),
    ),
    (
        "contact",
        re.compile(
            r"\b(?:phone|telephone|number|email|e-mail|contact|call|reach)\b.{0,25}(?:\?|you|$)|\bhow (?:do|"
            r"can) i (?:contact|reach|call)\b",
            re.I,
        ),
    ),
    (
        "steps",
        re.compile(
            r"\bhow (?:do|can|to|would|should) ?(?:i|we|you|one)?\b|\bwhat (?:should|can|must|do) (?:i|we)\b|"
            r"\bhow to\b|\bways? (?:to|of)\b",
            re.I,
        ),
    ),
    (
        "policy",
        re.compile(
            r"(?:^|[.!?,;]\s+|\b(?:and|but|so|or)\s+)(?:is|are|do|does|did|can|could|will|would|should|may|"
            r"has|have|am|was|were)\b|"
            r"\b(?:can|could|may|do|does|will|is|are) (?:i|you|we|they|it|there|the|my|this|that)\b|"
            r"\b(?:allowed|possible|ok to|okay to|covered)\b",
            re.I,
        ),
    ),
)

_NUMBER = r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|twenty|thirty|sixty|ninety)"
_HAS: Final[dict[Want, re.Pattern[str]]] = {
    "money": re.compile(
        rf"[£$€]\s?\d|\b{_NUMBER}\s?(?:pounds?|euros?|dollars?|pence|p\b|per ?cent|%|GBP|EUR|USD)|%|"
        rf"\bfree\b|\bno (?:charge|fee|extra)|\bcosts?\b|\bprice",
        re.I,
    ),
    "time": re.compile(
        rf"\b{_NUMBER}[\s-]*(?:(?:to|–|-|or)\s*{_NUMBER}[\s-]*)?(?:working |business |"
        rf"calendar )?(?:minutes?|hours?|days?|nights?|weeks?|months?|years?|am\b|pm\b)|"
        r"\d{1,2}[:.]\d{2}|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|\b(?:january|february|march|april|"
        r"june|july|august|september|october|november|december)\b|"
        r"\b(?:at once|immediately|same day|never expire|midnight|noon|daily|always)\b",
        re.I,
    ),
    "weight": re.compile(r"\d\s?(?:kg|kilos?|kilograms?|g|grams?|lbs?|ounces?|oz|stone)\b|\bweigh", re.I),
    "temperature": re.compile(r"\d\s?(?:°|degrees|celsius|fahrenheit)", re.I),
    "length": re.compile(
        r"\d\s?(?:mm|cm|km|m|metres?|meters?|miles?|inch(?:es)?|in|feet|ft|litres?|l)\b|\d\s?(?:by|x|"
        r"×)\s?\d",
        re.I,
    ),
    "person": re.compile(
        r"\b[A-Z][a-z]+ [A-Z][a-z]+|\b(?:mr|mrs|ms|dr|anyone|everyone|team|staff|customers?|members?|"
        r"carrier|guide|manager|owner|head)\b",
        re.I,
    ),
    "number": re.compile(rf"\b{_NUMBER}\b", re.I),
    "place": re.compile(
        r"\b(?:in|at|from|near|to|under|on) (?:the )?[A-Z0-9]|\b(?:street|road|lane|floor|store|shop|page|"
        r"settings|account|website|app)\b",
        re.I,
    ),
    "contact": re.compile(r"@|\d{4,}|\b(?:phone|telephone|email|chat|call|write to)\b|\.example|\.com", re.I),
    "steps": re.compile(
        r"^\W*(?:please |first,? |then,? |to )?(?:click|choose|select|enter|go|open|ask|send|call|write|"
        r"report|bring|put|press|turn|sign|log|check|use|fill|"
        r"print|pack|take|wait|follow|visit|add|remove|wash|dry|clean|apply|measure|contact|email|show|"
        r"keep|loosen|tighten|hold|give|start|switch|reset|restart|update|download)\b|"
        r"\b(?:can be|must be|should be|you can|you need|please|settings|by (?:email|post|phone)|button|"
        r"link|form)\b",
        re.I,
    ),
    "policy": re.compile(
        r"\b(?:yes|no|not|cannot|can't|can|may|must|only|never|always|does|do|is|are|will|allowed|"
        r"accepted?|welcome|covers?|covered|includes?|included|"
        r"except|unless|without|available|possible|free)\b",
        re.I,
    ),
}


def wants(question: str) -> frozenset[Want]:
    """The kinds of answer the question's wording asks for; empty where it shows none."""
    return frozenset(want for want, pattern in _ASKS if pattern.search(question))


def has(sentence: str, want: Want) -> bool:
    """Whether a sentence holds that kind of answer."""
    return bool(_HAS[want].search(sentence))


_HARD: Final[tuple[Want, ...]] = ("money", "time", "weight", "temperature", "length", "number", "contact")


def met(sentence: str, asked: frozenset[Want]) -> float:
    """Share of the wanted kinds the sentence holds, those that need a figure twice; 0.5 where none is asked."""
    if not asked:
        return 0.5
    weights = {want: 2.0 if want in _HARD else 1.0 for want in asked}
    return sum(weight for want, weight in weights.items() if has(sentence, want)) / sum(weights.values())
