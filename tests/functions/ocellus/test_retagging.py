"""Many images tagged at once, and how that is taken back, over HTTP."""

from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from shared.models.wire import now
from shared.models.workspace.images import RegionMark, new_region_id
from tests.functions.flows import upload
from tests.prediction.graphs import DETECTION_DOMAIN
from tests.storage.making import insert_all, record

MANY = [str(uuid4()) for _ in range(21)]


@pytest.fixture
def retag(post, ended, project):
    """Retag to the end; or the refusal."""

    def run(**body):
        reply = post(f"projects/{project.id}/images/retag", body)
        return ended(project.id, reply.body) if reply.status < 400 else reply

    return run


@pytest.fixture
def tags(training, project):
    return [training.create_tag(project.id, name).id for name in ("apple", "pear", "plum")]


@pytest.fixture
def images(storage, project, tags):
    """60 images without pictures, 20 of each tag, of which 5 have a name that begins with `b`."""
    made = [record([UUID(tags[at % 3])], metadata={"filename": f"{'ab'[at < 5]}{at:02}.jpg"}) for at in range(60)]
    return [str(image.id) for image in insert_all(storage, UUID(project.id), made)[::-1]]


def counts(training, project):
    return {tag.name: tag.image_count for tag in training.get_tags(project.id)}


def marks(training, project):
    """Tag and time of every image."""
    return {
        image.id: sorted((tag.tag_name, tag.created) for tag in image.tags or [])
        for image in training.get_images(project.id, take=256)
    }


def test_retag_images_puts_a_tag_in_the_place_of_another_and_takes_it_back(
    training, project, tags, images, retag, undo
):
    apple, pear, _ = tags
    before = marks(training, project)
    task = retag(where={"tagIds": [apple]}, add=[pear], remove=[apple], expected=20)
    told = {name: task[name] for name in ("operation", "status", "total", "done", "changed", "refused", "message")}
    assert told == {
        "operation": "retag_images", "status": "Completed", "total": 20, "done": 20, "changed": 20, "refused": 0,
        "message": None,
    }  # fmt: skip
    assert task["by"].startswith("key ")
    assert counts(training, project) == {"apple": 0, "pear": 40, "plum": 20}
    undone = undo(task)
    assert (undone["status"], undone["done"], undone["changed"]) == ("Undone", 0, 20)
    assert marks(training, project) == before
    assert undo(task)["status"] == "Undone"
    assert marks(training, project) == before


def test_retag_images_takes_all_of_a_filter_but_some(training, project, tags, images, retag):
    plum = tags[2]
    where = {"filter": "startswith(filename,'b')", "except": [images[0], str(uuid4())]}
    task = retag(where=where, add=[plum])
    # One of them has the tag already.
    assert (task["total"], task["changed"]) == (4, 3)
    assert counts(training, project)["plum"] == 23
    assert retag(where=where, remove=[plum])["changed"] == 4
    assert counts(training, project)["plum"] == 19
    assert retag(where={"taggingStatus": "Untagged"}, add=[plum])["total"] == 1
    assert retag(where={}, add=[plum])["total"] == 60
    assert counts(training, project)["plum"] == 60


def test_retag_images_takes_a_selection(training, project, tags, images, retag):
    chosen = [images[3], images[0], images[3], str(uuid4())]
    task = retag(imageIds=chosen, add=tags[1:])
    assert (task["total"], task["changed"]) == (2, 2)
    assert counts(training, project) == {"apple": 20, "pear": 22, "plum": 22}


def test_retag_images_of_many_goes_on_in_the_background(training, storage, project, tags, images, post, ended):
    insert_all(storage, UUID(project.id), [record() for _ in range(20)])
    begun = post(f"projects/{project.id}/images/retag", {"where": {}, "add": tags[:1]})
    assert (begun.status, begun.body["total"]) == (202, 80)
    task = ended(project.id, begun.body)
    assert (task["status"], task["done"], task["changed"]) == ("Completed", 80, 60)
    assert counts(training, project)["apple"] == 80
    back = post(f"projects/{project.id}/tasks/{task['id']}/undo", {})
    assert back.status in (200, 202)
    assert ended(project.id, back.body)["status"] == "Undone"
    assert counts(training, project)["apple"] == 20


def test_retag_images_of_few_is_done_when_it_answers(training, project, tags, images, post):
    reply = post(f"projects/{project.id}/images/retag", {"where": {}, "add": tags[:1]})
    assert (reply.status, reply.body["status"], reply.body["changed"]) == (200, "Completed", 40)
    back = post(f"projects/{project.id}/tasks/{reply.body['id']}/undo", {})
    assert (back.status, back.body["status"], back.body["done"]) == (200, "Undone", 0)
    assert counts(training, project)["apple"] == 20


def test_retag_images_of_none_is_done_at_once(tags, images, post, project):
    body = {"where": {"filter": "filename eq 'none'"}, "add": [tags[0]]}
    reply = post(f"projects/{project.id}/images/retag", body)
    assert (reply.status, reply.body["status"], reply.body["total"]) == (200, "Completed", 0)
    undone = post(f"projects/{project.id}/tasks/{reply.body['id']}/undo", {})
    assert (undone.status, undone.body["status"]) == (200, "Undone")


def test_retag_images_again_under_one_id_is_the_same_task(training, project, tags, images, retag, undo, post):
    # The second time none are found, and all the same the first can be taken back.
    body = {"where": {"tagIds": [tags[1]]}, "add": [tags[0]], "remove": [tags[1]], "expected": 20, "id": str(uuid4())}
    before = marks(training, project)
    first = retag(**body)
    assert (first["id"], first["changed"]) == (body["id"], 20)
    assert retag(**body) == first
    assert undo(first)["status"] == "Undone"
    assert marks(training, project) == before
    assert retag(**body)["status"] == "Undone"
    other = post(f"projects/{project.id}/images/retag", {**body, "add": [tags[2]]})
    assert (other.status, other.body["code"]) == (409, "Conflict")
    assert "give this one another id" in other.body["message"]


def test_retag_images_taken_back_leaves_what_others_did_since(training, project, tags, images, retag, undo):
    apple, pear, plum = tags
    task = retag(where={"tagIds": [apple]}, add=[pear], remove=[apple])
    # One labels on, one puts the same tag there herself, one deletes an image.
    training.create_image_tags(project.id, tags=[{"imageId": images[0], "tagId": plum}])
    training.delete_image_tags(project.id, [images[3]], [pear])
    training.create_image_tags(project.id, tags=[{"imageId": images[3], "tagId": pear}])
    training.delete_images(project.id, image_ids=[images[6]])
    assert undo(task)["status"] == "Undone"
    found = {image: [name for name, _ in each] for image, each in marks(training, project).items()}
    assert found[images[0]] == ["apple", "plum"]
    assert found[images[3]] == ["apple", "pear"]
    assert found[images[9]] == ["apple"]
    assert images[6] not in found


def test_retag_images_taken_back_leaves_out_a_tag_that_was_deleted_since(training, project, tags, images, retag, undo):
    task = retag(where={"tagIds": tags[:1]}, remove=tags[:1])
    training.delete_tag(project.id, tags[0])
    assert undo(task)["status"] == "Undone"
    assert counts(training, project) == {"pear": 20, "plum": 20}


def test_retag_images_tells_how_many_refuse_and_why(training, project, tags, images, retag, undo):
    negative = training.create_tag(project.id, "nothing", type="Negative").id
    before = marks(training, project)
    task = retag(where={}, add=[negative], remove=tags[:1])
    assert (task["status"], task["changed"], task["refused"]) == ("Completed", 20, 40)
    assert "An image with the Negative tag carries no other tag" in task["message"]
    assert counts(training, project) == {"apple": 0, "pear": 20, "plum": 20, "nothing": 20}
    undo(task)
    assert marks(training, project) == before


def test_retag_images_takes_boxes_off_with_their_tag_and_back(training, storage, post, ended):
    project = training.create_project(f"boxes {uuid4()}", domain_id=str(DETECTION_DOMAIN))
    fork, knife = (training.create_tag(project.id, name).id for name in ("fork", "knife"))
    image = record([UUID(fork), UUID(knife)])
    boxes = [
        RegionMark(new_region_id(image.id), UUID(tag), now(), at / 10, 0.1, 0.2, 0.2)
        for at, tag in enumerate([fork, knife, fork])
    ]
    insert_all(storage, UUID(project.id), [replace(image, regions=boxes)])

    def shown():
        (found,) = training.get_images(project.id)
        return sorted((box.region_id, box.tag_name, box.left) for box in found.regions)

    before = shown()
    task = ended(project.id, post(f"projects/{project.id}/images/retag", {"where": {}, "remove": [fork]}).body)
    assert (task["changed"], [name for _, name, _ in shown()]) == (1, ["knife"])
    assert ended(project.id, post(f"projects/{project.id}/tasks/{task['id']}/undo", {}).body)["status"] == "Undone"
    assert shown() == before


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        ({}, 400, "BadRequestRequiredParamIsNull", "'add'"),
        ({"add": [], "where": {}}, 400, "BadRequestRequiredParamIsNull", "'remove'"),
        ({"add": ["apple"]}, 400, "BadRequestRequiredParamIsNull", "not both"),
        ({"add": ["apple"], "where": {}, "imageIds": []}, 400, "BadRequestRequiredParamIsNull", "not both"),
        ({"add": ["apple"], "imageIds": []}, 404, "NotFoundImage", "None of the images"),
        ({"add": ["apple"], "imageIds": [str(uuid4())]}, 404, "NotFoundImage", "None of the images"),
        ({"add": ["apple"], "remove": ["apple"], "where": {}}, 400, "BadRequest", "both in 'add' and in 'remove'"),
        ({"add": [str(uuid4())], "where": {}}, 404, "NotFoundTag", "get_tags lists them"),
        ({"remove": [str(uuid4())], "where": {}}, 404, "NotFoundTag", "get_tags lists them"),
        ({"add": ["apple"], "where": {"tagIds": [str(uuid4())]}}, 404, "NotFoundTag", "get_tags lists them"),
        ({"add": ["apple"], "where": {"filter": "line is 7"}}, 400, "BadRequest", "$filter can't be read"),
        ({"add": ["apple"], "where": {"taggingStatus": "Some"}}, 400, "BadRequest", "taggingStatus"),
        ({"add": MANY, "where": {}}, 400, "BadRequestExceededBatchSize", "'add' has 21 ids; send at most 20"),
        ({"add": ["apple"], "where": {}, "expected": 59}, 409, "Conflict", "There are 60 such images now, not 59"),
        ({"add": ["apple"], "where": {}, "expected": "many"}, 400, "BadRequest", "expected"),
        ({"add": "apple", "where": {}}, 400, "BadRequest", "add"),
        ({"add": ["apple"], "where": {}, "id": "one"}, 400, "BadRequest", "id"),
    ],
)  # fmt: skip
def test_retag_images_refuses_what_can_not_be(training, project, tags, images, retag, body, status, code, message):
    ids = {"apple": tags[0]}
    given = {
        name: [ids.get(each, each) for each in value] if isinstance(value, list) else value
        for name, value in body.items()
    }
    reply = retag(**given)
    assert (reply.status, reply.body["code"]) == (status, code)
    assert message in reply.body["message"]
    assert counts(training, project) == {"apple": 20, "pear": 20, "plum": 20}


def test_retag_images_refuses_a_project_that_is_not_there(post):
    reply = post(f"projects/{uuid4()}/images/retag", {"add": [str(uuid4())], "where": {}})
    assert (reply.status, reply.body["code"]) == (404, "NotFoundProject")


def test_retag_images_is_a_task_that_tells_how_far_it_is(retag, ask, project, tags, images):
    task = retag(where={}, add=tags[:1])
    assert ask("GET", f"/ocellus/v1/projects/{project.id}/tasks/{task['id']}").body == task


def test_retag_images_of_pictures_shows_in_their_tags(training, project, retag):
    upload(training, project.id, "apple", range(2))
    leaf = training.create_tag(project.id, "leaf").id
    assert retag(where={}, add=[leaf])["changed"] == 2
    assert training.get_tagged_image_count(project.id, tag_ids=[leaf]) == 2
