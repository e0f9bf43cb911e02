"""LoCoMo's own JSON (Maharana and others 2024): long conversations of two people, with questions about them.

A list of samples: `conversation` has `speaker_a`, `speaker_b`, and for each n `session_n`, a list of messages
(`dia_id`, `speaker`, `text`, perhaps `blip_caption`), and `session_n_date_time`; `qa` has questions with their
`category` (1 several hops, 2 time, 3 open, 4 one hop, 5 not answerable) and `evidence`, the ids of messages.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

UNANSWERABLE = 5
_SESSION = re.compile(r"session_(\d+)")
_EVIDENCE = re.compile(r"D:?(\d+):(\d+)")
_DATES = ("%I:%M %p on %d %B, %Y", "%I:%M %p on %d %b, %Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")


@dataclass(frozen=True, slots=True)
class Message:
    """`text` has a shared picture's caption in brackets at its end."""

    id: str
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Session:
    number: int
    at: datetime
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Asking:
    """A question, and the ids of messages that hold its answer, of those that are there."""

    id: str
    text: str
    category: int
    evidence: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sample:
    """`missing` counts pieces of evidence that no message has."""

    id: str
    speakers: tuple[str, str]
    sessions: tuple[Session, ...]
    questions: tuple[Asking, ...]
    missing: int


def read(path: Path) -> list[Sample]:
    """The samples of a file, also gzipped. Raises ValueError naming what is wrong, and where."""
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        rows = orjson.loads(raw)
    except (orjson.JSONDecodeError, gzip.BadGzipFile, EOFError) as error:
        raise ValueError(f"{path}: not JSON ({error})") from None
    if isinstance(rows, dict):
        rows = [rows]
    if not isinstance(rows, list) or not rows:
        raise ValueError(f"{path}: not a list of LoCoMo samples")
    samples = []
    for number, row in enumerate(rows, 1):
        try:
            samples.append(_sample(row, number))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            said = f"there is no {error}" if isinstance(error, KeyError) else str(error)
            raise ValueError(f"{path}, sample {number}: not as LoCoMo has it: {said}") from None
    return samples


def _sample(row: Mapping[str, Any], number: int) -> Sample:
    conversation = row["conversation"]
    found = sorted(int(match[1]) for key in conversation if (match := _SESSION.fullmatch(key)))
    sessions = tuple(_session(conversation, n) for n in found if conversation[f"session_{n}"])
    if not sessions:
        raise ValueError("its conversation has no session")
    there = {message.id for session in sessions for message in session.messages}
    wanted = [(asked, set(_ids(asked.get("evidence") or []))) for asked in row["qa"]]
    id = str(row.get("sample_id", number))
    return Sample(
        id=id,
        speakers=(str(conversation["speaker_a"]), str(conversation["speaker_b"])),
        sessions=sessions,
        questions=tuple(
            Asking(f"{id}:{n}", str(asked["question"]), int(asked["category"]), frozenset(evidence & there))
            for n, (asked, evidence) in enumerate(wanted, 1)
        ),
        missing=sum(len(evidence - there) for _, evidence in wanted),
    )


def _session(conversation: Mapping[str, Any], number: int) -> Session:
    messages = tuple(
        Message(_id(each["dia_id"]), str(each["speaker"]), _text(each)) for each in conversation[f"session_{number}"]
    )
    return Session(number, _moment(str(conversation[f"session_{number}_date_time"])), messages)


def _text(message: Mapping[str, Any]) -> str:
    text, caption = str(message.get("text") or ""), str(message.get("blip_caption") or "")
    return f"{text} [shares a photo: {caption}]".strip() if caption else text


def _id(text: str) -> str:
    match = _EVIDENCE.search(str(text))
    if match is None:
        raise ValueError(f"{text!r} is no id of a message")
    return f"D{int(match[1])}:{int(match[2])}"


def _ids(evidence: list[Any]) -> Iterator[str]:
    """The ids that stand in a list, several of which may stand in one string."""
    for each in evidence:
        for match in _EVIDENCE.finditer(str(each)):
            yield f"D{int(match[1])}:{int(match[2])}"


def _moment(text: str) -> datetime:
    for form in _DATES:
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError(f"{text!r} is no date of a session")
