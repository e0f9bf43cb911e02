"""A head: a linear softmax over a message's features, with calibrated chances and a decision of its own.

Fitting weighs labels alike, so that a rare one is heard. Its chances are therefore set right afterwards, on rows it was
not fitted on: `scale` and `shift` make them the shares that came true. The decision is another matter: where labels
are uneven, the likeliest one is not the best guess by F1, and `lean` says how far the rare ones are preferred.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from agent.understanding.moods.features import BITS, DENSE, HASHED, NAMED, Sample

Floats = NDArray[np.float32]

_SIGNATURE: Final = np.array([*NAMED, f"bits={BITS}", f"dense={DENSE}"])
_HALF: Final = ("dense", "hashed")


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """`dense` (DENSE, labels), `hashed` (HASHED, labels); `bias`, `shift` and `lean` (labels,); `scale` (1,)."""

    labels: tuple[str, ...]
    dense: Floats
    hashed: Floats
    bias: Floats
    scale: Floats
    shift: Floats
    lean: Floats

    def logits(self, sample: Sample) -> Floats:
        """(labels,) before calibration."""
        found: Floats = sample.dense @ self.dense + sample.weights @ self.hashed[sample.places] + self.bias
        return found

    def chances(self, sample: Sample) -> dict[str, float]:
        """Label to its calibrated chance; they sum to 1."""
        return self.of(self.logits(sample))

    def of(self, logits: Floats) -> dict[str, float]:
        """The calibrated chances that raw `logits` mean."""
        found = softmax(logits * self.scale + self.shift)
        return dict(zip(self.labels, (float(p) for p in found), strict=True))

    def decide(self, chances: Mapping[str, float]) -> str:
        """The label to act on."""
        raised = [np.log(max(chances[label], 1e-9)) + lean for label, lean in zip(self.labels, self.lean, strict=True)]
        return self.labels[int(np.argmax(raised))]


def softmax(logits: NDArray[Any]) -> NDArray[Any]:
    """Rows that sum to 1, along the last axis."""
    spread = np.exp(logits - logits.max(axis=-1, keepdims=True))
    found: NDArray[Any] = spread / spread.sum(axis=-1, keepdims=True)
    return found


def save(heads: Mapping[str, Head], path: Path) -> None:
    """All heads in one .npz; the tables at half precision."""
    stored: dict[str, Any] = {"signature": _SIGNATURE, "names": np.array(list(heads))}
    for name, head in heads.items():
        stored[f"{name}.labels"] = np.array(head.labels)
        for each in _arrays():
            value = getattr(head, each)
            stored[f"{name}.{each}"] = value.astype(np.float16 if each in _HALF else np.float32)
    np.savez_compressed(path, **stored)


def load(path: Path) -> dict[str, Head]:
    """The heads at `path`. Raises ValueError where they were trained on other features than this code reads."""
    with np.load(path) as stored:
        if not np.array_equal(stored["signature"], _SIGNATURE):
            raise ValueError(f"{path} was trained on other features; train it again")
        return {name: _head(stored, name) for name in (str(each) for each in stored["names"])}


def _head(stored: Mapping[str, Any], name: str) -> Head:
    arrays = {each: stored[f"{name}.{each}"].astype(np.float32) for each in _arrays()}
    head = Head(tuple(str(each) for each in stored[f"{name}.labels"]), **arrays)
    if head.dense.shape != (DENSE, len(head.labels)) or head.hashed.shape != (HASHED, len(head.labels)):
        raise ValueError(f"the head {name} is not whole; train it again")
    return head


def _arrays() -> Sequence[str]:
    return [each.name for each in fields(Head) if each.name != "labels"]
