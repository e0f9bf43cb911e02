"""Which rows of a large matrix are near each other, block by block: memory stays small however many there are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

BLOCK = 2048
COLUMNS = 16_384
"""Rows and columns at once: their cosines are 134 MB, where those of 100,000 passages would be 40 GB."""


def near_pairs(vectors: NDArray[np.float32], least: float) -> Iterator[tuple[int, int, float]]:
    """(row, later row, cosine) of every two unit rows at least that near, in order of the first."""
    for start in range(0, len(vectors), BLOCK):
        rows = vectors[start : start + BLOCK]
        for begin in range(start - start % COLUMNS, len(vectors), COLUMNS):
            cosines = rows @ vectors[begin : begin + COLUMNS].T
            for row, column in np.argwhere(cosines >= least):
                first, second = start + int(row), begin + int(column)
                if first < second:
                    yield first, second, float(cosines[row, column])


class Groups:
    """Rows joined into groups, each known by its smallest row."""

    def __init__(self, size: int) -> None:
        self._over = list(range(size))

    def of(self, row: int) -> int:
        while self._over[row] != row:
            self._over[row] = self._over[self._over[row]]
            row = self._over[row]
        return row

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.of(one), self.of(other)))
        self._over[high] = low

    def all(self) -> list[list[int]]:
        """Groups of two rows and more, in order."""
        found: dict[int, list[int]] = {}
        for row in range(len(self._over)):
            found.setdefault(self.of(row), []).append(row)
        return [rows for rows in found.values() if len(rows) > 1]
