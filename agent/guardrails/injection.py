"""Whether a message tries to steer the assistant instead of asking it something: prompt injection, basic. Pure.

Signals, each a weight between 0 and 1, joined as if independent: 1 - (1 - w1)(1 - w2)… A phrase that customers also
use ("ignore my last message") weighs little alone. Figures are in docs/answers.md.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.state import Verdict

THRESHOLD: Final = 0.5
"""At 0.5 none of 992 ordinary customer messages (banking77, clinc150, DSTC11) is refused; see docs/answers.md."""
_SCANNED: Final = 4000
# A longer message is read by its start and its end.

_THINGS = (
    r"(?:instructions?|prompts?|rules?|guidelines?|directions?|directives?|orders|commands?|"
    r"constraints?|restrictions?|training|programming|polic(?:y|ies)|messages?|context|text|"
    r"conversation)"
)
_BEFORE = (
    r"(?:previous|prior|above|earlier|preceding|foregoing|past|initial|original|all|any|every|your|"
    r"these|those|the|given|former|system|last|other)"
)

_SIGNALS: Final[tuple[tuple[str, float, re.Pattern[str]], ...]] = tuple(
    (name, weight, re.compile(pattern, re.IGNORECASE | re.DOTALL))
    for name, weight, pattern in (
        (
            "tells it to drop its instructions",
            0.9,
            rf"\b(?:ignor\w*|disregard\w*|forget\w*|override|overrule|bypass|skip|neglect|drop|delete|erase|"
            rf"discard|don'?t (?:follow|obey|"
            rf"listen to))\b(?!(?:\W+\w+){{0,2}}\W+(?:my|"
            rf"our)\b)(?:\W+\w+){{0,4}}?\W+{_BEFORE}\b(?:\W+\w+){{0,3}}?\W+{_THINGS}\b",
        ),
        (
            "tells it to forget everything",
            0.75,
            r"\b(?:forget|ignore|disregard)\b\W+(?:\w+\W+)?(?:everything|anything|all (?:of )?(?:that|this|"
            r"it)|what (?:you|i|we) (?:were|have|said|told))\b|\bignore (?:the|all|everything) (?:above|"
            r"before|previous|prior)\b",
        ),
        (
            "gives it new instructions",
            0.75,
            r"\b(?:new|updated|real|actual|following|different) (?:system )?(?:instructions?|directives?|"
            r"orders|task|prompt|role)\b\s*(?::|are|is|follow)|\b(?:your|the) (?:new|real|actual|"
            r"only) (?:task|job|goal|role|purpose|instructions?)\b",
        ),
        (
            "asks for its instructions",
            0.85,
            r"\b(?:print|show|reveal|repeat|tell|give|display|output|recite|leak|share|write|say|copy|paste|"
            r"expose|translate|summari[sz]e|what (?:is|are|was|were))\b.{0,50}\b(?:(?:system|initial|hidden|"
            r"secret|original|base|internal|developer|above) (?:prompts?|instructions?|messages?|rules|"
            r"config\w*)|your (?:(?:exact|full|own|first|complete) )*(?:prompt|instructions|system message|"
            r"guidelines|programming|configuration))\b",
        ),
        (
            "asks to repeat what stands above",
            0.75,
            r"\b(?:repeat|print|output|recite|copy|return|write|say|display|echo)\b.{0,30}\b(?:everything|all|"
            r"the (?:words|text|lines?|content|sentences?)|each word|verbatim)\b.{0,20}\b(?:above|before|"
            r"prior|preceding|so far|up to|starting with)\b",
        ),
        (
            "asks for secrets",
            0.6,
            r"\b(?:api keys?|secret keys?|access (?:codes?|tokens?)|hidden (?:config\w*|data)|"
            r"environment variables|source code|database (?:dump|password)|admin(?:istrator)? (?:password|"
            r"credentials)|secret (?:code|phrase|password|word))\b",
        ),
        (
            "asks for other people's data",
            0.6,
            r"\b(?:list|show|give|tell|send|print|reveal)\b.{0,40}\b(?:other|last|all|previous|"
            r"every)\b.{0,20}\b(?:customers?|users?|people|clients?)\b.{0,40}\b(?:emails?|address\w*|names?|"
            r"passwords?|data|details|orders|cards?|talked|numbers?)\b|\bemail addresses of\b",
        ),
        (
            "tells it to be another",
            0.6,
            r"\bforget (?:that )?(?:you|who you)\b(?! (?:asked|told|said|sent))|"
            r"\byou(?:'re| are) (?:an?|my) (?:\w+ ){1,3}now\b|"
            r"\bstop being\b.{0,30}\b(?:assistant|bot|agent)\b",
        ),
        (
            "gives it another role",
            0.45,
            r"\b(?:you are now|you'?re now|from now on,? (?:you|answer|respond|act|reply|speak|only|every|"
            r"begin)|act as (?:if|though|an?|my|the)\b|pretend (?:to be|you|that you|ur|your)|roleplay as|"
            r"role-play as|simulate (?:an?|being)|you will (?:act|play|pretend|respond|behave)|"
            r"imagine (?:you are|you're|that you are)|take on the (?:role|persona)|stay in character|"
            r"play the role)\b",
        ),
        (
            "frees it from rules",
            0.6,
            r"\b(?:(?-i:DAN)\b|do anything now|(?:has|have|with|are|is|bound by) no (?:rules|restrictions|"
            r"limits|filters?|limitations|censorship|guidelines)|no longer (?:bound|limited|restricted)|"
            r""
            r"jailbroken|free(?:d)? (?:yourself )?from (?:all |any |the )?(?:\w+ )?(?:rules|restrictions|"
            r"limits|policies|guidelines|confines))\b",
        ),
        (
            "speaks of a model without limits",
            0.35,
            r"\b(?:(?:developer|debug|god|sudo|admin|maintenance|unrestricted) mode|"
            r"jail\s?break\w*|unrestricted|uncensored|unfiltered|amoral|"
            r"without (?:any )?(?:rules|"
            r"restrictions|limits|filters?|censorship|moral\w*|ethic\w*))\b",
        ),
        (
            "poses as the system",
            0.75,
            r"(?:\[|<|##|\*\*|<\|)\s{0,3}/?(?:system|inst|instructions?|admin|assistant|"
            r"developer|im_start|im_end|sys|end of|begin|start)\b[^\n]{0,40}(?:\]|>|:|\|>|\*{2})|"
            r"^\s*(?:system|assistant|developer)\s*:|\b(?:policy|system) (?:update|override|notice|"
            r"message)\b.{0,40}\b(?:immediately|effective|must|assistant)\b",
        ),
        (
            "hides what it does",
            0.5,
            r"\b(?:do not|don'?t|never|must not)\b.{0,20}\b(?:mention|tell|reveal|disclose|"
            r"say)\b.{0,30}\b(?:this (?:notice|message|instruction|prompt)|to (?:the )?(?:user|anyone|"
            r"customer)|that you)\b",
        ),
        (
            "dictates its reply",
            0.5,
            r"\b(?:respond|reply|answer|say|output|print|write|begin|start|end|"
            r"finish)\b.{0,30}\b(?:only (?:with|as|in)|exactly|nothing (?:else|but|more)|with (?:the (?:word|"
            r"phrase|text|following)|\"|')|each (?:reply|answer|response|sentence) with|every (?:reply|answer|"
            r"response|sentence) with)|\b(?:confirm|reply|respond) (?:by|with) (?:replying|saying|writing|"
            r"answering)?\s*[\"'A-Z]{3,}",
        ),
        (
            "addresses the model",
            0.45,
            r"\b(?:as an? (?:ai|language model|llm|chatbot|assistant)|language model|chatgpt|gpt-?\d|llm|"
            r"large language|the (?:assistant|model|ai|bot) (?:must|should|will|has to|is required|shall)|"
            r"your (?:training|programming|knowledge cutoff|guardrails|safety))\b",
        ),
        (
            "claims authority over it",
            0.45,
            r"\b(?:i am|i'm|this is|ur|you are) (?:your|the) (?:developer|creator|admin\w*|owner|programmer|"
            r"engineer|boss|ceo)\b|\b(?:authorized|authorised) (?:by|user|to override)|\boverride (?:code|"
            r"mode|protocol|safety)\b",
        ),
        (
            "binds it to a deal",
            0.4,
            r"\b(?:legally binding|no takesies|agree (?:to|with) (?:anything|everything|sell)|must (?:approve|"
            r"agree|accept|grant)|approve refunds?)\b",
        ),
        (
            "hides text",
            0.4,
            r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\U000e0000-\U000e007f]{2,}|(?:[A-Za-z0-9+/]{60,}={0,2})|"
            r"(?:\\x[0-9a-f]{2}){6,}",
        ),
        ("repeats a character", 0.35, r"(\S)(?:\s?\1){30,}|(\b\S{2,12}\b)(?:\s+\2){15,}"),
        (
            "drops its instructions in another language",
            0.85,
            r"\b(?:ignorier\w*|vergiss|missachte)\b.{0,40}\b(?:anweisung\w*|befehle?|instruktion\w*|"
            r"vorherig\w*|alles)\b|\babweichend (?:zu|von) .{0,20}instruktion\w*|\b(?:ignora|olvida|"
            r"oublie[zr]?|ignore[zr]?)\b.{0,40}\b(?:instruc\w*|consignes?|anterior\w*|précédent\w*|tout)\b",
        ),
    )
)

_BY_NAME: Final = {name: (weight, pattern) for name, weight, pattern in _SIGNALS}

# Look-alikes from other scripts, so that an o of another alphabet hides nothing.
_LOOKALIKE: Final = str.maketrans("аеорсухіԁɡӏ０１３", "aeopcyxidgl013")


_KEPT: Final = 64
# A run of one character says no more for being longer, and backtracking pays for each.
_RUN: Final = re.compile(r"(.)\1{64,}", re.DOTALL)


def _folded(text: str) -> str:
    text = _RUN.sub(lambda run: run.group(0)[:_KEPT], text)
    clipped = text if len(text) <= 2 * _SCANNED else f"{text[:_SCANNED]}\n{text[-_SCANNED:]}"
    return unicodedata.normalize("NFKC", clipped).translate(_LOOKALIKE).replace("’", "'")


def signals(text: str) -> dict[str, float]:
    """What the message shows of an attack, by name, with its weight."""
    folded = _folded(text)
    found = {name: weight for name, weight, pattern in _SIGNALS if pattern.search(folded)}
    if "hides text" not in found and (hidden := _BY_NAME["hides text"])[1].search(text):
        found["hides text"] = hidden[0]
    return found


def score(text: str) -> float:
    """0..1, the signals joined."""
    left = 1.0
    for weight in signals(text).values():
        left *= 1.0 - weight
    return 1.0 - left


def judge_text(text: str, vector: NDArray[np.float32] | None = None) -> Verdict:
    """ "template" with what showed it, or "pass". `vector`, the text's embedding, is not read: words alone decide."""
    found = signals(text)
    value = score(text)
    decision = "template" if value >= THRESHOLD else "pass"
    reason = "; ".join(sorted(found, key=lambda name: -found[name])[:3]) or "shows no sign of an attack"
    return Verdict("injection", "triage", "template" if decision == "template" else "pass", reason, round(value, 3))
