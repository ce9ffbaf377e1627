"""Pretrained transformers (D-FINE, RT-DETR v2) as detectors to fine-tune, for the larger domains."""
