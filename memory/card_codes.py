"""Where card security codes and card PINs stand in a text: pure, linear in its length.

PCI DSS 3.3.1 forbids keeping them after authorisation, even encrypted. A code is three or four digits that

- follow a name of it ("CVV: 123", "security code is 1234", "Prüfnummer 123", "cryptogramme visuel : 123"), also as
  the answer on the next line, also as words ("one two three");
- stand before a name ("123 is the CVC", "123 (cvv)");
- follow a card number directly, with or without an expiry date between ("… 1111 12/27 123").

Also found: a four-digit PIN that is named so, and the rest of a magnetic stripe behind its card number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from memory.card_numbers import CardNumber

_NAME = (
    r"(?:c\.?v\.?v\.?\s?2?|c\.?v\.?c\.?\s?2?|cvn2?|csc|cav2|cvx2|amex\s+cid|card\s+cid"
    r"|(?:card\s+)?security\s+(?:code|number|value|no|digits?)|card\s+(?:verification|validation|authentication)"
    r"(?:\s+(?:code|number|value|no|data))?|card\s+code"
    r"|(?:three|four|3|4)[\s-]digits?\s+(?:security\s+|card\s+)?(?:code|number)"
    r"|(?:code|number|(?:three|four|3|4)\s+digits)\s+(?:is\s+)?(?:on|at)\s+(?:the\s+)?(?:back|front|reverse)"
    r"|cryptogramme(?:\s+visuel)?|code\s+(?:de\s+)?s[ée]curit[ée]|(?:trois|3)\s+chiffres\s+au\s+(?:dos|verso)"
    r"|(?:karten)?pr(?:ü|ue?)f(?:nummer|ziffer|ziffern|code|zahl)|sicherheits(?:code|nummer)"
    r"|c[óo]digo\s+(?:de\s+)?(?:seguridad|seguran[çc]a)|codice\s+(?:di\s+)?sicurezza"
    r"|(?:veiligheids|beveiligings)code|kod\s+(?:bezpiecze[ńn]stwa|zabezpieczaj[ąa]cy)"
    r"|s[äa]kerhetskod(?:en)?|sikkerhe[td]skoden?|turva(?:koodi|luku)(?:ni)?|bezpe[čc]nostn[íi]\s+k[óo]d)"
)
_PIN = r"(?:card|debit|credit|bank|atm|my|the|your)\s+pin(?:\s+(?:number|no|code))?|\bpin(?=\s*(?:is|:|=|number|no\b))"
_LINK = (
    r"(?:[\s:=#?!,.(\[\"'*_<>/–—-]|\b(?:(?:is|was|are|it|its|it's|the|my|of|for|on|at|that|this|number|no|code|card"
    r"|cards|back|front|here|and|digits?|mine|please|customer|client|visitor|agent|me|ist|lautet|der|die|den|meiner"
    r"|karte|auf|est|la|le|de|du|ma|carte|es|el|mi|tarjeta|è|della|mia|carta|do|da|meu|cartão|é|van|mijn|kaart|to|jest"
    r"|är|er|on)\b|[34](?=[\s-]digit)|three(?=[\s-]digit)|four(?=[\s-]digit))){0,16}"
)
_WORD = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)"
_CODE = rf"(?<![\d£$€.,-])(?:\d(?:[ .-]?\d){{2,3}}(?!\d|[.,:/%-]\d)|{_WORD}(?:[\s,-]{{1,3}}{_WORD}){{2,3}}\b)"
_TAKEN = "]"  # stands for what was already cut; no pattern here matches it

# One of these is in every name above; looking for them first spares most messages the patterns.
_HINTS: tuple[str, ...] = (
    "cv",
    "c.v",
    "csc",
    "cav2",
    "cid",
    "cod",
    "cód",
    "kod",
    "kód",
    "securit",
    "card",
    "digit",
    "number",
    "pin",
)
_HINTS = (*_HINTS, "chiffres", "crypto", "prüf", "pruf", "pruef", "sicherheits", "turva")

_NAMED = re.compile(rf"(?<!\w)(?:{_NAME})(?!\w){_LINK}(?P<code>{_CODE})", re.IGNORECASE)
_NAMED_AFTER = re.compile(
    rf"(?P<code>{_CODE})(?:\s{{0,2}}[(=–,-]?\s{{0,2}}|\s{{1,2}}(?:is|was|for|as)\s{{1,2}}(?:(?:the|my|your|its|a)\s{{1,2}})?"
    rf"(?:card'?s?\s{{1,2}})?){_NAME}(?!\w)(?!{_LINK}\{_TAKEN})",
    re.IGNORECASE,
)
_PIN_NAMED = re.compile(
    rf"(?<!\w)(?:{_PIN})(?!\w){_LINK}(?P<code>(?<![\d£$€.,-])\d{{4}}(?!\d|[.,:/%-]\d))", re.IGNORECASE
)
_BEHIND_CARD = re.compile(
    r"(?:[\s.,;|/–-]{0,6}(?:exp\w{0,6}[.:\s]{0,3}|valid\s(?:thru|until|to)[:\s]{0,3})?"
    r"(?:0?[1-9]|1[0-2])\s?[/|.\s–-]?\s?(?:20)?\d\d)?[\s.,;:|/–-]{1,6}(?P<code>\d{3,4})(?![\d£$€%])",
    re.IGNORECASE,
)
_STRIPE = re.compile(r"(?:\^[^\^\n]{2,26}\^|=)(?P<code>\d{7}[^\s?]{0,60}\??)")


def find_codes(text: str, cards: list[CardNumber]) -> list[tuple[int, int]]:
    """(start, end) of every code of `text`, in order, given the card numbers found in it."""
    ends = [*[card.start for card in cards][1:], len(text)]
    found = [span for card, end in zip(cards, ends, strict=False) for span in _behind(text, card.end, end)]
    rest = _without(text, [(card.start, card.end) for card in cards] + found)
    lowered = text.lower()
    patterns = (_NAMED, _NAMED_AFTER, _PIN_NAMED) if any(hint in lowered for hint in _HINTS) else ()
    for pattern in patterns:
        spans = [match.span("code") for match in pattern.finditer(rest)]
        rest = _without(rest, spans)
        found.extend(spans)
    return sorted(found)


def names_code(name: str) -> bool:
    """Whether a field of this name holds a security code ("cvv", "security_code", "cardCvc")."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[_\-.]", " ", name)
    return re.search(rf"(?<!\w)(?:{_NAME}|(?:card|debit)\s+pin)(?!\w)", words, re.IGNORECASE) is not None


def _behind(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for pattern in (_BEHIND_CARD, _STRIPE):
        match = pattern.match(text, start, end)
        if match:
            yield match.span("code")
            return


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """`text`, equally long, with `spans` blotted out so that nothing matches in or across them."""
    pieces: list[str] = []
    at = 0
    for start, end in sorted(spans):
        pieces += (text[at:start], _TAKEN * (end - start))
        at = end
    return "".join([*pieces, text[at:]])
