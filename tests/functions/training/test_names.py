"""Names of files as metadata: our own `nameKey` of create_images_from_data."""

import pytest
import requests

from shared.models.limits import Limits
from tests.functions.flows import refused
from tests.pictures import picture


@pytest.fixture
def send(service, project):
    """Upload pictures under these names, which become metadata of that key."""

    def upload(key, *names, seed=0):
        parts = [("imageData", (name, picture("apple", seed + at))) for at, name in enumerate(names)]
        address = f"{service.endpoint}/customvision/v3.3/training/projects/{project.id}/images"
        headers = {"Training-Key": service.training_key}
        return requests.post(address, params={"nameKey": key}, files=parts, headers=headers, timeout=60)

    return upload


def described(answer) -> list[dict[str, str] | None]:
    return [each["image"].get("metadata") for each in answer.json()["images"]]


def test_a_name_key_keeps_the_names_of_files(training, project, send):
    answer = send("filename", "IMG_0412.jpg", "Höhe 3/a'b.jpg")
    assert answer.status_code == 200
    assert described(answer) == [{"filename": "IMG_0412.jpg"}, {"filename": "Höhe 3/a'b.jpg"}]
    (found,) = training.get_images(project.id, filter="filename eq 'Höhe 3/a''b.jpg'")
    assert found.metadata == {"filename": "Höhe 3/a'b.jpg"}


def test_a_picture_that_comes_again_takes_the_later_name_and_keeps_the_rest(training, project, send):
    image_id = send("filename", "one.jpg").json()["images"][0]["image"]["id"]
    training.update_image_metadata(project.id, [image_id], {"line": "7"})
    again = send("filename", "two.jpg")
    assert (again.status_code, again.json()["images"][0]["status"]) == (207, "OKDuplicate")
    assert described(again) == [{"filename": "two.jpg", "line": "7"}]


def test_without_a_name_key_no_name_is_kept(send):
    assert described(send("", "one.jpg")) == [None]


def test_a_name_is_kept_as_far_as_a_value_is_long(send):
    assert described(send("filename", "n" * 300)) == [{"filename": "n" * Limits().metadata_value_length}]


def test_a_picture_with_all_the_metadata_it_may_have_takes_no_name_besides(training, project, send):
    image_id = send("", "one.jpg").json()["images"][0]["image"]["id"]
    training.update_image_metadata(project.id, [image_id], {str(key): "v" for key in range(10)})
    assert send("filename", "one.jpg").json()["images"][0]["status"] == "ErrorLimitExceed"


def test_a_name_key_is_refused_as_other_keys_of_metadata_are(training, project, send):
    answer = send("k" * 129, "one.jpg")
    assert (answer.status_code, answer.json()["code"]) == (400, "BadRequestImageMetadataKey")
    with refused("BadRequestImageMetadataKey", "1 to 128 characters"):
        training.update_image_metadata(project.id, [project.id], {"k" * 129: "v"})
    key = {"Training-Key": answer.request.headers["Training-Key"]}
    lookalike = requests.post(answer.url.replace("nameKey", "name_key"), headers=key, timeout=60)
    assert "the one that reads like it is 'nameKey'" in lookalike.json()["message"]
    assert training.get_image_count(project.id) == 0
