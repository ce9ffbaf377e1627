"""What real clients send and no description says, by raw requests: spellings, lists, bodies, numbers, times."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote
from uuid import UUID, uuid4

import pytest
from msrest.serialization import Model

from tests.functions.flows import upload
from tests.pictures import picture

API = "/customvision/v3.3/training"
FORM = "multipart/form-data; boundary=B"


@pytest.fixture(scope="module")
def labelled(training):
    """A project with three pictures of one tag and two of another; tests leave it as it is."""
    project = training.create_project(f"quirks {uuid4()}", classification_type="Multiclass")
    project.apple = upload(training, project.id, "apple", range(3)).id
    project.leaf = upload(training, project.id, "leaf", range(2)).id
    return project


@pytest.mark.parametrize("spell", [str.upper, "{{{}}}".format, lambda id: UUID(id).hex, lambda id: f"%7B{id}%7D"])
def test_ids_are_read_however_guids_are_written(ask, labelled, spell):
    reply = ask("GET", f"{API}/projects/{spell(labelled.id)}/tags/{spell(labelled.apple)}")
    assert (reply.status, reply.body["id"]) == (200, labelled.apple)
    assert ask("GET", f"{API}/projects/{labelled.id}/images/count?tagIds={spell(labelled.leaf)}").body == 2


@pytest.mark.parametrize("text", ["1", "x" * 36, f"urn:uuid:{UUID(int=1)}", "0x" + "1" * 30, "1" * 33, "%D9%A1" * 32])
def test_what_is_no_guid_is_refused(ask, text):
    reply = ask("GET", f"{API}/projects/{text}")
    assert (reply.status, reply.body["code"]) == (400, "BadRequestInvalidIds")


@pytest.mark.parametrize("path", ["/", "//", "/./", "/tags/../", "?", "?unknown=1&iterationid="])
def test_paths_are_read_as_a_server_reads_them(ask, labelled, path):
    assert ask("GET", f"{API}/projects/{labelled.id}{path}").body["id"] == labelled.id


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("tagIds={apple},{leaf}", 5),
        ("tagIds={apple}%2C{leaf}", 5),
        ("tagIds={apple},%20{leaf}", 5),
        ("tagIds={apple}&tagIds={leaf}", 5),
        ("tagIds={apple}&TAGIDS={leaf},{apple}", 5),
        ("tagids=,{apple},,", 3),
        ("tagIds=", 5),
        ("tagIds", 5),
        ("taggingStatus=untagged", 0),
        ("taggingStatus=", 5),
        ("TAGGINGSTATUS=TAGGED&tagIds={leaf}", 2),
        ("tagIds[]={apple}&tagIds[]={leaf}", 5),
        ("tagids%5B%5D={leaf}", 2),
        ("tagIds[0]={apple}&tagIds[1]={leaf}", 5),
        ("TagIds%5B7%5D={apple}", 3),
        ("tagIds[1]={leaf}&tagIds={apple},{apple}&tagIds[]=", 5),
        ("_=1604680646&api-version=3.3&application=x&iterationsId=&tag_ids=&t=1&tag=x&iteration[]=", 5),
    ],
)
def test_lists_come_with_commas_or_repeated_and_empty_is_absent(ask, labelled, query, count):
    reply = ask("GET", f"{API}/projects/{labelled.id}/images/count?{query.format(**vars(labelled))}")
    assert (reply.status, reply.data) == (200, str(count).encode())


def test_a_list_is_in_the_order_of_its_indexes(ask, labelled):
    images = [image["id"] for image in ask("GET", f"{API}/projects/{labelled.id}/images").body]
    places = [10, 2, 0, 1, 3]
    query = "&".join(f"imageIds[{at}]={image_id}" for at, image_id in zip(places, images, strict=True))
    found = ask("GET", f"{API}/projects/{labelled.id}/images/id?{query}").body
    assert [image["id"] for image in found] == [images[at] for at in (2, 3, 1, 4, 0)]


@pytest.mark.parametrize("name", ["targetExportPlatforms[]", "targetexportplatforms[0]"])
def test_lists_of_words_come_in_brackets_too(ask, name):
    reply = ask("POST", f"{API}/projects?name={uuid4()}&{name}=CoreML")
    assert reply.body["settings"]["targetExportPlatforms"] == ["CoreML"]
    ask("DELETE", f"{API}/projects/{reply.body['id']}")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("tag_ids", "tagIds"),
        ("Tag-Ids", "tagIds"),
        ("tagId", "tagIds"),
        ("tag.id", "tagIds"),
        ("tagIds[a]", "tagIds"),
        ("tagIds[0][id]", "tagIds"),
        ("tagIds[-1]", "tagIds"),
        ("tagId[]", "tagIds"),
        ("iteration_id", "iterationId"),
        ("iterationId[]", "iterationId"),
        ("iterationIds", "iterationId"),
        ("$taggingStatus", "taggingStatus"),
        ("filter", "$filter"),
        ("%24filter%5B0%5D", "$filter"),
    ],
)
def test_what_looks_like_a_parameter_is_not_passed_over(ask, labelled, given, meant):
    reply = ask("GET", f"{API}/projects/{labelled.id}/images/count?{given}={labelled.leaf}")
    assert (reply.status, reply.body["code"]) == (400, "BadRequest")
    assert reply.body["message"].endswith(f"is '{meant}'.")
    assert unquote(given) in reply.body["message"]


@pytest.mark.parametrize("text", ["true", "True", "FALSE", "%20false", ""])
def test_flags_are_read_in_any_case(ask, trained, text):
    path = f"{API}/projects/{trained.project.id}/quicktest/image?Store={text}"
    assert ask("POST", path, picture("apple", 7)).status == 200


@pytest.mark.parametrize("text", ["1", "0", "yes", "t", "null"])
def test_other_words_are_no_flags(ask, project, text):
    reply = ask("POST", f"{API}/projects/{project.id}/train?forceTrain={text}")
    assert (reply.status, reply.body["code"]) == (400, "BadRequest")
    assert "forceTrain" in reply.body["message"]


@pytest.mark.parametrize("text", ["0.5", ".5", "5e-1", "5E-01", "0.50000", "%2B0.5", "%200.5", "1", "0"])
def test_fractions_are_read_however_they_are_written(ask, trained, text):
    path = f"{API}/projects/{trained.project.id}/iterations/{trained.iteration.id}/performance"
    assert ask("GET", f"{path}?threshold={text}").status == 200


@pytest.mark.parametrize("text", ["50%25", "0,5", "nan", "inf", "1e400", "-0.1", "1.1", "0x1", "1_0", "%D9%A1"])
def test_other_numbers_are_no_fractions(ask, trained, text):
    path = f"{API}/projects/{trained.project.id}/iterations/{trained.iteration.id}/performance"
    reply = ask("GET", f"{path}?threshold={text}")
    assert (reply.status, reply.body["code"]) == (400, "BadRequest")


@pytest.mark.parametrize("text", ["2", "%202", "%2B2", "02", ""])
def test_whole_numbers_are_read_however_they_are_written(ask, labelled, text):
    reply = ask("GET", f"{API}/projects/{labelled.id}/images?take={text}")
    assert (reply.status, len(reply.body)) == (200, 2 if text else 5)


@pytest.mark.parametrize("text", ["2.0", "-1", "257", "2e0", "1_0", "two", "%D9%A2", "9" * 5_000])
def test_other_numbers_are_no_counts(ask, labelled, text):
    reply = ask("GET", f"{API}/projects/{labelled.id}/images?take={text}")
    assert (reply.status, reply.body["code"]) == (400, "BadRequest")
    assert "take" in reply.body["message"]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {"Content_Type": "application/json"}),
        (b"", {}),
        (None, {}),
        (b"", {"Content_Type": "application/json; charset=utf-8", "Content_Length": "0"}),
        (b"{}", {"Content_Type": "text/json"}),
        (b"\xef\xbb\xbf {} \r\n", {"Content_Type": "application/json"}),
        (b'{"exportModelContainerUri": null, "notificationQueueUri": null}', {"Content_Type": "application/json"}),
        (b'{"unknown": {"deep": [1, null]}}', {"Content_Type": "application/x-www-form-urlencoded"}),
    ],
)
def test_an_optional_body_may_be_empty_or_say_nothing(ask, body, headers):
    reply = ask("POST", f"{API}/projects?name={uuid4()}", body, **headers)
    assert (reply.status, reply.body["settings"]["classificationType"]) == (200, "Multilabel")
    assert ask("DELETE", f"{API}/projects/{reply.body['id']}").status == 204


def test_explicit_nulls_are_absent_values(ask, project):
    entry = {"name": None, "contents": b64encode(picture("apple", 1)).decode(), "tagIds": None, "regions": None}
    batch = {"images": [entry], "tagIds": None, "metadata": None}
    reply = ask("POST", f"{API}/projects/{project.id}/images/files", json.dumps(batch).encode())
    assert (reply.status, reply.body["isBatchSuccessful"]) == (200, True)
    tag = ask("POST", f"{API}/projects/{project.id}/tags?name=a&description=b").body
    patch = json.dumps({"name": None, "description": None, "type": None}).encode()
    assert ask("PATCH", f"{API}/projects/{project.id}/tags/{tag['id']}", patch).body == tag


@pytest.mark.parametrize(
    "disposition",
    [
        'form-data; name="imageData"',
        'form-data; name="imageData"; filename="a.jpg"',
        "form-data; name=imageData; filename=a.jpg",
        "form-data; name=imageData; filename=\"C:\\pictures\\a.jpg\"; filename*=utf-8''%E6%97%A5.jpg",
        'form-data; name="files[0]"',
        'form-data; name=""',
        'FORM-DATA; NAME="x"',
        'form-data; name="日本"; filename="日本.jpg"',
    ],
)
@pytest.mark.parametrize("part_type", ["", "Content-Type: text/plain\r\n", "Content-Type: image/jpeg\r\n"])
def test_a_part_is_a_picture_whatever_it_is_called(ask, trained, disposition, part_type):
    head = f"--B\r\nContent-Disposition: {disposition}\r\n{part_type}\r\n".encode()
    body = head + picture("apple", 7) + b"\r\n--B--\r\n"
    reply = ask("POST", f"{API}/projects/{trained.project.id}/quicktest/image?store=false", body, Content_Type=FORM)
    assert reply.status == 200, reply.body
    assert reply.body["predictions"][0]["tagName"] == "apple"


@pytest.mark.parametrize("around", [(b"", b""), (b"preamble\r\n", b""), (b"", b"epilogue"), (b"\r\n", b"\r\n\r\n")])
def test_what_is_around_the_parts_is_passed_over(ask, trained, around):
    body = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + picture("leaf", 7) + b"\r\n--B--\r\n"
    path = f"{API}/projects/{trained.project.id}/quicktest/image?store=false"
    assert ask("POST", path, around[0] + body + around[1], Content_Type=FORM).status == 200


@pytest.mark.parametrize(
    "kind", ["", "application/octet-stream", "image/png", "Application/Octet-Stream; a=b", "binary"]
)
def test_a_raw_body_is_a_picture_whatever_its_type(ask, trained, kind):
    headers = {"Content_Type": kind} if kind else {}
    path = f"{API}/projects/{trained.project.id}/quicktest/image?store=False"
    assert ask("POST", path, picture("leaf", 8), **headers).body["predictions"][0]["tagName"] == "leaf"


def test_a_published_name_may_hold_spaces_and_any_letters(ask, service, training, trained):
    name = "Früchte & co 1%"
    publish = f"{API}/projects/{trained.project.id}/iterations/{trained.iteration.id}/publish"
    reply = ask("POST", f"{publish}?PublishName={quote(name)}&predictionid=%2Fsubscriptions%2Fs", b"")
    assert (reply.status, reply.data) == (200, b"true")
    try:
        path = f"/customvision/v3.1/Prediction/{trained.project.id}/classify/iterations/{quote(name)}/image/NoStore"
        reply = ask("POST", path, picture("apple", 1), Prediction_Key=service.prediction_key)
        assert reply.status == 200, reply.body
    finally:
        assert ask("DELETE", publish).status == 204


def test_statuses_and_bodies_are_what_the_sdk_wants(ask, project):
    path = f"{API}/projects/{project.id}"
    tag = ask("POST", f"{path}/tags?name=a", None)
    assert (tag.status, tag.headers["content-type"]) == (200, "application/json; charset=utf-8")
    assert ask("GET", f"{path}/images/untagged/count").data == b"0"
    for address in (f"{path}/tags/{tag.body['id']}", path):
        gone = ask("DELETE", address)
        assert (gone.status, gone.data, gone.headers.get("content-length", "0")) == (204, b"", "0")


def test_what_is_null_is_sent(ask, trained, labelled):
    path = f"{API}/projects/{trained.project.id}"
    project, tag = ask("GET", path).body, ask("GET", f"{path}/tags").body[0]
    iteration = ask("GET", f"{path}/iterations").body[0]
    assert (project["thumbnailUri"], project["settings"]["detectionParameters"], tag["description"]) == (None,) * 3
    nulls = {"publishName", "originalPublishResourceId", "customBaseModelInfo", "trainingErrorDetails"}
    assert {name for name in nulls if iteration.get(name, "absent") is None} == nulls
    image = ask("GET", f"{API}/projects/{labelled.id}/images").body[0]
    assert "regions" not in image


def times(value) -> list[datetime]:
    """All times of an answer, in the models that the SDK made of it."""
    if isinstance(value, list):
        return [time for item in value for time in times(item)]
    if not isinstance(value, Model):
        return []
    kinds = {name: about["type"] for name, about in value._attribute_map.items()}
    own = [getattr(value, name) for name, kind in kinds.items() if kind == "iso-8601"]
    return own + [time for name in kinds for time in times(getattr(value, name))]


def test_the_sdk_reads_every_time_as_a_time_in_utc(training, trained):
    project_id, iteration_id = trained.project.id, trained.iteration.id
    for answer, least in [
        (training.get_project(project_id), 2),
        (training.get_images(project_id, take=3), 6),
        (training.get_iterations(project_id), 3),
        (training.get_image_performances(project_id, iteration_id, take=2), 2),
        (training.quick_test_image(project_id, picture("apple", 1), store=False), 1),
    ]:
        found = times(answer)
        assert len(found) >= least
        assert {time.utcoffset() for time in found} == {timedelta(0)}
        assert all(timedelta(0) <= datetime.now(UTC) - time < timedelta(hours=1) for time in found)
