"""Numbers that name a person or their money: cards, IBANs, telephones, SSNs, accounts, licences, national ids.

An order number is none of them, and looks like all of them. A bare number is therefore taken only where its form is
telling (Luhn, modulo 97, `123-45-6789`, a valid telephone number), or where the words before it say what it is, and
never where they say order, tracking, invoice or the like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers

from agent.guardrails.recognisers.span import PiiSpan
from memory.card_numbers import find_card_numbers

_LINK = (
    r"(?:[ ]?(?:number|numbers|no|num|nr|id|details?|digits?|code)\b\.?)?(?:[ ](?:on|for|of)[ ](?:my|the)[ ]\w+)?"
    r"(?:[ ]?(?:is|was|as|reads?|it'?s|its|would be|should (?:be|read)|are|here|\bto\b|[:=#,?-])){0,3}[\s\"'(]{0,3}"
)
_DIGITS = r"\d[\d .-]{1,22}\d"
_MIXED = r"(?=[a-z0-9-]{0,11}\d)[a-z0-9][a-z0-9-]{2,19}"
_CUED = tuple(
    (re.compile(rf"\b(?:{cue})\b{_LINK}(?P<it>{form})(?![\w£$€%])", re.IGNORECASE), entity, score)
    for cue, form, entity, score in (
        (
            r"(?:ssn|s\.s\.n\.?|social(?:[ ]security)?|last (?:four|4)(?:[ ]digits?)?(?: of (?:my|the) (?:ssn"
            r"|social))?)",
            rf"{_DIGITS}|\d{{3,9}}|[a-z]{{2,4}}[ ]?\d{{3,6}}",
            "US_SSN",
            0.9,
        ),
        (
            r"(?:(?:credit|debit|bank|visa|amex|mastercard|master)[ ]?cards?|cards?(?=[ ]?(?:number|no|num|is|:"
            r"|#))|cc)",
            r"\d[\d .-]{6,22}\d|(?<=no )\d{4}|(?<=number )\d{4}|(?<= is )\d{4}|(?<=card )\d{4}",
            "CREDIT_CARD",
            0.88,
        ),
        (
            r"(?:(?:bank|savings?|checking|current|saving)[ ](?:account|acct)|account|acct|acc?(?=[ ]?no)|a/c"
            r"|routing|sort[ ]code|bsb|aba)",
            rf"{_DIGITS}|\d{{3,17}}|{_MIXED}",
            "US_BANK_NUMBER",
            0.87,
        ),
        (
            r"(?:driver'?s?[ ]?licen[cs]e|driving[ ]licen[cs]e|drivers?[ ]?lic|licen[cs]e(?=[ ](?:number|no|is))|dl)",
            rf"{_MIXED}|{_DIGITS}",
            "US_DRIVER_LICENSE",
            0.85,
        ),
        (
            r"(?:passport|national insurance|nino|aadhaar|aadhar|pan[ ]card|tax[ ]id|national[ ]id|identity[ ]card)",
            r"(?=[a-z ]{0,4}\d)[a-z0-9][a-z0-9 -]{5,16}[a-z0-9]",
            "NATIONAL_ID",
            0.85,
        ),
        (
            r"(?:phone|telephone|tel|mobile|mob|cell(?:phone)?|whatsapp|fax|landline|contact"
            r"|call(?:[ ]me)?(?:[ ]back)?(?:[ ]on|[ ]at)?"
            r"|reach(?:[ ]me)?(?:[ ]on|[ ]at)|text(?:[ ]me)?(?:[ ]on|[ ]at)|number)",
            r"[+(]{0,2}\d[\d ().-]{5,18}\d",
            "PHONE_NUMBER",
            0.78,
        ),
    )
)
_SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}([- .])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}[ ]?(?:[A-Z0-9]{4}[ ]?){2,7}[A-Z0-9]{1,4}\b")
_FOURS = re.compile(r"(?<![\d-])\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?![\d-])")
_NINO = re.compile(r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ ]?\d{2}[ ]?\d{2}[ ]?\d{2}[ ]?[A-D]\b")
_TELEPHONE = re.compile(
    r"(?<![\w#£$€.,/=&?-])(?:\+|\(\+?)?\d(?:[ ().\u00a0/-]{0,3}\d){6,16}(?:[ ]?(?:x|ext)\.?[ ]?\d{1,5})?(?![\w%]"
    r"|[.,]\d)"
)
_NOBODYS = (
    r"(?:order|orders|booking|reservation|invoice|tracking|parcel|consignment|shipment|reference|ref|ticket|case|claim"
    r"|policy|serial|imei|isbn|barcode|sku|product|item|model|article|voucher|coupon|gift|confirmation|transaction"
    r"|receipt|membership|loyalty|po|rma|style|batch|lot|size|flight|docket|part)"
)
_NAMED_OTHERWISE = re.compile(
    rf"(?:\b{_NOBODYS}"
    r"(?:[ ]?(?:number|no|nr|num|id|code|card)\b\.?)?(?:[ ](?:is|was))?|[a-z]{2,4}-|#|№)[\s:=#.(-]{0,4}\Z",
    re.IGNORECASE,
)
_REGIONS = ("GB", "US", "IN", "DE", "FR", "AU", "ES", "IT", "IL", "CH", "BR", "TR", "HU")
# Days (with a time behind), addresses of machines, and what is formed as an SSN.
_NO_TELEPHONE = re.compile(
    r"\d{4}[-/. ]\d{1,2}[-/. ]\d{1,2}|\d{1,2}[-/. ]\d{1,2}[-/. ]\d{4}|(?:19|20)\d\d([-/.])[01]?\d\1[0-3]?\d[ T-].*"
    r"|\d{1,3}(?:\.\d{1,3}){3,4}|\d{3}([- .])\d\d\2\d{4}"
)
_COUNTRY_FORMS = re.compile(r"\+|\(\d{2,5}\)|\d[ .-]\d")


def find_numbers(text: str) -> list[PiiSpan]:
    """Everything this module's first line names; at least one digit must be in `text`."""
    if not any(map(str.isdigit, text)):
        return []
    spans = [
        PiiSpan(card.start, card.end, "CREDIT_CARD", _card_score(text, card.start)) for card in find_card_numbers(text)
    ]
    spans += [PiiSpan(*match.span(), "CREDIT_CARD", 0.7) for match in _FOURS.finditer(text) if _free(text, match)]
    spans += [PiiSpan(*match.span(), "US_SSN", 0.85) for match in _SSN.finditer(text) if _free(text, match)]
    spans += [PiiSpan(*match.span(), "NATIONAL_ID", 0.8) for match in _NINO.finditer(text)]
    return [*spans, *_ibans(text), *_cued(text), *_telephones(text)]


def _card_score(text: str, start: int) -> float:
    # Glued to a letter it is rather part of a licence or a reference, and those cues say so.
    return 0.8 if start and text[start - 1].isalpha() else 0.95


_ORDER = re.compile(
    r"(?<![\w-])(?:[A-Z]{1,5}-\d{3,12}(?:-\d{1,6})?|#[ ]?\d{3,12})(?![\w-])"
    rf"|\b{_NOBODYS}(?:[ ]?(?:number|no|nr|num|id|code|card)\b\.?)?(?:[ ](?:is|was))?[\s:=#.(-]{{0,4}}"
    r"(?P<it>(?=[\w-]{0,4}\d)[\w-]{2,24})",
    re.IGNORECASE,
)


def find_orders(text: str) -> list[tuple[int, int]]:
    """Where a number or code stands that is named, or formed, as an order's, a parcel's or an invoice's."""
    if not any(map(str.isdigit, text)):
        return []
    return [match.span("it") if match.group("it") else match.span() for match in _ORDER.finditer(text)]


def is_named_otherwise(text: str, start: int) -> bool:
    """Whether the words before `start` say that what stands there is an order's number or the like."""
    return _NAMED_OTHERWISE.search(text, max(0, start - 40), start) is not None


def _free(text: str, match: re.Match[str]) -> bool:
    return not is_named_otherwise(text, match.start())


def _ibans(text: str) -> Iterator[PiiSpan]:
    for match in _IBAN.finditer(text):
        for cut in range(match.end(), match.start() + 14, -1):
            compact = re.sub(r"\s", "", text[match.start() : cut])
            if 15 <= len(compact) <= 34 and int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1:
                yield PiiSpan(match.start(), cut, "IBAN_CODE", 0.97)
                break


def _cued(text: str) -> Iterator[PiiSpan]:
    for pattern, entity, score in _CUED:
        for match in pattern.finditer(text):
            fits = entity != "PHONE_NUMBER" or 7 <= sum(map(str.isdigit, match.group("it"))) <= 15
            if fits and _free(text, match):
                yield PiiSpan(*match.span("it"), entity, score)


def _telephones(text: str) -> Iterator[PiiSpan]:
    for match in _TELEPHONE.finditer(text):
        written = match.group()
        digits = sum(map(str.isdigit, written))
        if 7 <= digits <= 20 and _free(text, match) and _is_telephone(written):
            yield PiiSpan(*match.span(), "PHONE_NUMBER", 0.75)


@lru_cache(maxsize=2048)
def _is_telephone(written: str) -> bool:
    """Whether `written` is a valid number of one of the regions; a short or formless one is not believed."""
    if _NO_TELEPHONE.fullmatch(written):
        return False
    formless = _COUNTRY_FORMS.search(written) is None
    if formless and len(written) < 10:
        return False
    # Orders are counted from 1: what begins with 0 and has no form is rather a telephone's.
    for region in _REGIONS[:3] if formless and written[0] != "0" else _REGIONS:
        try:
            parsed = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return True
    return (
        re.fullmatch(r"\+?1?[-. ]?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?:[ ]?x\d+)?|\+\d[\d ().-]{7,17}", written)
        is not None
    )
