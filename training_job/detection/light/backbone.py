"""The backbone's graph in two parts: what stays frozen, run by onnxruntime, and what is fine-tuned, run by torch."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional


class Split(NamedTuple):
    """`frozen` answers the value `seam`, with which the `upper` nodes go on."""

    frozen: onnx.ModelProto
    seam: str
    upper: list[onnx.NodeProto]


def parted(backbone: onnx.ModelProto) -> Split:
    """A graph of features, cut at the finest of them: edges and textures are the same everywhere, and in few images
    there is more to lose than to learn.
    """
    finest, nodes = backbone.graph.output[0], list(backbone.graph.node)
    place = next(place for place, node in enumerate(nodes) if node.output[0] == finest.name)
    frozen = onnx.ModelProto()
    frozen.CopyFrom(backbone)
    del frozen.graph.node[place + 1 :], frozen.graph.output[1:]
    seam = nodes[place].input[0]
    used = {name for node in frozen.graph.node for name in node.input}
    weights = [weight for weight in frozen.graph.initializer if weight.name in used]
    del frozen.graph.initializer[:]
    frozen.graph.initializer.extend(weights)
    return Split(frozen, seam, nodes[place:])


class Upper(nn.Module):
    """The finest features (B, C, H, W) -> the features of all scales, as the graph's nodes say; kernels learn."""

    def __init__(self, backbone: onnx.ModelProto) -> None:
        super().__init__()
        _, self.seam, self.nodes = parted(backbone)
        self.outputs = [output.name for output in backbone.graph.output]
        weights = {weight.name: weight for weight in backbone.graph.initializer}
        kernels = [name for node in self.nodes if node.op_type == "Conv" for name in node.input[1:]]
        self.kernels = nn.ParameterDict(
            {name: torch.from_numpy(numpy_helper.to_array(weights[name]).copy()) for name in kernels}
        )

    def forward(self, finest: Tensor) -> list[Tensor]:
        values, kernels = {self.seam: finest}, dict(self.kernels.items())
        for node in self.nodes:
            values[node.output[0]] = OPERATORS[node.op_type](node, values, kernels)
        return [values[name] for name in self.outputs]

    def written(self, backbone: onnx.ModelProto) -> onnx.ModelProto:
        """The graph with what was learned."""
        model = onnx.ModelProto()
        model.CopyFrom(backbone)
        for weight in model.graph.initializer:
            if weight.name in self.kernels:
                learned = self.kernels[weight.name].detach().float().cpu().contiguous().numpy()
                weight.CopyFrom(numpy_helper.from_array(learned, weight.name))
        return model


Kernels = Mapping[str, Tensor]
Operator = Callable[[onnx.NodeProto, Mapping[str, Tensor], Kernels], Tensor]


def _convolution(node: onnx.NodeProto, values: Mapping[str, Tensor], kernels: Kernels) -> Tensor:
    said = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    top, left, bottom, right = said["pads"]
    weight, bias = (kernels[name] for name in node.input[1:])
    value, padding = values[node.input[0]], (top, left)
    if padding != (bottom, right):
        value, padding = functional.pad(value, (left, right, top, bottom)), (0, 0)
    return functional.conv2d(value, weight, bias, said["strides"], padding, groups=said["group"])


OPERATORS: dict[str, Operator] = {
    "Conv": _convolution,
    "Clip": lambda node, values, _: functional.hardtanh(values[node.input[0]], 0, 6),
    "Add": lambda node, values, _: values[node.input[0]] + values[node.input[1]],
    "Identity": lambda node, values, _: values[node.input[0]],
}
