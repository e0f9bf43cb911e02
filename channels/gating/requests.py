"""Texts that ask a customer to answer with a word on which carriers act. Pure.

Who was told to answer CANCEL would opt out of everything instead. Saying how to opt out, back in or get help is what
the words are for, and stays.
"""

from __future__ import annotations

import re

from channels.normalise.keywords import HELP, OPT_IN, OPT_OUT
from channels.render import without_reserved_words

_VERBS = (
    r"reply|respond|answer|text|txt|send|type|write|message"
    r"|respond[ae]|contest[ae]|env[ií][ae]|mand[ae]|escrib[ae]|tecle[ae]"
    r"|répond(?:s|ez|re)|repond(?:s|ez)|envoye[rz]|envoie|tape[rz]?|écri(?:s|vez)"
    r"|antworten?|senden?|schreiben?|schicken?|tippen?"
    r"|rispond(?:i|a|ete|ere)|invi(?:a|are|ate)|scriv(?:i|a|ete)|digit[aei]"
    r"|escreva|escreve"
    r"|antwoord|stuur|beantwoord|typ|sms"
    r"|odpisz|odpowiedz|wyślij|wpisz|napisz"
)
_STOPS = frozenset(word.upper() for word in OPT_OUT - {"cancel", "end", "quit", "revoke"})
_WORDS = "|".join(sorted((re.escape(word.upper()) for word in OPT_OUT | OPT_IN | HELP), key=len, reverse=True))
_ASKED = re.compile(
    rf"\b(?i:{_VERBS})(?:\s+[^\W\d_]+){{0,4}}?\s+(?:[\"'*“«„]\s?(?P<quoted>(?i:{_WORDS}))\s?[\"'*”»“]"
    rf"|(?P<plain>{_WORDS}))(?![\w-])(?P<then>.{{0,60}})",
    re.DOTALL,
)
# What the words are for, in the languages of the plain-words opt-out.
_MEANT = re.compile(
    r"opt|unsub|stop|no more|again|end (?:all )?(?:text|messag)|help|support|info|"
    r"baja|dejar de|no recib|ayuda|désabonn|désinscri|desabonn|desinscri|ne plus|aide|arrêt|"
    r"abmeld|abzumeld|abbestell|abzubestell|keine|hilfe|disiscri|non ricev|aiuto|interromp|descadastr|não receb|"
    r"ajuda|afmeld|uitschrij|stopp|geen|hulp|wypis|rezygn|nie otrzym|pomoc",
    re.IGNORECASE,
)
# What only STOP may be said to end: a word such as CANCEL would be taken for a paid subscription's.
_SUBSCRIBED = re.compile(r"subscri|suscri|iscri|inscri|abonne|subskry", re.IGNORECASE)
_PURPOSE = re.compile(r"^\W*(?:to|for|if|and|para|pour|et|um|wenn|und|per|se|om|als|aby|żeby|i)\b", re.IGNORECASE)
_BUSINESS = re.compile(
    r"order|booking|appointment|delivery|subscription to confirm|confirm|pedido|cita|reserva|commande|rendez|livraison|"
    r"bestellung|termin|ordine|appuntament|consegna|encomenda|consulta|bestelling|afspraak|zamówien|wizyt|dostaw",
    re.IGNORECASE,
)


def asked_keyword(text: str) -> str:
    """The words with which a text asks for a reserved answer, "" where it asks for none."""
    rest, done = [], 0
    for found in _ASKED.finditer(text):
        word = (found["quoted"] or found["plain"]).upper()
        if not _is_what_it_is_for(word, found["then"].split("\n")[0]):
            return found[0][: found.start("then") - found.start()].strip()
        rest.append(text[done : found.start()])
        done = found.start("then")
    left = " ".join([*rest, text[done:]])
    return "" if without_reserved_words(left) == left else "a request in small letters to answer with a reserved word"


def _is_what_it_is_for(word: str, then: str) -> bool:
    """STOP, where nothing else is said to come of it; the others only where opting out (or help) is what they do."""
    clause = re.split(r"[.!?;]", then)[0]
    if _BUSINESS.search(clause):
        return False
    if _MEANT.search(clause):
        return True
    stops = word in _STOPS or word.lower() in HELP
    return stops and (bool(_SUBSCRIBED.search(clause)) or not _PURPOSE.search(clause))
