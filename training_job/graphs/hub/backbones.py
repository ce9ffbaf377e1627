"""The backbones of classifiers that a hub has: which there are, and the files of their graphs. Torch and the hub are
needed once, to make these.
"""

import logging
import re
from hashlib import file_digest, sha256
from pathlib import Path

import onnx
from msgspec import Struct

from training_job.graphs.backbones import write_atomically
from training_job.graphs.hub.source import CONFIGURATION, FILES, PREPROCESSING, HubNetworks, HubUnavailable, Source

log = logging.getLogger(__name__)


class PinnedBackbone(Struct, frozen=True):
    pinned: str
    licence: str


# All see 224 pixels a side. Their files weigh 88, 86, 1500 (a quarter of it is what sees) and 115 MB.
KNOWN = {
    "dinov2-small": PinnedBackbone("facebook/dinov2-small@ed25f3a31f01632728cabb09d1542f84ab7b0056", "Apache-2.0"),
    "dinov3-small": PinnedBackbone(
        "facebook/dinov3-vits16-pretrain-lvd1689m@114c1379950215c8b35dfcd4e90a5c251dde0d32",
        "the DINOv3 License, which has to be accepted at the hub",
    ),
    "siglip2-base": PinnedBackbone(
        "google/siglip2-base-patch16-224@75de2d55ec2d0b4efc50b3e9ad70dba96a7b2fa2", "Apache-2.0"
    ),
    "convnextv2-tiny": PinnedBackbone(
        "facebook/convnextv2-tiny-22k-224@98c27c19bb5d32a35ecdb84bc2050b5ad99686c8",
        "CC-BY-NC-4.0, for uses that are not commercial",
    ),
}
BACKBONES = HubNetworks("LARGE_CLASSIFIER", "backbone", {name: known.pinned for name, known in KNOWN.items()})
# A backbone of ours at the side of one of these sees as many pixels, and can where this divides them.
STRIDE = 32
# What the name of a folder may have, and that of a graph's file may not.
UNUSUAL = re.compile(r"[^\w.-]")


class Architecture(Struct, frozen=True):
    """A class of transformers, where in it its blocks are, and how many class tokens stand before the patches. One that
    `fits` sees pictures of any size, the others of that of their configuration.
    """

    name: str
    blocks: str
    class_tokens: int = 0
    fits: bool = True


# By the model type of a configuration.
ARCHITECTURES = {
    "dinov2": Architecture("Dinov2Model", "encoder.layer", 1),
    "dinov3_vit": Architecture("DINOv3ViTModel", "model.layer", 1),
    "siglip": Architecture("SiglipVisionModel", "encoder.layers", fits=False),
    "siglip_vision_model": Architecture("SiglipVisionModel", "encoder.layers", fits=False),
    "convnextv2": Architecture("ConvNextV2Model", "encoder.stages"),
}
_POSSIBLE = ", ".join(ARCHITECTURES)


class Configuration(Struct, frozen=True):
    model_type: str


class BackboneSize(Struct, frozen=True):
    height: int | None = None
    width: int | None = None
    shortest_edge: int | None = None


class BackboneProcessor(Struct, frozen=True):
    """What the backbone was trained to see: RGB / 255, and normalised after that."""

    image_mean: tuple[float, float, float]
    image_std: tuple[float, float, float]
    size: BackboneSize
    crop_size: BackboneSize | None = None
    do_rescale: bool | None = True
    do_normalize: bool | None = True

    @property
    def pixels(self) -> int | None:
        size = self.crop_size or self.size
        return size.shortest_edge or (size.height if size.height == size.width else None)


class Prepared(Struct, frozen=True):
    """The name has a part of the revision or of the files' hash: what was seen by others is nothing to it."""

    name: str
    path: Path

    @property
    def pixels(self) -> int:
        return int(onnx.load(self.path).graph.input[0].type.tensor_type.shape.dim[2].dim_value)


def chosen(setting: str) -> list[str]:
    """What LARGE_CLASSIFIER names, by commas."""
    return [name for part in setting.split(",") if (name := part.strip())]


def prepare(folder: Path, wanted: str) -> Prepared:
    """The graph of one that was chosen, in a folder of backbones, made first if it isn't there. Raises HubUnavailable.

    It has the interface of those of `graphs.backbones.prepare`, for the size that the backbone was trained for.
    """
    prepared = _prepared(folder, _name(wanted))
    if not prepared.path.exists():
        known = KNOWN.get(wanted)
        log.info("Making the graph of %s, whose licence is %s", wanted, known.licence if known else "its owner's")
        write_atomically(prepared.path, _graph(BACKBONES.find(wanted, None)).SerializeToString())
    return prepared


def find(folder: Path, name: str, setting: str) -> Prepared:
    """That of a name, which a model was trained with. Raises HubUnavailable."""
    prepared = _prepared(folder, name)
    if prepared.path.exists():
        return prepared
    for wanted in chosen(setting):
        if _name(wanted) == name:
            return prepare(folder, wanted)
    raise HubUnavailable(f"The backbone {name} is none of those that LARGE_CLASSIFIER names; add it there.")


def _prepared(folder: Path, name: str) -> Prepared:
    return Prepared(name, folder / "classifiers" / f"{name}.onnx")


def _name(wanted: str) -> str:
    if pinned := BACKBONES.pinned(wanted):
        named = wanted if wanted in KNOWN else pinned["name"].rpartition("/")[2]
        return f"{named}-{pinned['revision'][:8]}"
    source = BACKBONES.find(wanted, None)
    return f"{UNUSUAL.sub('-', source.name)}-{_digest(source)[:8]}"


def _digest(source: Source) -> str:
    digests = []
    for name in FILES:
        with (source.folder / name).open("rb") as file:
            digests.append(file_digest(file, "sha256").hexdigest())
    return sha256("".join(digests).encode()).hexdigest()


def _graph(source: Source) -> onnx.ModelProto:
    # They take seconds to import, and are needed once.
    from training_job.graphs.hub.embedding import Embedding, graph
    from training_job.graphs.hub.loading import load

    kind = source.read(CONFIGURATION, Configuration, _POSSIBLE).model_type
    if kind not in ARCHITECTURES:
        raise HubUnavailable(f"The model in {source.folder} is of type {kind}; name one of {_POSSIBLE}.")
    processor, architecture = source.read(PREPROCESSING, BackboneProcessor, _POSSIBLE), ARCHITECTURES[kind]
    # The other ways to attend have no operators in the graphs' opset.
    module = load(source, architecture.name, attn_implementation="eager")
    pixels = _pixels(source, processor, architecture, module.config)
    first = architecture.class_tokens + getattr(module.config, "num_register_tokens", 0)
    return graph(Embedding(module, architecture.blocks, first, processor.image_mean, processor.image_std), pixels)


def _pixels(source: Source, processor: BackboneProcessor, architecture: Architecture, configuration: object) -> int:
    """The side of what it sees."""
    pixels, patch = processor.pixels, getattr(configuration, "patch_size", STRIDE)
    normal = processor.do_rescale and processor.do_normalize
    fits = architecture.fits or pixels == getattr(configuration, "image_size", None)
    if pixels is None or not (normal and fits) or pixels % STRIDE or pixels % patch:
        raise source.unknown_preparation()
    return pixels
