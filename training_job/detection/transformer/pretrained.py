"""The pretrained detectors that can be fine-tuned: which there are, what of their files is read, and their heads."""

from pathlib import Path

from msgspec import Struct
from torch import nn

from shared.models.training.preprocessing import Interpolation, Preprocessing
from training_job.graphs.hub.loading import load as load_module
from training_job.graphs.hub.source import CONFIGURATION, PREPROCESSING, HubNetworks, HubUnavailable, Source

# Apache-2.0, trained on COCO; their files weigh 41 and 81 MB.
KNOWN = {
    "dfine-small": "ustc-community/dfine-small-coco@f79e65b5fbb33ceb9d3ebba042955d7410c608f8",
    "rtdetr-v2-r18": "PekingU/rtdetr_v2_r18vd@5650961749fa93567c0d46fc7f43ea4f9e914107",
}
DETECTORS = HubNetworks("LARGE_DETECTOR", "detector", KNOWN)
# The backbone is built from its configuration as well, so that it has to be one that is known.
ARCHITECTURES = {"DFineForObjectDetection": "hgnet_v2", "RTDetrV2ForObjectDetection": "rt_detr_resnet"}
# Pillow's numbers.
INTERPOLATIONS = {2: Interpolation.BILINEAR, 3: Interpolation.BICUBIC}
# The stride of the coarsest features; no part of a picture is to fall beside its grid.
COARSEST = 32
# The layers whose shapes depend on the tags.
OF_TAGS = ("class_embed", "enc_score_head", "denoising_class_embed")
# A score before training: so few of the boxes that are looked at show something.
PRIOR = 0.01

_POSSIBLE = ", ".join(ARCHITECTURES)


class BackboneConfiguration(Struct, frozen=True):
    model_type: str


class DetectorConfiguration(Struct, frozen=True):
    architectures: list[str]
    backbone_config: BackboneConfiguration


class DetectorSize(Struct, frozen=True):
    height: int
    width: int


class DetectorProcessor(Struct, frozen=True):
    """What the detector was trained to see: RGB / 255 or not, and normalised after that or not."""

    size: DetectorSize
    resample: int = 2
    do_rescale: bool = True
    do_normalize: bool = False


class Pretrained(Struct, frozen=True):
    """Where a detector's files are, whose architecture is known."""

    source: Source
    architecture: str
    preprocessing: Preprocessing


def find(wanted: str, cache: Path) -> Pretrained:
    """`wanted` is one of KNOWN, `owner/name@revision` of the hub, or a folder. Raises HubUnavailable."""
    source = DETECTORS.find(wanted, cache)
    return Pretrained(source, _architecture(source), _preprocessing(source))


def load(pretrained: Pretrained, tags: int) -> nn.Module:
    """The pretrained detector. Its heads begin anew, unless it has just as many classes as there are tags. Raises
    HubUnavailable.
    """
    names = {tag: str(tag) for tag in range(tags)}
    spec = pretrained.preprocessing
    return load_module(
        pretrained.source,
        pretrained.architecture,
        OF_TAGS,
        id2label=names,
        label2id={name: tag for tag, name in names.items()},
        initializer_bias_prior_prob=PRIOR,
        # What is the same for all pictures is then a constant of the served graph.
        anchor_image_size=[spec.height, spec.width],
    )


def _architecture(source: Source) -> str:
    configuration = source.read(CONFIGURATION, DetectorConfiguration, _POSSIBLE)
    for name in configuration.architectures:
        if ARCHITECTURES.get(name) == configuration.backbone_config.model_type:
            return name
    raise HubUnavailable(f"The model in {source.folder} is {configuration.architectures}; name one of {_POSSIBLE}.")


def _preprocessing(source: Source) -> Preprocessing:
    processor = source.read(PREPROCESSING, DetectorProcessor, _POSSIBLE)
    values = processor.do_rescale and not processor.do_normalize
    sides = processor.size.width, processor.size.height
    if not values or processor.resample not in INTERPOLATIONS or any(side % COARSEST for side in sides):
        raise HubUnavailable(
            f"The detector in {source.folder} wants pictures prepared in a way that is not known here."
        )
    return Preprocessing(*sides, INTERPOLATIONS[processor.resample])
