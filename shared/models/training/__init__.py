"""A training and what it leaves: its dataset, the model, its evaluation and its exports."""
