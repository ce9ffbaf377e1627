"""Where a pretrained detector comes from: a hub, at one revision and no other, or a folder. The weights are tensors
alone (safetensors): a pickle is never opened, nor is code that comes along ever run.
"""

import re
from importlib import import_module
from pathlib import Path
from typing import TypeVar

import msgspec
import torch
from msgspec import Struct
from torch import nn

from shared.models.training.preprocessing import Interpolation, Preprocessing
from training_job.graphs.backbones import BackboneUnavailable

# Apache-2.0, trained on COCO; their files weigh 41 and 81 MB.
KNOWN = {
    "dfine-small": "ustc-community/dfine-small-coco@f79e65b5fbb33ceb9d3ebba042955d7410c608f8",
    "rtdetr-v2-r18": "PekingU/rtdetr_v2_r18vd@5650961749fa93567c0d46fc7f43ea4f9e914107",
}
PINNED = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)@(?P<revision>[0-9a-f]{40})")
CONFIGURATION, PREPROCESSING, WEIGHTS = "config.json", "preprocessor_config.json", "model.safetensors"
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
INSTALL = "pip install -r training_job/detectors-requirements.txt"

_POSSIBLE = ", ".join(ARCHITECTURES)
Read = TypeVar("Read")


class DetectorUnavailable(BackboneUnavailable):
    """The pretrained detector can't be had; the message says what to do."""


class BackboneConfiguration(Struct, frozen=True):
    model_type: str


class Configuration(Struct, frozen=True):
    architectures: list[str]
    backbone_config: BackboneConfiguration


class Size(Struct, frozen=True):
    height: int
    width: int


class Processor(Struct, frozen=True):
    """What the detector was trained to see: RGB / 255 or not, and normalised after that or not."""

    size: Size
    resample: int = 2
    do_rescale: bool = True
    do_normalize: bool = False


class Pretrained(Struct, frozen=True):
    """A folder with all files of a detector whose architecture is known; the name tells of its origin."""

    name: str
    folder: Path
    architecture: str
    preprocessing: Preprocessing


def find(wanted: str, cache: Path) -> Pretrained:
    """`wanted` is one of KNOWN, `owner/name@revision` of the hub, or a folder. Raises DetectorUnavailable."""
    pinned = PINNED.fullmatch(KNOWN.get(wanted, wanted))
    folder = _downloaded(pinned["name"], pinned["revision"], cache) if pinned else Path(wanted)
    name = pinned[0] if pinned else folder.name
    if not folder.is_dir():
        raise DetectorUnavailable(
            f"There is no detector '{wanted}'. LARGE_DETECTOR is {', '.join(KNOWN)}, a folder, or a name of the hub "
            "with its revision, owner/name@ and the 40 digits of a commit."
        )
    for file in (CONFIGURATION, PREPROCESSING, WEIGHTS):
        if not (folder / file).is_file():
            raise DetectorUnavailable(f"The detector in {folder} lacks {file}; weights in other formats are not read.")
    return Pretrained(name, folder, _architecture(folder), _preprocessing(folder))


def load(source: Pretrained, tags: int) -> nn.Module:
    """The pretrained detector. Its heads begin anew, unless it has just as many classes as there are tags. Raises
    DetectorUnavailable.
    """
    try:
        transformers, safetensors = import_module("transformers"), import_module("safetensors")
        errors = import_module("huggingface_hub.errors")
    except ImportError as error:
        raise DetectorUnavailable(f"The detector {source.folder} needs {error.name}: {INSTALL}.") from error
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    names = {tag: str(tag) for tag in range(tags)}
    spec = source.preprocessing
    try:
        module, found = getattr(transformers, source.architecture).from_pretrained(
            source.folder,
            id2label=names,
            label2id={name: tag for tag, name in names.items()},
            initializer_bias_prior_prob=PRIOR,
            # What is the same for all pictures is then a constant of the served graph.
            anchor_image_size=[spec.height, spec.width],
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
        )
    except (OSError, ValueError, RuntimeError, safetensors.SafetensorError, errors.StrictDataclassError) as error:
        raise DetectorUnavailable(f"The detector in {source.folder} can't be read: {error}") from error
    strange = {*found["missing_keys"], *(name for name, *_ in found["mismatched_keys"])}
    if lacking := sorted(name for name in strange if not any(part in name for part in OF_TAGS)):
        raise DetectorUnavailable(f"The weights in {source.folder} lack {lacking[0]} as {CONFIGURATION} describes it.")
    assert isinstance(module, nn.Module)
    return module


def _downloaded(name: str, revision: str, cache: Path) -> Path:
    try:
        hub = import_module("huggingface_hub")
    except ImportError as error:
        raise DetectorUnavailable(f"The detector {name} needs {error.name}: {INSTALL}.") from error
    files = [CONFIGURATION, PREPROCESSING, WEIGHTS]
    try:
        return Path(hub.snapshot_download(name, revision=revision, allow_patterns=files, cache_dir=cache))
    except (OSError, hub.errors.HTTPError, hub.errors.XetDownloadError) as error:
        reason, *_ = str(error).split("\n")
        raise DetectorUnavailable(
            f"The detector {name} can't be had from its hub: {reason}. Put its {', '.join(files)} "
            "into a folder and name that as LARGE_DETECTOR, or leave LARGE_DETECTOR empty."
        ) from error


def _architecture(folder: Path) -> str:
    configuration = _read(folder / CONFIGURATION, Configuration)
    for name in configuration.architectures:
        if ARCHITECTURES.get(name) == configuration.backbone_config.model_type:
            return name
    raise DetectorUnavailable(f"The model in {folder} is {configuration.architectures}; name one of {_POSSIBLE}.")


def _preprocessing(folder: Path) -> Preprocessing:
    processor = _read(folder / PREPROCESSING, Processor)
    values = processor.do_rescale and not processor.do_normalize
    sides = processor.size.width, processor.size.height
    if not values or processor.resample not in INTERPOLATIONS or any(side % COARSEST for side in sides):
        raise DetectorUnavailable(f"The detector in {folder} wants pictures prepared in a way that is not known here.")
    return Preprocessing(*sides, INTERPOLATIONS[processor.resample])


def _read(path: Path, kind: type[Read]) -> Read:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except msgspec.DecodeError as error:
        raise DetectorUnavailable(f"{path} is not that of one of {_POSSIBLE}: {error}.") from error
