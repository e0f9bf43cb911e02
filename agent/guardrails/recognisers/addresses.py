"""LOCATION: street addresses, postcodes, and places by name unless they are what the question is about.

"Do you ship to Norway?" and "Is there a store in Leeds?" ask about the place; hiding it would hide the question, and
a country or a city there tells nothing of who asks. "I live in Leeds" and every street address are hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.guardrails.recognisers.span import PiiSpan
from agent.guardrails.recognisers.words import WORD, is_plain, places, places_if_capital

_STREET = (
    r"(?:street|str|st|road|rd|avenue|ave|av|lane|ln|drive|dr|close|court|ct|way|place|pl|crescent|cres|gardens|gdns"
    r"|terrace|square|sq|boulevard|blvd|highway|hwy|parkway|pkwy|mews|grove|walk|rise|circle|cir|trail|loop|quay"
    r"|row|plaza|alley|turnpike|hill|park|view|green|straße|strasse|straat|gasse|weg|platz|plein|laan)"
)
_STATE = (
    r"(?:A[LKZR]|C[AOT]|D[EC]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[TA]"
    r"|W[AVIY])"
)
_UK_POSTCODE = r"(?:GIR ?0AA|[A-PR-UWYZ](?:\d[\dA-HJKPSTUW]?|[A-HK-Y]\d[\dABEHMNPRVWXY]?)[ ]?\d[ABD-HJLNP-UW-Z]{2})"
_ZIP = r"\d{5}(?:-\d{4})?"
_UNIT = r"(?:flat|apartment|apt|unit|suite|ste|floor|room|po box|p\.o\. box|#)\.?[ ]?#?[ ]?[a-z]?\d{1,6}[a-z]?\b"
_BETWEEN = r"[ ]?[,\n]?[ ]{0,2}"
_TAIL = (
    rf"(?:{_BETWEEN}{_UNIT})?(?:[ ]?[,\n]\s{{0,2}}(?:[^\W\d_][\w'’.-]{{1,20}}[ ]?){{1,3}}(?=[,\n]|\s*\d|$)){{0,2}}"
    rf"(?:[ ]?,?\s{{0,2}}\b(?-i:{_STATE})\b)?(?:[ ]?,?\s{{0,2}}(?:{_UK_POSTCODE}|{_ZIP})\b)?"
)
_ADDRESS = re.compile(
    rf"(?:\b{_UNIT}{_BETWEEN})?\b\d{{1,6}}[a-z]?(?:[-/]\d{{1,5}}[a-z]?)?,?[ ](?:\d{{1,4}}[ ])?(?:[nsew]\.?[ ])?"
    rf"(?P<name>(?:[^\W\d_][\w'’.-]{{0,20}}[ ]|\d{{1,3}}(?:st|nd|rd|th)[ ]){{1,4}}?){_STREET}\b\.?{_TAIL}",
    re.IGNORECASE,
)
_NUMBER_LAST = re.compile(
    r"\b(?:(?:rue|avenue|calle|via|viale|piazza|avenida|rua|strada|ulica|ul\.)[ ](?:[^\W\d_][\w'’.-]*[ ]){1,4}"
    r"|[^\W\d_]{2,20}(?:straße|strasse|str\.|straat|gasse|weg|allee|platz|laan|gatan|vej|gade)[ ])\d{1,4}[a-z]?\b"
    r"(?:,?\s{1,2}\d{4,5}[ ][^\W\d_]+)?",
    re.IGNORECASE,
)
_BOX = re.compile(rf"\b(?:p\.?o\.? box|flat|apartment|apt)\.?[ ]#?\d{{1,6}}[a-z]?\b{_TAIL}", re.IGNORECASE)
_CUE = re.compile(
    r"\b(?:address(?:[ ]?(?:is|was|will be|[:=-])|[ ](?=\d))|i live (?:at|in|on|near)|i['’]?m (?:based"
    r"|located) (?:at|in)|i reside (?:at|in)|located at"
    r"|deliver(?:ed)? (?:it )?to|ship(?:ped)? (?:it )?to|send it to|moved to)[ ]{0,2}:?[ ]{0,2}(?P<it>[^?!\n]{3,90})",
    re.IGNORECASE,
)
_ENDS_ADDRESS = re.compile(
    r"\.(?=\s|$)|[ ,](?:and|but|so|please|can|could|my|because|thanks|thank|is|which|where|for|by|on|with|instead"
    r"|when|if"
    r"|i|it|phone|email|contact)\b",
    re.IGNORECASE,
)
_LIVES_IN = re.compile(
    r"\b(?i:live[sd]? in|living in|based in|located in|flew to|fly(?:ing)? to|travell?(?:ed|ing)? to|born in"
    r"|raised in|moved to"
    r"|moving to|resident of|city of|town of|arrived (?:at|in)|home (?:city|town)(?: of)?|i['’]m from|i am from"
    r"|come from)[ ]"
    r"(?P<it>[A-ZÀ-ÞŁ][\w'’-]+(?:[ -][A-ZÀ-ÞŁ][\w'’-]+){0,3})"
)
_BLOCK = re.compile(
    rf"\b\d{{1,6}}[ ](?:\d{{1,4}}[ ])?(?:[^\W\d_][\w'’./-]*[ ]){{1,4}}\d{{1,5}}[a-z]?[ ,\n>?]{{1,6}}{_UNIT}"
    r"(?:[\s,>?]{1,12}(?!the\b)[A-ZÀ-ÞŁ][\w'’-]*(?:[ ][A-ZÀ-ÞŁ][\w'’-]*){0,3}){0,3}(?:[\s,>?]{1,12}\d{4,6}\b)?",
    re.IGNORECASE,
)
_CODE_BEHIND = re.compile(r"(?:[ ]?,)?[ ](?:and[ ])?\d{5,6}\b(?!\d)")
_LABELLED = re.compile(
    r"\b(?:billing |shipping |delivery |home |postal "
    r"|mailing )?address[ ]?:\s{0,12}(?P<it>[^\n]{3,90}(?:\n[^\n:]{1,40}){0,4})",
    re.IGNORECASE,
)
_POSTCODE = re.compile(rf"\b{_UK_POSTCODE}\b", re.IGNORECASE)
_STATE_ZIP = re.compile(rf"\b(?:[A-Z][\w.'’-]+[ ]?,[ ]?)?{_STATE}[ ,]{{1,2}}{_ZIP}\b")
_CODE_CUE = re.compile(
    r"\b(?:zip(?:[ ]?code)?|post(?:al)?[ ]?code|pin[ ]?code)[ ]?(?:is|:|=|-|would be|was)?[ ]{0,2}"
    r"(?P<it>\d{3}[ ]?\d{2,4}(?:-\d{4})?|(?=[a-z0-9]{0,3}\d)[a-z0-9]{2,4}[ ]?[a-z0-9]{0,3})\b",
    re.IGNORECASE,
)
_BUSINESS = re.compile(
    r"\b(?:ship\w*|deliver\w*|post(?:age|ing)?|send(?:ing)?|courier|returns?|returning|dut(?:y|ies)|customs"
    r"|tax(?:es)?|vat|stores?|retailers?|distributors?|dealers?|stockists?|mail(?:ed|ing)|transfer\w*"
    r"|shops?|branch\w*|showrooms?|warehouse|outlet|available|stock\w*|sell|sold|warranty|guarantee|law|laws"
    r"|made in|service"
    r"|services|orders?|open(?:ing)?|hours|closed?|customers|international|flights?|fly|voltage|plugs?"
    r"|weather|forecast|temperature|rain(?:ing)?|time ?zones?|trains?|bus(?:es)?|taxis?|hotels?|restaurants?"
    r"|guest ?houses?|museums?|attractions?|sights?|tourist|travel (?:alerts?|advice)|visas?|vaccin\w+|traffic|capital"
    r"|currency|trip|vacation|holiday|visit(?:ing)?|things to do|what time|size|cost|prices?|postage|express|ferry"
    r"|shelf|safe(?:ty)?|alerts?|book(?:ing)?|place to stay|parcels?)\b",
    re.IGNORECASE,
)
_FOLLOWS_UP = re.compile(r"\A\W*(?:and|or|what about|how about|same for)\b[^.?!\n]{0,20}\Z", re.IGNORECASE)
_OWN = re.compile(
    r"\b(?:i live|living|i['’]?m|i am|we['’]?re|moved|based|born|raised|come from|my (?:home|house|address|city"
    r"|flat)|address|home"
    r"|citizen|resident|staying)\b[^.?!\n]{0,25}\Z",
    re.IGNORECASE,
)


def find_addresses(text: str) -> list[PiiSpan]:
    """Streets, boxes, postcodes, what follows "my address is", and places of the list."""
    spans = [PiiSpan(*match.span(), "LOCATION", 0.85) for match in _ADDRESS.finditer(text) if _is_street(match)]
    spans += [PiiSpan(*match.span(), "LOCATION", 0.85) for match in _NUMBER_LAST.finditer(text)]
    spans += [PiiSpan(*match.span(), "LOCATION", 0.85) for match in _BOX.finditer(text)]
    spans += [PiiSpan(*match.span(), "LOCATION", 0.8) for match in _POSTCODE.finditer(text) if _is_postcode(match)]
    spans += [PiiSpan(*match.span(), "LOCATION", 0.85) for match in _STATE_ZIP.finditer(text)]
    spans += [PiiSpan(*match.span("it"), "LOCATION", 0.9) for match in _CODE_CUE.finditer(text)]
    spans += [PiiSpan(*match.span(), "LOCATION", 0.9) for match in _BLOCK.finditer(text)]
    spans += [PiiSpan(*match.span("it"), "LOCATION", 0.7) for match in _LIVES_IN.finditer(text)]
    return [*spans, *_after_label(text), *_after_cue(text), *_listed(text)]


def is_topic(text: str, start: int, end: int) -> bool:
    """Whether a place stands in a question about shipping, stores and the like, not about the customer."""
    before = re.split(r"[.?!\n]", text[max(0, start - 60) : start])[-1]
    if _OWN.search(before):
        return False
    if _FOLLOWS_UP.search(text, 0, start):
        return True
    after = re.split(r"[.?!\n]", text[end : end + 40])[0]
    return _BUSINESS.search(before) is not None or _BUSINESS.search(after) is not None


def _is_street(match: re.Match[str]) -> bool:
    words = match.group("name").lower().split()
    return not all(map(is_plain, words)) or match.group("name")[:1].isupper()


def _is_postcode(match: re.Match[str]) -> bool:
    # Order numbers look like small postcodes: demand capitals or the blank.
    return match.group().isupper() or " " in match.group()


def _after_cue(text: str) -> Iterator[PiiSpan]:
    for cue in _CUE.finditer(text):
        start = cue.start("it")
        stop = _ENDS_ADDRESS.search(text, start, cue.end("it"))
        end = stop.start() if stop else cue.end("it")
        written = text[start:end].rstrip(" ,.")
        if re.match(r"\d", written) and len(written.split()) > 1:
            yield PiiSpan(start, start + len(written), "LOCATION", 0.8)


def _after_label(text: str) -> Iterator[PiiSpan]:
    """ "Billing address:" and the lines below it, to the last that has a digit."""
    for match in _LABELLED.finditer(text):
        written = match.group("it")
        lines = written.split("\n")
        while lines and not re.search(r"\d", lines[-1]):
            lines.pop()
        if lines:
            first = next((n for n, line in enumerate(lines) if re.search(r"\d", line)), 0)
            start = match.start("it") + sum(len(line) + 1 for line in lines[:first])
            yield PiiSpan(start, match.start("it") + len("\n".join(lines)), "LOCATION", 0.88)


def _listed(text: str) -> Iterator[PiiSpan]:
    words = list(WORD.finditer(text))
    at = 0
    while at < len(words):
        for count in (4, 3, 2, 1):
            last = at + count - 1
            if last >= len(words):
                continue
            start, end = words[at].start(), words[last].end()
            name = re.sub(r"['’]s\Z", "", " ".join(text[start:end].lower().split()))
            if name in places() and not (name in places_if_capital() and text[start].islower()):
                end = start + len(text[start:end].rstrip()) - (2 if re.search(r"['’]s\Z", text[start:end]) else 0)
                if not is_topic(text, start, end):
                    behind = _CODE_BEHIND.match(text, end)
                    yield PiiSpan(start, behind.end() if behind else end, "LOCATION", 0.65 if count == 1 else 0.78)
                at = last
                break
        at += 1
