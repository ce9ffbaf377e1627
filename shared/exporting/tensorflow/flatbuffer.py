"""The file of TensorFlow Lite: a flatbuffer with one subgraph and its signature."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import flatbuffers
import numpy as np
import tflite

from shared.arrays import Array, Shape

VERSION, IDENTIFIER = 3, b"TFL3"
# Kernels are used where they lie in the file, by instructions that want them so.
ALIGNMENT = 16
# For all but the constants; where that is too little, it takes a moment longer.
ROOM = 1 << 18
TYPES = {
    "float32": tflite.TensorType.FLOAT32,
    "float16": tflite.TensorType.FLOAT16,
    "int32": tflite.TensorType.INT32,
    "bool": tflite.TensorType.BOOL,
}
# The first version of an operator that does what it does here, where that isn't 1: it reads float16.
VERSIONS = {"DEQUANTIZE": 3}
# The bytes of what refers to something.
OFFSET = 4
Fields = Mapping[str, int | float | bool]


class LiteTensor(NamedTuple):
    """`data` is that of a constant."""

    shape: Shape
    dtype: str
    data: Array | None = None


class Step(NamedTuple):
    """An operator, the tensors that it reads and answers, and the table of its options, if it needs one."""

    operator: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    options: str = ""
    fields: Fields = {}


class File:
    """It is written from its end: what is referred to comes before what refers to it."""

    def __init__(self, tensors: Mapping[str, LiteTensor], steps: Sequence[Step]) -> None:
        self.tensors, self.steps = tensors, steps
        self.places = {name: place for place, name in enumerate(tensors)}
        self.data = {name: tensor.data for name, tensor in tensors.items() if tensor.data is not None}
        # The first buffer is that of all that is no constant.
        self.buffers = {name: place for place, name in enumerate(self.data, 1)}
        self.operators = {name: place for place, name in enumerate(sorted({step.operator for step in steps}))}
        self.builder = flatbuffers.Builder(sum(data.nbytes for data in self.data.values()) + ROOM)

    def written(self, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
        fields = {
            "Buffers": self._vector([self._table("Buffer"), *map(self._buffer, self.data.values())]),
            "OperatorCodes": self._vector(list(map(self._code, self.operators))),
            "Subgraphs": self._vector([self._subgraph(inputs, outputs)]),
            "SignatureDefs": self._vector([self._signature(inputs, outputs)]),
            "Description": self.builder.CreateString("ocellus"),
        }
        self.builder.Finish(self._table("Model", Version=VERSION, **fields), IDENTIFIER)
        return bytes(self.builder.Output())

    def _buffer(self, data: Array) -> int:
        flat = np.ascontiguousarray(data).reshape(-1).view(np.uint8)
        self.builder.StartVector(1, flat.size, ALIGNMENT)
        self.builder.head -= flat.size
        self.builder.Bytes[self.builder.head : self.builder.head + flat.size] = flat.data
        return self._table("Buffer", Data=self.builder.EndVector())

    def _code(self, operator: str) -> int:
        number = getattr(tflite.BuiltinOperator, operator)
        version = VERSIONS.get(operator, 1)
        return self._table("OperatorCode", DeprecatedBuiltinCode=number, BuiltinCode=number, Version=version)

    def _subgraph(self, inputs: Sequence[str], outputs: Sequence[str]) -> int:
        return self._table(
            "SubGraph",
            Name=self.builder.CreateString("main"),
            Tensors=self._vector([self._tensor(name) for name in self.tensors]),
            Operators=self._vector([self._operator(step) for step in self.steps]),
            Inputs=self._tensors(inputs),
            Outputs=self._tensors(outputs),
        )

    def _tensor(self, name: str) -> int:
        tensor = self.tensors[name]
        return self._table(
            "Tensor",
            Name=self.builder.CreateString(name),
            Shape=self._integers(tensor.shape),
            Type=TYPES[tensor.dtype],
            Buffer=self.buffers.get(name, 0),
        )

    def _operator(self, step: Step) -> int:
        fields = {"Inputs": self._tensors(step.inputs), "Outputs": self._tensors(step.outputs)}
        if step.options:
            fields["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, step.options)
            fields["BuiltinOptions"] = self._table(step.options, **step.fields)
        return self._table("Operator", OpcodeIndex=self.operators[step.operator], **fields)

    def _signature(self, inputs: Sequence[str], outputs: Sequence[str]) -> int:
        return self._table(
            "SignatureDef",
            SignatureKey=self.builder.CreateString("serving_default"),
            Inputs=self._vector([self._mapped(name) for name in inputs]),
            Outputs=self._vector([self._mapped(name) for name in outputs]),
        )

    def _mapped(self, name: str) -> int:
        return self._table("TensorMap", Name=self.builder.CreateString(name), TensorIndex=self.places[name])

    def _tensors(self, names: Sequence[str]) -> int:
        return self._integers([self.places[name] for name in names])

    def _integers(self, values: Sequence[int]) -> int:
        return int(self.builder.CreateNumpyVector(np.array(values, np.int32)))

    def _vector(self, offsets: Sequence[int]) -> int:
        self.builder.StartVector(OFFSET, len(offsets), OFFSET)
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        return int(self.builder.EndVector())

    def _table(self, name: str, **fields: int | float | bool) -> int:
        """By the functions that are made from the schema, each named after its table."""
        getattr(tflite, f"{name}Start")(self.builder)
        for field, value in fields.items():
            getattr(tflite, f"{name}Add{field}")(self.builder, value)
        return int(getattr(tflite, f"{name}End")(self.builder))
