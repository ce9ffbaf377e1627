"""A graph as operations on named tensors; images and kernels lie as TensorFlow has them."""

from enum import StrEnum
from typing import NamedTuple

from shared.arrays import Array, Shape


class Kind(StrEnum):
    """Operators: their names in TensorFlow Lite, and as values those in TensorFlow.

    CONV_2D: image, kernel (height, width, in, out), bias; `strides`, `same`, `activation`. DEPTHWISE_CONV_2D: as that,
    but the kernel is (height, width, in, multiplier). FULLY_CONNECTED: (n, in), weights (out, in), perhaps a bias.
    NON_MAX_SUPPRESSION_V5: boxes (n, 4), scores (n,) -> where the best are that no better one overlaps, int32 (m,), and
    their scores; `most`, `overlap`, `lowest`.
    The others take axes, shapes and the like as inputs, as TensorFlow does. `keep` of a reduction keeps its axes;
    `axis` is where CONCATENATION and GATHER work.
    """

    CONV_2D = "Conv2D"
    DEPTHWISE_CONV_2D = "DepthwiseConv2dNative"
    FULLY_CONNECTED = "MatMul"
    PAD = "Pad"
    RESIZE_NEAREST_NEIGHBOR = "ResizeNearestNeighbor"
    RELU = "Relu"
    RELU6 = "Relu6"
    LOGISTIC = "Sigmoid"
    SOFTMAX = "Softmax"
    EXP = "Exp"
    LOG = "Log"
    SQRT = "Sqrt"
    SQUARE = "Square"
    FLOOR = "Floor"
    NEG = "Neg"
    ABS = "Abs"
    CAST = "Cast"
    ADD = "Add"
    SUB = "Sub"
    MUL = "Mul"
    DIV = "RealDiv"
    FLOOR_DIV = "FloorDiv"
    MAXIMUM = "Maximum"
    MINIMUM = "Minimum"
    EQUAL = "Equal"
    GREATER = "Greater"
    LESS = "Less"
    MEAN = "Mean"
    SUM = "Sum"
    REDUCE_MAX = "Max"
    REDUCE_MIN = "Min"
    RESHAPE = "Reshape"
    TRANSPOSE = "Transpose"
    CONCATENATION = "ConcatV2"
    SLICE = "Slice"
    GATHER = "GatherV2"
    TOPK_V2 = "TopKV2"
    NON_MAX_SUPPRESSION_V5 = "NonMaxSuppressionV3"


class DType(StrEnum):
    FLOAT = "float32"
    INT = "int32"
    BOOL = "bool"


class Activation(StrEnum):
    NONE = "none"
    RELU = "Relu"
    RELU6 = "Relu6"


class Tensor(NamedTuple):
    """A dimension of -1 is told only by running the network."""

    shape: Shape
    dtype: DType


class Settings(NamedTuple):
    """What `Kind` says of each."""

    strides: tuple[int, int] = (1, 1)
    same: bool = False
    activation: Activation = Activation.NONE
    keep: bool = False
    axis: int = 0
    most: int = 0
    overlap: float = 0.0
    lowest: float = 0.0


class Operation(NamedTuple):
    kind: Kind
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    settings: Settings


class Network(NamedTuple):
    """Operations stand in the order in which they can run; `tensors` has the constants, too.

    The input is (1, height, width, 3), 0..255, in the colours that its consumers feed; `any_batch`: or more than one.
    """

    source: str
    outputs: tuple[str, ...]
    operations: tuple[Operation, ...]
    constants: dict[str, Array]
    tensors: dict[str, Tensor]
    any_batch: bool

    @property
    def kernels(self) -> set[str]:
        """The constants that are most of its bytes, and for which half precision is enough."""
        weighted = (Kind.CONV_2D, Kind.DEPTHWISE_CONV_2D, Kind.FULLY_CONNECTED)
        return {operation.inputs[1] for operation in self.operations if operation.kind in weighted}

    def outside(self, name: str) -> Tensor:
        """An input or output, with -1 for any number of pictures."""
        shape, dtype = self.tensors[name]
        return Tensor((-1, *shape[1:]) if self.any_batch else shape, dtype)
