"""Served graphs as operations on NHWC tensors, which every format of TensorFlow is written from."""
