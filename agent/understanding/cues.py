"""Words that give a message away, as numbers: what an embedding alone blurs.

Each cue is a general signal of English customer messages, not a phrase of one data set. The order of CUES is
the order of the vector and is stored with the weights that were trained on it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_HUMAN = (
    r"(?:humans?|persons?|some\s?(?:one|body)|any\s?(?:one|body)|agents?|rep(?:resentative)?s?|advis[eo]rs?|"
    r"managers?|supervisors?|bosses|boss|staff|team|operators?|employees?|workers?|colleagues?|specialists?|"
    r"technicians?|consultants?|assistants?|desk|department|customer (?:service|care|support)|support)"
)
_CONTACT = (
    r"(?:speak|talk|chat|spk|tlk|connect|transfer|pass|hand|put|get|give|reach|escalate|forward|switch|bring|ring|"
    r"call(?:\s?back)?|contact|let|need|want|prefer|rather|word|conversation)"
)
_MACHINE = r"(?:bots?|chatbots?|robots?|machines?|computers?|automated|virtual (?:agents?|assistants?)|ai)"

_PATTERNS: Final[tuple[tuple[str, str], ...]] = (
    ("contact_human", rf"\b{_CONTACT}\b(?:\W+\w+){{0,5}}?\W+{_HUMAN}\b"),
    ("speak_to", r"\b(?:speak|talk|chat|spk|tlk|a word|conversation)\b\W+(?:(?:to|with|2)\b|directly)"),
    ("put_through", r"\b(?:put|pass|hand|transfer|connect|switch|forward)\b\W+(?:me|us|him|her|this)\b"),
    (
        "real_human",
        r"\b(?:real|live|actual|human|another|different)\W+(?:\w+\W+)?(?:people|"
        + _HUMAN[3:]
        + r"\b|\bhuman (?:being|help)",
    ),
    ("bare_human", rf"^\W*(?:\w+\W+){{0,2}}{_HUMAN}\W*(?:please|pls|now|needed|required|thanks)?\W*$"),
    (
        "not_machine",
        rf"\b(?:not?|don'?t|never|stop|instead of|rather than|enough|fed up|waste|"
        rf"tired)\b.{{0,40}}\b{_MACHINE}\b",
    ),
    ("machine", rf"\b{_MACHINE}\b"),
    ("escalate", r"\bescalat\w+|\bsupervisor|\bin charge\b"),
    ("call_back", r"\bcall (?:me )?back\b|\b(?:call|ring|phone|contact) me\b"),
    (
        "wants_call",
        r"\b(?:some\s?(?:one|body)|any\s?(?:one|body)|person|human|agent|staff|team|manager|advis[eo]r|"
        r"colleague|engineer|people)\b"
        r".{0,50}\b(?:(?:call|phone|ring|contact|email|message|ring up) (?:me|us)\b|give (?:me|"
        r"us) a (?:call|ring|bell)|(?:call|ring|phone|get)\W+(?:me |us )?back)",
    ),
    (
        "legal",
        r"\b(?:lawyers?|solicitors?|sue|suing|court|legal action|illegal|ombudsman|trading standards|regulator|"
        r"consumer (?:law|rights)|police|press|newspapers?|gdpr breach|chargeback)\b",
    ),
    (
        "safety",
        r"\b(?:cut|broke|broken|hurt|burn\w*|bruis\w*|fractur\w*|sprain\w*|twist\w*|hit|struck|trapped|"
        r"crush\w*|sliced?)\b.{0,25}"
        r"\b(?:hands?|fingers?|thumb|legs?|arms?|face|head|eyes?|foot|feet|knees?|ankle|wrist|skin|back|"
        r"toes?|shoulder)\b|\b(?:injur\w+|hurt|burn(?:t|ed|ing)?|fire|explod\w+|smok(?:e|ed|ing)|"
        r"electric shock|allergic|"
        r"hospital\w*|ambulance|poison\w*|danger\w*|bleed\w*|unsafe|threat\w*|harass\w*|assault\w*|suicid\w*|"
        r"carbon monoxide|gas leak|collapsed?|died|killed?)\b",
    ),
    (
        "fraud",
        r"\b(?:fraud\w*|defraud\w*|scam\w*|hack\w*|unauthori[sz]ed|identity theft|stolen|thie(?:f|ves)|theft|"
        r"phish\w*|impersonat\w*|without my (?:permission|consent|knowledge))\b",
    ),
    (
        "insult",
        r"\b(?:idiots?|clowns?|crooks?|liars?|lied|useless|pathetic|garbage|rubbish|bullshit|bs|wtf|shit\w*|"
        r"fuck\w*|damn|hell|incompetent|stupid|morons?|con artists?|criminals?|cheat\w*|rip[- ]?off)\b",
    ),
    (
        "anger",
        r"\b(?:furious|livid|angry|disgust\w*|disgrac\w*|outrag\w*|appall\w*|unacceptable|ridiculous|terrible|"
        r"horrible|worst|awful|shambles|joke|insult\w*|asham\w*|nightmare|frustrat\w*|annoy\w*|fed up|sick of|sick and|"
        r"had enough|disappoint\w*|ruined|infuriat\w*|patience|how dare|complain\w*|grievance|compensat\w*)\b",
    ),
    (
        "again",
        r"\b(?:again and again|over and over|\w+ times|third time|fourth time|fifth time|still nothing|nobody|"
        r"no one|ignored?|ignoring|weeks|months)\b",
    ),
    ("greeting", r"^\W*(?:hi|hey|hello|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day|night))\b"),
    ("thanks", r"\b(?:thanks?|thank you|thx|ty|cheers|appreciate\w*|ta)\b"),
    (
        "bye",
        r"\b(?:bye|goodbye|adios|see you|take care|that'?s (?:all|everything|it)|have a (?:nice|good|"
        r"great|lovely))\b",
    ),
    (
        "yes_no",
        r"^\W*(?:yes|yep|yeah|yup|no|nope|ok(?:ay)?|sure|fine|correct|right|alright|exactly|indeed|"
        r"perfect|great)\b",
    ),
    ("wh_word", r"\b(?:what|which|when|where|who|whose|why|how|wat|wats)\b"),
    ("aux_start", r"(?:^|[.!?,]\s+|\band )(?:is|are|was|do|does|did|can|could|will|would|should|may|has|have|am)\b"),
    ("policy_subject", r"\b(?:do|does|can|could|are|is|will) (?:you|the|they|there|it|this|that|your|i|we|a|an)\b"),
    (
        "tell_me",
        r"\b(?:tell me|let me know|like to know|wanted to ask|wondering|explain|info(?:rmation)? (?:on|"
        r"about))\b",
    ),
    ("please", r"\b(?:please|pls|plz)\b"),
    ("conditional", r"\bif (?:i|we|you|it|they|my|the|there)\b"),
    ("why", r"\bwhy\b"),
    (
        "imperative",
        r"^\W*(?:please |can you |could you |go ahead and |i(?:'d| would) like (?:you )?to |i (?:want|"
        r"need) to )?"
        r"(?:book|cancel|change|send|resend|refund|reserve|order|add|remove|move|transfer|pay|freeze|block|close|open|"
        r"delete|update|set|find|show|check|give|recommend|reset|activate|upgrade|replace|make|put|turn)\b",
    ),
    (
        "own_thing",
        r"\bmy (?:order|parcel|package|refund|balance|account|booking|reservation|card|payment|claim|"
        r"contract|bill|flight|appointment|return|delivery|subscription|ticket|application)\b",
    ),
    (
        "state",
        r"\b(?:status|where(?:'s| is| are) my|track(?:ing)?|arrived? yet|has my|did my|is my|when will my|"
        r"update on)\b",
    ),
    ("first_person", r"\b(?:i|i'm|i've|me|my|mine|we|our|us)\b"),
    ("past", r"\b(?:was|were|did|had|bought|paid|ordered|received|happened|tried|sent|went|arrived|been)\b"),
    ("want", r"\bi(?:'d| would| want| need| am looking|'m looking)\b"),
    ("problem_word", r"\b(?:problems?|issues?|trouble|help|questions?|query|enquiry|assist\w*)\b"),
    ("pronoun_only", r"^\W*(?:it|this|that|these|those|them|one|the other one|so|and|what|why|how|when|huh|eh)\W*$"),
)

_COMPILED = tuple((name, re.compile(pattern, re.DOTALL)) for name, pattern in _PATTERNS)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SHAPE = (
    "question_mark",
    "exclamations",
    "capitals",
    "digits",
    "one_word",
    "few_words",
    "many_words",
    "no_words",
    "no_vowels",
)
CUES: Final[tuple[str, ...]] = (*(name for name, _ in _PATTERNS), *_SHAPE)
# Beyond this many characters a message gains no new cues, only cost; patterns see its start and its end.
_SCANNED: Final = 2000


def _clip(text: str) -> str:
    plain = text.replace("’", "'")
    return plain if len(plain) <= 2 * _SCANNED else f"{plain[:_SCANNED]} \n {plain[-_SCANNED:]}"


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """What a message shows, found in one pass: `said` names each cue with its words, in lower case; `values` is
    (len(CUES),)."""

    said: dict[str, str]
    values: NDArray[np.float32]


def scan(text: str) -> Scan:
    """The named cues with the words that showed them, and all of them as numbers in 0..1."""
    plain = _clip(text)
    lower = plain.lower()  # a third quicker than patterns that ignore case
    said = {name: match.group(0).strip() for name, pattern in _COMPILED if (match := pattern.search(lower))}
    named = (float(name in said) for name, _ in _COMPILED)
    return Scan(said, np.fromiter((*named, *_shape(plain)), dtype=np.float32, count=len(CUES)))


def fired(text: str) -> dict[str, str]:
    """The named cues that a message shows, each with the words that showed it."""
    return scan(text).said


def cues(text: str) -> NDArray[np.float32]:
    """(len(CUES),) float32 in 0..1: 1 where the cue shows, shape features scaled to that range."""
    return scan(text).values


def _shape(plain: str) -> tuple[float, ...]:
    words = _WORD.findall(plain)
    letters = [char for char in plain if char.isalpha()]
    capitals = sum(char.isupper() for char in letters) / len(letters) if len(letters) >= 8 else 0.0
    return (
        float("?" in plain),
        min(plain.count("!"), 3) / 3,
        float(capitals > 0.6),
        float(any(char.isdigit() for char in plain)),
        float(len(words) == 1),
        float(2 <= len(words) <= 4),
        float(len(words) >= 25),
        float(not words),
        float(bool(words) and not any(char in "aeiouyAEIOUY" or not char.isascii() for word in words for char in word)),
    )
