"""The texts that the injection detector learns from, in their sets, each with the part it plays."""

from __future__ import annotations

import csv
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from agent.guardrails.injection.model import Part, parts
from evals.rows import read_rows

EXAMPLES: Final = Path(__file__).with_name("injection_examples.jsonl")
"""Written for this: what customers say that sounds like an attack, attacks on support desks, e-mails and help pages,
and asides to an assistant such as others hide in them."""
MOST: Final = 6000
MOST_PASSAGES: Final = 500
"""Rows of a set that are learnt from, drawn evenly; more teach nothing and slow the rest."""
FOLDS: Final = 5
_ATTACKS: Final = frozenset({"attack", "1", 1})
_HARMLESS: Final = frozenset({"benign", "0", 0})
_PARTS: Final = (
    "train",
    "validation",
    "valid",
    "dev",
    "test",
    "core-train",
    "core-validation",
    "core-test",
    "oos_train",
    "corpus",
)

Role = Literal[
    "corpus", "indirect", "requests", "customers", "alarms", "benign", "harmless", "documents", "passages",
    "ours, said", "ours, harmless", "ours, asides", "ours, documents",
]  # fmt: skip
OURS: Final[Mapping[str, tuple[Role, float]]] = {
    "message": ("ours, said", 0.5),
    "general": ("ours, harmless", 6.0),
    "aside": ("ours, asides", 1.0),
    "document": ("ours, documents", 2.0),
}
"""The kinds of EXAMPLES, what part each plays and how much it counts."""
HELD: Final[tuple[Role, ...]] = (
    "customers",
    "alarms",
    "benign",
    "harmless",
    "documents",
    "passages",
    "ours, documents",
)
"""Parts whose rows are held out by folds when false alarms are counted."""


@dataclass(frozen=True, eq=False)
class Row:
    """A text, whether it attacks, and where it is from. `fold` says with which others it is held out."""

    text: str
    attack: bool
    source: str = ""
    fold: int = 0

    @cached_property
    def parts(self) -> list[Part]:
        return parts(self.text)


@dataclass(frozen=True, slots=True)
class Set:
    """Rows under one name; it counts `weight` times the root of its size. What a `measured` set says is only held
    against the detector, never learnt for good."""

    name: str
    role: Role
    rows: tuple[Row, ...]
    weight: float = 1.0
    measured: bool = False

    def only(self, keep: Callable[[Row], bool]) -> Set:
        return replace(self, rows=tuple(row for row in self.rows if keep(row)))


@dataclass(frozen=True, slots=True)
class Sets:
    """All sets of a training."""

    all: tuple[Set, ...] = field(default=())

    def of(self, *roles: Role) -> list[Set]:
        return [each for each in self.all if each.role in roles and each.rows]

    @property
    def indirect(self) -> list[Set]:
        return self.of("indirect")

    def direct(self) -> Iterator[Set]:
        """What the head for whole messages learns from: of e-mails with something planted in them, the clean ones."""
        yield from self.of("corpus", "customers", "benign", "harmless", "documents", "passages")
        yield from self.of("ours, said", "ours, harmless", "ours, documents")
        yield from (each.only(lambda row: not row.attack) for each in self.indirect)

    def foreign(self) -> Iterator[Set]:
        """Requests to an assistant, harmful or not: in an e-mail either is foreign."""
        yield from self.of("corpus", "requests", "ours, asides")
        yield from (each.only(lambda row: row.attack) for each in self.of("ours, said"))

    def native(self) -> Iterator[Set]:
        """What customers, e-mails and passages say themselves."""
        yield from self.of("documents", "passages", "ours, documents", "customers")
        yield from (each.only(lambda row: not row.attack) for each in (*self.of("ours, said"), *self.indirect))

    def learnt(self) -> Sets:
        """Those that the weights may carry."""
        return Sets(tuple(each for each in self.all if not each.measured))


def ours() -> list[Set]:
    """The examples that come with Frontdesk."""
    rows = [(row["kind"], _row(row["text"], row["label"] == "attack", "ours")) for row in read_rows(EXAMPLES)]
    return [
        Set(role, role, tuple(row for of, row in rows if of == kind), weight) for kind, (role, weight) in OURS.items()
    ]


TWINS: Final = 0.7


def untwinned(sets: Sequence[Set]) -> list[Set]:
    """Without the rows whose runs of three words stand, TWINS of them, in a smaller set: public collections copy each
    other, and what is measured must not have been learnt under another name."""
    found, seen = {}, set[str]()
    for each in sorted(sets, key=lambda one: len(one.rows)):
        runs = [_runs(row.text) for row in each.rows]
        kept = [row for row, of in zip(each.rows, runs, strict=True) if len(of & seen) < TWINS * len(of)]
        found[each.name] = replace(each, rows=tuple(kept))
        seen.update(*runs)
    return [found[each.name] for each in sets]


def _runs(text: str) -> set[str]:
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[at : at + 3]) for at in range(max(1, len(words) - 2))}


def read_sets(path: Path, role: Role, weight: float = 1.0, *, measured: bool = False) -> list[Set]:
    """The sets of a file, or of a folder's files: JSONL (also gzipped), CSV, Parquet. `train`, `validation` and `test`
    of a folder are one set, called by the folder's name. Raises ValueError naming a row without text or label."""
    files = sorted(each for each in path.rglob("*") if _read_by(each)) if path.is_dir() else [path]
    found: dict[str, list[Row]] = {}
    for file in files:
        name = file.name.split(".")[0]
        name = file.parent.name if name in _PARTS else name
        found.setdefault(name, []).extend(_rows(file, role))
    if not found:
        raise ValueError(f"{path}: no .jsonl, .csv or .parquet in it")
    return [
        Set(name, role, tuple(_drawn(rows, MOST_PASSAGES if role == "passages" else MOST)), weight, measured)
        for name, rows in found.items()
    ]


def _rows(file: Path, role: Role) -> Iterator[Row]:
    seen: set[str] = set()
    for number, row in enumerate(_read_by(file)(file), 1):  # type: ignore[misc]
        text = row.get("text", row.get("prompt_injections", row.get("raw")))
        if row.get("format", "text") != "text":
            continue
        label = row.get("label", "attack" if "prompt_injections" in row else "benign")
        if not isinstance(text, str) or label not in _ATTACKS | _HARMLESS:
            raise ValueError(f'{file}, row {number}: "text" must be words and "label" attack, benign, 1 or 0')
        if text.strip() and text not in seen:
            seen.add(text)
            attack = label in _ATTACKS and role in ("corpus", "indirect")
            yield _row(text, attack, str(row.get("source", "")))


def _row(text: str, attack: bool, source: str) -> Row:
    return Row(text, attack, source, zlib.crc32(text.encode("utf-8", "surrogatepass")) % FOLDS)


def _drawn(rows: Sequence[Row], most: int) -> Sequence[Row]:
    """By a digest of the text, so that the same rows are drawn wherever they stand."""
    if len(rows) <= most:
        return rows
    return sorted(rows, key=lambda row: zlib.crc32(row.text[::-1].encode("utf-8", "surrogatepass")))[:most]


def _csv(file: Path) -> list[dict[str, Any]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _parquet(file: Path) -> list[dict[str, Any]]:
    try:
        from pyarrow import parquet  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise ValueError(f"{file}: to read Parquet, pip install pyarrow; Frontdesk itself does not need it") from None
    found: list[dict[str, Any]] = parquet.read_table(file).to_pylist()
    return found


def _read_by(file: Path) -> Callable[[Path], list[dict[str, Any]]] | None:
    if file.name.endswith((".jsonl", ".jsonl.gz")):
        return read_rows
    return {".csv": _csv, ".parquet": _parquet}.get(file.suffix)
