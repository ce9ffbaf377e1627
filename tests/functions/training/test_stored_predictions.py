"""Stored predictions through the SDKs: found, deleted, made into training images."""

import json
from datetime import timedelta
from types import SimpleNamespace
from urllib.request import Request, urlopen
from uuid import UUID, uuid4

import pytest
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageIdCreateBatch,
    ImageIdCreateEntry,
    PredictionQueryTag,
    PredictionQueryToken,
    Region,
)

from tests.functions.flows import model_tags, refused, upload
from tests.pictures import picture
from tests.prediction.classifiers import put_classifier

SEEDS = range(200, 206)


@pytest.fixture(scope="module")
def kept(training, storage):
    """A project with six stored predictions, of which none is sure, in the order in which they were made."""
    project = training.create_project(f"kept {uuid4()}", classification_type="Multiclass")
    tags = {kind: upload(training, project.id, kind, range(5)) for kind in ("apple", "leaf", "sky")}
    iteration = put_classifier(storage, UUID(project.id), model_tags(tags.values()), scale=0.06)
    made = [training.quick_test_image(project.id, picture("leaf" if n % 2 else "apple", n)) for n in SEEDS]
    return SimpleNamespace(project=project, tags=tags, iteration=iteration, made=made)


def query(training, project_id, **conditions):
    """The ids that all pages show; every page but the last is full."""
    token, found = PredictionQueryToken(**conditions), []
    while True:
        answer = training.query_predictions(project_id, token)
        found += [each.id for each in answer.results]
        token = answer.token
        if token.continuation is None:
            return found
        assert len(answer.results) == conditions["max_count"]


def test_query_predictions_in_every_order(training, kept):
    ids = [each.id for each in kept.made]
    assert query(training, kept.project.id, max_count=2, order_by="Newest") == ids[::-1]
    assert query(training, kept.project.id, max_count=4) == ids[::-1]
    assert query(training, kept.project.id, max_count=4, order_by="oldest") == ids
    assert query(training, kept.project.id, max_count=0, order_by="Oldest") == ids
    surest = {each.id: max(item.probability for item in each.predictions) for each in kept.made}
    suggested = query(training, kept.project.id, max_count=4, order_by="Suggested")
    assert [surest[each] for each in suggested] == pytest.approx(sorted(surest.values()), abs=1e-6)


def test_query_predictions_shows_what_was_predicted(training, kept):
    answer = training.query_predictions(kept.project.id, PredictionQueryToken(max_count=1, application=""))
    (shown,), made = answer.results, kept.made[-1]
    assert (shown.id, shown.iteration, shown.created) == (made.id, made.iteration, made.created)
    assert (shown.project, shown.domain) == (kept.project.id, kept.project.settings.domain_id)
    assert [(each.tag_id, each.probability) for each in shown.predictions] == [
        (each.tag_id, each.probability) for each in made.predictions
    ]
    assert shown.original_image_uri == shown.resized_image_uri
    for uri in (shown.original_image_uri, shown.thumbnail_uri):
        with urlopen(uri) as response:
            assert response.read() == picture("leaf", SEEDS[-1])
            assert response.headers["Content-Type"] == "image/jpeg"
    assert (answer.token.max_count, answer.token.order_by, answer.token.application) == (1, None, "")


def test_query_predictions_filters(training, kept):
    project_id, made = kept.project.id, kept.made
    apple, leaf = kept.tags["apple"].id, kept.tags["leaf"].id
    likely = PredictionQueryTag(id=leaf, min_threshold=0.5)
    assert query(training, project_id, max_count=9, tags=[likely]) == [each.id for each in made[::-2]]
    both = [likely, PredictionQueryTag(id=apple, min_threshold=0.5, max_threshold=1)]
    assert query(training, project_id, max_count=9, tags=both) == []
    between = {"start_time": made[1].created, "end_time": made[4].created}
    assert query(training, project_id, max_count=2, order_by="Oldest", **between) == [each.id for each in made[1:5]]
    late = {"start_time": made[5].created + timedelta(seconds=1)}
    assert query(training, project_id, max_count=2, order_by="Suggested", **late) == []
    assert len(query(training, project_id, max_count=9, iteration_id=kept.iteration.id)) == 6
    assert query(training, project_id, max_count=9, application="somebody else") == []


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        ({"tags": [{"id": str(uuid4())}] * 3}, "BadRequestPredictionTagsExceededCount"),
        ({"tags": [{"id": str(uuid4()), "min_threshold": 2}]}, "BadRequest"),
        (
            {"tags": [{"id": str(uuid4()), "min_threshold": 0.9, "max_threshold": 0.1}]},
            "BadRequestPredictionInvalidQueryParameters",
        ),
        ({"max_count": 257}, "BadRequestPredictionResultsExceededCount"),
        ({"max_count": -1}, "BadRequestPredictionInvalidQueryParameters"),
        (
            {"start_time": "2026-02-01T00:00:00Z", "end_time": "2026-01-01T00:00:00"},
            "BadRequestPredictionInvalidQueryParameters",
        ),
        ({"application": "x" * 257}, "BadRequestPredictionInvalidApplicationName"),
        ({"order_by": "Sideways"}, "BadRequest"),
        ({"iteration_id": str(uuid4())}, "NotFoundIteration"),
        ({"session": "2:1", "continuation": "bm9uc2Vuc2U="}, "BadRequestPredictionInvalidQueryParameters"),
        ({"continuation": "ä!"}, "BadRequestPredictionInvalidQueryParameters"),
    ],
)
def test_query_predictions_refuses(training, kept, conditions, code):
    with refused(code):
        training.query_predictions(kept.project.id, PredictionQueryToken(**conditions))


def test_query_predictions_refuses_the_continuation_of_another_query(training, kept, project):
    token = training.query_predictions(kept.project.id, PredictionQueryToken(max_count=2)).token
    assert token.continuation
    token.max_count = 3
    assert len(training.query_predictions(kept.project.id, token).results) == 3
    with refused("BadRequestPredictionInvalidQueryParameters"):
        training.query_predictions(project.id, token)
    token.order_by = "Oldest"
    with refused("BadRequestPredictionInvalidQueryParameters"):
        training.query_predictions(kept.project.id, token)
    token.order_by, token.session = None, "2:1"
    with refused("BadRequestPredictionInvalidQueryParameters"):
        training.query_predictions(kept.project.id, token)
    with refused("NotFoundProject"):
        training.query_predictions(uuid4(), PredictionQueryToken())


def test_a_continuation_outlives_the_time_zone_of_its_query(service, kept):
    """A client may give the token back in a zone of its own."""
    found: list[str] = []
    token = {"startTime": "2020-01-01T02:00:00+02:00", "MaxCount": 4, "orderBy": "OLDEST", "tags": None}
    while True:
        answer = post(service, kept.project.id, token)
        found, token = found + [each["id"] for each in answer["results"]], answer["token"]
        if token["continuation"] is None:
            break
        assert token["startTime"] == "2020-01-01T00:00:00.000Z"
        token["startTime"] = "2020-01-01T04:00:00+04:00"
    assert found == [each.id for each in kept.made]


@pytest.mark.parametrize("order", ["Newest", "Oldest", "Suggested"])
def test_query_predictions_takes_every_time_there_is(service, kept, order):
    for first, last in (
        ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
        ("0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999Z"),
        ("-271821-04-20T00:00:00.000Z", "+275760-09-13T00:00:00.000Z"),
    ):
        always = {"startTime": first, "endTime": last, "orderBy": order, "maxCount": 4}
        answer = post(service, kept.project.id, always)
        answer = post(service, kept.project.id, answer["token"])
        assert len(answer["results"]) == 2
    assert (answer["token"]["startTime"], answer["token"]["endTime"]) == (
        "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "now", "2020", "2020-13-01", "2020-02-30T00:00:00Z", "2020-01-01T25:00Z", "1604"])
def test_query_predictions_refuses_what_is_no_time(ask, kept, text):
    body = json.dumps({"endTime": text}).encode()
    path = f"/customvision/v3.3/training/projects/{kept.project.id}/predictions/query"
    reply = ask("POST", path, body, Content_Type="application/json")
    assert (reply.status, reply.body["code"]) == (400, "BadRequest")
    assert "$.endTime" in reply.body["message"]


def post(service, project_id, token):
    """A query as no SDK sends it."""
    url = f"{service.endpoint}/customvision/v3.4-preview/training/projects/{project_id}/predictions/query"
    headers = {"Training-Key": service.training_key, "Content-Type": "application/json"}
    with urlopen(Request(url, json.dumps(token).encode(), headers)) as response:
        return json.load(response)


def test_delete_prediction(training, kept):
    doomed = [training.quick_test_image(kept.project.id, picture("apple", seed)).id for seed in (300, 301)]
    before = query(training, kept.project.id, max_count=99)
    uri = training.query_predictions(kept.project.id, PredictionQueryToken(max_count=1)).results[0].original_image_uri
    for _ in range(2):
        training.delete_prediction(kept.project.id, [*doomed, str(uuid4())])
    assert query(training, kept.project.id, max_count=99) == [each for each in before if each not in doomed]
    with pytest.raises(OSError, match="404"):
        urlopen(uri)


def test_delete_prediction_refuses(training, kept):
    with refused("BadRequestPredictionIdsMissing"):
        training.delete_prediction(kept.project.id, [])
    with refused("BadRequestPredictionIdsExceededCount"):
        # The SDK itself sends 64 at most, so the 65 come as one text.
        training.delete_prediction(kept.project.id, [",".join(str(uuid4()) for _ in range(65))])
    with refused("BadRequestInvalidIds"):
        training.delete_prediction(kept.project.id, ["nonsense"])
    with refused("NotFoundProject"):
        training.delete_prediction(uuid4(), [str(uuid4())])


def test_create_images_from_predictions(training, kept):
    project_id, leaf = kept.project.id, kept.tags["leaf"].id
    new = training.quick_test_image(project_id, picture("leaf", 400)).id
    known = training.quick_test_image(project_id, picture("leaf", 0)).id
    entries = [
        ImageIdCreateEntry(id=new, tag_ids=[leaf]),
        ImageIdCreateEntry(id=known),
        ImageIdCreateEntry(id=str(uuid4())),
    ]
    batch = ImageIdCreateBatch(images=entries, metadata={"from": "camera"})
    summary = training.create_images_from_predictions(project_id, batch)
    assert not summary.is_batch_successful
    assert {each.source_url: each.status for each in summary.images} == {
        new: "OK",
        known: "OKDuplicate",
        entries[2].id: "ErrorSource",
    }
    (image,) = training.get_images_by_ids(project_id, [summary.images[0].image.id])
    assert ([tag.tag_id for tag in image.tags], image.metadata) == ([leaf], {"from": "camera"})
    with urlopen(image.original_image_uri) as response:
        assert response.read() == picture("leaf", 400)
    assert not {new, known} & set(query(training, project_id, max_count=99))
    again = training.create_images_from_predictions(project_id, ImageIdCreateBatch(images=[entries[0]]))
    assert [each.status for each in again.images] == ["ErrorSource"]


def test_create_images_from_predictions_keeps_what_it_could_not_use(training, kept):
    prediction = training.quick_test_image(kept.project.id, picture("leaf", 401)).id
    batch = ImageIdCreateBatch(images=[ImageIdCreateEntry(id=prediction, tag_ids=[str(uuid4())])])
    summary = training.create_images_from_predictions(kept.project.id, batch)
    assert [each.status for each in summary.images] == ["ErrorInvalidTag"]
    assert prediction in query(training, kept.project.id, max_count=99)
    training.delete_prediction(kept.project.id, [prediction])


def test_create_images_from_predictions_refuses(training, kept):
    entry = ImageIdCreateEntry(id=str(uuid4()))
    boxed = ImageIdCreateEntry(id=entry.id, regions=[Region(tag_id=uuid4(), left=0, top=0, width=1, height=1)])
    for entries, code in [
        ([], "BadRequestImageBatch"),
        ([entry] * 65, "BadRequestExceededBatchSize"),
        ([boxed], "BadRequestOperationNotSupported"),
    ]:
        with refused(code):
            training.create_images_from_predictions(kept.project.id, ImageIdCreateBatch(images=entries))


def test_the_predictions_of_a_deleted_iteration_are_gone(training, storage, project):
    tags = model_tags(training.create_tag(project.id, kind) for kind in ("apple", "leaf", "sky"))
    first, second = (put_classifier(storage, UUID(project.id), tags, name) for name in ("First", "Second"))
    for iteration in (first, second):
        training.quick_test_image(project.id, picture("apple", 9), iteration_id=iteration.id)
    training.delete_iteration(project.id, first.id)
    answer = training.query_predictions(project.id, PredictionQueryToken())
    assert [each.iteration for each in answer.results] == [str(second.id)]
