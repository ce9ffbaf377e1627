"""Named tuples of numpy arrays as bytes, and back."""

from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


def encode(value: object) -> bytes:
    return msgspec.msgpack.encode(value, enc_hook=_packed)


def decode(data: bytes, kind: type[T]) -> T:
    """Its arrays are views of the data, which nobody can write to. Raises MsgspecError for what is something else."""
    return msgspec.msgpack.decode(data, type=kind, dec_hook=_unpacked)


def _packed(array: object) -> tuple[str, tuple[int, ...], memoryview]:
    assert isinstance(array, np.ndarray)
    return array.dtype.str, array.shape, np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _unpacked(_: type, packed: tuple[str, list[int], bytes]) -> NDArray[np.generic]:
    kind, shape, data = packed
    return np.frombuffer(data, kind).reshape(shape)
