"""Batches of pictures: what is wrong with one entry is the status of its picture alone."""

import json
from base64 import b64encode
from collections.abc import Iterator
from textwrap import wrap
from types import SimpleNamespace
from uuid import uuid4

import pytest
from azure.cognitiveservices.vision.customvision.training.models import ImageFileCreateBatch, ImageFileCreateEntry

from tests.functions.flows import DETECTION, post
from tests.pictures import picture

BOX = {"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4}


@pytest.fixture(scope="module")
def detector(training) -> Iterator[SimpleNamespace]:
    project = training.create_project(f"entries {uuid4()}", domain_id=DETECTION)
    yield SimpleNamespace(id=project.id, tag=training.create_tag(project.id, "fork").id)
    training.delete_project(project.id)


def contents(seed: int) -> str:
    return b64encode(picture("sky", seed)).decode()


def outcome(answer) -> dict[str, str]:
    return {image["sourceUrl"]: image["status"] for image in answer["images"]}


BAD_REGIONS = {
    "outside": {"left": 0.956731, "width": 0.073718},
    "far outside": {"left": 2},
    "negative": {"top": -0.2},
    "without height": {"height": 0},
    "negative height": {"height": -0.1},
    "null": {"left": None},
    "text": {"left": "left"},
    "too large a number": {"left": 1e400},
    "no number": {"left": float("nan")},
    "a list": {"left": [0.1]},
    "a tag that is no id": {"tagId": "fork"},
    "no tag": {"tagId": None},
}


@pytest.mark.parametrize("wrong", BAD_REGIONS.values(), ids=BAD_REGIONS)
def test_a_bad_region_costs_its_picture_alone(ask, detector, wrong):
    region = BOX | {"tagId": detector.tag}
    entries = [
        {"name": "good", "contents": contents(1), "regions": [region]},
        {"name": "bad", "contents": contents(2), "regions": [region, region | wrong]},
    ]
    text = json.dumps({"images": entries}).replace("Infinity", "1e400")
    reply = ask("POST", f"/customvision/v3.3/training/projects/{detector.id}/images/files", text.encode())
    assert (reply.status, reply.body["isBatchSuccessful"]) == (207, False)
    assert outcome(reply.body)["good"] in ("OK", "OKDuplicate")
    assert outcome(reply.body)["bad"] == "ErrorInvalidRegion"
    assert reply.body["images"][1]["image"] is None


BAD_ENTRIES = {
    "no region": ({"regions": [None]}, "ErrorInvalidRegion"),
    "regions that are no list": ({"regions": BOX}, "ErrorInvalidRegion"),
    "a region without a side": ({"regions": [{"tagId": str(uuid4()), "left": 0}]}, "ErrorInvalidRegion"),
    "a tag that is no id": ({"tagIds": ["fork"]}, "ErrorInvalidTag"),
    "tags that are no list": ({"tagIds": str(uuid4())}, "ErrorInvalidTag"),
    "an unknown tag": ({"tagIds": [str(uuid4())]}, "ErrorInvalidTag"),
    "too many tags": ({"tagIds": [str(uuid4()) for _ in range(21)]}, "ErrorTagLimitExceed"),
    "no base64": ({"contents": "%%%%"}, "ErrorImageFormat"),
    "half a byte of base64": ({"contents": "A"}, "ErrorImageFormat"),
    "base64 after its end": ({"contents": "AA==AAAA"}, "ErrorImageFormat"),
    "no contents": ({"contents": None}, "ErrorImageFormat"),
    "a number for contents": ({"contents": 7}, "ErrorImageFormat"),
    "a number for a name": ({"name": 7}, "ErrorUnknown"),
}


@pytest.mark.parametrize(("wrong", "status"), BAD_ENTRIES.values(), ids=BAD_ENTRIES)
def test_a_bad_field_costs_its_picture_alone(detector, service, wrong, status):
    entries = [{"name": "bad", "contents": contents(2)} | wrong, {"name": "good", "contents": contents(1)}]
    code, answer = post(service, f"projects/{detector.id}/images/files", {"images": entries})
    assert (code, answer["images"][0]["status"]) == (207, status)
    assert answer["images"][0]["sourceUrl"] == (None if "name" in wrong else "bad")
    assert answer["images"][1]["status"] in ("OK", "OKDuplicate")


@pytest.mark.parametrize("entry", [None, 1, "a", True, []])
def test_what_is_no_entry_costs_no_other(detector, service, entry):
    entries = [entry, {"name": "good", "contents": contents(1)}]
    code, answer = post(service, f"projects/{detector.id}/images/files", {"images": entries})
    bad = answer["images"][0]
    assert bad.pop("message").startswith("Expected `object`")
    assert (code, bad) == (207, {"sourceUrl": None, "status": "ErrorUnknown", "image": None})
    assert answer["images"][1]["status"] in ("OK", "OKDuplicate")


def test_a_missing_field_costs_its_picture_alone(detector, service, web):
    good = web.serve(picture("sky", 3))
    for path, entries, statuses in [
        ("files", [{"name": "none"}, {"contents": contents(3)}], ["ErrorImageFormat", "OK"]),
        ("urls", [{}, {"url": None}, {"url": 1}, {"url": good}], ["ErrorSource"] * 3 + ["OKDuplicate"]),
        ("predictions", [{}, {"id": None}, {"id": "none"}, {"id": str(uuid4())}], ["ErrorSource"] * 4),
    ]:
        code, answer = post(service, f"projects/{detector.id}/images/{path}", {"images": entries})
        assert (code, [image["status"] for image in answer["images"]]) == (207, statuses)


def test_an_unreadable_id_comes_back_as_it_was_sent(detector, service):
    _, answer = post(service, f"projects/{detector.id}/images/predictions", {"images": [{"id": "none"}]})
    assert outcome(answer) == {"none": "ErrorSource"}


def test_a_region_in_a_classifier_costs_its_picture_alone(training, project, service):
    region = BOX | {"tagId": training.create_tag(project.id, "fork").id}
    entries = [{"name": "good", "contents": contents(1)}, {"name": "bad", "contents": contents(2), "regions": [region]}]
    code, answer = post(service, f"projects/{project.id}/images/files", {"images": entries})
    assert (code, outcome(answer)) == (207, {"good": "OK", "bad": "ErrorInvalidRegion"})


def test_the_sdk_reads_the_status_of_a_bad_region(training, detector, service):
    entry = ImageFileCreateEntry(name="bad", contents=picture("sky", 2), tag_ids=["fork"])
    (image,) = training.create_images_from_files(detector.id, ImageFileCreateBatch(images=[entry])).images
    assert (image.source_url, image.status, image.image) == ("bad", "ErrorInvalidTag", None)


def test_a_batch_that_is_too_long_is_refused_whatever_is_in_it(detector, service):
    for path, entry in [("files", None), ("urls", {"url": 1}), ("predictions", {}), ("regions", None)]:
        batch = {"images": [entry] * 65, "regions": [entry] * 65}
        code, answer = post(service, f"projects/{detector.id}/images/{path}", batch)
        assert (code, answer["code"]) == (400, "BadRequestExceededBatchSize")


WRITTEN = {
    "lines": lambda text: "\r\n".join(wrap(text, 76)),
    "a trailing line break": lambda text: text + "\n",
    "blanks": lambda text: " \t" + " ".join(wrap(text, 100)) + "  ",
    "the alphabet of URLs": lambda text: text.replace("+", "-").replace("/", "_"),
    "no padding": lambda text: text.rstrip("="),
    "a byte order mark's neighbour": lambda text: "\u2003" + text,
}


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)
def test_base64_is_read_however_it_is_written(training, project, service, write):
    data = next(each for seed in range(99) if len(each := picture("sky", seed)) % 3 == 1)
    entry = {"name": "a", "contents": write(b64encode(data).decode())}
    code, answer = post(service, f"projects/{project.id}/images/files", {"images": [entry]})
    assert (code, outcome(answer)) == (200, {"a": "OK"})
