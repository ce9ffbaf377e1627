"""Precision, recall and average precision at any threshold, from a model's stored per-image results."""
