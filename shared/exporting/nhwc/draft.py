"""A network in the making: each operation with the shape and type of what it answers, and images moved where needed."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shared.arrays import Array, Shape
from shared.exporting.graph.budget import Budget
from shared.exporting.graph.subject import Unexportable
from shared.exporting.nhwc.network import DType, Kind, Operation, Settings, Tensor

# Where each axis of (n, c, h, w) lies in (n, h, w, c), and the other way round.
LAST, FIRST = (0, 3, 1, 2), (0, 2, 3, 1)
DTYPES = {"f": DType.FLOAT, "i": DType.INT, "b": DType.BOOL}
PLAIN = Settings()


class Value(NamedTuple):
    """An `image` lies as (n, h, w, c) where the graph that is read has (n, c, h, w); `blue_first` are its colours where
    that graph has red first. `data` is that of a constant, which is never an image.
    """

    name: str
    shape: Shape
    dtype: DType
    image: bool = False
    blue_first: bool = False
    data: Array | None = None

    @property
    def known(self) -> Array:
        if self.data is None:
            raise Unexportable(f"{self.name} is told only by running the graph.")
        return self.data

    @property
    def integers(self) -> list[int]:
        return [int(each) for each in self.known.reshape(-1).tolist()]


class Draft:
    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.constants: dict[str, Array] = {}
        self.tensors: dict[str, Tensor] = {}
        self._names = 0
        self._budget = Budget()

    def constant(self, data: npt.ArrayLike) -> Value:
        """Floats as float32, integers as int32. It becomes part of the network where something reads it."""
        array = np.asarray(data)
        dtype = DTYPES.get(array.dtype.kind)
        if dtype is None:
            raise Unexportable(f"A constant is of {array.dtype}.")
        if dtype is DType.INT:
            # "To the end" is said by numbers that are beyond an int32.
            array = array.clip(np.iinfo(np.int32).min, np.iinfo(np.int32).max)
        array = array.astype(dtype.value, copy=False)
        return Value(self._named("constant"), array.shape, dtype, data=array)

    def source(self, name: str, shape: Shape, *, blue_first: bool) -> Value:
        self.tensors[name] = Tensor(shape, DType.FLOAT)
        return Value(name, shape, DType.FLOAT, image=True, blue_first=blue_first)

    def add(
        self,
        kind: Kind,
        *inputs: Value,
        shape: Sequence[int],
        dtype: DType | None = None,
        settings: Settings = PLAIN,
        image: bool = False,
    ) -> Value:
        """Its output, which has the type of the first input if no other is named."""
        (value,) = self.add_all(
            kind, *inputs, outputs=[Tensor(tuple(shape), dtype or inputs[0].dtype)], settings=settings
        )
        return value._replace(image=image)

    def add_all(
        self, kind: Kind, *inputs: Value, outputs: Sequence[Tensor], settings: Settings = PLAIN
    ) -> tuple[Value, ...]:
        known, flowing = ([each.shape for each in inputs if (each.data is None) == flows] for flows in (False, True))
        self._budget.take(known, [*flowing, *(tensor.shape for tensor in outputs)])
        name = self._named(kind)
        names = [f"{name}_{position}" if position else name for position in range(len(outputs))]
        for each in inputs:
            if each.data is not None:
                self.constants[each.name] = each.data
                self.tensors[each.name] = Tensor(each.shape, each.dtype)
        self.tensors.update(zip(names, outputs, strict=True))
        self.operations.append(Operation(kind, tuple(each.name for each in inputs), tuple(names), settings))
        return tuple(Value(name, *tensor) for name, tensor in zip(names, outputs, strict=True))

    def plain(self, value: Value) -> Value:
        """As in the graph that is read."""
        return self.transposed(value, range(4)) if value.image else value

    def image(self, value: Value) -> Value:
        if value.image:
            return value
        if len(value.shape) != 4:
            raise Unexportable(f"What has {len(value.shape)} dimensions is read as an image.")
        return self.transposed(value, FIRST)._replace(image=True)

    def transposed(self, value: Value, axes: Sequence[int]) -> Value:
        """By axes of the graph that is read; never an image."""
        value = self.red_first(value)
        moved = [LAST[axis] for axis in axes] if value.image else list(axes)
        if value.data is not None:
            return self.constant(value.data.transpose(moved))
        shape = [value.shape[axis] for axis in moved]
        wide = [axis for axis in moved if value.shape[axis] > 1]
        if wide == sorted(wide):
            return self.reshaped(value, shape)
        return self.add(Kind.TRANSPOSE, value, self.constant(moved), shape=shape)

    def reshaped(self, value: Value, shape: Sequence[int]) -> Value:
        """What lies in memory as it did. A first dimension of 1 may be any number of pictures."""
        if value.data is not None:
            return self.constant(value.data.reshape(shape))
        if value.shape == tuple(shape):
            return value._replace(image=False)
        wanted = [-1, *shape[1:]] if value.shape[:1] == tuple(shape[:1]) == (1,) else shape
        return self.add(Kind.RESHAPE, value, self.constant(wanted), shape=shape)

    def red_first(self, value: Value) -> Value:
        """For what knows no other order."""
        if not value.blue_first:
            return value
        return self.add(
            *(Kind.GATHER, value, self.constant([2, 1, 0])),
            shape=value.shape,
            settings=Settings(axis=3),
            image=True,
        )

    def _named(self, kind: str) -> str:
        self._names += 1
        return f"{kind}_{self._names}"
