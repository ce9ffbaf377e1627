"""How much of a serialised graph is weights, found without making anything of it."""

from collections.abc import Iterator
from typing import NamedTuple

from shared.exporting.graph.subject import Unexportable

# Ours have 1,500.
MOST_FIELDS = 100_000
# Fields in onnx.proto: of a model, of its graph, of a tensor. Floats lie in a row there, unless they are wrapped each.
GRAPH, INITIALIZER, RAW_DATA, FLOAT_DATA = 7, 5, 9, 4
VARINT, BYTES, WIDTHS = 0, 2, {1: 8, 5: 4}
CUT_OFF = "It is no valid graph, or cut off."


class Field(NamedTuple):
    """A field of a protobuf message: its number, and where its value lies."""

    number: int
    start: int
    end: int


class Wire:
    """Raises Unexportable where there are too many fields, or what is no field."""

    def __init__(self, data: bytes) -> None:
        self.data, self.read = data, 0

    def weights(self) -> int:
        """The bytes of the values of all initialisers."""
        whole = Field(0, 0, len(self.data))
        graphs = self.fields(whole, GRAPH)
        tensors = (tensor for graph in graphs for tensor in self.fields(graph, INITIALIZER))
        return sum(data.end - data.start for tensor in tensors for data in self.fields(tensor, RAW_DATA, FLOAT_DATA))

    def fields(self, message: Field, *numbers: int) -> Iterator[Field]:
        """Those of a message that have one of these numbers, and bytes."""
        at = message.start
        while at < message.end:
            key, at = self.varint(at, message.end)
            length, at = self.length(key & 7, at, message.end)
            self.read += 1
            if at + length > message.end or self.read > MOST_FIELDS:
                raise Unexportable(CUT_OFF if self.read <= MOST_FIELDS else f"It has over {MOST_FIELDS:,} parts.")
            if key >> 3 in numbers and key & 7 == BYTES:
                yield Field(key >> 3, at, at + length)
            at += length

    def length(self, kind: int, at: int, end: int) -> tuple[int, int]:
        """Of the value, and where it begins."""
        if kind == BYTES:
            return self.varint(at, end)
        if kind == VARINT:
            return self.varint(at, end)[1] - at, at
        if kind not in WIDTHS:
            raise Unexportable(CUT_OFF)
        return WIDTHS[kind], at

    def varint(self, at: int, end: int) -> tuple[int, int]:
        """Its value, and where it ends."""
        value = 0
        for shift in range(0, 70, 7):
            if at >= end:
                break
            value |= (self.data[at] & 0x7F) << shift
            at += 1
            if self.data[at - 1] < 0x80:
                return value, at
        raise Unexportable(CUT_OFF)
