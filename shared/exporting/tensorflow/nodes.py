"""A network as nodes of TensorFlow. Only what TensorFlow 1.15 knows, and newer ones and TensorFlow.js still do."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shared.arrays import Array, Shape
from shared.exporting.nhwc.network import Activation, DType, Kind, Network, Operation

CONVOLUTIONS = (Kind.CONV_2D, Kind.DEPTHWISE_CONV_2D)
REDUCTIONS = (Kind.MEAN, Kind.SUM, Kind.REDUCE_MAX, Kind.REDUCE_MIN)
# These take their axis as an input.
ALONG = (Kind.CONCATENATION, Kind.GATHER)


class Sides(NamedTuple):
    """A shape, in which -1 is any number."""

    sides: Shape


# A type, a flag, a number, a word, numbers, a shape, or a constant.
Attribute = DType | bool | int | bytes | list[int] | Sides | Array


class Node(NamedTuple):
    """Inputs are nodes by name, and "name:1" the second output of one."""

    name: str
    operator: str
    inputs: Sequence[str]
    attributes: Mapping[str, Attribute]


def nodes(network: Network) -> list[Node]:
    """Each named after the tensor that it answers, so that nothing reads the nodes of the network's outputs."""
    return _Nodes(network).nodes


class _Nodes:
    def __init__(self, network: Network) -> None:
        self.network = network
        self.nodes: list[Node] = []
        self.inputs = {name: name for name in network.tensors}
        shape, dtype = network.outside(network.source)
        self._put(network.source, "Placeholder", [], dtype=dtype, shape=Sides(shape))
        for name, data in network.constants.items():
            self._constant(name, data)
        for operation in network.operations:
            self._add(operation)

    def _add(self, operation: Operation) -> None:
        kind, inputs, (name, *others), settings = operation
        read = [self.inputs[each] for each in inputs]
        if kind in CONVOLUTIONS:
            self._convolution(operation, read)
        elif kind is Kind.FULLY_CONNECTED:
            self._product(name, read)
        elif kind is Kind.NON_MAX_SUPPRESSION_V5:
            self._suppression(operation, read)
        else:
            if kind in ALONG:
                read.append(self._constant(f"{name}/axis", np.int32(settings.axis)))
            self._put(name, kind, read, **self._attributes(operation))
            self.inputs.update((each, f"{name}:{place}") for place, each in enumerate(others, 1))

    def _attributes(self, operation: Operation) -> dict[str, Attribute]:
        kind, inputs, (name, *_), settings = operation
        first, given = self.network.tensors[inputs[0]].dtype, self.network.tensors[name].dtype
        if kind is Kind.CAST:
            return {"SrcT": first, "DstT": given}
        if kind is Kind.GATHER:
            return {"Tparams": first, "Tindices": DType.INT, "Taxis": DType.INT}
        if kind in REDUCTIONS:
            return {"T": first, "keep_dims": settings.keep}
        further: dict[Kind, dict[str, Attribute]] = {
            Kind.CONCATENATION: {"N": len(inputs)},
            Kind.SLICE: {"Index": DType.INT},
        }
        return {"T": first, **further.get(kind, {})}

    def _convolution(self, operation: Operation, inputs: list[str]) -> None:
        kind, _, (name,), settings = operation
        pixels, kernel, bias = inputs
        attributes: dict[str, Attribute] = {
            "T": DType.FLOAT,
            "strides": [1, *settings.strides, 1],
            # TensorFlow.js asks for these two.
            "dilations": [1, 1, 1, 1],
            "data_format": b"NHWC",
            "padding": b"SAME" if settings.same else b"VALID",
        }
        self._put(f"{name}/product", kind, [pixels, kernel], **attributes)
        if settings.activation is Activation.NONE:
            self._put(name, "BiasAdd", [f"{name}/product", bias], T=DType.FLOAT)
        else:
            self._put(f"{name}/sum", "BiasAdd", [f"{name}/product", bias], T=DType.FLOAT)
            self._put(name, settings.activation, [f"{name}/sum"], T=DType.FLOAT)

    def _product(self, name: str, inputs: list[str]) -> None:
        rows, weights, *bias = inputs
        product = f"{name}/product" if bias else name
        self._put(product, Kind.FULLY_CONNECTED, [rows, weights], T=DType.FLOAT, transpose_b=True)
        if bias:
            self._put(name, "BiasAdd", [product, *bias], T=DType.FLOAT)

    def _suppression(self, operation: Operation, inputs: list[str]) -> None:
        """It tells places only; scores are looked up."""
        kind, _, (places, scores), settings = operation
        limits = {
            "most": np.int32(settings.most),
            "overlap": np.float32(settings.overlap),
            "lowest": np.float32(settings.lowest),
        }
        self._put(places, kind, [*inputs, *(self._constant(f"{places}/{key}", each) for key, each in limits.items())])
        types: dict[str, Attribute] = {"Tparams": DType.FLOAT, "Tindices": DType.INT, "Taxis": DType.INT}
        self._put(scores, Kind.GATHER, [inputs[1], places, self._constant(f"{scores}/axis", np.int32(0))], **types)

    def _constant(self, name: str, value: npt.ArrayLike) -> str:
        data = np.asarray(value)
        self._put(name, "Const", [], dtype=DType(str(data.dtype)), value=data)
        return name

    def _put(self, name: str, operator: str, inputs: Sequence[str], **attributes: Attribute) -> None:
        self.nodes.append(Node(name, operator, inputs, attributes))
