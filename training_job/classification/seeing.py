"""What the backbones see of pictures."""

from collections.abc import Mapping, Sequence

import onnx

from shared.arrays import Halves
from shared.learning.classifier_recipe import Crop, Recipe
from shared.learning.embeddings import Cache, Picture, Report, embed
from shared.learning.layers import Views, views
from training_job.graphs.classifier import widths_of

Backbones = Mapping[str, onnx.ModelProto]


def see(
    backbones: Backbones, recipe: Recipe, crop: Crop, pictures: Sequence[Picture], cache: Cache, report: Report
) -> Views:
    """All layers of all backbones. Raises what `embed` raises."""
    spec = recipe.preprocessing(crop)
    found: dict[str, Halves] = {}
    for at, (name, backbone) in enumerate(backbones.items()):
        graph = backbone.SerializeToString()
        part = part_of(report, at / len(backbones), (at + 1) / len(backbones))
        vectors = embed(graph, spec, recipe.space(name, crop), pictures, cache, part)
        found |= views(name, vectors, widths_of(backbone))
    return found


def part_of(report: Report, start: float, end: float) -> Report:
    """For what is done between these of the progress of all."""
    return lambda progress, message: report(start + (end - start) * progress, message)
