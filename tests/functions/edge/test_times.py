"""Times: every valid one is read, and answers write them as Custom Vision does."""

import re
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import msgspec
import pytest

from functions.edge.times import encode, read_time
from shared.models.serving.predictions import ImagePrediction, PredictionQueryToken
from shared.models.training.iterations import Iteration, IterationStatus, TrainingType
from shared.models.workspace.projects import Project, ProjectSettings
from tests.pictures import picture

API = "/customvision/v3.3/training"
ID = UUID(int=1)
MOMENT = datetime(2020, 11, 6, 16, 37, 26, tzinfo=UTC)
MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
FIRST, LAST = "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59.999000+00:00"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2020-11-06T16:37:26Z", "2020-11-06T16:37:26+00:00"),
        ("2020-11-06t16:37:26z", "2020-11-06T16:37:26+00:00"),
        ("2020-11-06 16:37:26 Z", "2020-11-06T16:37:26+00:00"),
        ("  2020-11-06T16:37:26\n", "2020-11-06T16:37:26+00:00"),
        ("2020-11-06", "2020-11-06T00:00:00+00:00"),
        ("2020-11-06Z", "2020-11-06T00:00:00+00:00"),
        ("2020-11-06T16:37", "2020-11-06T16:37:00+00:00"),
        ("2020-11-06T16:37:26.2", "2020-11-06T16:37:26.200000+00:00"),
        ("2020-11-06T16:37:26,26Z", "2020-11-06T16:37:26.260000+00:00"),
        ("2020-11-06T16:37:26.2669999Z", "2020-11-06T16:37:26.266000+00:00"),
        ("2020-11-06T16:37:26.266999999999Z", "2020-11-06T16:37:26.266000+00:00"),
        ("2020-11-06T18:07:26+01:30", "2020-11-06T16:37:26+00:00"),
        ("2020-11-06T12:07:26-0430", "2020-11-06T16:37:26+00:00"),
        ("2020-11-06T23:37:26.5+07", "2020-11-06T16:37:26.500000+00:00"),
        ("2020-11-06T16:37:26-00:00", "2020-11-06T16:37:26+00:00"),
        ("2020-02-29T24:00:00Z", "2020-03-01T00:00:00+00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("0001-01-01T00:00:00", FIRST),
        ("0001-01-01T00:00:00+14:00", FIRST),
        ("0001-01-01T00:00:00-14:00", "0001-01-01T14:00:00+00:00"),
        ("0000-12-31T00:00:00Z", FIRST),
        ("-999999999-01-01T00:00:00+18:00", FIRST),
        ("9999-12-31T23:59:59.9999999", LAST),
        ("9999-12-31T23:59:59.9999999Z", LAST),
        ("9999-12-31T23:59:59-14:00", LAST),
        ("9999-12-31T23:59:60Z", LAST),
        ("9999-12-31T24:00:00Z", LAST),
        ("9999-12-31T23:59:59+14:00", "9999-12-31T09:59:59+00:00"),
        ("+1000000000-12-31T23:59:59.999999999Z", LAST),
    ],
)
def test_a_time_is_read_however_it_is_written(text, time):
    assert read_time(text).isoformat() == time


@pytest.mark.parametrize(
    "text",
    [
        "", "Z", "16:37", "2020", "2020-11", "20-11-06", "2020-11-31", "2020-00-01", "2021-02-29T00:00Z",
        "2020-11-06T", "2020-11-06T16", "2020-11-06T16:60", "2020-11-06T16:37:61", "2020-11-06T24:00:01",
        "2020-11-06T16:37:26.", "2020-11-06T16:37:26+24:00", "2020-11-06T16:37:26+01:60", "2020-11-06T16:37:26ZZ",
        "\u0662020-11-06", "12020-11-06", "1604680646", "Fri, 06 Nov 2020 16:37:26 GMT", "+99999999999-01-01",
    ],
)  # fmt: skip
def test_what_is_no_time_is_not_read(text):
    with pytest.raises(ValueError):  # noqa: PT011
        read_time(text)


@pytest.mark.parametrize(("microsecond", "digits"), [(0, "000"), (1_000, "001"), (266_000, "266"), (999_999, "999")])
def test_projects_iterations_and_predictions_are_written_in_milliseconds(microsecond, digits):
    time, written = MOMENT.replace(microsecond=microsecond), f"2020-11-06T16:37:26.{digits}Z"
    project = Project(ID, '"created":"2020-11-06T16:37:26Z"', "", ProjectSettings(ID, None), time, time)
    iteration = Iteration(
        ID, "", IterationStatus.COMPLETED, time, time, ID, ID, None, TrainingType.REGULAR, trained_at=time
    )
    for answer, names in [
        (project, ("created", "lastModified")),
        (iteration, ("created", "lastModified", "trainedAt")),
        (ImagePrediction(ID, ID, ID, time, []), ("created",)),
    ]:
        one, (other,) = msgspec.json.decode(encode(answer)), msgspec.json.decode(encode([answer]))
        assert one == other
        assert [one[name] for name in names] == [written] * len(names)
    assert msgspec.json.decode(encode(project))["name"] == project.name
    assert encode([]) == b"[]"


def test_answers_write_times_as_custom_vision_does(ask, trained: SimpleNamespace):
    path = f"{API}/projects/{trained.project.id}"
    project, iterations = ask("GET", path).body, ask("GET", f"{path}/iterations").body
    tested = ask("POST", f"{path}/quicktest/image", picture("apple", 1)).body
    query = msgspec.json.encode(PredictionQueryToken(end_time=datetime.max))
    kept = ask("POST", f"{path}/predictions/query", query).body
    for time in (
        *(project[name] for name in ("created", "lastModified")),
        *(iterations[0][name] for name in ("created", "lastModified", "trainedAt")),
        tested["created"],
        kept["token"]["endTime"],
        kept["results"][0]["created"],
    ):
        assert MILLISECONDS.fullmatch(time), time


def test_metadata_that_looks_like_a_time_stays_as_it_is(ask, project):
    upload = f"{API}/projects/{project.id}/images"
    image = ask("POST", upload, picture("apple", 1), Content_Type="application/octet-stream").body["images"][0]["image"]
    body = b'{"created": "2020-11-06T16:37:26.123456Z", "lastModified": "2020-11-06T16:37:26Z"}'
    ask("POST", f"{upload}/metadata?imageIds={image['id']}", body)
    assert ask("GET", upload).body[0]["metadata"] == msgspec.json.decode(body)
    assert re.fullmatch(r".*\.\d{6}Z", image["created"])
