"""For formats whose images lie as ONNX has them: what comes before the choice of boxes, node by node."""
