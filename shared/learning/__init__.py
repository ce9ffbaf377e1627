"""What a classifier is learned with, free of torch: embeddings, the head on them, and honest evaluation.

It takes scipy, which is in training_job/requirements.txt; an app that fits a head needs it, too. What functions use
(`embedder`, `live`) does without.
"""
