"""Looking through bytes for values, in every form in which a store may have written them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_CHUNK = 1 << 20
_HEAD = 4  # bytes of a form that the sieve looks at
_SIEVE_BITS = 20
_TELEPHONE_DIGITS = 9
_MOST_DIGITS = 15  # ITU-T E.164


class Needles:
    """Values as bytes, whatever their case. `of` says whose value a form is: its place in `values`.

    Bytes are first sieved for the beginnings of all forms at once, so that two thousand values cost little more than
    one: a gigabyte takes some ten seconds of one core, not an hour.
    """

    def __init__(self, values: Sequence[str]) -> None:
        pairs = sorted({(form, n) for n, value in enumerate(values) for form in forms(value)})
        self.values = tuple(values)
        self.forms = tuple(form for form, _ in pairs)
        self.of = tuple(n for _, n in pairs)
        self._longest = max((len(form) for form in self.forms), default=0)
        self._by_head: dict[int, list[tuple[bytes, int]]] = {}
        self._short = [each for each in pairs if len(each[0]) < _HEAD]
        for form, n in pairs:
            if len(form) >= _HEAD:
                self._by_head.setdefault(int.from_bytes(form[:_HEAD], "little"), []).append((form, n))
        self._sieve = np.zeros(1 << _SIEVE_BITS, dtype=np.bool_)
        self._sieve[_places(np.array(list(self._by_head), dtype=np.uint32))] = True

    def seen(self, chunks: Iterable[bytes]) -> set[int]:
        """Which values stand in these chunks, one following the other."""
        seen: set[int] = set()
        tail = b""
        for chunk in chunks:
            block = (tail + chunk).lower()
            seen.update(n for form, n in self._candidates(block) if n not in seen and form in block)
            tail = block[-self._longest :] if self._longest else b""
        return seen

    def _candidates(self, block: bytes) -> Iterator[tuple[bytes, int]]:
        yield from self._short
        if len(block) < _HEAD or not self._by_head:
            return
        letters = np.frombuffer(block, dtype=np.uint8)
        heads = letters[: 1 - _HEAD].astype(np.uint32)
        for place in range(1, _HEAD):
            heads |= letters[place : len(letters) - _HEAD + 1 + place].astype(np.uint32) << np.uint32(8 * place)
        for head in np.unique(heads[self._sieve[_places(heads)]]):
            yield from self._by_head.get(int(head), ())


def _places(heads: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Where each beginning stands in the sieve: Knuth's multiplicative hash."""
    return (heads * np.uint32(2654435761)) >> np.uint32(32 - _SIEVE_BITS)


def forms(value: str) -> set[bytes]:
    """How a value may have been written: as it is, as JSON has it, and a telephone's digits without its country."""
    written = {value, value.lower(), json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    digits = "".join(c for c in value if c.isdigit())
    mostly = sum(c.isdigit() or c in "+ -()./" for c in value) == len(value)
    if mostly and _TELEPHONE_DIGITS <= len(digits) <= _MOST_DIGITS:
        written.add(digits[-_TELEPHONE_DIGITS:])
    return {form.encode("utf-8", "surrogatepass").lower() for form in written if form}


@dataclass(frozen=True, slots=True)
class Looked:
    """What looking through a store gave: `parts` are files, or rows, and `values` the places of those seen in it."""

    parts: int
    bytes: int
    values: frozenset[int] = frozenset()


def in_files(paths: Iterable[Path], needles: Needles) -> Looked:
    """Every byte of these files, and of those in folders among them; one that vanishes meanwhile is passed over."""
    parts = size = 0
    seen: set[int] = set()
    for path in _files(paths):
        counted = _Counted(path)
        try:
            seen |= needles.seen(counted)
        except FileNotFoundError:
            continue
        parts, size = parts + 1, size + counted.size
    return Looked(parts, size, frozenset(seen))


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (each for each in sorted(path.rglob("*")) if each.is_file() and not each.is_symlink())
        elif path.is_file():
            yield path


@dataclass(slots=True, eq=False)
class _Counted:
    """A file's chunks, counted as they are read."""

    path: Path
    size: int = 0

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                self.size += len(chunk)
                yield chunk
