"""Curves, what was taken for what, and the images of a cell, over HTTP."""

from types import SimpleNamespace
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest

from shared.models.training.iterations import IterationStatus
from shared.models.training.model_spec import ModelTag
from shared.models.workspace.projects import ClassificationType
from tests.functions.ocellus.judging import judged, judged_boxes, put_judged
from tests.prediction.graphs import DETECTION_DOMAIN

LEFT, RIGHT = (0.0, 0.0, 0.4, 0.4), (0.5, 0.5, 0.4, 0.4)
# Overlaps LEFT by half.
HALF = (0.0, 0.0, 0.2, 0.4)


@pytest.fixture(scope="module")
def fruit(training, storage):
    """Five images judged by a classifier: two apples right, an apple taken for a pear, a pear too unsure, a plum."""
    project = training.create_project(f"judged {uuid4()}", classification_type="Multiclass")
    tags = [ModelTag(UUID(training.create_tag(project.id, name).id), name) for name in ("apple", "pear", "plum")]
    apple, pear, plum = (tag.id for tag in tags)
    images = [
        judged(0, [apple], [0.9, 0.1, 0.0]),
        judged(1, [apple], [0.3, 0.6, 0.1]),
        judged(2, [pear], [0.3, 0.4, 0.3]),
        judged(3, [apple], [0.1, 0.8, 0.1]),
        judged(4, [plum], [0.0, 0.3, 0.7]),
    ]
    iteration = put_judged(storage, UUID(project.id), tags, images)
    return SimpleNamespace(project=project.id, iteration=iteration, tags=tags, images=[str(each.id) for each in images])


@pytest.fixture(scope="module")
def boxes(training, storage):
    """An image that a detector took a box of for another tag, and one that it found half of."""
    project = training.create_project(f"judged {uuid4()}", domain_id=str(DETECTION_DOMAIN))
    tags = [ModelTag(UUID(training.create_tag(project.id, name).id), name) for name in ("fork", "knife")]
    fork, knife = (tag.id for tag in tags)
    images = [
        judged_boxes(0, [(fork, LEFT)], [(1, 0.9, LEFT)]),
        judged_boxes(1, [(knife, LEFT), (fork, RIGHT)], [(1, 0.7, HALF), (0, 0.6, RIGHT)]),
    ]
    iteration = put_judged(storage, UUID(project.id), tags, images, kind=None, domain_id=DETECTION_DOMAIN)
    return SimpleNamespace(project=project.id, iteration=iteration, tags=tags, images=[str(each.id) for each in images])


@pytest.fixture
def told(ask):
    """What one of our operations says of an iteration."""

    def tell(of, operation, **query):
        return ask("GET", f"/ocellus/v1/projects/{of.project}/iterations/{of.iteration}/{operation}?{urlencode(query)}")

    return tell


@pytest.fixture
def shown(ask):
    """The ids of the images of a cell, and how many there are."""

    def show(of, **query):
        path = f"/customvision/v3.3/training/projects/{of.project}/iterations/{of.iteration}/performance/images"
        found, number = (ask("GET", f"{path}{rest}?{urlencode(query)}") for rest in ("", "/count"))
        if found.status != 200:
            assert (number.status, number.body) == (found.status, found.body)
            return found
        assert number.body == len(found.body) or query.keys() & {"take", "skip"}
        return [image["id"] for image in found.body]

    return show


def test_get_performance_curves_says_what_the_performance_is_at_every_hundredth(training, told, fruit):
    reply = told(fruit, "curves")
    assert reply.status == 200
    curves = reply.body
    assert curves["thresholds"] == [hundredth / 100 for hundredth in range(101)]
    assert [(tag["id"], tag["name"], tag["truths"]) for tag in curves["tags"]] == [
        (str(tag.id), tag.name, truths) for tag, truths in zip(fruit.tags, (3, 1, 1), strict=True)
    ]
    for at in (0, 35, 50, 65, 95, 100):
        expected = training.get_iteration_performance(fruit.project, fruit.iteration, threshold=at / 100)
        overall = curves["overall"]
        assert (overall["precision"][at], overall["recall"][at]) == pytest.approx(
            (expected.precision, expected.recall), abs=1e-6
        )
        for tag, wanted in zip(curves["tags"], expected.per_tag_performance, strict=True):
            assert (tag["precision"][at], tag["recall"][at]) == pytest.approx(
                (wanted.precision, wanted.recall), abs=1e-6
            )
            assert tag["averagePrecision"] == pytest.approx(wanted.average_precision)
    assert curves["overall"]["truths"] == 5


def test_get_performance_curves_takes_the_overlap_of_a_detector(told, boxes):
    near, far = (told(boxes, "curves", overlapThreshold=overlap).body for overlap in (0.5, 0.6))
    assert [(tag["truths"], tag["recall"][50]) for tag in near["tags"]] == [(2, 0.5), (1, 1)]
    assert [(tag["truths"], tag["recall"][50]) for tag in far["tags"]] == [(2, 0.5), (1, 0)]
    assert told(boxes, "curves").body == near


@pytest.mark.parametrize(
    ("threshold", "cells"),
    [
        (0.0, [[1, 2, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]),
        (0.5, [[1, 2, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0]]),
        (0.75, [[1, 1, 0, 1], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]]),
    ],
)
def test_get_confusions_counts_what_was_taken_for_what(told, fruit, threshold, cells):
    reply = told(fruit, "confusions", threshold=threshold)
    assert reply.status == 200
    assert reply.body["tags"] == [{"id": str(tag.id), "name": tag.name} for tag in fruit.tags]
    assert reply.body["cells"] == cells
    assert threshold != 0.5 or told(fruit, "confusions").body == reply.body


def test_get_confusions_stands_a_detectors_wrong_box_with_what_it_lies_on(told, boxes):
    assert told(boxes, "confusions").body["cells"] == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert told(boxes, "confusions", overlapThreshold=0.6).body["cells"] == [[1, 1, 0], [0, 0, 1], [0, 1, 0]]
    assert told(boxes, "confusions", threshold=0.8).body["cells"] == [[0, 1, 1], [0, 0, 1], [0, 0, 0]]


@pytest.mark.parametrize(
    ("query", "images"),
    [
        # The surest errors come first.
        ({"truth": "apple", "said": "pear"}, [3, 1]),
        ({"truth": "apple", "said": "pear", "orderBy": "Newest"}, [1, 3]),
        ({"truth": "apple", "said": "pear", "orderBy": "Oldest"}, [3, 1]),
        ({"truth": "apple", "said": "pear", "threshold": 0.7}, [3]),
        ({"truth": "apple", "said": "none", "threshold": 0.7}, [1]),
        ({"truth": "apple"}, [0, 3, 1]),
        ({"said": "pear"}, [3, 1]),
        ({"said": "NONE"}, [2]),
        ({"truth": "none"}, []),
        ({"wrong": "true"}, [3, 1, 2]),
        ({"wrong": "true", "truth": "pear"}, [2]),
        ({"wrong": "true", "truth": "plum"}, []),
        ({"wrong": "true", "tagIds": "pear"}, [2]),
        ({"wrong": "true", "take": 1, "skip": 1}, [1]),
        ({"wrong": "true", "skip": 9}, []),
        ({}, [0, 1, 2, 3, 4]),
        ({"wrong": "false", "threshold": 0.9}, [0, 1, 2, 3, 4]),
    ],
)
def test_get_image_performances_shows_the_images_of_a_cell(shown, fruit, query, images):
    ids = {tag.name: str(tag.id) for tag in fruit.tags}
    given = {name: ids.get(value, value) for name, value in query.items()}
    assert shown(fruit, **given) == [fruit.images[at] for at in images]


def test_get_image_performances_shows_the_images_of_a_detectors_cell(shown, boxes):
    fork, knife = (str(tag.id) for tag in boxes.tags)
    assert shown(boxes, truth=fork, said=knife) == [boxes.images[0]]
    assert shown(boxes, wrong="true") == [boxes.images[0]]
    # A box that nothing was said of is the surest error.
    assert shown(boxes, wrong="true", overlapThreshold=0.6) == boxes.images[::-1]
    assert shown(boxes, truth=knife, said="none", overlapThreshold=0.6) == [boxes.images[1]]


def test_a_multilabel_image_is_in_several_cells(training, storage, told, shown):
    project = training.create_project(f"judged {uuid4()}", classification_type="Multilabel")
    tags = [ModelTag(UUID(training.create_tag(project.id, name).id), name) for name in ("day", "rain", "snow")]
    day, rain, snow = (str(tag.id) for tag in tags)
    image = judged(0, [tags[0].id, tags[1].id], [0.8, 0.1, 0.6])
    iteration = put_judged(storage, UUID(project.id), tags, [image], kind=ClassificationType.MULTILABEL)
    of = SimpleNamespace(project=project.id, iteration=iteration)
    assert told(of, "confusions").body["cells"] == [[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    for query, number in [
        ({"truth": day, "said": day}, 1),
        ({"truth": rain, "said": snow}, 1),
        ({"truth": rain, "said": rain}, 0),
        ({"wrong": "true"}, 1),
    ]:
        assert len(shown(of, **query)) == number


@pytest.mark.parametrize(
    ("query", "status", "code", "message"),
    [
        ({"truth": "apple"}, 400, "BadRequestInvalidIds", "'truth' must be the id of a tag, or none"),
        ({"said": "0" * 5_000}, 400, "BadRequestInvalidIds", "'said' must be"),
        ({"said": str(uuid4())}, 404, "NotFoundTag", "not trained on tag"),
        ({"wrong": "yes"}, 400, "BadRequest", "'wrong' must be true or false"),
        ({"wrong": "true", "threshold": 2}, 400, "BadRequest", "'threshold' must be a number from 0 to 1"),
        ({"wrong": "true", "overlapThreshold": "nan"}, 400, "BadRequest", "'overlapThreshold'"),
        ({"wrong": "true", "tagIds": str(uuid4())}, 404, "NotFoundTag", "not trained on tag"),
    ],
)
def test_a_cell_that_can_not_be_is_refused(shown, fruit, query, status, code, message):
    reply = shown(fruit, **query)
    assert (reply.status, reply.body["code"]) == (status, code)
    assert message in reply.body["message"]


@pytest.mark.parametrize("operation", ["curves", "confusions"])
def test_get_performance_curves_and_confusions_read_an_evaluation_of_no_images(told, fruit, storage, operation):
    of = SimpleNamespace(project=fruit.project, iteration=put_judged(storage, UUID(fruit.project), fruit.tags, []))
    assert told(of, operation).status == 200


@pytest.fixture
def compare(ask):
    def ask_for(project, a, b, **query):
        return ask("GET", f"/ocellus/v1/projects/{project}/iterations/compare?{urlencode({'a': a, 'b': b, **query})}")

    return ask_for


def test_compare_iterations_tells_what_the_second_fixed_and_broke(storage, fruit, compare):
    apple, pear, plum = (tag.id for tag in fruit.tags)
    ids = [UUID(image) for image in fruit.images]
    later = [
        # Broken, fixed, fixed by what the label is by now, wrong as before, and one that the first did not see.
        judged(0, [apple], [0.2, 0.7, 0.1], ids[0]),
        judged(1, [apple], [0.8, 0.1, 0.1], ids[1]),
        judged(2, [plum], [0.1, 0.2, 0.7], ids[2]),
        judged(3, [apple], [0.1, 0.8, 0.1], ids[3]),
        judged(4, [pear], [0.1, 0.8, 0.1]),
    ]
    second = put_judged(storage, UUID(fruit.project), fruit.tags[:3], later)
    reply = compare(fruit.project, fruit.iteration, second)
    assert reply.status == 200
    told = reply.body
    assert (told["images"], told["fixed"], told["broken"]) == (4, 2, 1)
    assert [image["id"] for image in told["fixedImages"]] == fruit.images[1:3]
    assert [image["id"] for image in told["brokenImages"]] == fruit.images[:1]
    assert f"/{fruit.images[0]}/thumbnail?" in told["brokenImages"][0]["thumbnailUri"]
    assert (told["a"]["recall"], told["b"]["recall"]) == (1 / 4, 2 / 4)
    assert [(tag["name"], tag["a"]["recall"], tag["b"]["recall"]) for tag in told["tags"]] == [
        ("apple", pytest.approx(1 / 3), pytest.approx(1 / 3)), ("pear", 0, 0), ("plum", 0, 1)
    ]  # fmt: skip
    surer = compare(fruit.project, fruit.iteration, second, threshold=0.75).body
    assert (surer["fixed"], surer["broken"]) == (1, 1)
    same = compare(fruit.project, second, second).body
    assert (same["images"], same["fixed"], same["broken"], same["a"] == same["b"]) == (5, 0, 0, True)


def test_compare_iterations_of_other_tags_and_of_no_common_images(storage, fruit, compare):
    apple = fruit.tags[0]
    alone = put_judged(storage, UUID(fruit.project), [apple], [judged(0, [apple.id], [1.0], UUID(fruit.images[0]))])
    told = compare(fruit.project, alone, fruit.iteration).body
    assert (told["images"], told["fixed"], told["broken"]) == (1, 0, 0)
    assert [(tag["name"], tag["a"] is None, tag["b"] is None) for tag in told["tags"]] == [
        ("apple", False, False), ("pear", True, False), ("plum", True, False)
    ]  # fmt: skip
    none = put_judged(storage, UUID(fruit.project), fruit.tags, [])
    told = compare(fruit.project, fruit.iteration, none).body
    assert (told["images"], told["fixedImages"], told["a"]["precision"]) == (0, [], 0)


def test_compare_iterations_of_a_detector_takes_the_overlap(boxes, compare):
    told = compare(boxes.project, boxes.iteration, boxes.iteration, overlapThreshold=0.6).body
    assert (told["images"], told["b"]["recall"]) == (2, pytest.approx(1 / 3))


def test_compare_iterations_refuses_what_can_not_be_compared(storage, fruit, boxes, compare):
    for a, b, status, code in [
        (fruit.iteration, uuid4(), 404, "NotFoundIteration"),
        ("none", fruit.iteration, 400, "BadRequestInvalidIds"),
        ("", fruit.iteration, 400, "BadRequestRequiredParamIsNull"),
    ]:
        reply = compare(fruit.project, a, b)
        assert (reply.status, reply.body["code"]) == (status, code)
    detects = put_judged(storage, UUID(fruit.project), [], [], kind=None, domain_id=DETECTION_DOMAIN)
    reply = compare(fruit.project, fruit.iteration, detects)
    assert (reply.status, "compare two of a kind" in reply.body["message"]) == (400, True)
    failed = put_judged(storage, UUID(fruit.project), [], [], status=IterationStatus.FAILED)
    assert compare(fruit.project, failed, fruit.iteration).body["code"] == "NotFoundIterationPerformance"
    assert compare(uuid4(), fruit.iteration, fruit.iteration).body["code"] == "NotFoundProject"
    assert compare(fruit.project, fruit.iteration, fruit.iteration, threshold="half").status == 400


def refuses(told, storage, fruit, operation):
    project_id = UUID(fruit.project)
    failed = put_judged(storage, project_id, fruit.tags, [], status=IterationStatus.FAILED)
    for iteration, status, code in [(failed, 404, "NotFoundIterationPerformance"), (uuid4(), 404, "NotFoundIteration")]:
        reply = told(SimpleNamespace(project=fruit.project, iteration=iteration), operation)
        assert (reply.status, reply.body["code"]) == (status, code)
    reply = told(SimpleNamespace(project=uuid4(), iteration=fruit.iteration), operation)
    assert (reply.status, reply.body["code"]) == (404, "NotFoundProject")
    reply = told(fruit, operation, overlapThreshold="1.5")
    assert (reply.status, "'overlapThreshold' must be a number from 0 to 1" in reply.body["message"]) == (400, True)
    assert told(fruit, operation, overlap_threshold="1").status == 400


def test_get_performance_curves_refuses_what_was_never_judged(told, storage, fruit):
    refuses(told, storage, fruit, "curves")


def test_get_confusions_refuses_what_was_never_judged(told, storage, fruit):
    refuses(told, storage, fruit, "confusions")
    assert told(fruit, "confusions", threshold="-1").status == 400
