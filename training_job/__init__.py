"""The training job: a container that turns a frozen dataset into a model, its labels and its metrics."""
