"""A classifier that tells what is red, green or blue, put where a training would have left it."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import onnx
from msgspec.structs import replace
from onnx import parser

from shared.models.training.iterations import Iteration
from shared.models.training.model_spec import ModelTag
from shared.storage.account.store import Store
from tests.prediction.graphs import make_spec
from tests.prediction.trained import put_trained

# The more a channel lies above the mean of the three, the surer is its tag.
CLASSIFIER = """
<ir_version: 8, opset_import: ["": 13]>
colours (float[1, 3, 16, 16] data) => (float[1, 3] model_output)
<float scale = {SCALE}>
{
    means = GlobalAveragePool (data)
    flat = Flatten (means)
    mean = ReduceMean <axes = [1]> (flat)
    excess = Sub (flat, mean)
    scores = Mul (excess, scale)
    model_output = Softmax <axis = 1> (scores)
}
"""


def make_classifier(scale: float) -> bytes:
    model = parser.parse_model(CLASSIFIER.replace("SCALE", str(scale)))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def put_classifier(
    store: Store, project_id: UUID, tags: Sequence[ModelTag], name: str = "Iteration 1", scale: float = 1.0
) -> Iteration:
    """A completed iteration with tags for red, green and blue; the smaller the scale, the less sure it is."""
    spec = replace(make_spec(project_id, uuid4(), []), tags=list(tags))
    return put_trained(store, spec, make_classifier(scale), name=name)
