"""What the domain decides: names, shapes, and which colour consumers feed first."""

import onnx
import pytest
from msgspec.structs import replace

from shared.exporting.graph.ending import subject
from shared.exporting.graph.subject import Ending, Subject, Unexportable
from shared.models.training.preprocessing import Preprocessing
from tests.exporting.conftest import CUTLERY, KINDS
from tests.exporting.making import spec_of

Values = dict[str, tuple[int, list[int | str]]]
FLOAT, INT64 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64


def values(found: list[onnx.ValueInfoProto]) -> Values:
    return {
        value.name: (
            value.type.tensor_type.elem_type,
            [side.dim_value or side.dim_param for side in value.type.tensor_type.shape.dim],
        )
        for value in found
    }


BOXES = {
    "detected_boxes": (FLOAT, [1, "n", 4]),
    "detected_classes": (INT64, [1, "n"]),
    "detected_scores": (FLOAT, [1, "n"]),
}
PROBABILITIES = {"model_output": (FLOAT, [1, 4])}


@pytest.mark.parametrize(
    ("graph", "domain", "ending", "bgr", "given", "answered"),
    [
        ("multiclass", "General", Ending.PROBABILITIES, False, ("data", 360), PROBABILITIES),
        ("multiclass", "Retail (compact)", Ending.PROBABILITIES, True, ("data", 360), PROBABILITIES),
        ("multiclass", "General (compact) [S1]", Ending.PROBABILITIES, False, ("data", 360), PROBABILITIES),
        ("detector", "Logo", Ending.BOXES, False, ("image_tensor", 320), BOXES),
        ("detector", "General (compact) [S1]", Ending.BOXES, False, ("image_tensor", 320), BOXES),
        (
            "detector",
            "General (compact)",
            Ending.GRID,
            True,
            ("data", 320),
            {"model_outputs0": (FLOAT, [1, 35, 13, 13])},
        ),
    ],
)
def test_the_domain_decides_the_ending(
    request: pytest.FixtureRequest,
    graph: str,
    domain: str,
    ending: Ending,
    bgr: bool,
    given: tuple[str, int],
    answered: Values,
) -> None:
    model: onnx.ModelProto = request.getfixturevalue(graph)
    labels = KINDS if graph == "multiclass" else CUTLERY
    before = model.SerializeToString()
    found = subject(before, spec_of(model, domain, labels))
    assert (found.labels, found.ending, found.bgr) == (labels, ending, bgr)
    assert values(found.model.graph.input) == {given[0]: (FLOAT, [1, 3, given[1], given[1]])}
    assert values(found.model.graph.output) == answered
    onnx.checker.check_model(found.model, full_check=True)


def test_a_classifiers_graph_is_the_served_one(multiclass: onnx.ModelProto, subjects: dict[str, Subject]) -> None:
    assert subjects["multiclass"].model == multiclass


def test_a_graph_that_is_not_what_its_description_says_is_refused(
    multiclass: onnx.ModelProto, detector: onnx.ModelProto
) -> None:
    of_classifier, of_detector = spec_of(multiclass, "General", KINDS), spec_of(detector, "Logo", CUTLERY)
    graph = multiclass.SerializeToString()
    for data, spec, message in (
        (graph, replace(of_classifier, preprocessing=Preprocessing(8, 8)), "inputs are"),
        (graph, replace(of_classifier, tags=of_classifier.tags[1:]), "for 3 tags"),
        (graph, replace(of_classifier, domain_id=of_detector.domain_id), "no domain"),
        (graph, replace(of_detector, preprocessing=of_classifier.preprocessing), "outputs are"),
        (detector.SerializeToString(), spec_of(detector, "General (compact)", CUTLERY[1:]), "for 1 tags"),
    ):
        with pytest.raises(Unexportable, match=message):
            subject(data, spec)
