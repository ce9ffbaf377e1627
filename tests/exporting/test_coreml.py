"""Core ML, read back from the file: only Apple's machines run it."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator

from shared.exporting import coreml
from shared.exporting.graph.subject import Ending, Subject, Unexportable
from shared.exporting.nchw import trunk
from tests.exporting import layers
from tests.exporting.agreement import Answers, agree
from tests.exporting.making import answers
from tests.prediction.small import small_classifier


@pytest.fixture(scope="module")
def written(subjects: Mapping[str, Subject]) -> dict[str, bytes]:
    before = {name: subject.model.SerializeToString(deterministic=True) for name, subject in subjects.items()}
    files = {name: coreml.files(subject) for name, subject in subjects.items()}
    assert {name: subject.model.SerializeToString(deterministic=True) for name, subject in subjects.items()} == before
    assert [list(each) for each in files.values()] == [["model.mlmodel"]] * 4
    return {name: each["model.mlmodel"] for name, each in files.items()}


def read_back(model: bytes, outputs: Mapping[str, list[int]]) -> onnx.ModelProto:
    """From the image to these; of a detector what comes before the choice of boxes."""
    spec, found = layers.network(model)
    image = spec.description.input[0].type.imageType
    kinds = [layers.kind(layer) for layer in found]
    place = kinds.index(layers.CHOICE) if layers.CHOICE in kinds else len(found)
    return layers.graph(found[:place], {"data": [1, 3, image.height, image.width]}, outputs)


@pytest.mark.parametrize(("kind", "tags"), [("multiclass", 4), ("multilabel", 5)])
def test_a_classifier_is_the_served_one(
    written: Mapping[str, bytes], served: Mapping[str, Answers], photographs: Sequence[bytes], kind: str, tags: int
) -> None:
    found = answers(read_back(written[kind], {"loss": [1, tags]}), photographs)
    assert [each["loss"].tolist() for each in found] == [each["model_output"].tolist() for each in served[kind]]


def test_a_grid_is_the_served_one(
    written: Mapping[str, bytes], served: Mapping[str, Answers], photographs: Sequence[bytes]
) -> None:
    found = answers(read_back(written["grid"], {"model_outputs0": [1, 1, 35, 13, 13]}), photographs)
    for mine, other in zip(found, served["grid"], strict=True):
        assert np.array_equal(mine["model_outputs0"][0], other["model_outputs0"])


def test_a_detector_chooses_among_the_served_boxes(
    written: Mapping[str, bytes], subjects: Mapping[str, Subject], photographs: Sequence[bytes]
) -> None:
    _, found = layers.network(written["boxes"])
    (choice,) = (layer for layer in found if layers.kind(layer) == layers.CHOICE)
    told = choice.NonMaximumSuppression
    limits = told.iouThreshold, told.scoreThreshold, told.maxBoxes, told.perClassSuppression
    assert limits == (pytest.approx(0.5), pytest.approx(0.01), 300, True)
    mine = answers(read_back(written["boxes"], {name: [] for name in choice.input}), photographs)
    for read, (corners, scores) in zip(mine, candidates(subjects["boxes"], photographs), strict=True):
        size = corners[..., 2:] - corners[..., :2]
        placed = np.concatenate([(corners[..., :2] + corners[..., 2:]) * np.float32(0.5), size], axis=2)
        assert np.array_equal(read[choice.input[0]], placed)
        assert np.array_equal(read[choice.input[1]], scores.transpose(0, 2, 1))


def candidates(subject: Subject, photographs: Sequence[bytes]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each photograph the boxes (1, N, 4) and scores (1, tags, N) that the served graph chooses among."""
    model = onnx.ModelProto.FromString(subject.model.SerializeToString())
    choice = trunk.read(subject).answer
    assert isinstance(choice, trunk.Suppression)
    names = [choice.boxes, choice.scores]
    del model.graph.output[:]
    model.graph.output.extend(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names)
    return [(each[names[0]], each[names[1]]) for each in answers(model, photographs)]


def test_chosen_boxes_are_told_by_left_top_width_and_height(written: Mapping[str, bytes]) -> None:
    _, found = layers.network(written["boxes"])
    place = [layers.kind(layer) for layer in found].index(layers.CHOICE)
    boxes, scores = found[place].output[:2]
    shapes = {boxes: [1, 300, 4], scores: [1, 300, 2]}
    ending = layers.graph(found[place + 1 :], shapes, {"coordinates": [300, 4], "confidence": [300, 2]})
    given = {boxes: np.full([1, 300, 4], [0.5, 0.5, 0.25, 0.5], np.float32), scores: np.zeros([1, 300, 2], np.float32)}
    coordinates, confidence = map(np.asarray, ReferenceEvaluator(ending).run(None, given))
    assert coordinates.tolist() == [[0.375, 0.25, 0.25, 0.5]] * 300
    assert confidence.shape == (300, 2)


@pytest.mark.parametrize(
    ("kind", "side", "outputs"),
    [
        ("multiclass", 360, {"loss": "dictionaryType", "classLabel": "stringType"}),
        ("multilabel", 288, {"loss": "dictionaryType", "classLabel": "stringType"}),
        ("boxes", 320, {"coordinates": "multiArrayType", "confidence": "multiArrayType"}),
        ("grid", 320, {"model_outputs0": "multiArrayType"}),
    ],
)
def test_the_file_says_what_apps_read(
    written: Mapping[str, bytes], subjects: Mapping[str, Subject], kind: str, side: int, outputs: dict[str, str]
) -> None:
    spec, _ = layers.network(written[kind])
    # Of iOS 13.
    assert spec.specificationVersion == 4
    (given,) = spec.description.input
    image = given.type.imageType
    assert (given.name, image.width, image.height, image.colorSpace) == ("data", side, side, image.RGB)
    assert {each.name: each.type.WhichOneof("Type") for each in spec.description.output} == outputs
    if "loss" in outputs:
        assert list(spec.neuralNetworkClassifier.stringClassLabels.vector) == subjects[kind].labels
        names = spec.description.predictedFeatureName, spec.description.predictedProbabilitiesName
        assert names == ("classLabel", "loss")


def test_half_the_bytes_say_nearly_the_same(
    subjects: Mapping[str, Subject], served: Mapping[str, Answers], photographs: Sequence[bytes]
) -> None:
    half = coreml.files(subjects["multiclass"], half=True)["model.mlmodel"]
    assert len(half) < 0.6 * len(subjects["multiclass"].model.SerializeToString())
    agree(served["multiclass"], answers(read_back(half, {"loss": [1, 4]}), photographs), half=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [("Sigmoid", "The operator Erf is not known"), ("TopK", "Boxes are chosen in a way")],
)
def test_what_is_not_known_is_refused(subjects: Mapping[str, Subject], change: str, message: str) -> None:
    model = onnx.ModelProto.FromString(subjects["boxes"].model.SerializeToString())
    next(node for node in model.graph.node if node.op_type == change).op_type = "Erf"
    with pytest.raises(Unexportable, match=message):
        coreml.files(subjects["boxes"]._replace(model=model))


def test_threads_write_one_after_the_other() -> None:
    """Coremltools has one program in the making, whichever thread makes it."""
    graph = onnx.ModelProto.FromString(small_classifier(3))
    subject = Subject(graph, ["red", "green", "blue"], Ending.PROBABILITIES, bgr=False)
    with ThreadPoolExecutor(2) as threads:
        assert list(map(len, threads.map(coreml.files, [subject] * 4))) == [1] * 4


def test_a_graph_that_lies_is_refused(subjects: Mapping[str, Subject]) -> None:
    with pytest.raises(Unexportable, match="for 3 tags"):
        coreml.files(subjects["boxes"]._replace(labels=["a", "b", "c"]))
