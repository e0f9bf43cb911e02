"""What was said to the letter: identifiers, amounts, dates and instructions, each with where it was said; and which of
them a message is about. Pure.

The patterns here are the only ones: the summary pins by them, and the context and look-ups read what they find.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from memory.messages import Line, Role

SlotKind = Literal["order", "parcel", "invoice", "reference", "amount", "date", "pseudonym", "instruction"]
IDENTIFIERS: Final[tuple[SlotKind, ...]] = ("order", "parcel", "invoice", "reference")


@dataclass(frozen=True, slots=True)
class Slot:
    """`value` is verbatim, with pseudonyms, as event `seq` of `conversation` had it, said by `role`. `words` are those
    around it, the value among them, since an amount or a date says little alone; "" where they would add nothing."""

    kind: SlotKind
    value: str
    seq: int
    role: Role = "customer"
    conversation: str = ""
    words: str = ""


# --- the patterns. Repeats are bounded, so that no text is read in more than linear time. ---

_MONTH = (
    "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    "Nov(?:ember)?|Dec(?:ember)?)"
)
_CODE = "(?:GBP|USD|EUR|CHF|PLN|SEK|NOK|DKK|AUD|CAD)"
_FIGURE = r"\d(?:[\d,.]{0,14}\d)?"
_PSEUDONYM = r"<[A-Z][A-Z0-9_]{0,40}_\d{1,6}>"
_AMOUNT = rf"""[£$€]\s?{_FIGURE} | \b{_CODE}\s?{_FIGURE}(?!\w) | \b{_FIGURE}\s?[£€](?!\s?\d)
            | \b{_FIGURE}\s?(?:{_CODE}|pounds|euros|dollars)\b | \b{_FIGURE}\s?%"""
_DATE = rf"""\b\d{{4}}-\d{{2}}-\d{{2}}\b | \b\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}}\b
          | \b\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}\b(?:,?\s\d{{4}}\b)?
          | \b{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s\d{{4}}\b)?"""
_WORD = r"\b[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\b"  # of these, order and product numbers: anything with a digit
_PINNED: Final = re.compile(
    rf"(?P<pseudonym>{_PSEUDONYM})|(?P<amount>{_AMOUNT})|(?P<date>{_DATE})|(?P<token>{_WORD})", re.VERBOSE
)
_WEEKDAY: Final = re.compile(
    r"\b(?:on|by|until|till|before|after|next|this|every|from)\s"
    r"((?:next\s|this\s)?(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?)\b"
)
_TELLS: Final = re.compile(
    r"\b(?:please|don'?t|don’t|do not|never|always|only|prefer|instead|need you to|make sure|stop|"
    r"['’]d rather|would rather|must(?! (?:say|admit|confess))|"
    r"(?:reach|contact|call|text|e-?mail|ring|phone|write to|send) me|leave (?:it|them|the|my|any|all|parcels?)|"
    r"no (?:phone )?calls)\b",
    re.IGNORECASE,
)
_INQUIRES: Final = re.compile(
    r"^(?:[^,?]{0,30},\s*)?(?:please,? )?(?:can|could|would|will) (?:you|somebody|someone|anyone) (?:please |kindly )?"
    r"(?:tell|say|explain|confirm|advise|clarify|help|let (?:me|us) know|give me (?:an? )?(?:idea|information))\b.*\?$",
    re.IGNORECASE | re.DOTALL,
)
_SENTENCE: Final = re.compile(r".+?(?:[.!?](?=\s|$)|$)", re.DOTALL)

_CUES: Final = re.compile(
    r"\b(?:(?P<parcel>parcels?|packages?|tracking|shipments?|consignments?|sendung\w*|paket\w*|colis|paquetes?)|"
    r"(?P<invoice>invoices?|receipts?|bills?|rechnung\w*|factures?|facturas?)|"
    r"(?P<reference>ref(?:erence)?|tickets?|cases?|bookings?|accounts?|claims?|returns?|rma|serial|policy|contract|"
    r"voucher|code|confirmation)|"
    r"(?P<order>orders?|purchase|bestell\w*|auftrag\w*|commandes?|pedidos?))\b",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(r"(?:\b(?:numbers?|no\.?|nr\.?|id|is)|#|:)\s*$", re.IGNORECASE)
_PREFIXES: Final[tuple[tuple[re.Pattern[str], SlotKind], ...]] = (
    (re.compile(r"(?:ORD|ORDER|SO)-?\d", re.IGNORECASE), "order"),
    (re.compile(r"INV-?\d", re.IGNORECASE), "invoice"),
    (re.compile(r"1Z[0-9A-Z]{16}$|TRK-?\d|[A-Z]{2}\d{9}[A-Z]{2}$|JD\d{10}", re.IGNORECASE), "parcel"),
)
_QUANTITY: Final = re.compile(
    r"\d+(?:st|nd|rd|th|am|pm|a|p|h|hrs?|mins?|s|days?|x|kg|g|cm|mm|m|km|ml|l|gb|mb|w|v|k|in|ft|lbs?|oz)|"
    r"\d{1,4}-(?:\d{1,4}|day|days|month|year|hour|piece|person)s?",
    re.IGNORECASE,
)
_PEOPLE: Final = re.compile(r"<(?:PERSON|LOCATION|EMAIL|PHONE|URL|IP|CREDIT|IBAN|DATE|AGE|NRP)")
_REACH = 60  # characters before a value in which the word that says what it is stands
_BEFORE, _AFTER = 48, 16  # characters of a value's sentence that go with it


def pins(text: str) -> list[str]:
    """Identifiers, amounts, dates and pseudonyms of a text as they stand in it, each once, in their order."""
    return list(dict.fromkeys(match.group() for match in _pinned(text)))


def _pinned(text: str) -> Iterator[re.Match[str]]:
    for match in _PINNED.finditer(text):
        if match.lastgroup != "token" or any(character.isdigit() for character in match.group()):
            yield match


def tells(sentence: str) -> bool:
    """Whether a customer's sentence tells us to do something or not to, or how they would have it; asking to be told
    something is neither."""
    return bool(_TELLS.search(sentence)) and not _INQUIRES.search(sentence)


def split(text: str) -> list[str]:
    """The text's sentences, without outer blanks."""
    return [found for match in _SENTENCE.finditer(text) if (found := match.group().strip())]


def slots_of(lines: Sequence[Line], conversation: str = "") -> tuple[Slot, ...]:
    """What these lines pin, in the order it was said; a line's instructions after its values. Only a customer
    instructs."""
    return tuple(slot for line in lines for slot in _of_line(line, conversation))


def _of_line(line: Line, conversation: str) -> Iterator[Slot]:
    found: dict[tuple[SlotKind, str], Slot] = {}
    for match in _pinned(line.text):
        if kind := _kind(match, line.text):
            words = "" if kind in ("order", "parcel", "invoice") else _around(line.text, *match.span())
            slot = Slot(kind, match.group(), line.seq, line.role, conversation, words)
            found.setdefault((kind, slot.value), slot)
    for match in _WEEKDAY.finditer(line.text):
        words = _around(line.text, *match.span(1))
        found.setdefault(("date", match[1]), Slot("date", match[1], line.seq, line.role, conversation, words))
    yield from found.values()
    if line.role == "customer":
        for sentence in dict.fromkeys(split(line.text)):
            if tells(sentence):
                yield Slot("instruction", sentence, line.seq, line.role, conversation)


def _kind(match: re.Match[str], text: str) -> SlotKind | None:
    """What a pinned value is, by its form and by the words before it; None for a number that names nothing."""
    group, value = match.lastgroup, match.group()
    if group == "amount" or group == "date":
        return "amount" if group == "amount" else "date"
    before = text[max(0, match.start() - _REACH) : match.start()]
    if group == "pseudonym":
        return "pseudonym" if _PEOPLE.match(value) else _cue(before) or "pseudonym"
    for pattern, kind in _PREFIXES:
        if pattern.match(value):
            return kind
    digits = sum(character.isdigit() for character in value)
    if _QUANTITY.fullmatch(value) or (digits < 3 and not _NAMED.search(before[-12:])):
        return None
    named = digits >= 5 or 3 <= digits < len(value)
    return _cue(before) or ("reference" if named else None)


def _cue(before: str) -> SlotKind | None:
    """What the last such word of the same sentence says that the value after it is."""
    found = [match.lastgroup for match in _CUES.finditer(re.split(r"[.!?]\s", before)[-1])]
    return next((kind for kind in IDENTIFIERS if found and kind == found[-1]), None)


def _around(text: str, start: int, end: int) -> str:
    """The value with the words of its sentence around it, on one line."""
    left, right = text[max(0, start - _BEFORE) : start], text[end : end + _AFTER]
    if cut := list(re.finditer(r"[.!?]\s|\n", left)):
        left = left[cut[-1].end() :]
    elif start > _BEFORE:
        left = left.partition(" ")[2]
    if cut_at := re.search(r"[.!?](?:\s|$)|\n", right):
        right = right[: cut_at.start()]
    elif len(text) > end + _AFTER:
        right = right.rpartition(" ")[0]
    words = f"{' '.join(left.split())} {text[start:end]} {' '.join(right.split())}".strip()
    return words if words != text[start:end] else ""


# --- what a message is about ---

_ASKS: Final[Mapping[SlotKind, re.Pattern[str]]] = {
    "order": re.compile(r"\b(?:orders?|ordered|purchases?|bought)\b", re.IGNORECASE),
    "parcel": re.compile(
        r"\b(?:parcels?|packages?|tracking|shipments?|shipped|dispatched|deliver\w*)\b", re.IGNORECASE
    ),
    "invoice": re.compile(r"\b(?:invoices?|receipts?|bills?|billed)\b", re.IGNORECASE),
    "reference": re.compile(r"\b(?:references?|tickets?|cases?|bookings?|claims?|rma|account number)\b", re.IGNORECASE),
    "amount": re.compile(
        r"\b(?:how much|amounts?|price|cost|refund\w*|pay|paid|charged?|totals?|fees?)\b", re.IGNORECASE
    ),
    "date": re.compile(r"\b(?:when|dates?|days?|deadline|how long|what time)\b", re.IGNORECASE),
}
_NEXT: Final[Mapping[SlotKind, tuple[SlotKind, ...]]] = {
    "order": ("order", "reference"),
    "parcel": ("parcel", "order", "reference"),
    "invoice": ("invoice", "order", "reference"),
    "reference": ("reference",),
}
"""A parcel is asked after by its order's number where it has none of its own."""
_POINTS: Final = re.compile(
    r"\b(?:it|its|they|them|(?:the|my|that|this) (?:same |other |first |second |last )?(?:one|thing))\b|"
    r"\b(?:that|this|these|those)(?=\s*(?:[?.!,;]|$)|\s(?:is|was|are|were|will|has|have|be|been|come|gone)\b)",
    re.IGNORECASE,
)
_DEFINITE: Final = re.compile(
    r"\b(?:my|our|the|this|that|these|those|both|first|other|last|latest|previous)\s(?:\w+\s){0,2}$", re.IGNORECASE
)
_EMPTY: Final = re.compile(
    r"\b(?:is|was|would|will|would) it (?:possible|ok|okay|fine|true|allowed|better|safe|too late|correct|normal)\b|"
    r"\bhow (?:long|much) (?:does|will|would|did) it (?:take|cost)\b|\bit (?:is|'s) (?:possible|ok|fine|raining)\b|"
    r"\b(?:that|this) (?:is|'s) (?:all|fine|great|ok|okay|it)\b|\bis that (?:all|ok|okay|right|possible)\b",
    re.IGNORECASE,
)
_OF_AMOUNT: Final = re.compile(
    r"\b(?:that|this|the|same) (?:amount|price|sum|refund|charge|total|fee|cost|payment)\b|\bthat much\b", re.IGNORECASE
)
_OF_DATE: Final = re.compile(
    r"\b(?:that|this|the same) (?:day|date|week|morning|afternoon|evening)\b|\b(?:by|before|until) then\b",
    re.IGNORECASE,
)
_OTHER: Final = re.compile(r"\b(?:other|previous|earlier|one before)\b", re.IGNORECASE)
_FIRST: Final = re.compile(r"\bfirst (?:one|order|parcel|package|invoice)\b", re.IGNORECASE)
_ALL: Final = re.compile(r"\b(?:both|all (?:of )?(?:them|my|the|these|those))\b", re.IGNORECASE)
_MOST_IN_FOCUS = 5


def asked_for(text: str) -> frozenset[SlotKind]:
    """The kinds of thing that a message speaks of."""
    return frozenset(kind for kind, pattern in _ASKS.items() if pattern.search(text))


def in_focus(said: Sequence[Line], slots: Sequence[Slot], conversation: str = "") -> tuple[Slot, ...]:
    """Which identifiers, amounts and dates the message is about; empty where it is about none. `slots` are those said
    before it, newest first. What the message names itself counts alone; "it" and "my parcel" point to what was last
    mentioned of that kind, "the other one" to the one before, "the first order" to the oldest, "both" to several."""
    own = [slot for slot in slots_of(said, conversation) if slot.kind in (*IDENTIFIERS, "amount", "date")]
    if any(slot.kind in IDENTIFIERS for slot in own):
        return tuple(own)
    text = "\n".join(line.text for line in said)
    before = [
        slot for slot in slots if slot.seq not in {line.seq for line in said} or slot.conversation != conversation
    ]
    wanted = [kind for kind in IDENTIFIERS if _names_one(text, _ASKS[kind])]
    found: list[Slot] = []
    if wanted or _POINTS.search(_EMPTY.sub(" ", text)):
        kinds = [kind for each in wanted for kind in _NEXT[each]] or list(IDENTIFIERS)
        found += _pointed(text, before, kinds, in_turn=bool(wanted))
    for kind, pattern in (("amount", _OF_AMOUNT), ("date", _OF_DATE)):
        if pattern.search(text) and not any(slot.kind == kind for slot in own):
            found += next(([slot] for slot in before if slot.kind == kind), [])
    return (*own, *found)


def _names_one(text: str, pattern: re.Pattern[str]) -> bool:
    """Whether it speaks of a certain one ("my order", "the other parcel"), not of any ("an order")."""
    return any(_DEFINITE.search(text[max(0, m.start() - 30) : m.start()]) for m in pattern.finditer(text))


def _pointed(text: str, before: Sequence[Slot], kinds: Sequence[SlotKind], *, in_turn: bool) -> list[Slot]:
    """The identifiers a message points to: of the first of `kinds` that was mentioned at all, or of any of them."""
    candidates: list[Slot] = []
    for group in [[kind] for kind in kinds] if in_turn else [list(kinds)]:
        candidates = _distinct(slot for slot in before if slot.kind in group)
        if candidates:
            break
    if _ALL.search(text):
        return candidates[:_MOST_IN_FOCUS]
    if _FIRST.search(text):
        return candidates[-1:]
    return candidates[1:2] if _OTHER.search(text) and len(candidates) > 1 else candidates[:1]


def _distinct(slots: Iterable[Slot]) -> list[Slot]:
    """Each value once, where it was last said; in their order, newest first."""
    found: dict[str, Slot] = {}
    for slot in slots:
        found.setdefault(slot.value.casefold(), slot)
    return list(found.values())
