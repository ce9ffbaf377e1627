"""The HTTP edge, by raw requests: keys, versions, cases, bodies, errors."""

import json
from uuid import UUID, uuid4

import pytest

from tests.pictures import picture


def test_every_version_and_case_reaches_the_same_operation(ask):
    for base in (
        "/customvision/v3.0/training",
        "/customvision/v3.1/Training",
        "/CustomVision/v3.2/training",
        "/customvision/v3.3/Training",
        "/customvision/v3.4-preview/training",
        "//customvision//v3.3/training/",
    ):
        reply = ask("GET", f"{base.rstrip('/')}/Domains")
        assert reply.status == 200, base
        assert len(reply.body) == 18


@pytest.mark.parametrize("path", ["/customvision/v1.2/training/domains", "/customvision/v4/training/domains"])
def test_other_versions_are_not_found(ask, path):
    reply = ask("GET", path)
    assert (reply.status, reply.body["error"]["code"]) == (404, "404")


def test_unknown_routes_are_not_found(ask):
    assert ask("GET", "/customvision/v3.3/training/nothing").status == 404
    assert ask("GET", "/nothing").body["error"]["code"] == "404"


@pytest.mark.parametrize("key", ["", "wrong", "a" * 10_000])
def test_wrong_keys_are_refused_in_the_gateways_shape(ask, key):
    reply = ask("GET", "/customvision/v3.3/training/projects", Training_Key=key)
    assert reply.status == 401
    assert reply.body["error"]["code"] == "401"
    assert "Training-Key" in reply.body["error"]["message"]


def test_each_service_has_keys_of_its_own(ask, service):
    training, prediction = service.training_key, service.prediction_key
    assert ask("GET", "/customvision/v3.3/training/projects", Training_Key=prediction).status == 401
    path = f"/customvision/v3.1/prediction/{uuid4()}/classify/iterations/x/image"
    assert ask("POST", path, b"x", Prediction_Key=training).status == 401
    assert ask("POST", path, b"x", Prediction_Key=prediction).status == 404


def test_the_general_key_header_works_on_both(ask, service):
    general = {"Training_Key": "", "Ocp_Apim_Subscription_Key": service.training_key}
    assert ask("GET", "/customvision/v3.3/training/projects", **general).status == 200


@pytest.mark.parametrize("key", ["  {}", "{}\t ", "\t{} "])
def test_blanks_around_a_key_are_none_of_it(ask, service, key):
    training, prediction = key.format(service.training_key), key.format(service.prediction_key)
    assert ask("GET", "/customvision/v3.3/training/projects", Training_Key=training).status == 200
    general = {"Training_Key": "  ", "Ocp_Apim_Subscription_Key": training}
    assert ask("GET", "/customvision/v3.3/training/projects", **general).status == 200
    path = f"/customvision/v3.1/prediction/{uuid4()}/classify/iterations/x/image"
    assert ask("POST", path, b"x", Prediction_Key=prediction).status == 404


def test_answers_carry_their_request_id(ask):
    reply = ask("GET", "/customvision/v3.3/training/domains")
    assert len(reply.headers["apim-request-id"]) == 36
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_query_names_and_enums_match_in_any_case(ask):
    path = "/customvision/v3.3/training/projects?NAME=cased&ClassificationType=multiCLASS"
    project = ask("POST", path, Content_Length="0").body
    assert (project["name"], project["settings"]["classificationType"]) == ("cased", "Multiclass")
    assert project["description"] == ""
    assert project["created"].endswith("Z")
    assert ask("DELETE", f"/customvision/v3.3/training/projects/{project['id']}").status == 204


def test_body_keys_match_in_any_case(ask, project):
    body = json.dumps({"Name": "Renamed", "Settings": {"ClassificationType": "multilabel"}}).encode()
    reply = ask("PATCH", f"/customvision/v3.3/training/projects/{project.id}", body, Content_Type="application/json")
    assert (reply.body["name"], reply.body["settings"]["classificationType"]) == ("Renamed", "Multilabel")


def test_a_patch_leaves_alone_what_it_does_not_name(ask, project):
    path = f"/customvision/v3.3/training/projects/{project.id}"
    before = ask("GET", path).body
    after = ask("PATCH", path, b'{"description": "only this", "name": null}').body
    assert after == before | {"description": "only this", "lastModified": after["lastModified"]}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "projects/not-a-guid", b"", 400, "BadRequestInvalidIds"),
        ("GET", f"projects/{UUID(int=1)}", b"", 404, "NotFoundProject"),
        ("POST", "projects", b"", 400, "BadRequestRequiredParamIsNull"),
        ("POST", "projects?name=a", b"{", 400, "BadRequest"),
        ("POST", "projects?name=a", b"[1]", 400, "BadRequest"),
        ("POST", "projects?name=a", b"\xff\xfe", 400, "BadRequest"),
        ("POST", "projects?name=a&domainId=7", b"", 400, "BadRequestInvalidIds"),
        ("GET", "projects/{p}/images?take=many", b"", 400, "BadRequest"),
        ("GET", "projects/{p}/images?take=257", b"", 400, "BadRequest"),
        ("POST", "projects/{p}/train?reservedBudgetInHours=25", b"", 400, "BadRequest"),
        ("POST", "projects/{p}/train?reservedBudgetInHours=-1", b"", 400, "BadRequest"),
        ("GET", "projects/{p}/images?skip=-1", b"", 400, "BadRequest"),
        ("GET", "projects/{p}/images?skip=9223372036854775808", b"", 400, "BadRequest"),
        ("PATCH", "projects/{p}", b'{"name": ""}', 400, "BadRequestProjectName"),
        ("GET", "projects/{p}/images?orderBy=Random", b"", 400, "BadRequest"),
        ("GET", "projects/{p}/images/id?imageIds=1,2", b"", 400, "BadRequestInvalidIds"),
        ("POST", "projects/{p}/train?forceTrain=maybe", b"", 400, "BadRequest"),
        ("POST", "projects/{p}/images/tags", b'{"tags":[{"imageId":"1","tagId":"2"}]}', 400, "BadRequest"),
        ("POST", "projects/{p}/images/tags", b'{"tags":{}}', 400, "BadRequest"),
        ("POST", "projects/{p}/images", b"", 400, "BadRequestImageBatch"),
    ],
)
def test_bad_requests_get_the_services_error(ask, project, method, path, body, status, code):
    reply = ask(method, f"/customvision/v3.3/training/{path.format(p=project.id) if '{p}' in path else path}", body)
    assert (reply.status, reply.body["code"]) == (status, code)
    assert len(reply.body["message"]) > 10


@pytest.mark.parametrize(
    ("method", "path", "names"),
    [
        ("DELETE", "images", ["imageIds"]),
        ("DELETE", "images/tags", ["imageIds", "tagIds"]),
        ("DELETE", "images/regions", ["regionIds"]),
        ("DELETE", "predictions", ["ids"]),
        ("POST", f"tagsandregions/suggestions?iterationId={UUID(int=1)}", ["imageIds"]),
    ],
)
def test_ids_may_stand_in_a_body(ask, project, method, path, names):
    path = f"/customvision/v3.3/training/projects/{project.id}/{path}"
    bad = json.dumps({name: ["no id"] for name in names}).encode()
    reply = ask(method, path, bad, Content_Type="application/json")
    assert (reply.status, reply.body["code"]) == (400, "BadRequestInvalidIds")
    assert f"'{names[0]}' must be a GUID, not 'no id'" in reply.body["message"]
    mixed = json.dumps({name: [str(uuid4()), 5] for name in names}).encode()
    assert ask(method, path, mixed, Content_Type="application/json").body["code"] == "BadRequestInvalidIds"
    many = json.dumps({name: [str(uuid4()) for _ in range(257)] for name in names}).encode()
    reply = ask(method, path, many, Content_Type="application/json")
    assert (reply.status, reply.body["code"].startswith("BadRequest")) == (400, True)
    assert f"'{names[0]}' has 257 ids" in reply.body["message"]


def test_256_images_are_deleted_by_a_body_and_not_by_a_query(ask, project):
    path = f"/customvision/v3.3/training/projects/{project.id}/images"
    image = ask("POST", path, picture("apple", 1), Content_Type="application/octet-stream").body["images"][0]["image"]
    ids = [image["id"], *(str(uuid4()) for _ in range(255))]
    refused = ask("DELETE", f"{path}?imageIds={','.join(ids)}")
    assert refused.status == 414
    assert "room for 218 ids" in refused.body["error"]["message"]
    assert ask("DELETE", f"{path}?imageIds={','.join(ids[1:219])}").status != 414
    assert ask("GET", f"{path}/count").body == 1
    reply = ask("DELETE", path, json.dumps({"ImageIds": ids}).encode(), Content_Type="application/json")
    assert (reply.status, ask("GET", f"{path}/count").body) == (204, 0)


def test_pictures_come_in_any_kind_of_body(ask, project):
    path = f"/customvision/v3.3/training/projects/{project.id}/images"

    def multipart(disposition: str, data: bytes) -> bytes:
        return b"--B\r\nContent-Disposition: " + disposition.encode() + b"\r\n\r\n" + data + b"\r\n--B--\r\n"

    bodies = [
        ("application/octet-stream", picture("apple", 1)),
        ("image/jpeg", picture("apple", 2)),
        ("multipart/form-data; boundary=B", multipart('form-data; name="imageData"', picture("apple", 3))),
        (
            "multipart/form-data; boundary=B",
            multipart(r'form-data; name=imageData; filename="E:\a.jpg"', picture("leaf", 4)),
        ),
        ("multipart/form-data; boundary=B", multipart('form-data; name="files[0]"', picture("leaf", 5))),
        ('multipart/form-data; boundary="B"', multipart('form-data; name="0"; filename="x"', picture("leaf", 6))),
    ]
    for kind, body in bodies:
        reply = ask("POST", path, body, Content_Type=kind)
        assert (reply.status, reply.body["images"][0]["status"]) == (200, "OK"), kind
    assert ask("GET", f"{path}/count").body == len(bodies)


def test_multipart_of_several_pictures_reports_each(ask, project):
    data = [picture("apple", 1), b"broken", picture("apple", 2)]
    parts = [b'--B\r\nContent-Disposition: form-data; name="%d"\r\n\r\n%b\r\n' % (at, it) for at, it in enumerate(data)]
    path = f"/customvision/v3.3/training/projects/{project.id}/images"
    reply = ask("POST", path, b"".join(parts) + b"--B--\r\n", Content_Type="multipart/form-data; boundary=B")
    assert reply.status == 207
    assert {image["sourceUrl"]: image["status"] for image in reply.body["images"]} == {
        "0": "OK",
        "1": "ErrorImageFormat",
        "2": "OK",
    }


def test_the_wrong_media_type_is_415(ask, project):
    path = f"/customvision/v3.3/training/projects/{project.id}"
    assert ask("POST", f"{path}/images", b"{}", Content_Type="application/json").status == 415
    assert ask("POST", f"{path}/images/urls", b"x", Content_Type="application/octet-stream").status == 415
    # As curl sends it, unless it is told otherwise.
    kind = "application/x-www-form-urlencoded"
    reply = ask("POST", f"/ocellus/v1/projects/{project.id}/datasets/{uuid4()}/import", b"PK", Content_Type=kind)
    assert reply.status == 415
    assert "send the zip as multipart/form-data or application/octet-stream" in str(reply.body)


def test_broken_multipart_is_refused(ask, project):
    path = f"/customvision/v3.3/training/projects/{project.id}/images"
    for kind, body in [
        ("multipart/form-data", b"--B\r\n\r\n--B--"),
        ("multipart/form-data; boundary=B", b"--B\r\nContent-Disp"),
        ("multipart/form-data; boundary=B", picture("apple", 1)),
    ]:
        reply = ask("POST", path, body, Content_Type=kind)
        assert (reply.status, reply.body["code"]) == (400, "BadRequestImageBatch"), body[:20]


def test_the_prediction_id_is_the_request_id(service, ask, training, trained):
    training.publish_iteration(trained.project.id, trained.iteration.id, "ids", "resource")
    try:
        path = f"/customvision/v3.0/Prediction/{trained.project.id}/Classify/Iterations/ids/Image"
        headers = {"Prediction_Key": service.prediction_key, "Content_Type": "application/octet-stream"}
        reply = ask("POST", path, picture("apple", 9), **headers)
        assert reply.status == 200
        assert reply.body["id"] == reply.headers["apim-request-id"]
    finally:
        training.unpublish_iteration(trained.project.id, trained.iteration.id)
