"""Backbones of a hub as small as they go, with random weights, in folders as a hub has them."""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import torch
from torch import nn

PIXELS, WIDTH = 64, 32
TRANSFORMER = {"hidden_size": WIDTH, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 48}
MEAN, DEVIATION = [0.4, 0.5, 0.6], [0.2, 0.25, 0.3]
SQUARE = {"height": PIXELS, "width": PIXELS}

TOKENS = ("pad_token_id", "bos_token_id", "eos_token_id")


def dinov2() -> nn.Module:
    # Places for 7 x 7 patches, where 8 x 8 are seen.
    return made("Dinov2Model", "Dinov2Config", **TRANSFORMER, image_size=56, patch_size=8, mlp_ratio=2)


def dinov3() -> nn.Module:
    return made("DINOv3ViTModel", "DINOv3ViTConfig", **TRANSFORMER, patch_size=16, num_register_tokens=4)


def siglip2() -> nn.Module:
    """What sees and what reads."""
    sees = {**TRANSFORMER, "image_size": PIXELS, "patch_size": 16}
    reads = {**TRANSFORMER, "vocab_size": 20, "max_position_embeddings": 4, **dict.fromkeys(TOKENS, 1)}
    return made("SiglipModel", "SiglipConfig", vision_config=sees, text_config=reads)


def convnextv2() -> nn.Module:
    return made("ConvNextV2Model", "ConvNextV2Config", hidden_sizes=[8, 16, 24, WIDTH], depths=[1, 1, 2, 1])


# What a hub says of pictures, in its several ways.
KINDS: dict[str, tuple[Callable[[], nn.Module], dict[str, object]]] = {
    "dinov2": (dinov2, {"size": {"shortest_edge": 80}, "crop_size": SQUARE}),
    "dinov3": (dinov3, {"size": SQUARE, "crop_size": None, "do_center_crop": None}),
    "siglip2": (siglip2, {"size": SQUARE, "do_convert_rgb": None}),
    "convnextv2": (convnextv2, {"size": {"shortest_edge": PIXELS}, "crop_pct": 0.875}),
}


def made(model: str, configuration: str, **values: object) -> nn.Module:
    transformers = import_module("transformers")
    module = getattr(transformers, model)(getattr(transformers, configuration)(**values))
    assert isinstance(module, nn.Module)
    return module


def saved(folder: Path, kind: str, seed: int = 1) -> Path:
    torch.manual_seed(seed)
    transformers = import_module("transformers")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    make, told = KINDS[kind]
    module = make()
    for parameter in module.parameters():
        # As they are made, some of them have no part in what comes out.
        nn.init.normal_(parameter, std=0.3)
    write = getattr(module, "save_pretrained")  # noqa: B009  (a transformers module has it)
    write(folder)
    normal = {"image_mean": MEAN, "image_std": DEVIATION, "do_rescale": True, "do_normalize": True}
    (folder / "preprocessor_config.json").write_text(json.dumps({**normal, "resample": 3, **told}))
    return folder
