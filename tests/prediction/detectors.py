"""A detector that finds what is red, green or blue, put where a training would have left it."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from msgspec.structs import replace

from shared.models.training.evaluations import EvaluatedImage
from shared.models.training.iterations import Iteration
from shared.models.training.model_spec import ModelTag
from shared.storage.account.store import Store
from tests.prediction.graphs import make_detector, make_detector_spec
from tests.prediction.trained import put_trained

Box = tuple[float, float, float, float]


def put_detector(
    store: Store, project_id: UUID, tags: Sequence[ModelTag] = (), judged: Sequence[EvaluatedImage] = ()
) -> Iteration:
    """A completed iteration with tags for red, green and blue, which are the project's where they are given."""
    spec = make_detector_spec(project_id, uuid4())
    return put_trained(store, replace(spec, tags=list(tags) or spec.tags), make_detector(), judged)


def boxes_of(result) -> dict[str, Box]:
    """The box of each tag in a prediction."""
    boxes = {each.tag_name: each.bounding_box for each in result.predictions}
    return {tag: (box.left, box.top, box.width, box.height) for tag, box in boxes.items()}
