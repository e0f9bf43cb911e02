"""The small classifier under triage: a softmax over the message's embedding and its cues.

Weights are `weights/triage.npz` with a card beside them (`triage.json`: data, date, figures); `train.py` makes both.
Where there is no embedding, a second set of weights reads the cues alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.understanding.cues import CUES, cues

Floats = NDArray[np.float32]

LABELS: Final = ("policy", "own", "action", "inform", "problem", "person", "complaint", "smalltalk", "unclear")
"""What a message does: asks what holds for everyone, asks after its own order or account, asks for something to be
done, gives details, reports a problem; wants a person; complains; is polite; says too little. The first five are
questions to the knowledge."""
QUESTIONS: Final = LABELS[:5]
CUE_SCALE: Final = 0.5
"""How much a cue weighs beside the unit vector of the embedding: 0.25 to 1 measured alike, 0.5 best by a little."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """`full` is (dim + cues + 1, labels), `bare` (cues + 1, labels); the last row of each is the bias."""

    full: Floats
    bare: Floats
    cues: tuple[str, ...]

    def probabilities(self, text: str, vector: Floats | None, values: Floats | None = None) -> dict[str, float]:
        """Label to probability. A vector of another width than the weights' is left out, not guessed at. `values` are
        the text's cues, where the caller has them already."""
        shown = (cues(text) if values is None else values) * CUE_SCALE
        dim = len(self.full) - len(CUES) - 1
        if vector is not None and vector.shape == (dim,):
            logits = np.concatenate([vector, shown, [1.0]]).astype(np.float32) @ self.full
        else:
            logits = np.concatenate([shown, [1.0]]).astype(np.float32) @ self.bare
        spread = np.exp(logits - logits.max())
        return dict(zip(LABELS, (float(p) for p in spread / spread.sum()), strict=True))


def load(path: Path) -> Model:
    """The weights at `path`. Raises ValueError where they were trained on other cues or labels than this code's."""
    with np.load(path) as stored:
        names = tuple(str(name) for name in stored["cues"])
        labels = tuple(str(name) for name in stored["labels"])
        if names != CUES or labels != LABELS:
            raise ValueError(f"{path} was trained on other cues or labels; train it again")
        return Model(stored["full"].astype(np.float32), stored["bare"].astype(np.float32), names)


@lru_cache(maxsize=1)
def shipped() -> Model:
    """The weights of this release, read once."""
    with as_file(files("agent.understanding").joinpath("weights/triage.npz")) as path:
        return load(path)
