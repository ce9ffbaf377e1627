"""A node of a graph that is read."""

from collections.abc import Sequence

import onnx

from shared.exporting.graph.subject import Unexportable


class Node:
    def __init__(self, proto: onnx.NodeProto) -> None:
        self.operator: str = proto.op_type
        self.inputs: Sequence[str] = proto.input
        self.outputs: Sequence[str] = proto.output
        self._attributes = {attribute.name: attribute for attribute in proto.attribute}

    def integer(self, name: str, default: int) -> int:
        return self._attributes[name].i if name in self._attributes else default

    def number(self, name: str, default: float) -> float:
        return self._attributes[name].f if name in self._attributes else default

    def text(self, name: str, default: str) -> str:
        return self._attributes[name].s.decode() if name in self._attributes else default

    def integers(self, name: str, default: Sequence[int]) -> list[int]:
        return list(self._attributes[name].ints if name in self._attributes else default)

    def demand(self, **wanted: int | float | str) -> None:
        """The one value of each attribute, which is the operator's default, that is known here."""
        for name, value in wanted.items():
            held = self._held(name, value)
            if held != value:
                raise Unexportable(f"A node {self.operator} has {name} {held}.")

    def _held(self, name: str, default: int | float | str) -> int | float | str:
        if isinstance(default, str):
            return self.text(name, default)
        return self.integer(name, default) if isinstance(default, int) else self.number(name, default)
