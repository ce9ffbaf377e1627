"""Files as other systems, other lands and strangers write them: read as they are meant, or refused; never a crash."""

import json
import os
import zipfile
from pathlib import Path

import pytest

from shared.formats.dataset import DatasetError, Mark
from shared.formats.source import Source
from tests.formats.labelled import draw, known, lay

LONG = "9" * 5_000
VOC = (
    "<annotation><filename>a.png</filename><size><width>{}</width><height>48</height></size><object><name>bolt</name>"
    "<bndbox><xmin>16</xmin><ymin>12</ymin><xmax>{}</xmax><ymax>36</ymax></bndbox></object></annotation>"
)
CVAT = '<annotations><image name="a.png" width="{}" height="48"><box label="bolt" {}/></image></annotations>'
SIDES = 'xtl="16" ytl="12" xbr="{}" ybr="36"'
BOX = Mark("bolt", 0.25, 0.25, 0.5, 0.5)
HEAD = "filename{0}width{0}height{0}class{0}xmin{0}ymin{0}xmax{0}ymax\r\n"
TABLE = HEAD + "a.png{0}{1}{0}48{0}bolt{0}16{0}12{0}{2}{0}36\r\n"


def coco(width: object, *box: object, category: object = 1) -> str:
    return json.dumps(
        {
            "images": [{"id": 1, "file_name": "a.png", "width": width, "height": 48}],
            "annotations": [{"image_id": 1, "category_id": category, "bbox": box}],
            "categories": [{"id": 1, "name": "bolt"}],
        }
    )


def twice(listed: str, **named: str) -> str:
    file = json.loads(coco(64, 1, 1, 9, 9))
    file[listed].append(file[listed][0] | named)
    return json.dumps(file)


@pytest.mark.parametrize(
    "files",
    [
        {"l__csv": "\ufeff" + TABLE.format(",", 64, 48)},
        {"l__csv": "\ufeff" + TABLE.format(";", 64, "48,0")},
        {"l__csv": TABLE.format("\t", 64, 48).replace("\r\n", "\r")},
        {"l__csv": TABLE.format(",", LONG, 48)},
        {"l__csv": TABLE.format(",", "٦٤", 48)},
        {"a__xml": VOC.format("64.0", 48)},
        {"a__xml": VOC.format(LONG, 48)},
        {"a__xml": VOC.format("inf", 48)},
        {"a__xml": CVAT.format(LONG, SIDES.format(48))},
        {"a__xml": CVAT.format("²", SIDES.format(48))},
        {"c__json": coco(64.0, 16, 12, 32, 24)},
        {"c__json": "\ufeff" + coco(10**30, 16, 12, 32, 24)},
    ],
)
def test_a_box_is_read_however_it_is_written(tmp_path, files):
    (found,) = known(lay(tmp_path, ["a.png"], **files)).pictures
    assert found.marks == (BOX,)


@pytest.mark.parametrize(
    "files",
    [
        {"l__csv": TABLE.format(",", 64, "nan")},
        {"l__csv": TABLE.format(",", 64, "1e999")},
        {"a__xml": VOC.format(64, "many")},
        {"a__xml": CVAT.format(64, SIDES.format("-inf"))},
        {"a__xml": CVAT.format(64, "")},
        {"c__json": coco(64, 1e308, 1e308, 1e308, 1e308)},
        {"c__json": coco(64, 16, 12, 32, 24, category=2)},
    ],
)
def test_a_box_of_no_numbers_is_counted_and_its_picture_stays(tmp_path, files):
    reading = known(lay(tmp_path, ["a.png"], **files))
    assert [picture.marks for picture in reading.pictures] == [()]
    assert reading.lost == {"boxes without a tag, or of no numbers": 1}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"l__csv": "filename," + "x" * 200_000 + "\na.png,1\n"}, r"\(l.csv describes no pictures in a way"),
        ({"l__csv": "filename,label\na.png," + "x" * 200_000}, "line 2 of l.csv is no CSV"),
        ({"l__csv": 'filename,label\n"' + "a" * 9_000}, r"first that failed: a{300}: no picture"),
        ({"l__csv": "filename,label\na.png,x\n".encode("utf-16")}, "l.csv is not written in UTF-8; save it so"),
        ({"c__json": coco(64, 1, 1, 9, 9)[:-9]}, r"c.json is no whole JSON: .*truncated\)"),
        ({"c__json": coco(64, 1, 1, 9, 9).encode("utf-16")}, r"c.json is no whole JSON"),
        ({"c__json": coco(10**400, 1, 1, 9, 9)}, "c.json is not JSON as its format has it: Number out of range"),
        (
            {"a__xml": f'<?xml version="1.0" encoding="none-such"?>{VOC}'},
            "a.xml is not XML as its format has it: unknown",
        ),
        ({"c__json": twice("categories", name="nut")}, "the id 1 twice among its categories: bolt, nut. Give each"),
        ({"c__json": twice("images", file_name="b.png")}, "the id 1 twice among its images: a.png, b.png. Give each"),
        ({"data__yaml": "names: [yes, no]"}, "does not read tag 0 of `names` as text, but as True; put it in quotes"),
        ({"data__yaml": "names: [bolt, 2.50]"}, "tag 1 of `names` as text, but as 2.5; put it in quotes"),
    ],
)
def test_what_can_not_be_read_says_where_and_why(tmp_path, files, says):
    with pytest.raises(DatasetError, match=says):
        known(lay(tmp_path, ["train/a.png", "a.png"], **files))


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"train____annotations__createml__json": "[]"}, r"\(train/_annotations.createml.json describes no pictures"),
        ({"train____annotations__coco__json": '{"images": [{"id"'}, "_annotations.coco.json is no whole JSON"),
        ({"train____annotations__txt": "a.png 1,2,3,4,0"}, r"\(train/_annotations.txt describes no pictures"),
        ({"train___a__txt": "\n", "train___b__txt": "0 0.5 0.5 0.1 0.1\n"}, "no data.yaml with `names` is there"),
    ],
)
def test_what_describes_pictures_in_folders_is_not_passed_over(tmp_path, files, says):
    source = lay(tmp_path, ["train/a.png", "train/b.png"], **files)
    with pytest.raises(DatasetError, match=says):
        known(source)
    (tmp_path / "train" / "a.txt").write_text("A caption, which says nothing of boxes.")
    for name in files:
        (tmp_path / name.replace("___", "/").replace("__", ".")).unlink(missing_ok=True)
    assert {picture.tags for picture in known(Source.at(tmp_path)).pictures} == {("train",)}


def test_a_zip_of_another_system_has_folders_and_nothing_leads_out_of_it(tmp_path):
    draw(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for name in ("dent\\a.png", "./scratch/b.png", "..\\..\\dent\\c.png", "\\dent\\d.png"):
            archive.writestr(name, data)
    source = Source.at(tmp_path / "set.zip")
    assert {picture.file: picture.tags for picture in known(source).pictures} == {
        "dent/a.png": ("dent",),
        "scratch/b.png": ("scratch",),
    }
    assert (source.left_out, source.picture("dent/a.png")) == (2, data)


def test_links_in_a_circle_are_left_out_and_names_of_old_systems_are_read(tmp_path):
    lay(tmp_path, ["dent/a.png"])
    (tmp_path / "dent" / "round.png").symlink_to("round.png")
    (tmp_path / "dent" / "up").symlink_to(tmp_path)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/dent/Gr\xf6\xdfe.png")).write_bytes(b"x")
    source = Source.at(tmp_path)
    assert (source.pictures, source.left_out) == (["dent/Größe.png", "dent/a.png"], 2)
    assert source.picture("dent/Größe.png") == b"x"


def test_a_folder_that_can_not_be_read_is_named(tmp_path, monkeypatch):
    scan = os.scandir

    def guarded(path: str) -> object:
        if str(path).endswith("dent"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    lay(tmp_path, ["dent/a.png", "scratch/b.png"])
    monkeypatch.setattr(os, "scandir", guarded)
    with pytest.raises(DatasetError, match=r"dent can't be read: Permission denied\."):
        Source.at(tmp_path)
