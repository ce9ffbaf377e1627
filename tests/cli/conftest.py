"""The clients of the running service, which the command is tried on."""

from tests.functions.clients import prediction, project, storage, training

__all__ = ["prediction", "project", "storage", "training"]
