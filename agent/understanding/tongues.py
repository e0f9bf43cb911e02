"""In which language a message is written, for routing it to people who speak it. Small words and scripts; pure.

It says "" rather than guess: a message without a small word of any of the eight languages, or with as many of two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LONGEST: Final = 4000
"""Characters looked at: nobody changes language after a page."""

_SMALL_WORDS: Final[Mapping[str, str]] = {
    "en": """the a an and or but of to in on at for with from by is are was were be been am do does did can could will
        would should have has had i you he she it we they my your his her our their this that these those what which
        who when where why how not no yes please thanks hello hi if so as about any there here want need don't i'm it's
        can't i'd i've
        delivery order parcel invoice refund return""",
    "de": """der die das den dem des ein eine einen einem einer und oder aber ist sind war nicht kein keine ich sie wir
        ihr mich mir uns ihnen mein meine meinen meiner ihre mit für von zu zum zur auf aus bei nach über wie wo wann
        warum was wer kann können haben habe hat werden wird bitte danke hallo guten tag noch schon auch wenn dass
        möchte
        lange dauert lieferung bestellung paket rechnung erstattung rückgabe zurück geld konto""",
    "fr": """le la les un une des du de et ou mais est sont était ne pas je vous nous il elle ils mon ma mes votre vos
        notre nos ce cette ces avec pour dans sur par au aux que qui quoi quand où comment pourquoi quel quelle peut
        puis avez avoir ai être merci bonjour bonsoir plaît j'ai c'est n'est d'un d'une l'ai suis
        combien temps livraison commande colis facture remboursement retour argent compte""",
    "es": """el la los las un una unos unas y o pero es son está están no yo usted ustedes nosotros mi mis su sus con
        para por en del al que qué quién cuándo dónde cómo cuál puedo puede tengo tiene he ha quiero quisiera gracias
        hola buenos buenas días favor muy también ya me le se lo de
        cuánto cuánta tiempo entrega pedido paquete factura reembolso devolución dinero cuenta""",
    "it": """il lo la i gli le un uno una e o ma è sono non io lei voi noi mio mia miei mie vostro vostra suo sua con
        per in del della dei delle nel nella al alla che chi quando dove come perché quale posso può ho ha hanno vorrei
        grazie ciao buongiorno buonasera favore anche già mi si di da ancora
        quanto quanti tempo consegna ordine pacco fattura rimborso reso soldi conto""",
    "nl": """de het een en of maar is zijn was niet geen ik u jij je wij we jullie mijn uw jouw ons onze met voor van
        op in naar bij over uit aan dat die dit deze wat wie wanneer waar waarom hoe welke kan kunnen heb heeft hebben
        wil wilt graag bedankt dank hallo goedemorgen alstublieft ook nog al wordt worden
        lang duurt levering bestelling pakket factuur terugbetaling retour geld rekening""",
    "pl": """i w na z ze do od za po o u jest są był była nie tak ja pan pani my państwo mój moja moje moich mojego
        swój wasz wasza się to ten ta te tego tej że czy co kto kiedy gdzie jak dlaczego który która mogę może mam
        chcę chciałbym chciałabym proszę dziękuję dzień dobry witam cześć już jeszcze mi mnie dla bez
        ile trwa dostawa zamówienie zamówienia paczka faktura zwrot pieniądze konto""",
    "pt": """o a os as um uma uns umas e ou mas é são está estão não eu você vocês nós meu minha meus minhas seu sua
        seus com para por em no na nos nas do da dos das que quem quando onde como qual posso pode tenho tem quero
        gostaria obrigado obrigada olá bom boa dia favor muito também já me lhe se de ao à
        quanto quantos tempo demora entrega encomenda pedido fatura reembolso devolução dinheiro conta""",
}
_OF: Final[Mapping[str, frozenset[str]]] = {name: frozenset(words.split()) for name, words in _SMALL_WORDS.items()}
# A word of one language says more than one that several share.
_WEIGHT: Final[Mapping[str, float]] = {
    word: 1 / sum(word in words for words in _OF.values()) for words in _OF.values() for word in words
}
_NAMED: Final[Mapping[str, tuple[str, ...]]] = {
    word: tuple(name for name, words in _OF.items() if word in words) for word in _WEIGHT
}
_LETTERS: Final[Mapping[str, str]] = {"ß": "de", "ñ": "es", "¿": "es", "¡": "es", "ã": "pt", "õ": "pt", "ł": "pl"}
_LETTERS_PL: Final = frozenset("ąęśźżćń")
_SCRIPTS: Final = (
    (0x0370, 0x03FF, "el"),
    (0x0400, 0x04FF, "ru"),
    (0x0590, 0x05FF, "he"),
    (0x0600, 0x06FF, "ar"),
    (0x0900, 0x097F, "hi"),
    (0x0E00, 0x0E7F, "th"),
    (0x3040, 0x30FF, "ja"),
    (0xAC00, 0xD7AF, "ko"),
    (0x4E00, 0x9FFF, "zh"),
)
_LEAST: Final = 0.75
"""Of a score: one word that is of one language alone, or two that two share."""


@lru_cache(maxsize=2048)
def tongue(text: str) -> str:
    """The ISO 639-1 code of the language, "" where the words do not show it."""
    text = text[:_LONGEST]
    if written := script(text):
        return written
    (best, most), (_, second) = small_words(text)[:2]
    return best if most >= _LEAST and most > second else ""


def small_words(text: str) -> list[tuple[str, float]]:
    """Each language with the weight of its small words and letters in the text, the heaviest first."""
    scores = dict.fromkeys(_OF, 0.0)
    for match in _WORD.finditer(text.replace("’", "'")):
        word = match.group(0).lower()
        if word in _WEIGHT:
            for name in _NAMED[word]:
                scores[name] += _WEIGHT[word]
    for letter in set(text.lower()):
        if name := _LETTERS.get(letter) or ("pl" if letter in _LETTERS_PL else ""):
            scores[name] += 0.5
    return sorted(scores.items(), key=lambda item: -item[1])


def script(text: str) -> str:
    """The language of a script that only it, or mostly it, is written in, where half the letters are of it."""
    if text.isascii():
        return ""
    letters = [ord(char) for char in text if char.isalpha()]
    if len(letters) < 2:
        return ""
    counts: dict[str, int] = {}
    for letter in letters:
        for first, last, name in _SCRIPTS:
            if first <= letter <= last:
                counts[name] = counts.get(name, 0) + 1
    if counts.get("ja"):  # Japanese is written in Chinese characters too
        counts["ja"] += counts.pop("zh", 0)
    name = max(counts, key=lambda each: counts[each], default="")
    return name if name and counts[name] * 2 > len(letters) else ""
