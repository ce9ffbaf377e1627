"""Publishing, quick test and prediction through the SDKs."""

from io import BytesIO
from types import SimpleNamespace
from urllib.request import urlopen
from uuid import UUID, uuid4

import pytest
from azure.cognitiveservices.vision.customvision.prediction.models import (
    CustomVisionErrorException as PredictionError,
)
from azure.cognitiveservices.vision.customvision.training.models import PredictionQueryToken
from PIL import Image

from tests.functions.flows import model_tags, refused, upload
from tests.pictures import encoded, picture
from tests.prediction.classifiers import put_classifier

RESOURCE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a-Prediction"


@pytest.fixture(scope="module")
def published(training, trained):
    """The trained iteration under the name `fruit one`."""
    assert training.publish_iteration(trained.project.id, trained.iteration.id, "fruit one", RESOURCE) is True
    yield trained
    training.unpublish_iteration(trained.project.id, trained.iteration.id)


def test_publish_iteration_shows_on_the_iteration(training, published):
    iteration = training.get_iteration(published.project.id, published.iteration.id)
    assert (iteration.publish_name, iteration.original_publish_resource_id) == ("fruit one", RESOURCE)


def test_a_published_iteration_can_be_neither_published_again_nor_deleted(training, published):
    for overwrite in (False, True):
        with refused("BadRequestIterationIsPublished", "Iteration is already published as: fruit one"):
            training.publish_iteration(
                published.project.id, published.iteration.id, "other", RESOURCE, overwrite=overwrite
            )
    with refused("BadRequestIterationIsPublished"):
        training.delete_iteration(published.project.id, published.iteration.id)
    with refused("BadRequestIterationIsPublished"):
        training.delete_project(published.project.id)


@pytest.fixture(scope="module")
def twice(training, storage):
    """A project with two completed iterations, which nobody trained, the older one first."""
    project = training.create_project(f"twice {uuid4()}", classification_type="Multiclass")
    tags = [upload(training, project.id, kind, range(5)) for kind in ("apple", "leaf", "sky")]
    iterations = [put_classifier(storage, UUID(project.id), model_tags(tags), name) for name in ("First", "Second")]
    return SimpleNamespace(
        project=project, iterations=[training.get_iteration(project.id, each.id) for each in iterations]
    )


def test_a_name_is_taken_by_one_iteration_unless_overwritten(training, prediction, twice, eventually):
    project, (first, second) = twice.project, twice.iterations
    training.publish_iteration(project.id, first.id, "live", RESOURCE)
    with refused("BadRequestInvalidPublishName"):
        training.publish_iteration(project.id, second.id, "LIVE", RESOURCE)
    training.publish_iteration(project.id, second.id, "live", RESOURCE, overwrite=True)
    assert training.get_iteration(project.id, first.id).publish_name is None
    result = prediction.classify_image_with_no_store(project.id, "live", picture("apple", 3))
    assert result.iteration == second.id
    with refused("BadRequestIterationNotPublished"):
        training.unpublish_iteration(project.id, first.id)
    training.unpublish_iteration(project.id, second.id)

    def is_gone() -> bool:
        try:
            prediction.classify_image_with_no_store(project.id, "live", picture("apple", 3))
        except PredictionError as error:
            return error.error.code == "NotFoundIteration"
        return False

    eventually(is_gone)


@pytest.mark.parametrize("name", ["a/b", "a\\b", "x" * 129, "a?b", "..", "a\nb"])
def test_publish_iteration_refuses_bad_names(training, trained, name):
    with refused("BadRequestInvalidPublishName"):
        training.publish_iteration(trained.project.id, trained.iteration.id, name, RESOURCE)


def test_classify_image(prediction, published):
    result = prediction.classify_image(published.project.id, "fruit one", picture("apple", 100))
    assert (str(result.project), str(result.iteration)) == (str(published.project.id), str(published.iteration.id))
    assert next(item.tag_name for item in result.predictions) == "apple"
    assert abs(sum(item.probability for item in result.predictions) - 1) < 1e-3
    assert [item.probability for item in result.predictions] == sorted(
        (item.probability for item in result.predictions), reverse=True
    )
    assert result.predictions[0].tag_type == "Regular"
    assert result.predictions[0].bounding_box is None


def test_every_way_to_classify_agrees(prediction, published, web):
    data = picture("leaf", 100)
    project_id = published.project.id
    results = [
        prediction.classify_image(project_id, "fruit one", data, application="tests"),
        prediction.classify_image_with_no_store(project_id, "FRUIT ONE", BytesIO(data)),
        prediction.classify_image_url(project_id, "fruit one", web.serve(data)),
        prediction.classify_image_url_with_no_store(project_id, "fruit one", web.serve(data)),
    ]
    answers = {tuple((item.tag_id, item.probability) for item in result.predictions) for result in results}
    assert len(answers) == 1
    assert len({result.id for result in results}) == 4


def test_only_stored_predictions_are_kept(prediction, training, published):
    project_id, data = published.project.id, picture("leaf", 102)
    kept = prediction.classify_image(project_id, "fruit one", data, application="tests")
    quick = training.quick_test_image(project_id, picture("leaf", 103), iteration_id=published.iteration.id)
    left = [
        prediction.classify_image_with_no_store(project_id, "fruit one", data),
        training.quick_test_image(project_id, data, iteration_id=published.iteration.id, store=False),
    ]
    stored = {each.id: each for each in training.query_predictions(project_id, PredictionQueryToken()).results}
    with urlopen(stored[kept.id].original_image_uri) as response:
        assert response.read() == data
    assert stored[kept.id].predictions[0].probability == kept.predictions[0].probability
    mine = training.query_predictions(project_id, PredictionQueryToken(application="tests")).results
    assert kept.id in {each.id for each in mine}
    assert quick.id not in {each.id for each in mine}
    assert quick.id in stored
    assert not {result.id for result in left} & set(stored)


def test_publishing_is_announced(service, published, eventually):
    events = service.data / "events.jsonl"

    def announced() -> bool:
        lines = events.read_text().splitlines() if events.is_file() else []
        return any("Ocellus.Iteration.Published" in line and published.iteration.id in line for line in lines)

    eventually(announced)


def test_quick_test(training, trained, web):
    data = picture("leaf", 101)
    for result in (
        training.quick_test_image(trained.project.id, data, iteration_id=trained.iteration.id),
        training.quick_test_image(trained.project.id, data, store=False),
        training.quick_test_image_url(trained.project.id, web.serve(data), iteration_id=trained.iteration.id),
    ):
        assert result.predictions[0].tag_name == "leaf"
    with refused("NotFoundIteration"):
        training.quick_test_image(trained.project.id, data, iteration_id=uuid4())


def test_quick_test_takes_the_newest_iteration_that_is_trained(training, project, twice, web):
    data = picture("leaf", 101)
    with refused("NotFoundIteration", "train it first"):
        training.quick_test_image(project.id, data)
    with refused("NotFoundIteration", "train it first"):
        training.quick_test_image_url(project.id, web.serve(data))
    project, (first, second) = twice.project, twice.iterations
    under_way = training.train_project(project.id, force_train=True)
    assert training.quick_test_image(project.id, data, store=False).iteration == second.id
    assert training.quick_test_image(project.id, data, iteration_id=first.id).iteration == first.id
    with refused("BadRequestIterationIsNotTrained"):
        training.quick_test_image(project.id, data, iteration_id=under_way.id)
    with refused("BadRequestImageUrl"):
        training.quick_test_image_url(project.id, "file:///etc/passwd")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "BadRequestImageFormat"),
        (b"GIF89a", "BadRequestImageFormat"),
        (picture("apple", 1)[:2000], "BadRequestImageFormat"),
        (picture("apple", 1) + bytes(4 * 1024 * 1024), "BadRequestImageSizeBytes"),
        (encoded(Image.new("1", (10_300, 500)), "PNG"), "BadRequestImageDimensions"),
        (encoded(Image.new("RGB", (5200, 200)), "PNG"), "BadRequestImageAspectRatio"),
        (encoded(Image.new("RGB", (300, 300)), "TIFF"), "BadRequestImageFormat"),
    ],
)
def test_classify_image_refuses(prediction, published, data, code):
    with pytest.raises(PredictionError) as caught:
        prediction.classify_image(published.project.id, "fruit one", data)
    assert caught.value.error.code == code


def test_classify_image_refuses_unknown_names_and_the_wrong_kind(prediction, published):
    for operation, project_id, name, code in [
        (prediction.classify_image, published.project.id, "nothing", "NotFoundIteration"),
        (prediction.classify_image, uuid4(), "fruit one", "NotFoundIteration"),
        (prediction.detect_image, published.project.id, "fruit one", "BadRequestOperationNotSupported"),
    ]:
        with pytest.raises(PredictionError) as caught:
            operation(project_id, name, picture("apple", 1))
        assert caught.value.error.code == code


def test_classify_image_url_refuses(prediction, published, web):
    for url in ("http://", "file:///etc/passwd", web.address + "/absent.jpg", "nonsense"):
        with pytest.raises(PredictionError) as caught:
            prediction.classify_image_url(published.project.id, "fruit one", url)
        assert caught.value.error.code == "BadRequestImageUrl"
