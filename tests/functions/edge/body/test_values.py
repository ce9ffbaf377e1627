"""JSON bodies: keys in any case, errors that name the field, and memory that stays near the body's size."""

import subprocess
import sys
from uuid import UUID

import pytest

from functions.edge.body.values import read_json
from shared.errors import BadRequest, UnsupportedMediaType
from shared.models.workspace.images import (
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    ImageTagCreateBatch,
    ImageUrlCreateBatch,
    ImageUrlCreateEntry,
)
from shared.models.workspace.projects import ProjectUpdate
from shared.settings import ROOT

TAG = UUID(int=7)


def test_an_empty_body_is_an_empty_object():
    assert read_json("", b"", ProjectUpdate) == read_json("", b" \n", ProjectUpdate) == ProjectUpdate()


@pytest.mark.parametrize("spell", [str, str.upper, str.capitalize])
def test_keys_match_in_any_case_at_every_level(spell):
    text = '{"%s":[{"%s":"http://a/B","%s":["%s"],"%s":[{"%s":"%s","%s":0,"%s":0.5,"%s":1,"%s":0.5}]}],"%s":{"Url":"Name"}}'
    keys = ["images", "url", "tagIds", TAG, "regions", "tagId", TAG, "left", "top", "width", "height", "metadata"]
    body = text % tuple(key if isinstance(key, UUID) else spell(key) for key in keys)
    batch = read_json("application/json", body.encode(), ImageUrlCreateBatch)
    image = (batch.images or [])[0].entry
    assert isinstance(image, ImageUrlCreateEntry)
    assert (image.url, image.tag_ids, (image.regions or [])[0].top) == ("http://a/B", [TAG], 0.5)
    assert batch.metadata == {"Url": "Name"}


def test_what_looks_like_a_key_stays_what_it_is():
    body = rb'{"NAME": "say \"Name\": x", "description": "{\"Settings\":1}", "Junk": [{"name": 1}], "": 2, "other": 3}'
    update = read_json("", body, ProjectUpdate)
    assert (update.name, update.description) == ('say "Name": x', '{"Settings":1}')


def test_the_last_of_two_spellings_counts():
    assert read_json("", b'{"name": "a", "Name": "b"}', ProjectUpdate).name == "b"
    assert read_json("", b'{"Name": "a", "name": "b"}', ProjectUpdate).name == "b"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[1]", "Expected `object`"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b'{"Name": "\xff"}', "not valid JSON"),
        (b'{"Settings": {"DomainId": 1}}', r"\$.settings.domainId"),
        (b'{"settings": {"domainId": 1}}', r"\$.settings.domainId"),
        (b'{"Name": [', "not valid JSON"),
        (b'{"junk": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not valid JSON"),
        (b'{"Name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not valid JSON|does not fit"),
        (b'{"junk": [' + b"1," * 250_001 + b"1]}", "more than 250,000 values"),
    ],
)
def test_a_bad_body_is_refused_with_the_place(body, message):
    with pytest.raises(BadRequest, match=message):
        read_json("application/json", body, ProjectUpdate)


def test_errors_in_lists_name_the_item():
    body = b'{"Tags": [{"imageId": "%b", "TagId": "%b"}, {"imageId": 1}]}' % ((str(TAG).encode(),) * 2)
    with pytest.raises(BadRequest, match=r"\$.tags\[1\].imageId"):
        read_json("", body, ImageTagCreateBatch)


def test_pictures_are_no_json():
    with pytest.raises(UnsupportedMediaType):
        read_json("image/jpeg", b"{}", ProjectUpdate)


def test_contents_come_as_bytes():
    for key in (b"contents", b"Contents"):
        batch = read_json("", b'{"images": [{"%b": "AAEC"}]}' % key, ImageFileCreateBatch)
        assert [each.entry for each in batch.images or []] == [ImageFileCreateEntry(b"\0\1\2")]


# 45 MB of values that take much more once they are Python's; prints the memory used at most in MB.
READ = """
import sys
from contextlib import suppress
from pathlib import Path
from functions.edge.body.values import read_json
from shared.errors import BadRequest
from shared.models.workspace.images import ImageFileCreateBatch

start, item, end = (part.encode() for part in sys.argv[1:])
with suppress(BadRequest):
    read_json("", start + item * (45_000_000 // len(item)) + end, ImageFileCreateBatch)
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(int(peak.split()[1]) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("start", "item", "end"),
    [
        ('{"junk":[', "{},", "1]}"),
        ('{"Images":[', "{},", "1]}"),
        ('{"images":[', '{"contents":""},', "1]}"),
        ('{"Images":[],"junk":', "[" * 900, "}"),
        ('{"metadata":{', '"a":"",', '"b":""}}'),
    ],
)
def test_a_bodys_values_take_little_more_memory_than_the_body(start, item, end):
    command = [sys.executable, "-c", READ, start, item, end]
    peak = int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert peak < 250
