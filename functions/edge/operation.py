"""What an operation says of itself, and the list of all that are imported."""

from collections.abc import Callable, Sequence
from typing import Generic, Literal, NamedTuple, TypeVar

from functions.edge.parameters import Parameter
from shared.access.keys import ServiceName
from shared.models.access.roles import Role

T = TypeVar("T")
# The names of the Limits on how often one caller may call an operation in a second.
Rate = Literal[
    "calls_per_second", "trainings_per_second", "stored_predictions_per_second", "unstored_predictions_per_second"
]
VERSIONS = ("v3.0", "v3.1", "v3.2", "v3.3", "v3.4", "v3.4-preview")
OLD_VERSIONS = ("v2.0", "v2.1", "v2.2")


class Api(NamedTuple):
    """Where its operations stand, in which versions unless the base names one, and whose app and keys serve them."""

    name: str
    base: str
    versions: tuple[str, ...]
    service: ServiceName


TRAINING = Api("training", "customvision/{version}/training", OLD_VERSIONS + VERSIONS, "training")
PREDICTION = Api("prediction", "customvision/{version}/prediction", VERSIONS, "prediction")
# Our own.
OCELLUS = Api("ocellus", "ocellus/v1", (), "training")


class Answer(NamedTuple, Generic[T]):
    """A body with a status that the operation chose among its `statuses`."""

    status: int
    body: T


class Operation(NamedTuple):
    """An operation of an API as its handler declares it."""

    api: Api
    method: str
    path: str
    versions: tuple[str, ...]
    handler: Callable[..., object]
    parameters: dict[str, Parameter]
    result: object
    statuses: Sequence[int]
    # Those of a token that may call it.
    roles: frozenset[Role]
    rate: Rate
    # Whether it counts against the predictions of a month.
    predicts: bool
    # The arguments and fields of its body that the audit trail keeps; none where the trail leaves it out.
    audit: Sequence[str]
    # The operation of later versions that one of version 2 is, where that has a path of its own.
    alias_of: str = ""

    @property
    def name(self) -> str:
        return self.handler.__name__

    @property
    def function(self) -> str:
        """The name of its Azure function."""
        return f"{self.api.name}_{self.name}"

    @property
    def route(self) -> str:
        return f"{self.api.base}/{self.path}"

    @property
    def methods(self) -> list[str]:
        return [self.method, "HEAD"] if self.method == "GET" else [self.method]


operations: list[Operation] = []
aliases: list[Operation] = []
