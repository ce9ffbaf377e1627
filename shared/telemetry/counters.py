"""What is counted beside predictions. Attributes hold no ids that a caller could make up: each set of them is paid."""

from opentelemetry import metrics

METER = metrics.get_meter("ocellus")
REQUESTS = METER.create_counter("ocellus.requests", "{request}", "Calls of the API by operation and outcome")
REJECTIONS = METER.create_counter("ocellus.camera.rejections", "{picture}", "Pictures of cameras that got no result")
TRAININGS = METER.create_counter("ocellus.trainings", "{training}", "Trainings that have ended")
POISONED = METER.create_counter("ocellus.poison_messages", "{message}", "Messages that failed on every attempt")
# The outcome of what went well; another outcome is the error's code.
OK = "OK"


def request(operation: str, outcome: str) -> None:
    REQUESTS.add(1, {"ocellus.operation": operation, "ocellus.outcome": outcome})


def rejection(code: str) -> None:
    REJECTIONS.add(1, {"ocellus.outcome": code})


def training(outcome: str) -> None:
    TRAININGS.add(1, {"ocellus.outcome": outcome})


def poisoned(queue: str) -> None:
    POISONED.add(1, {"ocellus.queue": queue})
