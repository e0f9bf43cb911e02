"""PERSON: names after cues, in greetings and signatures, and as bare answers.

Customers write names small and without punctuation ("my name is priya raghunathan"), where a named-entity model sees
little; and much that is sold has a name's form ("Alder 45", "Sofia dress"). Hence cues and lists for the first, and a
filter for the second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from agent.guardrails.recognisers.span import PiiSpan
from agent.guardrails.recognisers.words import WORD, ambiguous_names, given_names, is_plain

_MOST_WORDS = 4
_PARTICLES = frozenset(
    {"de", "da", "di", "del", "la", "le", "van", "von", "der", "den", "bin", "bint", "al", "el", "ibn", "ter", "ten"}
    | {"du", "dos", "mac", "mc", "san", "o"}
)

_NAME_IS = re.compile(
    r"\b(?:sur|last|first|full)?names?(?:'s|’s)?(?:[ ]on[ ](?:the|my|this)[ ]\w+)?"
    r"(?P<link>[ ]?(?:[:=?–-]|\b(?:is|was|of|goes|as|under|to|be|will|should|would)\b)){0,3}"
    r"[ ,\n\t]{1,12}(?:(?:user|customer|me):[ ])?"
    r"(?:(?:mr|mrs|ms|dr)\b\.?[ ])?[\"“'(]?",
    re.IGNORECASE,
)
_NOT_A_PERSON_S = re.compile(
    r"\b(?:brand|product|company|shop|store|item|file|domain|user|model|screen|town|city|street|place|hotel|pet|dog|cat"
    r"|app|business|organi[sz]ation|team|colou?r|bank|nick|display|code|host|login|event)['’]?s?[\s-]?\Z",
    re.IGNORECASE,
)
_I_AM = re.compile(
    r"\b(?:this is|it is|it['’]?s|i am|i['’]?m|i m|call me|speaking (?:with|to)|spoke (?:to|with)|spoken (?:to|with)"
    r"|talked (?:to|with)|talking to|helped by|served by|i go by|behalf of|account of|belongs to)[ :]{1,2}",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:^|[.!?,\n]\s{0,3}|\b(?:ok|okay|yes|no|great|perfect|sure)[ ]{1,2})(?:hi|hello|hey|hiya|dear"
    r"|good (?:morning|afternoon"
    r"|evening|day)|thanks|thank you(?: so much| very much)?|thankyou|thx|ty|bye|goodbye|cheers|welcome)(?:[ ]there)?"
    r"[ ,]{1,2}",
    re.IGNORECASE,
)
_TITLE = re.compile(r"\b(?:(?i:mr|mrs|ms|mx|dr|prof|mister)\b\.?|Miss|Sir|Madam|Professor|Doctor)[ ]{1,2}(?=[^\W\d_])")
_SIGN_OFF = re.compile(
    r"(?:regards|thanks|thank you|thx|cheers|sincerely|wishes|best|love|yours|faithfully)[ ,.!–-]{0,3}\n\s{0,6}",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"\s*(?:(?:yes|yeah|yep|sure|ok|okay|no|so|hi|hello|well|oh|it['’]?s|it is|that['’]?s|and|of course|certainly"
    r"|please"
    r"|thanks|from)[ ,.:!-]{1,3}){0,4}",
    re.IGNORECASE,
)
_END_OF_NAME = re.compile(
    r"[ ,]{0,2}(?:(?:here|speaking|calling|from|again|and my|and i)\b|[,.!?\n)]|$)", re.IGNORECASE
)
_THING_BEHIND = re.compile(r"[ ]?[™®]|[- ]\d|[ ](?P<noun>[a-z]+)")
_ARTICLE = re.compile(r"\b(?:the|a|an|your|these|those|any|some|new|pair of|size)[ ]\Z", re.IGNORECASE)
_GAP = re.compile(r"[ ]")
_INITIAL_GAP = re.compile(r"\.?[ ]")
_INITIAL = re.compile(r"[ ][A-Z]\.")
_SURNAME_GAP = re.compile(r"[ ](?:(?:de|van|von|der|den|la|da|di|del|bin|al)[ ]){0,2}")
_SHOP_NOUN = re.compile(
    r"(?:jackets?|coats?|boots?|shoes?|tents?|bags?|backpacks?|packs?|rucksacks?|trousers|pants|shirts?|tops?"
    r"|fleeces?|socks"
    r"|gloves?|hats?|caps?|stoves?|poles?|lamps?|headlamps?|bottles?|mats?|range|collection|size|model|version"
    r"|series|points"
    r"|card|gift|account|order|dress|jeans|bikes?|chairs?|tables?|mattress|pro|store|shop|club|members?|membership"
    r"|hotel|restaurant|guest ?house|cafe|museum|college|airport|station|workshop|branch|protein|shampoo|cream)\Z"
)


def find_people(text: str) -> list[PiiSpan]:
    """Names that cues or lists give away, small letters too."""
    finders = (_after_name_is, _after_i_am, _greeted, _titled, _signed, _bare, _listed)
    return [span for finder in finders for span in finder(text)]


def is_for_sale(text: str, start: int, end: int) -> bool:
    """Whether what looks like a name is a product, a house or nothing but everyday words."""
    words = [word.group() for word in WORD.finditer(text, start, end)]
    if not any(map(_may_be_name, words)):
        return True
    return words[0].lower() not in given_names() and _is_thing(text, start, end, one_word=len(words) == 1)


def _after_name_is(text: str) -> Iterator[PiiSpan]:
    for cue in _NAME_IS.finditer(text):
        if not _NOT_A_PERSON_S.search(text, max(0, cue.start() - 20), cue.start()):
            link = cue.group("link") or ""
            name = _name_at(text, cue.end(), most=_MOST_WORDS if link else 2)
            if name and (text[name[0]].isupper() or not ("?" in link or "\n" in cue.group())):
                yield PiiSpan(*name, "PERSON", 0.9)


def _after_i_am(text: str) -> Iterator[PiiSpan]:
    for cue in _I_AM.finditer(text):
        name = _name_at(text, cue.end())
        if name is None:
            continue
        word = WORD.match(text, name[0])
        first = word.group() if word else ""
        known = first.lower() in given_names() or (first[:1].isupper() and first.lower() in ambiguous_names())
        ends = _END_OF_NAME.match(text, name[1]) is not None
        short = len(text) < 40 and ends and not _is_thing(text, *name)
        named = first[:1].isupper() and ends and "this" not in cue.group().lower() and "it" not in cue.group().lower()
        if known or short or named:
            yield PiiSpan(*name, "PERSON", 0.8)


def _greeted(text: str) -> Iterator[PiiSpan]:
    for cue in _GREETING.finditer(text):
        name = _name_at(text, cue.end(), most=2)
        if name is None:
            continue
        written = text[name[0] : name[1]]
        first = written.split()[0]
        if first.lower() in given_names():
            # A greeting written small runs on: "hi jesse i like to order".
            end = name[1] if written[:1].isupper() or _END_OF_NAME.match(text, name[1]) else name[0] + len(first)
            yield PiiSpan(name[0], end, "PERSON", 0.8)
        elif first[:1].isupper() and re.match(r"[ ]?[,.!\n–-]|$", text[name[1] :]):
            yield PiiSpan(*name, "PERSON", 0.7)


def _titled(text: str) -> Iterator[PiiSpan]:
    for cue in _TITLE.finditer(text):
        name = _name_at(text, cue.end(), most=3)
        if name and (text[name[0]].isupper() or cue.group()[0].islower()):
            yield PiiSpan(*name, "PERSON", 0.85)


def _signed(text: str) -> Iterator[PiiSpan]:
    for cue in _SIGN_OFF.finditer(text):
        name = _name_at(text, cue.end())
        if name and text[name[0]].isupper() and re.match(r"[ ]*(?:[,.\n(|]|$)", text[name[1] :]):
            yield PiiSpan(*name, "PERSON", 0.8)


def _bare(text: str) -> Iterator[PiiSpan]:
    """A message that is nothing but a name, as the answer to "What is your name?"."""
    if len(text) > 60:
        return
    lead = _FILLER.match(text)
    name = _name_at(text, lead.end() if lead else 0)
    if name is None or text[name[1] :].strip(" .,!?"):
        return
    words = text[name[0] : name[1]].lower().split()
    if words[0] in given_names() or (len(words) > 1 and words[-1] in given_names()):
        yield PiiSpan(*name, "PERSON", 0.8)


def _listed(text: str) -> Iterator[PiiSpan]:
    """A given name anywhere: with the capitalised words behind it, or alone when it can be nothing else."""
    for word in WORD.finditer(text):
        written = word.group()
        lowered = written.lower().removesuffix("'s").removesuffix("’s")
        known = lowered in given_names()
        if not known and not (written[0].isupper() and lowered in ambiguous_names()):
            continue
        end = _surnames_end(text, word.end()) if written[0].isupper() else word.end()
        alone = end == word.end()
        stop = _without_s(text, end)
        if alone and (not known or len(lowered) < 3 or (written.islower() and len(lowered) < 4)):
            continue
        if not (alone and _is_thing(text, word.start(), stop)):
            yield PiiSpan(word.start(), stop, "PERSON", 0.7)


def _name_at(text: str, start: int, most: int = _MOST_WORDS) -> tuple[int, int] | None:
    """The words from `start` that may be one name: up to `most`, apart by one blank, none of them everyday words."""
    end = at = start
    count = 0
    while count < most and (word := WORD.match(text, at)):
        written = word.group()
        particle = count > 0 and written.lower() in _PARTICLES
        first_ambiguous = count == 0 and written.lower() in ambiguous_names()
        if is_plain(written) and not particle and not first_ambiguous:
            break
        if count and not particle and text[start].isupper() and not written[0].isupper():
            break
        if not particle:
            end = word.end()
        count += 1
        gap = _INITIAL_GAP.match(text, word.end()) if len(written) <= 2 else _GAP.match(text, word.end())
        if gap is None:
            break
        at = gap.end()
    return (start, _without_s(text, end)) if end > start and end - start > 1 else None


def _surnames_end(text: str, end: int) -> int:
    for _ in range(_MOST_WORDS - 1):
        following = _SURNAME_GAP.match(text, end)
        word = WORD.match(text, following.end()) if following else None
        if word is None or not word.group()[0].isupper():
            initial = _INITIAL.match(text, end)
            if initial is None:
                break
            end = initial.end()
            continue
        if is_plain(word.group()) and word.group().lower() not in ambiguous_names():
            break
        end = word.end()
    return end


@lru_cache(maxsize=16_384)
def _may_be_name(word: str) -> bool:
    return not is_plain(word) or word.lower() in ambiguous_names() or word.lower() in given_names()


def _is_thing(text: str, start: int, end: int, *, one_word: bool = True) -> bool:
    """Whether what stands around says that a product is meant: "the Alder 45", "Sofia dress", "Trailhead™"."""
    behind = _THING_BEHIND.match(text, end)
    if behind and (behind.group("noun") is None or _SHOP_NOUN.match(behind.group("noun"))):
        return True
    return one_word and _ARTICLE.search(text, max(0, start - 10), start) is not None


def _without_s(text: str, end: int) -> int:
    return end - 2 if text[max(0, end - 2) : end].lower() in ("'s", "’s") else end
