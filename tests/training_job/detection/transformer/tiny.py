"""D-FINE and RT-DETR v2 as small as they go, with random weights, in folders as a hub has them."""

import json
from importlib import import_module
from pathlib import Path

import torch
from torch import nn

PIXELS = 96
D_FINE, RT_DETR = "DFineForObjectDetection", "RTDetrV2ForObjectDetection"
# As many as COCO has; other projects have fewer.
CLASSES = 80
WIDTH = 32
DETECTOR = {
    "encoder_in_channels": [16, 16, 16],
    "encoder_hidden_dim": WIDTH,
    "encoder_ffn_dim": 64,
    "encoder_attention_heads": 4,
    "d_model": WIDTH,
    "num_queries": 20,
    "decoder_in_channels": [WIDTH] * 3,
    "decoder_ffn_dim": 64,
    "decoder_n_points": 2,
    "decoder_layers": 2,
    "decoder_attention_heads": 4,
    "num_denoising": 20,
    "num_labels": CLASSES,
}
PREPROCESSING = {"size": {"height": PIXELS, "width": PIXELS}, "resample": 2, "do_normalize": False, "do_rescale": True}


def saved(folder: Path, architecture: str) -> Path:
    torch.manual_seed(1)
    transformers = import_module("transformers")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    module = getattr(transformers, architecture)(_configuration(architecture))
    # As they are by default, so little of a picture reaches the last layers that all places look the same.
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight)
    return save(module, folder)


def save(module: nn.Module, folder: Path) -> Path:
    write = getattr(module, "save_pretrained")  # noqa: B009  (a transformers module has it)
    write(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSING))
    return folder


def _configuration(architecture: str) -> object:
    transformers = import_module("transformers")
    if architecture == D_FINE:
        backbone = transformers.HGNetV2Config(
            stem_channels=[3, 8, 8],
            embedding_size=8,
            stage_in_channels=[8, 16, 16, 16],
            stage_mid_channels=[8, 8, 8, 8],
            stage_out_channels=[16, 16, 16, 16],
            stage_num_blocks=[1, 1, 1, 1],
            stage_numb_of_layers=[2, 2, 2, 2],
            hidden_sizes=[16, 16, 16, 16],
            depths=[1, 1, 1, 1],
            out_indices=[2, 3, 4],
        )
        small = {"lqe_hidden_dim": 16, "depth_mult": 0.34, "hidden_expansion": 0.5}
        return transformers.DFineConfig(backbone_config=backbone, **DETECTOR, **small)
    backbone = transformers.RTDetrResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 16, 16, 16],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    return transformers.RTDetrV2Config(backbone_config=backbone, **DETECTOR)
