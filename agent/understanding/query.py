"""What to search for: the customer's words, made plain, with what the conversation says they are about. Pure.

A follow-up ("and to ireland?", "is it quiet there?") finds nothing by itself. Its query says the customer's words twice
(twice weighs double in a mean-pooled embedding; the sparse side counts a term once anyway) and adds the names of the
last lines; a message that leans on the line before it gets that line too, if it is short, because a long answer drowns
the question. Synonyms add what help centres call a thing. Gold passage first, and in the first eight, dense and sparse
fused: DSTC11 validation transcripts 0.13 and 0.34 for the words alone, 0.46 and 0.81 so; MTRAG 0.72 and 0.94; the
sample transcripts 0.45 and 0.72 alone, 0.73 and 0.92 so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from agent.understanding import places
from agent.understanding.synonyms import expansions
from knowledge.sparse import terms
from memory.messages import Line

# Chat spellings and their plain forms: general to English messaging, not to an organisation.
_PLAIN: Final[dict[str, str]] = {
    "u": "you", "ur": "your", "urs": "yours", "r": "are", "n": "and", "pls": "please", "plz": "please",
    "thx": "thanks", "tmrw": "tomorrow", "tmr": "tomorrow", "2moro": "tomorrow", "2day": "today", "wot": "what",
    "wots": "what is", "wat": "what", "wats": "what is", "whats": "what is", "cn": "can", "cud": "could",
    "wud": "would", "shud": "should", "gonna": "going to", "wanna": "want to", "gotta": "have to",
    "dunno": "do not know", "dont": "do not", "doesnt": "does not", "didnt": "did not", "cant": "can not",
    "wont": "will not", "isnt": "is not", "im": "i am", "ive": "i have", "ill": "i will", "xmas": "christmas",
    "bday": "birthday", "msg": "message", "acc": "account", "acct": "account", "addy": "address", "del": "delivery",
    "wks": "weeks", "wk": "week", "hrs": "hours", "hr": "hour", "mins": "minutes", "min": "minute",
    "mths": "months", "yrs": "years", "yr": "year", "mon": "monday", "tues": "tuesday", "tue": "tuesday",
    "weds": "wednesday", "wed": "wednesday", "thurs": "thursday", "thur": "thursday", "thu": "thursday",
    "fri": "friday", "quid": "pounds", "fiver": "5 pounds", "tenner": "10 pounds", "bucks": "dollars",
    "nowt": "nothing", "owt": "anything", "em": "them", "yous": "you", "asap": "as soon as possible",
    "diff": "different", "btw": "by the way", "rn": "right now", "w/e": "weekend",
}  # fmt: skip
_WORD = re.compile(r"[\w/’']+")
_NAME = re.compile(r"[A-Z][\w'’&-]*(?:\s+(?:(?:of|the|and|at|in|on|de|la)\s+)?[A-Z0-9][\w'’&-]*)*")
_NOT_A_NAME_WORDS = """
i i'm i've i'd i'll ok okay yes no hi hello hey thanks thank you the a an is are do does did can could would what
when where how which who why it it's there that this please sure great good sorry and but so if for to in on at my
we our your they will have has had was were did let be not yeah yep alright perfect fine also their unfortunately
certainly absolutely actually however here he she his her any all some monday tuesday wednesday thursday friday
saturday sunday may
"""
_NOT_A_NAME: Final = frozenset(_NOT_A_NAME_WORDS.split())
_CODE = re.compile(r"(?=.*[A-Z])[A-Z0-9]{6,}")
MAX_QUERY_CHARS: Final = 1200
"""About 300 word pieces: the embedder reads 256 of them."""
_BACK: Final = 6
_OWN_TERMS: Final = 3
_SHORT_LINE: Final = 50
"""Words; a longer line is about more than the next question is."""
_POINTS_BACK: Final = re.compile(
    r"\b(?:it|its|they|them|their|there|that|this|these|those|he|she|him|her|his|ones?|both|either|same|"
    r"the (?:place|location|hotel|guest ?house|restaurant|venue|store|shop|branch|property|company|item|product|model|"
    r"offer|plan|service))\b",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """The text with chat spellings written out ("wots del 4 ireland" → "what is delivery 4 ireland")."""
    return _WORD.sub(lambda match: _PLAIN.get(match.group(0).lower().replace("’", "'"), match.group(0)), text)


_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_COURTESY = re.compile(
    r"^\W*(?:(?:hi|hey|hello|hiya|dear|good (?:morning|afternoon|evening|day)|g'day)\b[^.!?]{0,30}|"
    r"(?:(?:many |kind |best |warm )?(?:thanks|thank you|regards|wishes|cheers|sincerely|yours)\b[^.!?]{0,40})|"
    r"(?:my name is|this is|i am|it's)\b[^.!?]*<[A-Z_]+\d*>[^.!?]*|(?:great|good|nice|ok|okay|perfect|"
    r"lovely|sure)\b\W*)[.!,]?\s*$",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^\W*(?:hi|hey|hello|hiya|good (?:morning|afternoon|evening)|g'day)\b(?: there| all| team)?[\s,!.:-]+",
    re.IGNORECASE,
)
_TAGS = re.compile(r"<[A-Z_]+_?\d*>|\S+@\S+|https?://\S+|\+?\d[\d ()-]{8,}\d")
_ASKING = re.compile(
    r"\?|\b(?:what|which|when|where|who|how|why|can|could|do|does|did|is|are|will|would|should|may) (?:\w+)|"
    r"\b(?:want|need|like) to know\b|\b(?:tell me|wondering)\b",
    re.IGNORECASE,
)


def focus(text: str, *, twice: bool = True) -> str:
    """What a long message asks: courtesies, signatures and contact details gone, and the sentences that ask `twice`.

    A mean-pooled embedding blurs a question inside a story; a message of one sentence stays as it is.
    """
    bare = _TAGS.sub(" ", text)
    kept = [part.strip() for part in _SENTENCE.split(bare) if part.strip() and not _COURTESY.match(part.strip())]
    if not kept:
        return " ".join(text.split())
    asking = [part for part in kept if _ASKING.search(part)]
    again = asking[-2:] if twice and 0 < len(asking) < len(kept) else []
    return " ".join(_OPENING.sub("", " ".join([*kept, *again])).split())


def asking_clause(text: str) -> str:
    """The part of the message that asks, without the story around it: its questions by their mark, else the last
    sentence worded as one, else the whole message."""
    whole = focus(plain(text), twice=False)
    parts = [part.strip() for part in _SENTENCE.split(whole) if part.strip()]
    marked = [part for part in parts if part.endswith("?")]
    if marked:
        return " ".join(marked[-2:])
    return next((part for part in reversed(parts) if _ASKING.search(part)), whole)


def names(text: str) -> tuple[str, ...]:
    """Capitalised names in order, without sentence openers and booking codes."""
    found: list[str] = []
    for match in _NAME.finditer(text):
        words = match.group(0).split()
        opens = not text[: match.start()].strip() or text[: match.start()].rstrip()[-1] in ".!?:"
        alone = len(words) == 1
        while words and words[0].lower().strip("’'") in _NOT_A_NAME:
            words = words[1:]
        name = " ".join(words)
        if len(name) < 3 or _CODE.fullmatch(name) or (opens and alone):
            continue
        found.append(name)
    return tuple(dict.fromkeys(found))


def search_query(text: str, history: Sequence[Line] = ()) -> str:
    """What to embed and search for `text`, the last customer message, after `history` (oldest first, without it)."""
    asked = focus(plain(text))
    about = [*_regions(asked), *expansions(asked)]
    before = [line.text for line in history[-_BACK:] if line.text.strip()]
    if not before:
        return " ".join([asked, *about])[:MAX_QUERY_CHARS].strip()
    known = next((found for line in reversed(before) if (found := _new_names(line, text))), ())[:3]
    parts = [asked[:500], asked[:500], *about, *known]
    if _leans(asked) and len(before[-1].split()) <= _SHORT_LINE:
        parts.append(plain(before[-1]))
    return " ".join(part for part in parts if part)[:MAX_QUERY_CHARS]


def _leans(text: str) -> bool:
    """Whether a message cannot stand alone: it points back, or has fewer than three words that count."""
    return bool(_POINTS_BACK.search(text)) or len(terms(text)) < _OWN_TERMS


def _new_names(line: str, text: str) -> tuple[str, ...]:
    lower = text.lower()
    return tuple(name for name in names(line) if name.lower() not in lower)


def _regions(text: str) -> list[str]:
    """What the named places lie in, where the text does not say it itself; at most two steps up."""
    belongs = places.gazetteer().belongs
    lower = text.lower()
    found = [region for word in places.named(text) for region in belongs[word.lower()][:2]]
    return [region for region in dict.fromkeys(found) if region.lower() not in lower]
