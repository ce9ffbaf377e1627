"""Pretrained networks of a model hub: where they come from, and classifiers' backbones of them as ONNX graphs."""
