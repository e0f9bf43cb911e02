"""Words of shops and help centres that stand for each other where two sentences are compared. Pure."""

from __future__ import annotations

from typing import Final

from knowledge.sparse import stem

_SAME: Final = {
    word: name
    for name, words in {
        "return": "return returned returning returns send sent",
        "cost": "cost costs charge charged charges price priced prices fee fees",
        "item": "item items product products goods thing things",
        "order": "order orders ordered ordering purchase purchases purchased",
        "deliver": "deliver delivery delivered deliveries arrive arrives arrived",
        "refund": "refund refunds refunded refunding",
        "cancel": "cancel cancels cancelled canceled cancelling canceling cancellation cancellations",
        "open": "open opens opened opening",
        "close": "close closes closed closing",
    }.items()
    for word in words.split()
}


def root(word: str) -> str:
    """One form for the forms of a word, given in lower case, and for those that mean the same."""
    return stem(_SAME.get(word, word))
