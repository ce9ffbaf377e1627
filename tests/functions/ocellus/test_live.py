"""A model that learns while people label, over HTTP."""

from base64 import b64decode
from random import Random
from struct import iter_unpack
from types import SimpleNamespace
from uuid import UUID, uuid4

import PIL.Image
import pytest
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    ImageRegionCreateEntry,
)
from PIL import ImageDraw

from shared.models.workspace.projects import ClassificationType
from tests.pictures import encoded
from tests.prediction.graphs import DETECTION_DOMAIN
from tests.storage.looks import put_looks
from tests.storage.making import add_images

MULTICLASS, MULTILABEL = ClassificationType.MULTICLASS, ClassificationType.MULTILABEL


@pytest.fixture
def label(training):
    """Give images their tags."""

    def label(of, places):
        entries = [{"imageId": of.images[at], "tagId": of.tags[of.kinds[at]]} for at in places]
        for start in range(0, len(entries), 64):
            training.create_image_tags(of.project, [*entries[start : start + 64]])

    return label


@pytest.fixture
def looked_at(training, storage, label):
    """A project of that kind with tags and so many images of each, the first `labelled` of each with their tag."""

    def make(kind=MULTICLASS, tags=3, images=12, labelled=4, own=0.3):
        project = training.create_project(f"live {uuid4()}", classification_type=kind)
        named = [training.create_tag(project.id, f"tag {at}").id for at in range(tags)]
        records, kinds = (
            add_images(storage, UUID(project.id), tags * images),
            [at % tags for at in range(tags * images)],
        )
        put_looks(storage, UUID(project.id), records, kinds, own)
        of = SimpleNamespace(project=project.id, tags=named, images=[str(each.id) for each in records], kinds=kinds)
        label(of, range(tags * labelled))
        return of

    return make


@pytest.fixture
def live(post):
    return lambda of, **body: post(f"projects/{of.project}/live", body)


@pytest.fixture
def get(ask):
    return lambda of, path: ask("GET", f"/ocellus/v1/projects/{of.project}/{path}")


def test_query_live_suggests_the_surest_of_a_tag_and_learns_from_the_next_label(looked_at, live, label):
    of = looked_at()
    told = live(of).body
    assert (told["state"], told["total"], told["embedded"], told["labelled"], told["scored"]) == (
        "Ready",
        36,
        36,
        12,
        24,
    )
    assert (told["lacking"], told["unchanged"], sum(told["counts"].values())) == ([], False, 24)
    (tag,) = {each["tagId"] for each in told["results"]}
    expected = {image for image, kind in zip(of.images[12:], of.kinds[12:], strict=True) if of.tags[kind] == tag}
    assert {each["imageId"] for each in told["results"]} == expected
    sureness = [each["probability"] for each in told["results"]]
    assert sureness == sorted(sureness, reverse=True)
    other = of.tags[(of.tags.index(tag) + 1) % 3]
    assert {each["tagId"] for each in live(of, tagId=other, take=3).body["results"]} == {other}
    assert live(of, since=told["revision"]).body | {"results": []} == {
        **told, "results": [], "counts": {}, "certain": {}, "scored": 0, "unchanged": True,
    }  # fmt: skip
    label(of, [12])
    after = live(of, since=told["revision"]).body
    assert (after["labelled"], after["scored"], after["unchanged"]) == (13, 23, False)
    assert after["certain"] == {}
    label(of, [13, 14])
    told = live(of, take=24).body
    sure = [each for each in told["results"] if each["probability"] >= 0.98]
    assert told["certain"][sure[0]["tagId"]] == len(sure) > 0
    assert of.images[12] not in {each["imageId"] for each in after["results"]}


def test_query_live_asks_for_typical_images_first_and_then_for_doubtful_ones(looked_at, live, label):
    of = looked_at(labelled=0)
    told = live(of, order="Unsure", take=3).body
    assert (told["state"], told["labelled"], sorted(told["lacking"])) == ("Lacking", 0, sorted(of.tags))
    kinds = {of.kinds[of.images.index(each["imageId"])] for each in told["results"]}
    assert (kinds, {each["tagId"] for each in told["results"]}) == ({0, 1, 2}, {None})
    assert live(of).body["results"] == []
    label(of, range(24))
    results = live(of, order="unsure", take=10).body["results"]
    assert 2 <= len(results) <= 10
    assert sum(each["drawn"] for each in results) == 2
    assert {each["imageId"] for each in results} <= set(of.images[24:])
    assert results == live(of, order="Unsure", take=10).body["results"]


def test_query_live_tells_how_often_it_is_right_by_what_was_drawn_at_random(looked_at, live, label):
    of = looked_at(labelled=8)
    drawn = [each["imageId"] for each in live(of, order="Unsure", take=60).body["results"] if each["drawn"]]
    assert len(drawn) == 12
    assert live(of).body["measured"] is None
    label(of, [of.images.index(each) for each in drawn])
    measured = live(of).body["measured"]
    assert (measured["right"], measured["labelled"], measured["high"]) == (12, 12, 1)
    assert 0.7 < measured["low"] < 0.8


def test_query_live_says_what_it_thinks_of_images_and_in_multilabel_of_each_tag(looked_at, live):
    of = looked_at()
    told = live(of, imageIds=[of.images[20], of.images[0], str(uuid4()), of.images[13]]).body["results"]
    assert [(each["imageId"], each["tagId"]) for each in told] == [
        (of.images[at], of.tags[of.kinds[at]]) for at in (20, 13)
    ]
    of = looked_at(MULTILABEL)
    told = live(of, tagId=of.tags[1]).body
    assert (told["state"], set(told["counts"])) == ("Ready", set(of.tags))
    assert {of.kinds[of.images.index(each["imageId"])] for each in told["results"]} == {1}


def test_query_live_tells_when_images_are_not_looked_at_yet(training, storage, live, project):
    images = add_images(storage, UUID(project.id), 3)
    of = SimpleNamespace(project=project.id)
    told = live(of).body
    assert (told["state"], told["total"], told["embedded"], told["results"]) == ("Embedding", 3, 0, [])
    put_looks(storage, UUID(project.id), images[:2], [0, 1])
    assert [live(of).body[name] for name in ("state", "embedded")] == ["Lacking", 2]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"take": 0}, "BadRequest"),
        ({"take": 257}, "BadRequest"),
        ({"threshold": 2}, "BadRequest"),
        ({"order": "Any"}, "BadRequest"),
        ({"tagId": str(uuid4())}, "NotFoundTag"),
        ({"imageIds": [str(uuid4())] * 257}, "BadRequestExceededBatchSize"),
    ],
)
def test_query_live_refuses_what_can_not_be(project, live, body, code):
    reply = live(SimpleNamespace(project=project.id), **body)
    assert (reply.status >= 400, reply.body["code"]) == (True, code)


def test_query_live_refuses_a_detector_and_a_project_that_is_not_there(training, live):
    project = training.create_project(f"detector {uuid4()}", domain_id=str(DETECTION_DOMAIN))
    assert live(SimpleNamespace(project=project.id)).status == 400
    training.delete_project(project.id)
    assert live(SimpleNamespace(project=project.id)).body["code"] == "NotFoundProject"


def test_accept_live_tags_images_that_nobody_has_tagged_and_can_be_undone(looked_at, live, post, training):
    of = looked_at()
    told = live(of, tagId=of.tags[0]).body["results"]
    items = [{"imageId": each["imageId"], "tagId": each["tagId"]} for each in told]
    taken = told[0]["imageId"]
    training.create_image_tags(of.project, [{"imageId": taken, "tagId": of.tags[1]}])
    body = {"items": items, "id": str(uuid4())}
    task = post(f"projects/{of.project}/live/accept", body)
    assert (task.status, task.body["operation"], task.body["status"]) == (200, "accept_live", "Completed")
    assert (task.body["total"], task.body["changed"]) == (len(items), len(items) - 1)
    assert post(f"projects/{of.project}/live/accept", body).body == task.body
    assert live(of).body["labelled"] == 12 + len(items)
    assert post(f"projects/{of.project}/tasks/{task.body['id']}/undo", {}).body["status"] == "Undone"
    assert live(of).body["labelled"] == 13


def test_accept_live_takes_what_is_nearly_certain_once_there_are_labels_enough(looked_at, post, live, label):
    of = looked_at(tags=2, images=130, labelled=99, own=0.1)
    accept = f"projects/{of.project}/live/accept"
    early = post(accept, {"tagId": of.tags[0], "threshold": 0.99})
    assert (early.status, early.body["code"]) == (409, "Conflict")
    label(of, range(198, 206))
    found = live(of, tagId=of.tags[0], threshold=0.99, take=256).body["results"]
    assert found
    but = [found[0]["imageId"]]
    task = post(accept, {"tagId": of.tags[0], "threshold": 0.99, "except": but, "expected": len(found) - 1})
    assert (task.body["status"], task.body["changed"]) == ("Completed", len(found) - 1)
    assert [each["imageId"] for each in live(of, tagId=of.tags[0], threshold=0.99).body["results"]] == but


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "BadRequestRequiredParamIsNull"),
        ({"items": [], "tagId": str(uuid4()), "threshold": 1}, "BadRequestRequiredParamIsNull"),
        ({"tagId": str(uuid4())}, "BadRequest"),
        ({"tagId": str(uuid4()), "threshold": 0.98}, "BadRequest"),
        ({"tagId": str(uuid4()), "threshold": 0.99}, "NotFoundTag"),
        ({"items": [{"imageId": str(uuid4()), "tagId": str(uuid4())}]}, "NotFoundTag"),
        ({"items": [{"imageId": str(uuid4()), "tagId": str(uuid4())}] * 257}, "BadRequestExceededBatchSize"),
    ],
)
def test_accept_live_refuses_what_can_not_be(project, post, body, code):
    reply = post(f"projects/{project.id}/live/accept", body)
    assert (reply.status >= 400, reply.body["code"]) == (True, code)


@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
def test_get_label_doubts_tells_wrong_labels_first(looked_at, get, training, kind):
    of = looked_at(kind, labelled=10)
    training.delete_image_tags(of.project, [of.images[3]], [of.tags[0]])
    training.create_image_tags(of.project, [{"imageId": of.images[3], "tagId": of.tags[2]}])
    first, *_ = found = get(of, "live/doubts?take=5").body
    assert (first["imageId"], first["given"]) == (of.images[3], [of.tags[2]])
    assert first["tagId"] in (of.tags[0], of.tags[2])
    assert [each["score"] for each in found] == sorted((each["score"] for each in found), reverse=True)


def test_dismiss_label_doubts_keeps_a_label_until_that_is_taken_back(looked_at, get, post, training):
    of = looked_at(labelled=10)
    training.delete_image_tags(of.project, [of.images[3]], [of.tags[0]])
    training.create_image_tags(of.project, [{"imageId": of.images[3], "tagId": of.tags[2]}])
    first, *_ = told = get(of, "live/doubts").body
    items = [{"imageId": each, "tagId": first["tagId"]} for each in (first["imageId"], str(uuid4()))]

    def dismiss(**body):
        return post(f"projects/{of.project}/live/doubts/dismiss", body)

    for _ in range(2):
        assert dismiss(items=items).status == 204
    assert get(of, "live/doubts").body == [each for each in told if each != first]
    assert dismiss(items=items, dismissed=False).status == 204
    assert get(of, "live/doubts").body == told


def test_dismiss_label_doubts_refuses_too_many_and_tags_that_are_not_there(looked_at, post):
    of = looked_at()
    item = {"imageId": of.images[0], "tagId": of.tags[0]}
    path = f"projects/{of.project}/live/doubts/dismiss"
    assert post(path, {"items": [item] * 257}).body["code"] == "BadRequestExceededBatchSize"
    assert post(path, {"items": [item | {"tagId": str(uuid4())}]}).body["code"] == "NotFoundTag"


def test_get_label_doubts_refuses_a_number_that_can_not_be(project, get):
    assert get(SimpleNamespace(project=project.id), "live/doubts").body == []
    assert get(SimpleNamespace(project=project.id), "live/doubts?take=0").status == 400


def test_get_similar_images_tells_those_of_the_same_kind_first(looked_at, get):
    of = looked_at(labelled=0)
    found = get(of, f"images/{of.images[5]}/similar?take=11").body
    assert {of.kinds[of.images.index(each["imageId"])] for each in found} == {of.kinds[5]}
    assert of.images[5] not in {each["imageId"] for each in found}
    similarities = [each["similarity"] for each in found]
    assert similarities == sorted(similarities, reverse=True)
    assert similarities[0] <= 1


def test_get_similar_images_refuses_an_image_that_is_not_there(project, get, storage):
    of = SimpleNamespace(project=project.id)
    assert get(of, f"images/{uuid4()}/similar").body["code"] == "NotFoundImage"
    assert get(of, f"images/{uuid4()}/similar?take=257").body["code"] == "BadRequest"
    (image,) = add_images(storage, UUID(project.id), 1)
    assert get(of, f"images/{image.id}/similar").body == []


def places_of(told) -> dict[str, tuple[int, int]]:
    ids = [str(UUID(bytes=each)) for (each,) in iter_unpack("16s", b64decode(told["images"]))]
    return dict(zip(ids, iter_unpack("<HH", b64decode(told["places"])), strict=True))


def tags_of(told) -> dict[str, str | None]:
    at = [place for (place,) in iter_unpack("<H", b64decode(told["tags"]))]
    named = [None if place == 65_535 else told["tagIds"][place] for place in at]
    return dict(zip(places_of(told), named, strict=True))


def test_get_image_map_has_every_image_with_its_tag_of_now(training, looked_at, get, eventually):
    of = looked_at()

    def drawn(total):
        told = get(of, "live/map").body
        return told["state"] == "Ready" and not told["drawing"] and len(places_of(told)) == told["total"] == total

    eventually(lambda: drawn(36))
    told = get(of, "live/map").body
    assert set(places_of(told)) == set(of.images)
    expected = [of.tags[kind] if at < 12 else None for at, kind in enumerate(of.kinds)]
    assert tags_of(told) == dict(zip(of.images, expected, strict=True))
    training.delete_tag(of.project, of.tags[0])
    training.delete_images(of.project, of.images[:6])
    told = get(of, "live/map").body
    assert set(tags_of(told).values()) == {None, *of.tags[1:]}
    assert set(places_of(told)) == set(of.images[6:])
    assert tags_of(told)[of.images[7]] == of.tags[1]


def test_get_image_map_refuses_images_that_are_not_classified(training, project, get):
    told = get(SimpleNamespace(project=project.id), "live/map").body
    assert (told["state"], told["total"], told["drawing"], told["images"]) == ("Lacking", 0, False, "")
    boxed = training.create_project("map of boxes", domain_id=str(DETECTION_DOMAIN))
    assert get(SimpleNamespace(project=boxed.id), "live/map").status == 400


def test_get_near_duplicates_groups_them_and_leaves_images_that_all_look_alike(storage, project, get):
    of, images = SimpleNamespace(project=project.id), add_images(storage, UUID(project.id), 40)
    assert get(of, "live/duplicates").body == {"groups": []}
    put_looks(storage, UUID(project.id), images[:38], [at % 8 for at in range(38)], own=2.0)
    put_looks(storage, UUID(project.id), [*images[38:]], [7, 7], own=0.01)
    (group,) = get(of, "live/duplicates").body["groups"]
    assert sorted(group) == sorted(str(image.id) for image in images[38:])


def test_get_near_duplicates_refuses_a_number_that_can_not_be(project, get):
    assert get(SimpleNamespace(project=project.id), "live/duplicates?take=0").status == 400


COLOURS = [(220, 40, 30), (30, 60, 220)]
PLACES = [(0.1, 0.1), (0.6, 0.1), (0.1, 0.6), (0.6, 0.6)]


def tiled(seed: int) -> bytes:
    """Four squares of two kinds in turn, on a ground of its own."""
    random, size = Random(seed), 320
    image = PIL.Image.new("RGB", (size, size), tuple(random.randint(150, 255) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for at, (left, top) in enumerate(PLACES):
        corner = [round(side * size) for side in (left, top, left + 0.3, top + 0.3)]
        (draw.ellipse if at % 2 else draw.rectangle)(corner, fill=COLOURS[at % 2])
    return encoded(image, "JPEG")


@pytest.fixture
def boxed(training):
    """A detection project with two tags and three images of four objects, and how to draw their boxes."""
    project = training.create_project(f"boxes {uuid4()}", domain_id=str(DETECTION_DOMAIN))
    tags = [training.create_tag(project.id, name).id for name in ("square", "disc")]
    entries = [ImageFileCreateEntry(contents=tiled(seed), name=str(seed)) for seed in range(3)]
    made = training.create_images_from_files(project.id, ImageFileCreateBatch(images=entries)).images

    def draw(at, *places):
        regions = [
            ImageRegionCreateEntry(
                image_id=made[at].image.id, tag_id=tags[place % 2], left=PLACES[place][0], top=PLACES[place][1],
                width=0.3, height=0.3,
            )
            for place in places
        ]  # fmt: skip
        training.create_image_regions(project.id, regions)

    return SimpleNamespace(project=project.id, tags=tags, images=[each.image.id for each in made], draw=draw)


def box(place: int) -> dict[str, float]:
    return {"left": PLACES[place][0], "top": PLACES[place][1], "width": 0.3, "height": 0.3}


def test_query_live_boxes_guesses_tags_by_the_boxes_before(boxed, post):
    def guess(*places):
        path = f"projects/{boxed.project}/images/{boxed.images[2]}/live"
        return post(path, {"boxes": [box(place) for place in places]}).body

    boxed.draw(0, 0, 2)
    assert guess(0) == {"state": "Lacking", "guesses": [{"tagId": None, "probability": 0.0}], "found": []}
    boxed.draw(0, 1, 3)
    boxed.draw(1, 0, 1)
    told = guess(3, 0, 1)
    assert (told["state"], [each["tagId"] for each in told["guesses"]]) == (
        "Ready",
        [boxed.tags[1], boxed.tags[0], boxed.tags[1]],
    )
    assert min(each["probability"] for each in told["guesses"]) > 0.5
    assert guess() == {"state": "Lacking", "guesses": [], "found": []}


def test_query_live_boxes_finds_what_looks_like_the_boxes_before(boxed, post, training):
    def spot():
        return post(f"projects/{boxed.project}/images/{boxed.images[2]}/live", {}).body

    def tags_at(told):
        """Of the places where there is an object, the tags of what is likely there."""
        likely = [each for each in told["found"] if each["probability"] >= 0.5]
        corners = {
            (round(each["boundingBox"]["left"], 1), round(each["boundingBox"]["top"], 1)): each for each in likely
        }
        return {at: corners[place]["tagId"] for at, place in enumerate(PLACES) if place in corners}

    boxed.draw(0, 0, 1)
    assert spot() == {"state": "Lacking", "guesses": [], "found": []}
    boxed.draw(0, 2, 3)
    boxed.draw(1, 0, 1, 2)
    told = spot()
    assert told["state"] == "Ready"
    assert tags_at(told) == {at: boxed.tags[at % 2] for at in range(4)}
    sureness = [each["probability"] for each in told["found"]]
    assert sureness == sorted(sureness, reverse=True)
    boxed.draw(2, 0)
    assert tags_at(spot()).keys() == {1, 2, 3}
    # Where nothing stands out what people draw boxes around, nothing is suggested.
    regions = training.get_images(boxed.project, image_ids=[boxed.images[1]])[0].regions
    training.delete_image_regions(boxed.project, [region.region_id for region in regions])
    for at in range(8):
        place = {"left": 0.02 + at / 10, "top": 0.41, "width": 0.08, "height": 0.15}
        training.create_image_regions(
            boxed.project, [ImageRegionCreateEntry(image_id=boxed.images[1], tag_id=boxed.tags[0], **place)]
        )
    assert spot() == {"state": "Lacking", "guesses": [], "found": []}


@pytest.mark.parametrize(
    "boxes", [[box(0)] * 26, [box(0) | {"width": 0}], [box(0) | {"left": 1.5}], [box(0) | {"top": -1}]]
)
def test_query_live_boxes_refuses_what_is_no_box(boxed, post, boxes):
    reply = post(f"projects/{boxed.project}/images/{boxed.images[0]}/live", {"boxes": boxes})
    assert (reply.status, reply.body["code"]) == (400, "BadRequest")


def test_query_live_boxes_refuses_an_image_that_is_not_there_and_a_classifier(boxed, post, project):
    assert post(f"projects/{boxed.project}/images/{uuid4()}/live", {"boxes": []}).body["code"] == "NotFoundImage"
    assert post(f"projects/{project.id}/images/{uuid4()}/live", {"boxes": []}).status == 400
    assert post(f"projects/{boxed.project}/images/{uuid4()}/live", {}).body["code"] == "NotFoundImage"
    assert post(f"projects/{project.id}/images/{uuid4()}/live", {}).status == 400
