"""Suggestions made labels, over HTTP."""

from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from shared.models.labelling.suggestions import SuggestedTagAndRegion, Suggestion
from shared.models.serving.predictions import BoundingBox, Prediction
from shared.models.training.iterations import IterationStatus
from shared.models.training.model_spec import ModelTag
from shared.models.wire import now
from shared.models.workspace.domains import GENERAL
from shared.models.workspace.projects import ClassificationType
from shared.storage.workspace import suggestions
from tests.functions.ocellus.judging import put_judged
from tests.prediction.graphs import DETECTION_DOMAIN
from tests.storage.making import add_images

BOX, OTHER, BESIDE = (0.1, 0.2, 0.3, 0.4), (0.5, 0.5, 0.25, 0.25), (1.5, 0.1, 0.1, 0.1)
# Of each image the probabilities of apple and pear.
PROBABILITIES = [(0.9, 0.1), (0.75, 0.3), (0.6, 0.55), (0.2, 0.8), (0.4, 0.3), (0.95, 0.6)]


def suggestion(of, image_id, predictions) -> Suggestion:
    made = SuggestedTagAndRegion(image_id, UUID(of.project), of.iteration, now(), predictions, 0.5)
    return Suggestion(made, GENERAL, 640, 480)


def prediction(tag, probability, box=None) -> Prediction:
    made = Prediction(probability, tag.id, tag.name)
    return Prediction(probability, tag.id, tag.name, made.tag_type, BoundingBox(*box)) if box else made


@pytest.fixture
def suggested(training, storage):
    """A project of that kind with untagged images, and what an iteration suggested for them."""

    def make(kind, *predictions):
        detects = kind is None
        options = {"domain_id": str(DETECTION_DOMAIN)} if detects else {"classification_type": kind}
        project = training.create_project(f"suggested {uuid4()}", **options)
        tags = [ModelTag(UUID(training.create_tag(project.id, name).id), name) for name in ("apple", "pear")]
        iteration = put_judged(
            storage, UUID(project.id), tags, [], kind=kind, domain_id=DETECTION_DOMAIN if detects else GENERAL
        )
        of = SimpleNamespace(project=project.id, iteration=iteration, tags=[str(tag.id) for tag in tags])
        images = add_images(storage, UUID(project.id), len(predictions))
        of.images = [str(image.id) for image in images]
        given = [
            suggestion(of, image.id, [prediction(tags[at], *rest) for at, *rest in each])
            for image, each in zip(images, predictions, strict=True)
        ]
        suggestions.put(storage, UUID(project.id), iteration, given)
        return of

    return make


@pytest.fixture
def accept(post, ended):
    """Accept to the end; or the refusal."""

    def run(of, **body):
        reply = post(f"projects/{of.project}/suggestions/accept", {"source": str(of.iteration), **body})
        return ended(of.project, reply.body) if reply.status < 400 else reply

    return run


@pytest.fixture
def labels(training):
    """The names of the tags of each image."""

    def read(of):
        found = training.get_images_by_ids(of.project, of.images)
        return [" ".join(sorted(tag.tag_name for tag in image.tags or [])) for image in found]

    return read


def pairs(kind=ClassificationType.MULTICLASS):
    return kind, *([(0, apple), (1, pear)] for apple, pear in PROBABILITIES)


def test_accept_suggestions_tags_with_the_most_probable_tag(suggested, accept, labels, post):
    of = suggested(*pairs())
    task = accept(of, threshold=0.7)
    assert (task["operation"], task["status"], task["total"], task["changed"]) == (
        "accept_suggestions",
        "Completed",
        4,
        4,
    )
    assert labels(of) == ["apple", "apple", "", "pear", "", "apple"]
    again = accept(of, threshold=0.7)
    assert (again["total"], again["changed"]) == (0, 0)
    back = post(f"projects/{of.project}/tasks/{task['id']}/undo", {})
    assert (back.status, back.body["status"]) == (200, "Undone")
    assert labels(of) == [""] * 6
    assert accept(of)["changed"] == 5


def test_accept_suggestions_takes_those_of_a_tag_but_some(suggested, accept, labels):
    of = suggested(*pairs())
    apple, pear = of.tags
    task = accept(of, tagId=apple, threshold=0.6, **{"except": [of.images[1]]}, expected=3)
    assert (task["total"], task["changed"]) == (3, 3)
    assert labels(of) == ["apple", "", "apple", "", "", "apple"]
    # Probable enough, but not the most probable, and no longer untagged.
    assert accept(of, tagId=pear, threshold=0.3)["changed"] == 1
    assert labels(of) == ["apple", "", "apple", "pear", "", "apple"]


def test_accept_suggestions_again_under_one_id_is_the_same_task(suggested, accept):
    of = suggested(*pairs())
    body = {"threshold": 0.7, "expected": 4, "id": str(uuid4())}
    first = accept(of, **body)
    assert (first["id"], first["changed"]) == (body["id"], 4)
    assert accept(of, **body) == first
    assert accept(of, **{**body, "threshold": 0.8}).body["code"] == "Conflict"


def test_accept_suggestions_takes_a_selection(suggested, accept, labels):
    of = suggested(*pairs())
    task = accept(of, imageIds=[of.images[4], of.images[0], str(uuid4())], threshold=0.4)
    assert (task["total"], task["changed"]) == (2, 2)
    assert labels(of) == ["apple", "", "", "", "apple", ""]


def test_accept_suggestions_tags_a_multilabel_image_with_all_that_are_probable(suggested, accept, labels):
    of = suggested(*pairs(ClassificationType.MULTILABEL))
    assert accept(of, threshold=0.55)["changed"] == 5
    assert labels(of) == ["apple", "apple", "apple pear", "pear", "", "apple pear"]


def test_accept_suggestions_leaves_what_somebody_has_labelled(training, suggested, accept, labels):
    of = suggested(*pairs())
    training.create_image_tags(of.project, tags=[{"imageId": of.images[0], "tagId": of.tags[1]}])
    task = accept(of, imageIds=of.images, threshold=0.7)
    assert (task["total"], task["changed"]) == (6, 3)
    assert labels(of) == ["pear", "apple", "", "pear", "", "apple"]


def test_accept_suggestions_puts_boxes(training, suggested, accept, post):
    of = suggested(
        None,
        [(0, 0.9, BOX), (1, 0.8, OTHER), (1, 0.4, BOX)],
        [(0, 0.3, BOX)],
        [(1, 0.9, BESIDE)],
    )
    task = accept(of, threshold=0.5)
    assert (task["total"], task["changed"]) == (2, 1)

    def boxes():
        return [
            sorted((box.tag_name, round(box.left, 6), round(box.top, 6)) for box in image.regions or [])
            for image in training.get_images_by_ids(of.project, of.images)
        ]

    assert boxes() == [[("apple", 0.1, 0.2), ("pear", 0.5, 0.5)], [], []]
    assert training.get_tagged_image_count(of.project) == 1
    post(f"projects/{of.project}/tasks/{task['id']}/undo", {})
    assert boxes() == [[], [], []]
    assert training.get_untagged_image_count(of.project) == 3
    assert accept(of, tagId=of.tags[1], threshold=0.3)["changed"] == 1
    assert boxes()[0] == [("pear", 0.1, 0.2), ("pear", 0.5, 0.5)]


def test_accept_suggestions_of_many_goes_on_in_the_background(training, suggested, post, ended):
    of = suggested(ClassificationType.MULTICLASS, *([(0, 0.9)] for _ in range(70)))
    reply = post(f"projects/{of.project}/suggestions/accept", {"source": str(of.iteration)})
    assert (reply.status, reply.body["total"]) == (202, 70)
    assert ended(of.project, reply.body)["changed"] == 70
    assert training.get_tagged_image_count(of.project, tag_ids=of.tags[:1]) == 70


def test_accept_suggestions_passes_over_a_tag_that_was_deleted_since(training, suggested, accept, labels):
    of = suggested(*pairs())
    training.delete_tag(of.project, of.tags[0])
    # The most probable tag is gone, and no other takes its place.
    assert accept(of, imageIds=of.images)["changed"] == 1
    assert labels(of) == ["", "", "", "pear", "", ""]


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        ({"source": None}, 400, "BadRequest", "source"),
        ({"source": "live"}, 400, "BadRequest", "source"),
        ({"source": str(uuid4())}, 404, "NotFoundIteration", "There is no iteration"),
        ({"threshold": 1.5}, 400, "BadRequest", "threshold"),
        ({"threshold": "much"}, 400, "BadRequest", "threshold"),
        ({"tagId": str(uuid4())}, 404, "NotFoundTag", "get_tags lists them"),
        ({"imageIds": []}, 404, "NotFoundImage", "None of the images"),
        ({"imageIds": [str(uuid4())]}, 404, "NotFoundImage", "None of the images"),
        ({"expected": 9}, 409, "Conflict", "There are 5 such images now, not 9"),
        ({"except": "all"}, 400, "BadRequest", "except"),
    ],
)
def test_accept_suggestions_refuses_what_can_not_be(suggested, accept, labels, body, status, code, message):
    of = suggested(*pairs())
    reply = accept(of, **body)
    assert (reply.status, reply.body["code"]) == (status, code)
    assert message in reply.body["message"]
    assert labels(of) == [""] * 6


def test_accept_suggestions_refuses_what_is_not_trained_or_not_there(storage, suggested, accept):
    of = suggested(*pairs())
    failed = put_judged(storage, UUID(of.project), [], [], status=IterationStatus.FAILED)
    assert accept(of, source=str(failed)).body["code"] == "BadRequestIterationIsNotTrained"
    of.project = str(uuid4())
    assert accept(of).body["code"] == "NotFoundProject"
