"""TensorFlow Lite: `model.tflite`, whose kernels lie otherwise than TensorFlow's."""

import numpy as np
import tflite

from shared.arrays import Array
from shared.exporting.graph.subject import Subject, readable
from shared.exporting.nhwc.network import Activation, Kind, Network, Operation, Settings
from shared.exporting.nhwc.reader import read
from shared.exporting.tensorflow.flatbuffer import Fields, File, LiteTensor, Step

FILE = "model.tflite"
ACTIVATIONS = {
    Activation.NONE: tflite.ActivationFunctionType.NONE,
    Activation.RELU: tflite.ActivationFunctionType.RELU,
    Activation.RELU6: tflite.ActivationFunctionType.RELU6,
}
CONVOLUTIONS = (Kind.CONV_2D, Kind.DEPTHWISE_CONV_2D)
REDUCTIONS = (Kind.MEAN, Kind.SUM, Kind.REDUCE_MAX, Kind.REDUCE_MIN)


@readable()
def files(subject: Subject, *, half: bool = False) -> dict[str, bytes]:
    """`half` keeps kernels as float16; what goes in and comes out is float32 all the same.

    A detector answers as many rows every time, the last of them with scores of 0. Raises Unexportable.
    """
    network = read(subject)
    lowered = _Lowered(network, half=half)
    return {FILE: File(lowered.tensors, lowered.steps).written([network.source], network.outputs)}


class _Lowered:
    """A network in the operators of TensorFlow Lite."""

    def __init__(self, network: Network, *, half: bool) -> None:
        self.half = half
        # As many as are asked for, whatever is found: what isn't is filled up.
        rows = max(operation.settings.most for operation in network.operations)
        self.tensors = {
            name: LiteTensor(tuple(rows if side < 0 else side for side in shape), dtype, network.constants.get(name))
            for name, (shape, dtype) in network.tensors.items()
        }
        self.steps: list[Step] = []
        for operation in network.operations:
            self._lower(operation)

    def _lower(self, operation: Operation) -> None:
        kind, inputs, outputs, settings = operation
        options = self._options(operation)
        if kind in (*CONVOLUTIONS, Kind.FULLY_CONNECTED):
            inputs = (inputs[0], self._kernel(kind, inputs[1]), *inputs[2:])
        elif kind is Kind.NON_MAX_SUPPRESSION_V5:
            inputs = (*inputs, *self._limits(settings))
            outputs = (*outputs, self._put("count", LiteTensor((), "int32")))
        self.steps.append(Step(kind.name, inputs, outputs, *options))

    def _kernel(self, kind: Kind, name: str) -> str:
        kernel = self._data(name)
        if kind is Kind.CONV_2D:
            kernel = kernel.transpose(3, 0, 1, 2)
        elif kind is Kind.DEPTHWISE_CONV_2D:
            kernel = kernel.reshape(1, *kernel.shape[:2], -1)
        self.tensors[name] = LiteTensor(kernel.shape, "float32", kernel)
        return self._halved(name) if self.half else name

    def _halved(self, name: str) -> str:
        kernel = self._data(name)
        kept = self._put(f"{name}_half", LiteTensor(kernel.shape, "float16", kernel.astype(np.float16)))
        self.tensors[name] = LiteTensor(kernel.shape, "float32")
        self.steps.append(Step("DEQUANTIZE", [kept], [name]))
        return name

    def _limits(self, settings: Settings) -> list[str]:
        """The last would soften scores instead of dropping boxes."""
        numbers = {"overlap": settings.overlap, "lowest": settings.lowest, "softness": 0.0}
        limits: dict[str, Array] = {name: np.array(number, np.float32) for name, number in numbers.items()}
        limits = {"most": np.array(settings.most, np.int32), **limits}
        return [self._put(name, LiteTensor((), str(limit.dtype), limit)) for name, limit in limits.items()]

    def _options(self, operation: Operation) -> tuple[str, Fields]:
        kind, inputs, _, settings = operation
        if kind in CONVOLUTIONS:
            return self._convolution(kind, inputs[1], settings)
        if kind in REDUCTIONS:
            return "ReducerOptions", {"KeepDims": settings.keep}
        further: dict[Kind, tuple[str, Fields]] = {
            Kind.SOFTMAX: ("SoftmaxOptions", {"Beta": 1.0}),
            Kind.CONCATENATION: ("ConcatenationOptions", {"Axis": settings.axis}),
            Kind.GATHER: ("GatherOptions", {"Axis": settings.axis}),
        }
        return further.get(kind, ("", {}))

    def _convolution(self, kind: Kind, kernel: str, settings: Settings) -> tuple[str, Fields]:
        (rows, columns), padding = settings.strides, tflite.Padding.SAME if settings.same else tflite.Padding.VALID
        fields = {
            "Padding": padding,
            "StrideH": rows,
            "StrideW": columns,
            "FusedActivationFunction": ACTIVATIONS[settings.activation],
        }
        if kind is Kind.CONV_2D:
            return "Conv2DOptions", fields
        return "DepthwiseConv2DOptions", {**fields, "DepthMultiplier": self._data(kernel).shape[3]}

    def _data(self, name: str) -> Array:
        data = self.tensors[name].data
        assert data is not None
        return data

    def _put(self, name: str, tensor: LiteTensor) -> str:
        self.tensors[name] = tensor
        return name
