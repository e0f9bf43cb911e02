"""ONNX models as bytes, written straight to the protobuf wire: enough for a graph of weights and nodes.

The `onnx` package would do this too, but it is 20 MB that nothing else here needs, and its exporter pulls torch into
every start. Field numbers are those of onnx.proto (ONNX IR version 8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_VARINT, _BYTES, _FIXED32 = 0, 2, 5
_ELEMENT_TYPES = {np.dtype(np.float32): 1, np.dtype(np.int32): 6, np.dtype(np.int64): 7}
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT = 1, 2

Array = NDArray[np.float32] | NDArray[np.int32] | NDArray[np.int64]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value)


def _chunk(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | _BYTES) + _varint(len(data)) + data


def _attribute(name: str, value: float | int) -> bytes:
    if isinstance(value, int):
        return _chunk(1, name) + _number(3, value) + _number(20, _ATTRIBUTE_INT)
    packed = _varint(2 << 3 | _FIXED32) + np.float32(value).tobytes()
    return _chunk(1, name) + packed + _number(20, _ATTRIBUTE_FLOAT)


def node(
    operator: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    domain: str = "",
    **attributes: float | int,
) -> bytes:
    """One NodeProto; an empty input name is an optional input left out."""
    parts = [_chunk(1, name) for name in inputs] + [_chunk(2, name) for name in outputs]
    parts += [_chunk(3, outputs[0]), _chunk(4, operator)]
    parts += [_chunk(5, _attribute(name, value)) for name, value in attributes.items()]
    return b"".join([*parts, _chunk(7, domain)])


def _tensor(name: str, array: Array) -> bytes:
    dims = b"".join(_number(1, size) for size in array.shape)
    kind = _number(2, _ELEMENT_TYPES[array.dtype])
    return dims + kind + _chunk(8, name) + _chunk(9, np.ascontiguousarray(array).tobytes())


def _value(name: str, element_type: int, shape: Sequence[str | int]) -> bytes:
    dims = b"".join(_chunk(1, _chunk(2, d) if isinstance(d, str) else _number(1, d)) for d in shape)
    tensor_type = _number(1, element_type) + _chunk(2, dims)
    return _chunk(1, name) + _chunk(2, _chunk(1, tensor_type))


def model(
    nodes: Sequence[bytes],
    weights: Mapping[str, Array],
    inputs: Mapping[str, Sequence[str | int]],
    outputs: Mapping[str, Sequence[str | int]],
) -> bytes:
    """A ModelProto. `inputs` are int32 and `outputs` float32; a string in a shape is a free dimension."""
    graph = b"".join(
        [
            *(_chunk(1, each) for each in nodes),
            _chunk(2, "graph"),
            *(_chunk(5, _tensor(name, array)) for name, array in weights.items()),
            *(_chunk(11, _value(name, 6, shape)) for name, shape in inputs.items()),
            *(_chunk(12, _value(name, 1, shape)) for name, shape in outputs.items()),
        ]
    )
    opsets = [_chunk(1, "") + _number(2, 17), _chunk(1, "com.microsoft") + _number(2, 1)]
    return _number(1, 8) + _chunk(2, "frontdesk") + _chunk(7, graph) + b"".join(_chunk(8, each) for each in opsets)
