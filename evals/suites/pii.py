"""Suite `pii`: how much of the personal data in labelled texts is found, and how much else is taken along."""

from __future__ import annotations

import gzip
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO, cast

SENSITIVE = (
    "PERSON",
    "LOCATION",
    "PHONE_NUMBER",
    "EMAIL_ADDRESS",
    "CREDIT_CARD",
    "IBAN_CODE",
    "US_SSN",
    "US_BANK_NUMBER",
    "US_DRIVER_LICENSE",
    "IP_ADDRESS",
    "URL",
    "USERNAME",
    "PASSWORD",
)
_BULK = 64  # texts asked for at once; what `text_ms_p50` times is one text alone
_TIMED = 200  # texts


class Found(Protocol):
    """A span as the detector returns it."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def entity(self) -> str: ...


class Detector(Protocol):
    async def find(self, texts: Sequence[str]) -> Sequence[Sequence[Found]]: ...


@dataclass(frozen=True, slots=True)
class Row:
    """A text with the spans it has and those that were found, of the sensitive labels only."""

    text: str
    gold: tuple[tuple[int, int, str], ...]
    found: tuple[tuple[int, int, str], ...] = ()


async def run(data: Path, detector: Detector, outcomes: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The report of INTERFACES form for a JSONL of `{"text","spans":[{"start","end","label"}]}`, gzipped or not.

    `data` may be a folder: all its `.jsonl` and `.jsonl.gz` files together. A gold span counts as found when a span
    of the same label overlaps it, and a found one as right when a gold span of its label does; characters are counted
    whatever their label. Metrics that need spans that are not there are None. `outcomes` receives what was found in
    each text. Raises ValueError naming a bad row.
    """
    began = time.perf_counter()
    rows = [
        Row(row.text, row.gold, tuple(sensitive((s.start, s.end, s.entity) for s in spans)))
        for batch in _batches(list(_read(data)))
        for row, spans in zip(batch, await detector.find([row.text for row in batch]), strict=True)
    ]
    if outcomes is not None:
        outcomes += [_outcome(row, f"{number}") for number, row in enumerate(rows, 1)]
    milliseconds = await _time_texts(detector, [row.text for row in rows[:_TIMED]])
    return {
        "suite": "pii",
        "data": str(data),
        "n": len(rows),
        "metrics": {**score(rows), "text_ms_p50": statistics.median(milliseconds) if milliseconds else None},
        "config": {"detector": type(detector).__name__, "labels": list(SENSITIVE)},
        "seconds": time.perf_counter() - began,
    }


def _outcome(row: Row, id: str) -> dict[str, Any]:
    """A text with its spans; `f2` is 1 where there was nothing to find and nothing was found."""
    missed = [span for span in row.gold if not _overlaps(span, row.found)]
    extra = [span for span in row.found if not _overlaps(span, row.gold)]
    hit, right = len(row.gold) - len(missed), len(row.found) - len(extra)
    f2 = _measures(hit, len(row.gold), right, len(row.found))["f2"]
    said = [
        f"{word} {label} {row.text[a:b]!r}" for word, s in (("missed", missed), ("extra", extra)) for a, b, label in s
    ]
    return {
        "suite": "pii",
        "id": id,
        "text": row.text,
        "wanted": row.gold,
        "found": row.found,
        "f2": float(not row.found) if f2 is None else f2,
        "right": float(not said),
        "outcome": "\n".join(said),
    }


def score(rows: Sequence[Row]) -> dict[str, Any]:
    """The metrics of the spans and characters of `rows`, `per_label` too."""
    gold: Counter[str] = Counter(label for row in rows for *_, label in row.gold)
    found: Counter[str] = Counter(label for row in rows for *_, label in row.found)
    hit: Counter[str] = Counter(span[2] for row in rows for span in row.gold if _overlaps(span, row.found))
    right: Counter[str] = Counter(span[2] for row in rows for span in row.found if _overlaps(span, row.gold))
    covered = [(_characters(row.gold), _characters(row.found)) for row in rows]
    both = sum(len(wanted & got) for wanted, got in covered)
    return {
        **_measures(hit.total(), gold.total(), right.total(), found.total()),
        "char_recall": _ratio(both, sum(len(wanted) for wanted, _ in covered)),
        "char_precision": _ratio(both, sum(len(got) for _, got in covered)),
        "per_label": {
            label: {**_measures(hit[label], gold[label], right[label], found[label]), "n": gold[label]}
            for label in SENSITIVE
            if gold[label] or found[label]
        },
    }


def _measures(hit: int, gold: int, right: int, found: int) -> dict[str, float | None]:
    recall, precision = _ratio(hit, gold), _ratio(right, found)
    return {
        "precision": precision,
        "recall": recall,
        "f1": _f_measure(precision, recall, 1.0),
        "f2": _f_measure(precision, recall, 2.0),
    }


def _f_measure(precision: float | None, recall: float | None, beta: float) -> float | None:
    if recall is None:
        return None
    precision = precision or 0.0
    weighted = beta * beta * precision + recall
    return (1 + beta * beta) * precision * recall / weighted if weighted else 0.0


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _overlaps(span: tuple[int, int, str], others: Iterable[tuple[int, int, str]]) -> bool:
    start, end, label = span
    return any(label == other and start < stop and begin < end for begin, stop, other in others)


def _characters(spans: Iterable[tuple[int, int, str]]) -> set[int]:
    return {place for start, end, _ in spans for place in range(start, end)}


def sensitive(spans: Iterable[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Those of the labels that count."""
    return (span for span in spans if span[2] in SENSITIVE)


async def _time_texts(detector: Detector, texts: Sequence[str]) -> list[float]:
    times = []
    for text in texts:
        began = time.perf_counter()
        await detector.find([text])
        times.append((time.perf_counter() - began) * 1000)
    return times


def _batches(rows: list[Row]) -> Iterator[list[Row]]:
    return (rows[at : at + _BULK] for at in range(0, len(rows), _BULK))


def _read(data: Path) -> Iterator[Row]:
    files = sorted([*data.glob("*.jsonl"), *data.glob("*.jsonl.gz")]) if data.is_dir() else [data]
    for file in files:
        with _open(file) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _row(line, f"{file}:{number}")


def _open(file: Path) -> TextIO:
    if file.suffix == ".gz":
        return cast(TextIO, gzip.open(file, "rt", encoding="utf-8"))
    return file.open(encoding="utf-8")


def _row(line: str, where: str) -> Row:
    try:
        row = json.loads(line)
        spans = [(int(span["start"]), int(span["end"]), str(span["label"])) for span in row["spans"]]
        return Row(str(row["text"]), tuple(sensitive(spans)))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f'{where}: expected {{"text","spans":[{{"start","end","label"}}]}}: {error}') from error
