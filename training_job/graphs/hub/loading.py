"""Loads a pretrained network by transformers' own code for its architecture."""

from collections.abc import Sequence
from importlib import import_module

import torch
from torch import nn

from training_job.graphs.hub.source import CONFIGURATION, INSTALL, HubUnavailable, Source


def load(source: Source, architecture: str, may_lack: Sequence[str] = (), **options: object) -> nn.Module:
    """An `architecture` is a class of transformers. Weights with one of those parts in their name begin anew where they
    are not there, or of another shape. Raises HubUnavailable.
    """
    try:
        transformers, safetensors = import_module("transformers"), import_module("safetensors")
        errors = import_module("huggingface_hub.errors")
    except ImportError as error:
        raise HubUnavailable(f"The {source.noun} {source.folder} needs {error.name}: {INSTALL}.") from error
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        module, found = getattr(transformers, architecture).from_pretrained(
            source.folder,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
            **options,
        )
    except (OSError, ValueError, RuntimeError, safetensors.SafetensorError, errors.StrictDataclassError) as error:
        raise HubUnavailable(f"The {source.noun} in {source.folder} can't be read: {error}") from error
    strange = {*found["missing_keys"], *(name for name, *_ in found["mismatched_keys"])}
    if lacking := sorted(name for name in strange if not any(part in name for part in may_lack)):
        raise HubUnavailable(f"The weights in {source.folder} lack {lacking[0]} as {CONFIGURATION} describes it.")
    assert isinstance(module, nn.Module)
    return module
