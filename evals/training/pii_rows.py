"""Rows for the tagger: labelled texts as they are, the same with other names or written otherwise, and texts in which
there is nothing to find."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any, Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from agent.guardrails.recognisers.features import FAR, NEAR, case_of, of_place, of_word, said_by, tokens
from agent.guardrails.recognisers.tagger import LABELS, TAGGED
from agent.guardrails.recognisers.words import given_names, places
from evals.training.pii_crf import Sentence
from evals.training.pii_made import Maker, Row

LONGEST: Final = 250  # tokens of a text that are learnt from
_NUMBER: Final = {label: number for number, label in enumerate(LABELS)}
_WORD = re.compile(r"[^\W\d_]+")
_SAFE_TO_CHANGE = frozenset({"US_SSN", "US_BANK_NUMBER", "PHONE_NUMBER", "PASSWORD", "LOCATION"})


def group(row: Row) -> str:
    """What rows have in common that came from one template: the words around their spans."""
    text, at, left = str(row["text"]), 0, []
    for span in sorted(row["spans"], key=lambda span: span["start"]):
        left.append(text[at : span["start"]])
        at = max(at, span["end"])
    left.append(text[at:])
    return " ".join(_WORD.findall(" ".join(left).lower()))[:60]


def fold_of(row: Row, folds: int) -> int:
    """Rows of one template are in one fold. A row that is nothing but values has no template: it goes with those that
    differ from it in digits only."""
    return crc32((group(row) or re.sub(r"\d", "#", str(row["text"]).lower())).encode()) % folds


def is_bare(text: str) -> bool:
    """Whether nothing but digits and marks is in it: then nobody can tell what they are."""
    return _WORD.search(text) is None


def sentence(row: Row, said: Callable[[str], Iterable[Any]], weight: float = 1.0) -> Sentence | None:
    """The row as the tagger sees it, `said` being the other recognisers; None without a token."""
    text = str(row["text"])
    words = tokens(text)[:LONGEST]
    if not words:
        return None
    rules = said_by(words, said(text))
    given = [of_word(word.word, case_of(text)) for word in words]
    features = [np.array(_at(given, at) + of_place(words, rules, at), np.int32) for at in range(len(words))]
    return Sentence(features, _labels(words, row["spans"]), weight)


def _at(given: Sequence[tuple[tuple[int, ...], ...]], at: int) -> list[int]:
    """What a token is told by itself and its neighbours, as `Tagger` adds it up."""
    found = list(given[at][0])
    for step, place in ((1, 1), (2, 3)):
        found += given[at - step][place] if at >= step else ()
        found += given[at + step][place + 1] if at + step < len(given) else ()
    for step in range(NEAR + 1, FAR + 1):
        found += given[at - step][5] if at >= step else ()
        found += given[at + step][6] if at + step < len(given) else ()
    return found


def _labels(words: Sequence[Any], spans: Iterable[Mapping[str, Any]]) -> NDArray[np.int8]:
    labels = np.zeros(len(words), np.int8)
    for span in spans:
        if span["label"] in TAGGED:
            inside = [at for at, word in enumerate(words) if word.start < span["end"] and span["start"] < word.end]
            for at in inside:
                labels[at] = _NUMBER[("B-" if at == inside[0] else "I-") + span["label"]]
    for at in range(len(words)):  # what an overlapping span broke off begins anew
        name = LABELS[labels[at]]
        if name[0] == "I" and (at == 0 or LABELS[labels[at - 1]][1:] != name[1:]):
            labels[at] = _NUMBER["B" + name[1:]]
    return labels


def with_other_values(row: Row, maker: Maker) -> Row:
    """The row with other names, places of one word and digits; as it is where its spans overlap."""
    text, made, spans, at = str(row["text"]), "", [], 0
    for span in sorted(row["spans"], key=lambda span: span["start"]):
        if span["start"] < at:
            return row
        made += text[at : span["start"]]
        value = _other(text[span["start"] : span["end"]], span["label"], maker)
        spans.append({**span, "start": len(made), "end": len(made) + len(value)})
        made, at = made + value, span["end"]
    return {"text": made + text[at:], "spans": spans}


def _other(value: str, label: str, maker: Maker) -> str:
    if label == "PERSON":
        return maker.name_like(value)
    if label == "LOCATION" and _WORD.fullmatch(value):
        return maker.town_like(value)
    return maker.digits_like(value) if label in _SAFE_TO_CHANGE else value


def flattened(row: Row) -> Row:
    """The row in small letters without marks, as many type."""
    text = str(row["text"])
    kept: list[str] = []
    moved: list[int] = []
    for character in text:
        moved.append(len(kept))
        if character not in ".,:;!?()\"<>'’":
            small = character.lower()
            kept.append(" " if character in "\n-" else small if len(small) == 1 else character)
    moved.append(len(kept))
    spans = [{**span, "start": moved[span["start"]], "end": moved[span["end"]]} for span in row["spans"]]
    return {"text": "".join(kept), "spans": [span for span in spans if span["start"] < span["end"]]}


def capitalised(row: Row) -> Row:
    """A row in small letters with capitals where a careful writer puts them."""
    letters = list(str(row["text"]))
    for span in row["spans"]:
        if span["label"] in ("PERSON", "LOCATION"):
            for at in range(span["start"], span["end"]):
                if at == 0 or not letters[at - 1].isalpha():
                    letters[at] = _capital(letters[at])
    if letters:
        letters[0] = _capital(letters[0])
    return {"text": re.sub(r"\bi\b", "I", "".join(letters)), "spans": row["spans"]}


def _capital(letter: str) -> str:
    return letter.upper() if len(letter.upper()) == 1 else letter


def varied(row: Row, maker: Maker, rng: Random) -> Row:
    """The row with other values, and half the time in the other way of writing."""
    other = with_other_values(row, maker)
    if rng.random() < 0.5:
        return other
    return capitalised(other) if not any(map(str.isupper, str(other["text"]))) else flattened(other)


def nothing_in(texts: Sequence[str], said: Callable[[str], Sequence[Any]], maker: Maker, rng: Random) -> list[Row]:
    """Those of `texts` that hold no name or place of the lists and nothing that others take for personal, some of
    them written otherwise, a third again with a number that is nobody's, and scraps of one to three words."""
    rows = []
    for text in texts:
        if said(text) or any(word.lower() in places() or word.lower() in given_names() for word in _WORD.findall(text)):
            continue
        row: Row = {"text": text, "spans": []}
        rows.append(rng.choice((capitalised, flattened, dict, dict))(row))
    made: list[Row] = []
    for row in rng.sample(rows, len(rows) // 3):
        number, gap, text = maker.nobodys(), rng.choice((" ", ". ", ", ")), row["text"]
        made.append({"text": rng.choice((f"{text}{gap}{number}", f"{number}{gap}{text}", number)), "spans": []})
    for row in rng.sample(rows, len(rows) // 6):
        words = str(row["text"]).split()
        at = rng.randrange(len(words))
        made.append({"text": " ".join(words[at : at + rng.randrange(1, 4)]), "spans": []})
    return [*rows, *made]
