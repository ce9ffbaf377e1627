"""Object detection: our own anchor-free head on a backbone's features, trained with torch and served as ONNX."""
