"""Fine-tuning of any model that torch can train: the loop, and what a model is to it."""
