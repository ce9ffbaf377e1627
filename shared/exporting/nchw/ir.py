"""OpenVINO's intermediate representation, version 10: layers and edges in XML, constants in a file of their own."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

from shared.arrays import Shape

VERSION, OPSET = "10", "opset1"
# By the names of numpy: those of elements, and of what goes through a port.
TYPES = {"float32": ("f32", "FP32"), "int32": ("i32", "I32"), "int64": ("i64", "I64"), "bool": ("boolean", "BOOL")}
FLOAT, INT32, BOOL = "float32", "int32", "bool"
# Where constants begin, so that a file that is mapped into memory can be read as it lies.
ALIGNED = 64
Setting = str | int | float | bool | Sequence[int] | Sequence[float]


class Port(NamedTuple):
    """What a layer answers."""

    layer: str
    port: int
    shape: Shape
    type: str = FLOAT


class Network:
    """In the making."""

    def __init__(self) -> None:
        self.weights = bytearray()
        self._net = ElementTree.Element("net", name="ocellus", version=VERSION)
        self._layers = ElementTree.SubElement(self._net, "layers")
        self._edges = ElementTree.SubElement(self._net, "edges")

    @property
    def xml(self) -> bytes:
        return bytes(ElementTree.tostring(self._net, "utf-8", xml_declaration=True))

    def add(
        self, kind: str, *inputs: Port, shape: Shape, type: str = FLOAT, name: str = "", **settings: Setting
    ) -> Port:
        (port,) = self.add_all(kind, *inputs, outputs=[(shape, type)], name=name, settings=settings)
        return port

    def add_all(
        self,
        kind: str,
        *inputs: Port,
        outputs: Sequence[tuple[Shape, str]],
        name: str = "",
        settings: Mapping[str, Setting] | None = None,
    ) -> list[Port]:
        id = str(len(self._layers))
        layer = ElementTree.SubElement(
            self._layers, "layer", id=id, name=name or f"{kind}_{id}", type=kind, version=OPSET
        )
        if settings:
            ElementTree.SubElement(layer, "data", {key: _text(value) for key, value in settings.items()})
        for place, given in enumerate(inputs):
            ends = {"from-layer": given.layer, "from-port": str(given.port), "to-layer": id, "to-port": str(place)}
            ElementTree.SubElement(self._edges, "edge", ends)
        ports = [Port(id, len(inputs) + place, *each) for place, each in enumerate(outputs)]
        _tell(layer, "input", [given._replace(port=place) for place, given in enumerate(inputs)])
        _tell(layer, "output", ports)
        return ports

    def constant(self, values: npt.ArrayLike, type: str = FLOAT) -> Port:
        array = np.asarray(values, type, order="C")
        self.weights.extend(bytes(-len(self.weights) % ALIGNED))
        told: dict[str, Setting] = {"element_type": TYPES[type][0], "shape": array.shape}
        told |= {"offset": len(self.weights), "size": array.nbytes}
        self.weights.extend(array.tobytes())
        return self.add_all("Const", outputs=[(array.shape, type)], settings=told)[0]

    def integers(self, values: npt.ArrayLike) -> Port:
        return self.constant(values, "int64")

    def parameter(self, name: str, shape: Shape) -> Port:
        told: dict[str, Setting] = {"shape": shape, "element_type": TYPES[FLOAT][0]}
        return self.add_all("Parameter", outputs=[(shape, FLOAT)], name=name, settings=told)[0]

    def result(self, value: Port) -> None:
        """The network answers this by the name of the layer that it comes from."""
        self.add_all("Result", value, outputs=[])


def _tell(layer: ElementTree.Element, side: str, ports: Sequence[Port]) -> None:
    if ports:
        told = ElementTree.SubElement(layer, side)
        for port in ports:
            element = ElementTree.SubElement(told, "port", id=str(port.port), precision=TYPES[port.type][1])
            for length in port.shape:
                ElementTree.SubElement(element, "dim").text = str(length)


def _text(value: Setting) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return (
        value if isinstance(value, str) else ",".join(map(repr, value)) if isinstance(value, Sequence) else repr(value)
    )
