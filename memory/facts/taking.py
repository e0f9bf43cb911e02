# ruff: noqa: E501  (a pattern is read whole)
"""What is to be remembered of a message: facts, preferences, standing instructions and outcomes. Pure, without a model.

An invented fact is worse than a missed one. So nothing is taken from a condition ("if I moved"), a wish, a question,
somebody else's words ("your site says I live in York"), a quotation or mail quoted below; nothing of other people ("my
sister lives in York"); and nothing at all from a sentence that is about health, faith, politics, union, origin, sex
life or crime, or that holds a secret, a card or an account. What is a guess by its own words is kept as one.

The text carries pseudonyms, and so does what is taken. English alone; see docs/memory.md for how well it does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from memory.facts.keeping import claim_id
from memory.facts.memory import MemoryKind
from memory.facts.outcomes import OUTCOMES
from memory.facts.phrases import GUESS, PHRASES, Phrase
from memory.facts.superseding import Claim
from memory.facts.when import Span, span
from memory.messages import Role

LONGEST: Final = 6000
"""Characters read of a message; what a customer says of themselves stands at its start."""
MOST: Final = 20
"""What is taken of one message at most: a list of things is no list of facts."""
_LONGEST_VALUE: Final = 100

_QUOTED: Final = re.compile(r'"[^"\n]*\s[^"\n]*"|“[^”\n]*\s[^”\n]*”|«[^»\n]*»|(?<!\w)\'[^\'\n]{3,}\s[^\'\n]*\'(?!\w)')
_BELOW: Final = re.compile(
    r"^\s*(?:-{2,}\s*(?:original|forwarded) message.*|on .{5,80} wrote:\s*|from: .*|_{10,}|begin forwarded message:?)$",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE: Final = re.compile(r"[^.!?;\n]+(?:\.(?=\w)[^.!?;\n]+)*[.!?;]*")
_ABBREVIATED: Final = re.compile(r"\b(Dr|Mr|Mrs|Ms|Prof|St|No|e\.g|i\.e|approx|a\.m|p\.m)\.(?=\s)", re.IGNORECASE)

_TABOO: Final = re.compile(
    r"""\b(?:
      allerg\w+|asthma\w*|autis\w+|adhd|bipolar|blind|cancer|chemo\w*|cholesterol|clinic\w*|coeliac|celiac|dementia
    | depress\w+|diabet\w+|diagnos\w+|dialysis|disab\w+|disease|deaf|dyslex\w+|epilep\w+|hearing\ (?:aid|loss)|hiv
    | hospital\w*|illness|injur\w+|insulin|medic(?:al|ation|ine)s?|mental\ health|migraine\w*|miscarriage|my\ doctor
    | operation|pacemaker|pregnan\w+|prescription|psychi\w+|seizure\w*|stroke|surgery|suicid\w+|symptom\w*|therap(?:y|ist)
    | tumou?r|unwell|wheelchair|ptsd|anxiety|addict\w+|alcoholic|rehab
    | atheis\w+|baptis\w+|bible|buddhis\w+|catholic\w*|christian\w*|church|hindu|imam|islam\w*|jew(?:s|ish)?|kosher
    | halal|mosque|muslim\w*|pray(?:er)?s?|priest|quran|rabbi|ramadan|sabbath|shabbat|sikh\w*|synagogue|religio\w+
    | conservative\ party|labour\ party|democrats?|republicans?|politic\w+|socialist|communist|voted?\ for|trade\ union
    | union\ (?:member|rep)|asylum|ethnic\w*|refugee|immigra\w+|visa\ status|my\ race|skin\ colou?r
    | bisexual|gay|lesbian|homosexual|transgender|trans\ (?:man|woman)|queer|sexual\w*|non-?binary
    | arrest\w*|convict\w+|criminal\w*|court\ case|felon\w*|jail|on\ parole|prison|probation
    | pass(?:word|code|phrase)s?|pin(?:\ (?:code|number))?|cvv|cvc|security\ (?:code|answer|question)|card\ (?:number|ending|details)
    | sort\ code|account\ number\ (?:is|for)\ (?:my\ bank|\d)|iban|one-?time\ code|verification\ code|secret\ (?:word|code)|door\ code
    | gate\ code|key\ ?safe|alarm\ code|social\ security|national\ insurance|passport|driving\ licen[cs]e
    )\b
    | <(?:CREDIT_CARD|IBAN_CODE|US_SSN|US_BANK_NUMBER|US_DRIVER_LICENSE|NATIONAL_ID|PASSWORD|USERNAME|IP_ADDRESS|[A-Z_]*(?:PASSPORT|TAX|NHS|MEDIC|SSN|ID_NUMBER)[A-Z_]*)_\d+>
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Special categories of Article 9 and 10 GDPR by their words, and what opens an account or a door."""

_SUPPOSED: Final = re.compile(
    r"\b(?:if|whether|suppose|supposing|imagine|assum\w+|unless|in case|pretend|hypothetical\w*|wish|as though|let's say"
    r"|for example|for instance|e\.g|example|as soon as|once|hope|hoping|planning|thinking (?:of|about)|considering"
    r"|might|would have|could have|until|by the time|not that|not because)\b",
    re.IGNORECASE,
)
_REPORTED: Final = re.compile(
    r"(?P<who>\b[\w'’<>]+(?: \w+)?)? ?\b(?:says?|said|saying|told|tells|claims?|claimed|thinks?|thought|believes?"
    r"|heard|wrote|states?|stated|shows?|showing|assumes?|assumed|lists?|listed|according to|insists?|reckons?"
    r"|wrong(?:ly)?|untrue|false|lie|incorrect(?:ly)?|mistake(?:nly)?|not true|accus\w+|asks?|asked|wants?|wanted)\b",
    re.IGNORECASE,
)
_OWN: Final = re.compile(r"^(?:.*\b)?(?:i|i've|i'd|i'm|we|we've|just|already|have|ever|as i)$", re.IGNORECASE)
_GUESS: Final = re.compile(
    r"\b(?:i think|i guess|i believe|i suppose|i reckon|maybe|perhaps|probably|possibly|not (?:quite |entirely )?sure"
    r"|not certain|presumably|afaik|as far as i know|i assume|must be|should be)\b",
    re.IGNORECASE,
)
_JEST: Final = re.compile(
    r"\b(?:just kidding|only joking|jk|just joking|only kidding|i'm joking|role ?play)\b", re.IGNORECASE
)
_ASKS: Final = re.compile(
    r"^(?:[^,;:?–—]{0,30}[,;:–—]\s*|\s+-\s+|\s)(?:(?:so|and|but|now|then|please|also)[, ]+)*(?:do|does|did|can|could|is|are|will|would|when|how|what|where"
    r"|why|which|who|should|has|have|am|may|any)\b",
    re.IGNORECASE,
)
_QUESTION: Final = re.compile(
    r"^\W*(?:(?:and|so|but|ok|okay|hi|hello|hey|well|also|sorry)[, ]+)*(?:do|does|did|is|are|am|was|were|will|should|has|have|had|what|when|where|why|how|which|who|whose)\b",
    re.IGNORECASE,
)
_POLITE: Final = re.compile(r"\b(?:can|could|would|will) you\b", re.IGNORECASE)
_TAIL: Final = re.compile(
    r"(?:[\s,]+(?:please|pls|thanks|thank you|now|though|anyway|too|as well|btw|at the moment|these days|any ?more|from now on"
    r"|in (?:the )?future|going forward|only|ok|okay|instead|at all|ever|if you can|if possible|and not|i|we|and|or|but|so|the|a|my|because|as|for"
    r"|(?:un)?til(?:l)?|from|until|since|with|to))+$",
    re.IGNORECASE,
)
_CUT: Final = re.compile(
    r"\s*(?:[,;:(!?–—]|\b(?:because|since|until|till|from now on|so that|as i|as we|as it|if|when|unless|but|otherwise|thanks|thank you|please)\b"
    r"|\b(?:and|or) (?:i|we|you|please|can|could|never|always|don't|call|text|email)\b| - |\s{2,}).*$",
    re.IGNORECASE | re.DOTALL,
)
_NAMES_OTHERS: Final = re.compile(r"<(?:PERSON|PHONE_NUMBER|EMAIL_ADDRESS)_\d+>")
_OWN_NAMES: Final = frozenset({"name", "contact_phone", "contact_email"})
_NOTHING: Final = frozenset(
    {"there", "at that address", "at my old address", "any time", "anytime", "whenever", "at any time"}
)
_LONG_VALUES: Final = frozenset({"", "delivery", "delivery_avoid", "order"})


_ALWAYS: Final = Span()


@dataclass(frozen=True, slots=True)
class Taking:
    """One thing a message says. `text` renders it for people; `start` is where in the message its words begin."""

    kind: MemoryKind
    attribute: str
    value: str
    text: str
    confidence: float
    valid: Span = _ALWAYS
    denies: bool = False
    start: int = 0


def take_from(text: str, said_at: datetime, role: Role = "customer", timezone: str = "UTC") -> tuple[Taking, ...]:
    """What a message says that is to be remembered, in its order, each once. `text` carries pseudonyms; an outcome is
    taken from the organisation's own words, the rest from the customer's."""
    plain = _own_words(text)
    if _JEST.search(plain):
        return ()
    phrases = PHRASES if role == "customer" else ()
    found: dict[tuple[str, str, str], Taking] = {}
    for start, sentence in _sentences(plain):
        for taking in _of_sentence(sentence, phrases, role, said_at, timezone):
            key = taking.kind, taking.attribute, taking.value.casefold()
            found.setdefault(key, replace(taking, start=start + taking.start))
    ordered = sorted(found.values(), key=lambda each: each.start)
    return tuple(ordered[:MOST])


def take_event(kind: str, meta: Mapping[str, object]) -> tuple[Taking, ...]:
    """The outcome that an event of the log is by itself: it went to a person, or it was closed."""
    if kind == "handed_over":
        code = re.sub(r"[^a-z_]", "", str(meta.get("code", "")))[:24] or "handed_over"
        return (Taking("outcome", "handover", code, f"A person took it over ({code.replace('_', ' ')}).", 1.0),)
    if kind == "closed":
        return (Taking("outcome", "closed", "closed", "The matter was closed.", 1.0),)
    return ()


def claims(
    takings: tuple[Taking, ...], *, customer: str, conversation: str, seq: int, role: Role, said_at: datetime
) -> list[Claim]:
    """The takings of a message as claims about the customer, with ids that are the same each time."""
    return [
        Claim(
            id=claim_id(conversation, seq, each.kind, f"{each.attribute}{'-' if each.denies else ''}", each.value),
            customer=customer,
            kind=each.kind,
            attribute=each.attribute,
            value=each.value,
            text=each.text,
            said_at=said_at,
            valid_from=each.valid.start or said_at,
            until=each.valid.end,
            role=role,
            conversation=conversation,
            seq=seq,
            confidence=each.confidence,
            denies=each.denies,
        )
        for each in takings
    ]


def _own_words(text: str) -> str:
    """The message without what is quoted in it; every character stays where it was."""
    plain = text[:LONGEST].replace("’", "'").replace("\t", " ").replace("\u00a0", " ")
    if below := _BELOW.search(plain):
        plain = plain[: below.start()]
    plain = re.sub(r"^\s*>.*$", lambda line: " " * len(line.group()), plain, flags=re.MULTILINE)
    return _QUOTED.sub(lambda quote: "\x00" * len(quote.group()), plain)


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    whole = _ABBREVIATED.sub(lambda match: match.group()[:-1] + "\x01", text)
    for match in _SENTENCE.finditer(whole):
        yield match.start(), match.group().replace("\x01", ".")


def _of_sentence(
    sentence: str, phrases: tuple[Phrase, ...], role: Role, said_at: datetime, timezone: str
) -> Iterator[Taking]:
    if _TABOO.search(sentence):
        return
    covered: list[range] = []
    for phrase in phrases:
        for match in phrase.pattern.finditer(sentence):
            if not phrase.attribute and any(match.start("v") in span for span in covered):
                continue  # the general way of saying it, where a particular one was met
            if (taking := _taken(phrase, match, sentence, said_at, timezone)) is not None:
                covered.append(range(match.start(), match.end() + 1))
                yield taking
    yield from _outcomes(sentence, role)


def _outcomes(sentence: str, role: Role) -> Iterator[Taking]:
    for outcome in OUTCOMES:
        met = outcome.pattern.search(sentence) if role in outcome.roles else None
        if met is None or sentence.rstrip().endswith("?") or _supposed(sentence[: met.start()]):
            continue
        value = " ".join(filter(None, [outcome.value, *met.groupdict("").values()]))[:_LONGEST_VALUE]
        text = outcome.text.format(v=value)
        yield Taking("outcome", outcome.attribute, value, text[:1].upper() + text[1:], outcome.sure, start=met.start())


def _taken(phrase: Phrase, match: re.Match[str], sentence: str, said_at: datetime, timezone: str) -> Taking | None:
    before, after = sentence[: match.start("v")], sentence[match.end() :]
    if not _stated(phrase, match, sentence, before, after):
        return None
    value = _value(phrase, match)
    if not value and not phrase.denies:
        return None
    sure = (
        GUESS
        if _GUESS.search(before)
        or re.match(r"[\s,]*(?:i think|i guess|i believe|maybe|probably)\b", after, re.IGNORECASE)
        else phrase.sure
    )
    valid = span(_around(sentence, match), said_at, timezone, bare=phrase.bare)
    if phrase.bare < 0 and valid.start is not None and valid.start > said_at:
        valid = replace(valid, start=None)
    text = phrase.text.format(v=value)
    return Taking(
        phrase.kind, phrase.attribute, value, text[:1].upper() + text[1:], sure, valid, phrase.denies, match.start()
    )


def _around(sentence: str, match: re.Match[str]) -> str:
    """The words that may say how long it holds: those right before the value, and those after it to the next thing."""
    before, after = sentence[: match.start("v")], sentence[match.end("v") :]
    lead = re.split(r";|\b(?:but|and)\b", before, flags=re.IGNORECASE)[-1]
    rest = re.split(r";|\b(?:but|and) (?:i|we|my|please)\b", after, maxsplit=1, flags=re.IGNORECASE)[0]
    return f"{lead} {rest}"


def _stated(phrase: Phrase, match: re.Match[str], sentence: str, before: str, after: str) -> bool:
    """Whether the customer states it, rather than asks, supposes, or gives another's words."""
    lead = sentence[: match.start()]
    if "\x00" in match.group() or _reported(lead):
        return False
    if phrase.tells:
        if _supposed(before) or _QUESTION.match(sentence):
            return False
        if sentence.rstrip().endswith("?"):
            return bool(_ASKS.match(after)) and not _POLITE.search(lead)
        return True
    if _supposed(lead) and re.search(r"\bif (?:i|we) (?:were|was|moved|had|did)\b", lead, re.IGNORECASE):
        return False
    if re.search(r"\b(?:why|how come|do i|should i|does|did you|do you)\b", lead, re.IGNORECASE):
        return False
    return not re.search(r"\b(?:hope|wish|hypothetically|example|for instance|pretend|imagine)\b", lead, re.IGNORECASE)


def _supposed(before: str) -> bool:
    """Whether the clause right before makes it a condition or a wish; a remark before it ("not sure if it matters, but")
    does not."""
    if re.search(
        r"\b(?:hypothetical\w*|suppose|imagine|pretend|for example|for instance|e\.g|let's say)\b",
        before,
        re.IGNORECASE,
    ):
        return True
    clause = re.split(r"[,;:–—]|\bbut\b", before, flags=re.IGNORECASE)[-1]
    return bool(_SUPPOSED.search(clause)) or bool(
        re.match(r"\W*(?:if|unless|suppose)\b", before, re.IGNORECASE)
        and not re.search(r"\bbut\b|, (?:i|we)\b", before, re.IGNORECASE)
        and "," not in before
    )


def _reported(lead: str) -> bool:
    for match in _REPORTED.finditer(lead):
        who = (match["who"] or "").strip()
        if not _OWN.match(who) or re.search(r"\b(?:never|not|n't)\b", lead[: match.end()][-30:], re.IGNORECASE):
            return True
    return False


def _value(phrase: Phrase, match: re.Match[str]) -> str:
    groups = match.groupdict()
    value = groups["v"]
    if number := groups.get("id") or groups.get("id2"):
        value = f"{number} is for {value}"
    if phrase.attribute in _LONG_VALUES:
        value = _CUT.sub("", value)
    value = " ".join(phrase.form(_TAIL.sub("", value.strip(" ,.;:-"))).split())
    if phrase.attribute not in _OWN_NAMES:
        value = " ".join(
            re.sub(r"(?:\b(?:with|to|by|at|for))?,?\s*" + _NAMES_OTHERS.pattern + r"(?:'s)?", "", value).split()
        )
    if phrase.attribute == "order" and phrase.fixed == "" and not re.search(r"\d", value):
        return ""
    if phrase.denies and value.lower() in _NOTHING:
        return ""
    value = phrase.fixed or value
    bare = phrase.attribute in ("delivery", "delivery_avoid", "") and len(value.split()) < 2
    return "" if bare and phrase.kind == "instruction" else value[:_LONGEST_VALUE]


def words_around(kind: MemoryKind, attribute: str) -> tuple[str, str]:
    """(what stands before the value, what stands after it) in the words for people."""
    phrase = next(
        (each for each in PHRASES if (each.kind, each.attribute) == (kind, attribute) and "{v}" in each.text), None
    )
    before, _, after = (phrase.text if phrase and attribute else "{v}").partition("{v}")
    return before, after


def is_kept_out(text: str) -> bool:
    """Whether a text is of a kind that is not remembered: special categories, secrets, cards and accounts."""
    return bool(_TABOO.search(text))


def vouched(
    kind: str, attribute: str, value: str, text: str, said_at: datetime, timezone: str = "UTC"
) -> Taking | None:
    """What somebody else (a model) found in a customer's message, or None where the message does not bear it out: the
    value must stand in it to the letter, and be stated by the customer, of themselves, outside of what is kept out."""
    value = " ".join(value.split())
    plain = _own_words(text)
    known = (kind, attribute) in _KINDS_OF_PHRASES or (attribute == "" and kind in ("preference", "instruction"))
    if not known or not 2 <= len(value) <= _LONGEST_VALUE or _JEST.search(plain):
        return None
    for _, sentence in _sentences(plain):
        at = sentence.find(value)
        lead = sentence[:at]
        if at < 0 or _TABOO.search(sentence) or sentence.rstrip().endswith("?") or _QUESTION.match(sentence):
            continue
        if _supposed(lead) or _reported(lead) or not _FIRST_PERSON.search(sentence) or _OF_OTHERS.search(lead):
            continue
        if _NAMES_OTHERS.search(value) and attribute not in _OWN_NAMES:
            continue
        before, after = words_around(kind, attribute)  # type: ignore[arg-type]  # known is of these kinds
        shown = f"{before}{value}{after}"
        sure = GUESS if _GUESS.search(lead) else _VOUCHED
        valid = span(sentence.replace(value, " "), said_at, timezone)
        return Taking(kind, attribute, value, shown[:1].upper() + shown[1:], sure, valid, start=at)  # type: ignore[arg-type]
    return None


_VOUCHED: Final = 0.7
"""How sure a model's finding is: it does not end what a customer plainly said."""
_KINDS_OF_PHRASES: Final = frozenset((each.kind, each.attribute) for each in PHRASES)
_FIRST_PERSON: Final = re.compile(r"\b(?:i|we|my|our|me|us|i'm|we're|i've|we've)\b", re.IGNORECASE)
_OF_OTHERS: Final = re.compile(
    r"\b(?:my|our) (?:wife|husband|partner|sister|brother|mother|father|mum|mom|dad|son|daughter|friend|neighbour|neighbor|boss"
    r"|colleague|doctor|parents|kids?|child(?:ren)?|cousin|aunt|uncle|grand\w+|flatmate|girlfriend|boyfriend|fianc\w+)\b"
    r"|\b(?:he|she|they|you|your)\b",
    re.IGNORECASE,
)
