"""What a model sees: RGB in 0..255 is brought to its own colours, range and type before its first node."""

from typing import NamedTuple, Self

import numpy as np
import onnx
from onnx import TensorProto

from shared.errors import InvalidModel
from shared.exporting.graph.nodes import Nodes
from shared.exporting.graph.renaming import apart, rename, unused
from shared.models.training.importing import ImportOptions, Order, Range

CHANNELS = 3
# Every picture that a model sees is resized to that.
INPUT_SIDE = 4_096
TYPES = (TensorProto.FLOAT, TensorProto.FLOAT16)
INPUT = "data"
FORMAT, NOMINAL = "Image.BitmapPixelFormat", "Image.NominalPixelRange"
SAY = "say `order` (Rgb or Bgr) and `range` (0-255 or 0-1)"


class ImageInput(NamedTuple):
    """The one input of a graph: its name, its sides in pixels, its type, and whether its channels come first."""

    name: str
    height: int
    width: int
    kind: int
    planes: bool

    @classmethod
    def of(cls, model: onnx.ModelProto, side: int | None) -> Self:
        """`side` is what is told of one that takes any. Raises InvalidModel."""
        if len(model.graph.input) != 1:
            names = ", ".join(value.name[:40] for value in model.graph.input[:5])
            raise InvalidModel(f"The model has {len(model.graph.input)} inputs ({names}); one image is expected.")
        (value,) = model.graph.input
        tensor = value.type.tensor_type
        sides = [each.dim_value for each in tensor.shape.dim]
        planes = len(sides) == 4 and (sides[1] == CHANNELS or sides[3] != CHANNELS)
        if tensor.elem_type not in TYPES or len(sides) != 4 or CHANNELS not in (sides[1], sides[3]):
            raise InvalidModel(
                f"The model's input is {TensorProto.DataType.Name(tensor.elem_type)} {sides}; "
                "float (1, 3, height, width) is expected, or (1, height, width, 3)."
            )
        if sides[0] > 1:
            raise InvalidModel(f"The model takes {sides[0]} pictures at once; export it for one.")
        height, width = (told or side or 0 for told in (sides[2:] if planes else sides[1:3]))
        if not (0 < height <= INPUT_SIDE and 0 < width <= INPUT_SIDE):
            raise InvalidModel(f"The model's input has no size, or over {INPUT_SIDE} pixels a side; say its `size`.")
        return cls(value.name, height, width, tensor.elem_type, planes)

    @property
    def shape(self) -> list[int]:
        return [1, CHANNELS, self.height, self.width] if self.planes else [1, self.height, self.width, CHANNELS]

    def fix(self, model: onnx.ModelProto) -> None:
        """Of one picture, of this size: a size that is not told has no shapes behind it."""
        _set_shape(model.graph.input[0], self.kind, self.shape)


class Seeing(NamedTuple):
    """How pixels become values: in that order and range, less the mean and over the deviation of each channel."""

    order: Order
    range: Range
    mean: list[float]
    std: list[float]

    @property
    def is_plain(self) -> bool:
        return (self.order, self.range, any(self.mean), set(self.std)) == (Order.RGB, Range.BYTES, False, {1.0})

    def kernel(self) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], list[float]]:
        """Of a convolution with one pixel, (3, 3, 1, 1), and its bias."""
        scale = 1 / 255 if self.range is Range.UNIT else 1.0
        kernel = np.zeros((CHANNELS, CHANNELS, 1, 1))
        for channel, deviation in enumerate(self.std):
            colour = channel if self.order is Order.RGB else CHANNELS - 1 - channel
            kernel[channel, colour] = scale / deviation
        return kernel, [-mean / deviation for mean, deviation in zip(self.mean, self.std, strict=True)]


def seeing(model: onnx.ModelProto, options: ImportOptions, usual: tuple[Order, Range] | None) -> Seeing:
    """What is said goes before what the graph tells, and that before what is `usual`. Raises InvalidModel."""
    told = _told(model) or usual or (None, None)
    order, values = options.order or told[0], options.range or told[1]
    if order is None or values is None:
        raise InvalidModel(f"The model tells neither its colours nor its range; {SAY}.")
    return Seeing(order, values, _three(options.mean, 0.0), _three(options.std, 1.0))


def _told(model: onnx.ModelProto) -> tuple[Order, Range] | None:
    """By the metadata, as Microsoft's samples read it: where one of both is there, the other is Rgb, or 0-1."""
    told = {entry.key: entry.value for entry in model.metadata_props}
    if not told.keys() & {FORMAT, NOMINAL}:
        return None
    order = Order.BGR if told.get(FORMAT) == "Bgr8" else Order.RGB
    return order, Range.BYTES if told.get(NOMINAL) == "NominalRange_0_255" else Range.UNIT


def _three(values: list[float], otherwise: float) -> list[float]:
    if not values:
        return [otherwise] * CHANNELS
    if len(values) != CHANNELS or not np.isfinite(values).all() or (otherwise and min(values) <= 0):
        raise InvalidModel("`mean` and `std` are three numbers each, one a channel, and those of `std` above 0.")
    return values


def open_by(model: onnx.ModelProto, given: ImageInput, seen: Seeing) -> None:
    """`data` float (1, 3, height, width), RGB in 0..255, becomes what the graph saw."""
    graph, nodes = model.graph, Nodes(apart(model.graph, "ocellus opening "))
    (value,) = graph.input
    steps: list[tuple[str, list[str], dict[str, int | list[int]]]] = []
    if not seen.is_plain:
        kernel, bias = seen.kernel()
        steps.append(("Conv", [nodes.constant(kernel), nodes.constant(bias)], {"kernel_shape": [1, 1]}))
    if not given.planes:
        steps.append(("Transpose", [], {"perm": [0, 2, 3, 1]}))
    if given.kind != TensorProto.FLOAT:
        steps.append(("Cast", [], {"to": given.kind}))
    if not steps:
        return
    inner = f"{nodes.prefix}end"
    rename(graph, given.name, inner)
    value.name = unused(graph, INPUT)
    _set_shape(value, TensorProto.FLOAT, [1, CHANNELS, given.height, given.width])
    last, made = len(steps) - 1, value.name
    for number, (operator, others, attributes) in enumerate(steps):
        made = nodes.add(operator, made, *others, output=inner if number == last else "", **attributes)
    before = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes.nodes, *before])
    graph.initializer.extend(nodes.weights)


def _set_shape(value: onnx.ValueInfoProto, kind: int, shape: list[int]) -> None:
    value.type.tensor_type.elem_type = kind
    del value.type.tensor_type.shape.dim[:]
    for side in shape:
        value.type.tensor_type.shape.dim.add(dim_value=side)
