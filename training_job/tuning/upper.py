"""A graph in two parts: what stays frozen, run by onnxruntime, and what is fine-tuned, run by torch."""

from collections.abc import Callable, Mapping, Sequence

import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from training_job.graphs.graph import Graph

# What is added to a number before the slope of its root is taken, which is endless at 0.
SMOOTH = 1e-4


def last_seam(model: onnx.ModelProto) -> str:
    """The last value that all outputs come from. Edges and textures, below it, are the same everywhere, and in few
    images there is more to lose than to learn.
    """
    weights = {weight.name for weight in model.graph.initializer}
    needed: set[str] = {output.name for output in model.graph.output}
    for node in reversed(model.graph.node):
        if needed == set(node.output):
            break
        needed = needed - set(node.output) | set(node.input) - weights
    (seam,) = needed
    return seam


def may_learn(model: onnx.ModelProto, seam: str) -> bool:
    """Whether torch can go on from there as the graph does."""
    outputs = [output.name for output in model.graph.output]
    return all(node.op_type in OPERATORS for node in _between(model, [seam], outputs))


def frozen(model: onnx.ModelProto, seams: Sequence[str]) -> onnx.ModelProto:
    """The part that answers the seams, (1, channels, rows, columns)."""
    graph = Graph.of(model)
    graph.leave_out_what_does_not_lead_to(*seams)
    inputs = {each.name: [side.dim_value for side in each.type.tensor_type.shape.dim] for each in model.graph.input}
    return graph.model(inputs, {seam: [1, f"{seam} channels", f"{seam} rows", f"{seam} columns"] for seam in seams})


class Upper(nn.Module):
    """The seams (B, C, H, W) -> the outputs, as the graph's nodes say; kernels learn."""

    def __init__(self, model: onnx.ModelProto, seams: Sequence[str], outputs: Sequence[str]) -> None:
        super().__init__()
        self.seams, self.outputs = list(seams), list(outputs)
        self.nodes = _between(model, seams, outputs)
        weights = {weight.name: weight for weight in model.graph.initializer}
        kernels = {name for node in self.nodes if node.op_type in LEARNING for name in node.input[1:]}
        self.kernels = nn.ParameterDict(
            {name: torch.from_numpy(numpy_helper.to_array(weights[name]).copy()) for name in sorted(kernels)}
        )

    def forward(self, *seen: Tensor) -> list[Tensor]:
        values, kernels = dict(zip(self.seams, seen, strict=True)), dict(self.kernels.items())
        for node in self.nodes:
            values[node.output[0]] = OPERATORS[node.op_type](node, values, kernels)
        return [values[name] for name in self.outputs]

    def written(self, model: onnx.ModelProto) -> onnx.ModelProto:
        """The graph with what was learned."""
        changed = onnx.ModelProto()
        changed.CopyFrom(model)
        for weight in changed.graph.initializer:
            if weight.name in self.kernels:
                learned = self.kernels[weight.name].detach().float().cpu().contiguous().numpy()
                weight.CopyFrom(numpy_helper.from_array(learned, weight.name))
        return changed


def _between(model: onnx.ModelProto, seams: Sequence[str], outputs: Sequence[str]) -> list[onnx.NodeProto]:
    needed: set[str] = set(outputs)
    nodes = []
    for node in reversed(model.graph.node):
        if node.output[0] in needed and node.output[0] not in seams:
            needed.update(node.input)
            nodes.append(node)
    return nodes[::-1]


Values = Mapping[str, Tensor]
Operator = Callable[[onnx.NodeProto, Values, Values], Tensor]


def _convolution(node: onnx.NodeProto, values: Values, kernels: Values) -> Tensor:
    said = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    top, left, bottom, right = said["pads"]
    weight, bias = (kernels[name] for name in node.input[1:])
    value, padding = values[node.input[0]], (top, left)
    if padding != (bottom, right):
        value, padding = functional.pad(value, (left, right, top, bottom)), (0, 0)
    return functional.conv2d(value, weight, bias, said["strides"], padding, groups=said["group"])


def _root(value: Tensor) -> Tensor:
    smooth = (value + SMOOTH).sqrt()
    return smooth + (value.sqrt() - smooth).detach()


def _of_all(compute: Callable[..., Tensor]) -> Operator:
    """By all that goes in."""
    return lambda node, values, _: compute(*(values[name] for name in node.input))


LEARNING = {"Conv", "Gemm"}
# As the graphs that are written here use them: of pictures in planes, or of vectors.
OPERATORS: dict[str, Operator] = {
    "Add": _of_all(torch.add),
    "Clip": lambda node, values, _: functional.hardtanh(values[node.input[0]], 0, 6),
    "Concat": _of_all(lambda *parts: torch.cat(parts, 1)),
    "Conv": _convolution,
    "Div": _of_all(torch.div),
    "Flatten": _of_all(lambda value: value.flatten(1)),
    "Gemm": lambda node, values, kernels: functional.linear(
        values[node.input[0]], *(kernels[name] for name in node.input[1:])
    ),
    "GlobalAveragePool": _of_all(lambda value: value.mean((2, 3), keepdim=True)),
    "Identity": _of_all(lambda value: value),
    "Mul": _of_all(torch.mul),
    "ReduceL2": _of_all(lambda value: value.norm(dim=1, keepdim=True)),
    "Sqrt": _of_all(_root),
    "Sub": _of_all(torch.sub),
}
