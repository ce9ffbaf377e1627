"""ONNX graphs, written node by node: backbones, classifiers, and the end of every detector."""
