"""What usual references look like, and how people ask after what stands behind them. Data.

An organisation whose references have a form of their own gives `pattern`, one whose customers ask otherwise gives
`when`; what it gives stands instead of these. Messages are compared by meaning, so a few of each kind are enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# A code with at least three digits in it ("ORD-1234", "A1b2-7781"), "#" and digits, or a number too long for a year or
# an amount; after the word itself any code with a digit.
_CODE: Final = r"(?<![\w@./-])(?=[A-Z\d-]*(?:\d-?){3})(?=[\d-]*[A-Z])[A-Z\d]+(?:-[A-Z\d]+)*(?![\w@-])"
_NUMBER: Final = r"(?<![\w£$€+.,:/-])#?\d{5,20}(?![\w%,:/-]|\.\d)"
_HASH: Final = r"(?<!\w)#\d{3,20}(?![\w-])"


def _after(words: str) -> str:
    named = r"(?:number|no\.?|num|id|ref(?:erence)?|code)?\s*(?:is|:|#)?"
    return rf"\b(?:{words})\s*{named}\s*#?((?=[A-Z-]*\d)[A-Z\d-]{{2,40}})\b"


FORMS: Final[Mapping[str, tuple[str, ...]]] = {
    "order": (_after("orders?"), _CODE, _HASH, _NUMBER),
    "parcel": (_after("parcels?|packages?|tracking|shipments?"), _CODE, _NUMBER),
    "invoice": (_after("invoices?|bills?"), _CODE, _HASH, _NUMBER),
    "return": (_after("returns?|rma"), _CODE, _HASH, _NUMBER),
    "refund": (_after("refunds?"), _CODE, _HASH, _NUMBER),
    "reference": (_CODE, _HASH, _NUMBER),
}

_ORDER: Final = (
    "where is my order",
    "what is the status of my order",
    "when will my order arrive",
    "has my order been sent yet",
    "has my order shipped",
    "is my order on its way",
    "my order has not arrived",
    "my delivery is late",
    "who is delivering my order",
    "what is the tracking number of my order",
    "how much did my order cost",
    "what did I order",
    "what address is my order going to",
    "was my order paid",
    "can I still return my order",
)
_PARCEL: Final = (
    "where is my parcel",
    "when will my parcel be delivered",
    "has my package been delivered",
    "why is my parcel late",
    "track my parcel",
    "who signed for my parcel",
    "who is delivering my package",
)
_RETURN: Final = (
    "has my return arrived",
    "what is happening with my return",
    "has my refund been paid",
    "when do I get my money back",
    "how much is my refund",
    "where is my refund",
    "did you get the item I sent back",
    "until when can I return my order",
)
_INVOICE: Final = (
    "has my invoice been paid",
    "when is my invoice due",
    "how much do I owe",
    "what is my invoice for",
    "did you get my payment",
)
WHEN: Final[Mapping[str, tuple[str, ...]]] = {
    "order": _ORDER,
    "parcel": _PARCEL,
    "return": _RETURN,
    "refund": _RETURN,
    "invoice": _INVOICE,
}


# What a statement answers, by a word in it: how people ask for such a thing. The first line whose words it has counts.
# Only the statement's own words before its value are read, so "Status of order 7: shipped" is about a status.
ANSWERS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        r"refund (?:status|state)",
        ("has my refund been approved", "what is the status of my refund", "was the refund accepted"),
    ),
    (
        r"refund (?:amount|total|value|sum)",
        ("how much is my refund", "how much money do I get back for {it}", "what amount will be refunded"),
    ),
    (
        r"refund (?:date|due|by|on)|money back",
        ("when will I get my refund for {it}", "when is the money for {it} coming", "when do I get my money back"),
    ),
    (
        r"refund (?:method|to|way|account)",
        ("where will the refund be paid to", "how will I be refunded", "which account or card gets the refund"),
    ),
    (
        r"last day|return(?:able)? (?:until|by|window|deadline)|until",
        ("until when can I return {it}", "what is the last day I can send {it} back", "can I still return {it}"),
    ),
    (
        r"expected|estimated|deliver(?:y|ed) (?:date|on|by)|\beta\b|due (?:date|on)",
        (
            "when will {it} arrive",
            "when do I get {it}",
            "what is the expected delivery date of {it}",
            "{it} still has not come, when will it be here",
        ),
    ),
    (
        r"dispatch|shipped|sent|shipping date",
        ("when was {it} sent out", "when was {it} dispatched", "what day did {it} ship"),
    ),
    (r"tracking", ("what is the tracking number of {it}", "can I have the tracking of {it}", "{it} tracking no")),
    (
        r"carrier|courier|shipper",
        ("who is delivering {it}", "which carrier has {it}", "which courier brings {it}"),
    ),
    (
        r"method|delivery option|service",
        ("which delivery did I choose for {it}", "is {it} express or standard delivery"),
    ),
    (
        r"items?|products?|articles?|contents?",
        ("what did I order", "which items are in {it}", "what is in {it}"),
    ),
    (
        r"total|amount|price|cost|sum|balance",
        ("how much did I pay for {it}", "what is the total of {it}", "how much do I owe"),
    ),
    (r"payment|paid", ("did my payment for {it} go through", "has {it} been paid", "did you get my money for {it}")),
    (
        r"(?:order|purchase|booking|invoice) date|placed|ordered",
        ("when did I order {it}", "when did I place {it}", "on what day did I buy {it}"),
    ),
    (r"arriv|received|receipt", ("when did {it} arrive with you", "what day did {it} reach you")),
    (
        r"address|destination|city",
        ("where is {it} going", "which address is {it} sent to", "where will {it} be delivered"),
    ),
    (r"signed|recipient", ("who signed for {it}", "who took {it} in")),
    (
        r"status|state|progress",
        (
            "where is {it}",
            "has {it} been sent yet",
            "has {it} shipped yet",
            "what is the status of {it}",
            "is {it} on its way",
            "what is happening with {it}",
            "did you get {it}",
            "any news of {it}",
        ),
    ),
)
