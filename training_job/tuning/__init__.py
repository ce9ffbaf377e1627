"""Fine-tuning of any detector that torch can train: the loop, and what a detector is to it."""
