"""Where payment card numbers stand in a text: pure, linear in its length (arrays, no backtracking).

What counts as a card number (PCI DSS: 13 to 19 digits that pass Luhn):

1. An unbroken run of 13 to 19 digits that passes Luhn, wherever it stands.
2. The same with blanks, line breaks, dashes, dots or invisible characters between its digits, when no other
   digits hang on it by such separators ("4111 1111 1111 1111").
3. Inside a longer row of digit groups ("4111 1111 1111 1111 12/27 123") the groups that together have a scheme's
   prefix and length and pass Luhn; here `, / | : _ * + >` may separate groups too. A row mostly of two-digit
   groups is a table (sizes, dates), not a card.
4. The first digits of an unbroken run of 20 and more, under the same scheme test.

What is spared although it passes Luhn (one number in ten does by chance):

- a valid telephone number in international form (`+44 …`, as `phonenumbers` judges it),
- what lies inside a valid IBAN (length of its country, modulo 97),
- a number that the word before it names as something else ("order", "tracking", "IMEI", "timestamp"), unless it
  has 16 digits unbroken or in fours, or a scheme's prefix and length.

Digits are of any script (full-width, Arabic-Indic, circled, keycap emoji).
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import phonenumbers
from numpy.typing import NDArray

SHORTEST, LONGEST = 13, 19

# Digits that are not decimal to Python: superscript, subscript, circled, parenthesised, full-stopped.
_FANCY_DIGITS = "²³¹⁰⁴-⁹₀-₉①-⑨⑴-⑼⒈-⒐⓪⓵-⓽⓿❶-❾➀-➈➊-➒"
_INVISIBLE = "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\u20e3\ufe0e\ufe0f\ufeff\x00-\x1f\x7f"
_TIGHT = rf"\s.\-·•‧。．֊᠆‐-―⁃−﹘﹣－{_INVISIBLE}"
_LOOSE = r",/|:_*+\\>~"
# "\r\n\r\n> > " in quoted email is eight characters; digits further apart are two numbers.
_WIDEST_GAP = 8
_ENOUGH = re.compile(rf"[\d{_FANCY_DIGITS}](?:[{_TIGHT}{_LOOSE}]{{0,{_WIDEST_GAP}}}[\d{_FANCY_DIGITS}]){{12}}")
_ENOUGH_UP_TO = 10_000  # characters; looking first costs more than the arrays in longer texts

# Prefixes and lengths from the schemes' published ranges (ISO/IEC 7812 issuer identification numbers).
_SCHEMES = (
    (r"4", (13, 16, 19)),  # Visa
    (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),  # Mastercard
    (r"3[47]", (15,)),  # American Express
    (r"30[0-5]|3095|3[689]", (14, 16, 19)),  # Diners Club
    (r"35(?:2[89]|[3-8])", (16, 17, 18, 19)),  # JCB
    (r"1800|2131", (15,)),  # JCB, older
    (r"6011|64[4-9]|65|60|62|81|82", (16, 17, 18, 19)),  # Discover, RuPay, UnionPay
    (r"5[06-8]|6", (13, 14, 15, 16, 17, 18, 19)),  # Maestro and its kin
    (r"220[0-4]|9792|9860|8600", (16,)),  # Mir, Troy, Humo, Uzcard
)
# Country and length, from the SWIFT IBAN registry.
_IBAN_LENGTHS = {
    code: int(length)
    for code, length in re.findall(
        r"([A-Z]{2})(\d{2})",
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18"
        "FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24"
        "ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23"
        "ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30",
    )
}
_IBAN_START = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?=[ \u00a0-]?[A-Za-z0-9])")
_NAMED_OTHERWISE = re.compile(
    r"(?<![^\W_])(?:order|booking|reservation|invoice|tracking|track|parcel|consignment|shipment|waybill|reference|ref|ticket|case"
    r"|claim|policy|serial|imei|meid|isbn|ean|gtin|upc|barcode|sku|product|item|timestamp|id"
    r"|bestell\w{0,8}|sendungs\w{0,8}|commande|pedido|suivi|ordine|spedizione)s?"
    r"(?:[\s_]*(?:number|no|nr|num|id|code|nummer|numéro|número|numero))?[\s\"'#:=.)\]-]{1,6}(?:(?:is|was|ist|est|es)[\s\"'#:=(\[-]{1,6})?\Z",
    re.IGNORECASE,
)

_Flags = NDArray[np.bool_]
_Counts = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class CardNumber:
    """A card number's place in the text and its last four digits in ASCII."""

    start: int
    end: int
    last4: str


@dataclass(frozen=True, slots=True, eq=False)
class _Digits:
    """Every digit of a text, in order: value, place in the text, and how it hangs on the digit before it."""

    value: NDArray[np.uint8]
    place: NDArray[np.int64]
    row: _Counts  # number of the row of joined digits it is in
    group: _Counts  # number of the unbroken group it is in
    opens: _Flags  # first of its group
    tight: _Flags  # joined to the digit before it by nothing or by tight separators

    def span(self, first: int, count: int) -> tuple[int, int]:
        return int(self.place[first]), int(self.place[first + count - 1]) + 1

    def text(self, first: int, count: int) -> str:
        return "".join(map(str, self.value[first : first + count].tolist()))


def find_card_numbers(text: str) -> list[CardNumber]:
    """The card numbers of `text` in order, not overlapping, by the rule at the top of this module."""
    if len(text) <= _ENOUGH_UP_TO and _ENOUGH.search(text) is None:
        return []
    digits = _digits(text)
    if len(digits.value) < SHORTEST:
        return []
    chosen = list(_leftmost(text, digits, _windows(digits)))
    chosen += _standing_alone(text, digits, chosen)
    return [_card(digits, first, count) for first, count in sorted(chosen)]


def luhn_valid(digits: str) -> bool:
    """Whether ASCII `digits` pass the check of ISO/IEC 7812-1 annex B."""
    values = [ord(digit) - 48 for digit in reversed(digits)]
    return sum(value if place % 2 == 0 else _doubled(value) for place, value in enumerate(values)) % 10 == 0


def of_scheme(digits: str) -> bool:
    """Whether 13 to 19 ASCII `digits` begin and are as long as some card scheme's numbers; Luhn is not looked at."""
    return bool(_scheme_prefixes()[len(digits)][int(digits[:4])])


def _doubled(value: int) -> int:
    return value * 2 - 9 if value > 4 else value * 2


@cache
def _classes() -> NDArray[np.uint8]:
    """For every code point: 0 to 9 a digit of that value, 10 a tight separator, 11 a loose one, 12 the rest."""
    table = np.full(sys.maxunicode + 1, 12, dtype=np.uint8)
    # No separator or digit of _FANCY_DIGITS is above the basic plane; decimal digits are, up to 0x1FBF9.
    planes = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x20000))))
    for pattern, kind in ((rf"[{_TIGHT}]", 10), (rf"[{_LOOSE}]", 11)):
        table[[ord(ch) for ch in re.findall(pattern, planes)]] = kind
    for ch in re.findall(rf"[\d{_FANCY_DIGITS}]", planes):
        table[ord(ch)] = unicodedata.digit(ch)
    return table


def _digits(text: str) -> _Digits:
    kinds = _classes()[np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)]
    place = np.flatnonzero(kinds < 10)
    gap = np.diff(place, prepend=place[:1]) - 1
    others = np.diff(np.cumsum(kinds == 12, dtype=np.int32)[place], prepend=np.int32(0))
    looses = np.diff(np.cumsum(kinds == 11, dtype=np.int32)[place], prepend=np.int32(0))
    joined = (gap <= _WIDEST_GAP) & (others == 0)
    joined[:1] = False
    opens = gap != 0
    opens[:1] = True
    return _Digits(
        value=kinds[place],
        place=place,
        row=np.cumsum(~joined, dtype=np.int32),
        group=np.cumsum(opens, dtype=np.int32),
        opens=opens,
        tight=joined & (looses == 0),
    )


@cache
def _scheme_prefixes() -> dict[int, _Flags]:
    """For each length, which first four digits (as a number 0 to 9999) belong to a scheme with that length."""
    found = {length: np.zeros(10_000, dtype=np.bool_) for length in range(SHORTEST, LONGEST + 1)}
    for prefix, lengths in _SCHEMES:
        matching = [number for number in range(10_000) if re.match(prefix, f"{number:04d}")]
        for length in lengths:
            found[length][matching] = True
    return found


def _luhn_sums(digits: _Digits) -> tuple[_Counts, _Counts]:
    """Running sums with the even places plain and the odd ones doubled, and the other way round."""
    value = digits.value.astype(np.int32)
    doubled = np.where(value > 4, value * 2 - 9, value * 2)
    even = np.arange(len(value)) % 2 == 0
    start = np.zeros(1, dtype=np.int32)
    even_plain = np.cumsum(np.where(even, value, doubled), dtype=np.int32)
    odd_plain = np.cumsum(np.where(even, doubled, value), dtype=np.int32)
    return np.concatenate([start, even_plain]), np.concatenate([start, odd_plain])


def _windows(digits: _Digits) -> list[tuple[int, int, int]]:
    """(first digit, preference, count) of what rules 1 to 4 allow, sorted.

    At one place a scheme's number with three or four digits behind it (its code) comes before the whole row,
    which would pass Luhn by chance and take the code for the last four; then 16 digits before other lengths.
    """
    total = len(digits.value)
    even_plain, odd_plain = _luhn_sums(digits)
    closes = np.append(digits.opens[1:], True)
    groups_of_two = _groups_of_two(digits)
    size = np.bincount(digits.group)[digits.group]
    row_start, row_size = _tight_rows(digits, ~digits.tight)
    whole = np.zeros(total, dtype=np.int64)
    whole[row_start] = row_size
    row_end = np.repeat(row_start + row_size, row_size)
    found: list[tuple[int, int, int]] = []
    for preference, length in enumerate((16, 15, 14, 19, 18, 17, 13), start=2):
        if length > total:
            continue
        first = np.arange(total - length + 1)
        last = first + length - 1
        sums = np.where(last % 2 == 0, even_plain[last + 1] - even_plain[first], odd_plain[last + 1] - odd_plain[first])
        valid = digits.opens[first] & (digits.row[first] == digits.row[last]) & (sums % 10 == 0)
        first, last = first[valid], last[valid]
        head = digits.value[first[:, None] + np.arange(4)] @ np.array([1000, 100, 10, 1])
        by_scheme = _scheme_prefixes()[length][head]
        groups = digits.group[last] - digits.group[first] + 1
        table = (groups_of_two[last + 1] - groups_of_two[first]) * 2 > groups
        alone = whole[first] == length
        unbroken = (groups == 1) & closes[last]
        groups_of_scheme = by_scheme & closes[last] & ~table
        head_of_run = by_scheme & (groups == 1) & (size[first] > LONGEST)
        behind = row_end[first] - last - 1
        rank = np.where(groups_of_scheme & ((behind == 3) | (behind == 4)), 0, np.where(alone, 1, preference))
        wanted = alone | unbroken | groups_of_scheme | head_of_run
        found.extend((at, kind, length) for at, kind in zip(first[wanted].tolist(), rank[wanted].tolist(), strict=True))
    return sorted(found)


def _tight_rows(digits: _Digits, breaks: _Flags) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First digit and count of the rows that begin where `breaks` is set."""
    starts = np.flatnonzero(breaks)
    return starts, np.diff(starts, append=len(digits.value))


def _groups_of_two(digits: _Digits) -> _Counts:
    """Running count of groups of two digits, counted at their first digit."""
    starts = np.flatnonzero(digits.opens)
    sizes = np.diff(starts, append=len(digits.value))
    marks = np.zeros(len(digits.value) + 1, dtype=np.int32)
    marks[starts[sizes == 2] + 1] = 1
    return np.cumsum(marks, dtype=np.int32)


def _leftmost(text: str, digits: _Digits, windows: list[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    free = 0
    for first, _, count in windows:
        if first >= free and not _spared(text, digits, first, count):
            yield first, count
            free = first + count


def _standing_alone(text: str, digits: _Digits, taken: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Rule 2 on what is left between the cards already found: (first digit, count)."""
    breaks = ~digits.tight
    for first, count in taken:
        breaks[first] = True
        if first + count < len(breaks):
            breaks[first + count] = True
    starts, counts = _tight_rows(digits, breaks)
    fitting = (counts >= SHORTEST) & (counts <= LONGEST)
    rows = zip(starts[fitting].tolist(), counts[fitting].tolist(), strict=True)
    known = set(taken)
    return [
        (first, count)
        for first, count in rows
        if (first, count) not in known
        and luhn_valid(digits.text(first, count))
        and not _spared(text, digits, first, count)
    ]


def _card(digits: _Digits, first: int, count: int) -> CardNumber:
    start, end = digits.span(first, count)
    return CardNumber(start, end, digits.text(first + count - 4, 4))


def _spared(text: str, digits: _Digits, first: int, count: int) -> bool:
    number = digits.text(first, count)
    start, _ = digits.span(first, count)
    if _is_telephone(text, start, number) or _in_iban(text, start):
        return True
    opens = np.flatnonzero(digits.opens[first : first + count])
    if count == 16 and opens.tolist() in ([0], [0, 4, 8, 12]):
        return False
    if of_scheme(number):
        return False
    return _NAMED_OTHERWISE.search(text[max(0, start - 60) : start]) is not None


def _is_telephone(text: str, start: int, number: str) -> bool:
    # ITU-T E.164: at most 15 digits.
    written_so = len(number) <= 15 and re.search(r"[+＋]\s?\(?\Z", text[max(0, start - 3) : start])
    return bool(written_so) and _is_e164(number)


@lru_cache(maxsize=1024)
def _is_e164(number: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{number}"))
    except phonenumbers.NumberParseException:
        return False


def _in_iban(text: str, start: int) -> bool:
    """Whether the digit at `start` belongs to a valid IBAN: at most 34 characters, with separators 50."""
    for match in _IBAN_START.finditer(text, max(0, start - 50), start + 3):
        length = _IBAN_LENGTHS.get(match.group()[:2].upper(), 0)
        end, compact = match.start(), ""
        while end < len(text) and len(compact) < length and (text[end].isalnum() or text[end] in " \u00a0-"):
            compact += text[end] if text[end].isalnum() else ""
            end += 1
        if end > start and len(compact) == length and compact.isascii() and _mod97(compact.upper()) == 1:
            return True
    return False


def _mod97(iban: str) -> int:
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97
