"""NATIONAL_ID: the numbers by which states know a person, of thirty kinds; by Presidio's checks where it has them.

A number of digits alone passes a checksum by chance (one in ten or eleven), and order numbers are that long too. So it
is taken only after a word that says what it is ("nhs", "aadhaar", "steuer-id"), and never after one that says order or
parcel. A number with letters in a form of its own, and a right check letter, needs no word before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from presidio_analyzer import PatternRecognizer
from presidio_analyzer import predefined_recognizers as presidio

from agent.guardrails.recognisers.numbers import is_named_otherwise
from agent.guardrails.recognisers.span import PiiSpan

# Before a number a cue counts over this many characters: "my national insurance number, as asked, is".
_REACH: Final = 45
_WORTH = re.compile(r"(?=[^\W_]*\d)[^\W_](?:[ .\-/+]?[^\W_]){6,20}")
_OMOCODE = "[0-9LMNPQRSTUV]"  # letters stand for digits where two people would have one code
_MARKS = str.maketrans("", "", " .-/+")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of number: its `form`, the `cues` that name it, what `fits`; `alone` says that it needs no cue."""

    form: re.Pattern[str]
    cues: re.Pattern[str]
    fits: Callable[[str], bool | None]
    alone: bool = False


def find_identities(text: str) -> list[PiiSpan]:
    """Numbers of identity, tax, health and social insurance, passports and driving licences."""
    if _WORTH.search(text) is None:
        return []
    return [span for kind in _kinds() for span in _of_kind(text, kind)]


def _of_kind(text: str, kind: Kind) -> Iterator[PiiSpan]:
    for match in kind.form.finditer(text):
        start, end = match.span()
        cued = kind.cues.search(text, max(0, start - _REACH), start) is not None
        written = match.group()
        small = not kind.alone or written.upper() != written
        if (cued or not small) and not (is_named_otherwise(text, start) and not cued):
            # Without a check digit (None) only a cue can say that it is one.
            fits = kind.fits(written.upper())
            if fits or (fits is None and cued):
                yield PiiSpan(start, end, "NATIONAL_ID", 0.93 if fits else 0.86)


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){pattern}(?![\w-])", re.IGNORECASE)


def _cues(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])", re.IGNORECASE)


def _by(recogniser: PatternRecognizer) -> Callable[[str], bool | None]:
    """The check of one of Presidio's recognisers; None where it has none or leaves it open."""
    return recogniser.validate_result


def _unchecked(written: str) -> bool | None:
    return None


Checked = tuple[str, str, Callable[[str], bool | None]]
"""A form, the words that must stand near it, and its check."""


@cache
def _kinds() -> tuple[Kind, ...]:
    return (
        *(Kind(_form(form), _cues(cues), fits) for form, cues, fits in _of_digits()),
        *(Kind(_form(form), _cues(cues), fits, alone=True) for form, cues, fits in _with_letters()),
        *(Kind(_form(form), _cues(cues), _unchecked) for form, cues in _cued()),
    )


def _of_digits() -> Iterable[Checked]:
    """Numbers like many others: only beside a cue."""
    digits = r"\d(?:[ .\-/]?\d)"
    return (
        (f"{digits}{{9}}", r"nhs|health service", _by(presidio.NhsRecognizer())),
        (r"9(?:[ .\-/]?\d){8}", r"itin|taxpayer|tax id", _by(presidio.UsItinRecognizer())),
        (f"{digits}{{11}}", r"aadhaa?r|uidai|uid", _by(presidio.InAadhaarRecognizer())),
        (f"{digits}{{8}}", r"tfn|tax file", _by(presidio.AuTfnRecognizer())),
        (f"{digits}{{9,10}}", r"medicare", _by(presidio.AuMedicareRecognizer())),
        (f"{digits}{{8}}", r"s\.?i\.?n\.?|social insurance|nas", _luhn),
        (f"{digits}{{10}}", r"pesel", _by(presidio.PlPeselRecognizer())),
        (
            f"{digits}{{10}}",
            r"steuer[ -]?id\w*|steuer\w*nummer|identifikationsnummer|idnr|tin|tax[ ]?(?:id|number)",
            german_tax_id,
        ),
        (f"{digits}{{10}}", r"cpf|cadastro", brazilian_cpf),
        (
            f"{digits}{{14}}",
            r"nir|s[ée]cu(?:rit[ée] sociale)?|insee|num[ée]ro de s[ée]cu\w*|social security|carte vitale",
            french_nir,
        ),
        (f"{digits}{{10}}", r"kimlik|tckn?|t\.c\.|turkish id", _by(presidio.TrNationalIdRecognizer())),
        (
            f"{digits}{{12}}",
            r"south african|za id|sa id|id(?:entity)? number|rsa id",
            _by(presidio.ZaIdNumberRecognizer()),
        ),
        (f"{digits}{{12}}", r"thai|national id|id card|citizen id", _by(presidio.ThTninRecognizer())),
        (
            r"\d{6,8}[-+]?\d{4}",
            r"personnummer|pers\.?nr|swedish|personal identity",
            _by(presidio.SePersonnummerRecognizer()),
        ),
        (r"\d{6}-?\d{7}", r"rrn|resident registration|korean|jumin", _unchecked),
        (f"{digits}{{10}}", r"nin|national identification|nimc", _by(presidio.NgNinRecognizer())),
        (f"{digits}{{8}}", r"bsn|burgerservicenummer|sofi", dutch_bsn),
        (f"{digits}{{10}}", r"rijksregister\w*|num[ée]ro national|national register|niss|insz", _unchecked),
    )


def _with_letters() -> Iterable[Checked]:
    """Of a form that little else has: also without a cue, where their check digits fit."""
    return (
        (r"[XYZ][ -]?\d{7,8}[ -]?[A-Z]", r"nie|extranjero", _by(presidio.EsNieRecognizer())),
        (r"\d{7,8}[ -]?[A-Z]", r"dni|nif|documento|identidad", _by(presidio.EsNifRecognizer())),
        (
            rf"[A-Z]{{6}}{_OMOCODE}{{2}}[ABCDEHLMPRST]{_OMOCODE}{{2}}[A-Z]{_OMOCODE}{{3}}[A-Z]",
            r"codice fiscale|fiscal code",
            _by(presidio.ItFiscalCodeRecognizer()),
        ),
        (r"[12][ ]?\d{2}[ ]?\d{2}[ ]?2[AB][ ]?\d{3}[ ]?\d{3}[ ]?\d{2}", r"nir|s[ée]cu", french_nir),
        (r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]", r"pan|permanent account", lambda written: True),
        (
            r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D]",
            r"nino|ni|national insurance|insurance number",
            lambda written: True,
        ),
        (r"[STFGM]\d{7}[A-Z]", r"nric|fin", _by(presidio.SgFinRecognizer())),
        (
            r"\d{6}[+-A]\d{3}[0-9A-FHJKLMNPRSTUVWXY]",
            r"hetu|henkil\w+|finnish",
            _by(presidio.FiPersonalIdentityCodeRecognizer()),
        ),
        (r"[A-Z9]{5}\d{6}[A-Z9]{2}\d[A-Z]{2}", r"driving licen[cs]e|dvla", lambda written: True),
        (r"[1-9][A-Z][A-Z0-9]\d-?[A-Z][A-Z0-9]\d-?[A-Z]{2}\d{2}", r"mbi|medicare", _by(presidio.UsMbiRecognizer())),
    )


def _cued() -> Iterable[tuple[str, str]]:
    """Without check digits: beside a cue only."""
    return (
        (r"(?=[A-Z0-9]{0,4}\d)[A-Z0-9]{1,4}[ -]?\d{5,8}[A-Z]?", r"passport|pasaporte|passeport|reisepass|passaporto"),
        (
            r"(?=[A-Z0-9]{0,4}\d)[A-Z0-9]{8,10}",
            r"(?:personal)?ausweis(?:nummer)?|carta d['’]identit\w+|identity card|id card|national id|voter id",
        ),
    )


def _digits(written: str) -> list[int]:
    return [int(ch) for ch in written if ch.isdecimal()]


def _luhn(written: str) -> bool:
    digits = _digits(written)[::-1]
    return sum(digit if at % 2 == 0 else sum(divmod(2 * digit, 10)) for at, digit in enumerate(digits)) % 10 == 0


def german_tax_id(written: str) -> bool:
    """Steuer-Identifikationsnummer: eleven digits, the last by ISO/IEC 7064 MOD 11,10; one of the first ten occurs
    twice or thrice."""
    digits = _digits(written)
    if len(digits) != 11 or digits[0] == 0 or len(set(digits[:10])) not in (8, 9):
        return False
    product = 10
    for digit in digits[:10]:
        product = 2 * ((digit + product) % 10 or 10) % 11
    return (11 - product) % 10 == digits[10]


def brazilian_cpf(written: str) -> bool:
    """Cadastro de Pessoas Físicas: eleven digits, the last two modulo 11; eleven equal ones are none."""
    digits = _digits(written)
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    checks = [
        sum((count + 1 - at) * digit for at, digit in enumerate(digits[:count])) * 10 % 11 % 10 for count in (9, 10)
    ]
    return checks == digits[9:]


def french_nir(written: str) -> bool:
    """Numéro de sécurité sociale: thirteen places and a key of 97 less their remainder; 2A and 2B are Corsica."""
    compact = written.translate(_MARKS)
    number, key = compact[:13].replace("2A", "19").replace("2B", "18"), compact[13:]
    if not (number.isdecimal() and key.isdecimal() and len(key) == 2 and number[0] in "12"):
        return False
    return 97 - int(number) % 97 == int(key)


def dutch_bsn(written: str) -> bool:
    """Burgerservicenummer: nine digits under the "eleven test"."""
    digits = _digits(written)
    return (
        len(digits) == 9
        and sum(digit * by for digit, by in zip(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True)) % 11 == 0
    )
