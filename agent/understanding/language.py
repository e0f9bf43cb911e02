"""Whether a text is English. Tiny and honest: it knows "en" and "other", and says "en" where it cannot tell."""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+")
_ENGLISH_WORDS = """
the a an and or but of to in on at for with from by is are was were be been am do does did can could will would
should have has had i you he she it we they me my your his her our their this that these those what which who when
where why how not no yes please thanks thank hello hi if so as about any some there here get want need help order
return refund delivery much many long im dont
"""
_ENGLISH: Final = frozenset(_ENGLISH_WORDS.split())
_OTHER_WORDS = """
der die das und ist nicht ich sie wir ein eine mit für auf wie wo wann warum kann haben bitte danke meine mein le la
les et est pas je vous nous une des dans pour avec sur comment où quand pourquoi puis avez merci bonjour el los las
y es no yo usted una del para con por cómo dónde cuándo qué puedo tengo gracias hola mi il lo gli e non io un di per
con come dove quando perché posso ho grazie ciao het een niet ik wij van met voor hoe waar wanneer kan heb dank jak
gdzie kiedy nie się jest mam o os as não eu você uma com como onde obrigado olá
"""
_OTHER: Final = frozenset(_OTHER_WORDS.split())


def language(text: str) -> str:
    """ "en" or "other". Letters of other scripts, or more foreign than English small words, make it "other"."""
    letters = [char for char in text if char.isalpha()]
    if len(letters) >= 4 and sum(ord(char) > 0x24F for char in letters) > len(letters) / 2:
        return "other"
    words = [word.lower() for word in _WORD.findall(text)]
    english = sum(word in _ENGLISH for word in words)
    foreign = sum(word in _OTHER and word not in _ENGLISH for word in words)
    return "other" if foreign >= 2 and foreign > english else "en"
