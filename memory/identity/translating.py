"""One customer's pseudonyms in another's book: `<PERSON_1>` is somebody else in each. Pure but for the books."""

from __future__ import annotations

import re
from collections.abc import Iterable

from memory.pseudonyms import PseudonymBook

_PSEUDONYM = re.compile(r"<([A-Z][A-Z0-9_]{0,39})_([1-9][0-9]{0,8})>")


def translated(texts: Iterable[str], from_book: PseudonymBook, to_book: PseudonymBook) -> list[str]:
    """Texts of one customer as another's book reads them; values that book does not have are added to it.

    The caller stores what was added (`Vault.keep`). A pseudonym that `from_book` does not know is nobody's: it loses
    its brackets, so that the other book cannot take it for one of its own.
    """
    values = {(entry.entity, entry.number): entry.value for entry in from_book.entries()}

    def other(match: re.Match[str]) -> str:
        value = values.get((match.group(1), int(match.group(2))))
        if value is None:
            return f"‹{match.group(1)}_{match.group(2)}›"
        return to_book.pseudonym_for(match.group(1), value)

    return [_PSEUDONYM.sub(other, text) for text in texts]
