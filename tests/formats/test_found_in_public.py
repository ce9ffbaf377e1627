"""Data sets as users of other tools post them: small ones of our own in the shapes that those have."""

import json
import zipfile

import pytest

from shared.formats.catalogue import format_of
from shared.formats.dataset import DatasetError, Labelled, Mark
from shared.formats.source import Source
from tests.formats.labelled import known, lay


def test_yolo_of_roboflow_names_its_folders_from_beside_itself(tmp_path):
    described = (
        "train: ../train/images\nval: ../valid/images\n\nnc: 2\nnames: ['bolt', 'nut']\nroboflow:\n  license: MIT\n"
    )
    source = lay(
        tmp_path,
        ["train/images/a_jpg.rf.1.jpg", "valid/images/b_jpg.rf.2.jpg", "valid/images/empty.jpg"],
        data__yaml=described,
        train___labels___a_jpg__rf__1__txt="1 0.5 0.5 0.25 0.5\n",
        valid___labels___b_jpg__rf__2__txt="0 0.5 0.5 0.5 0.5\n0 0.1 0.1 0.3 0.1 0.2 0.4\n",
        valid___labels___empty__txt="",
    )
    reading = known(source)
    assert reading.pictures == [
        Labelled("train/images/a_jpg.rf.1.jpg", (), (Mark("nut", 0.375, 0.25, 0.25, 0.5),), "train"),
        Labelled("valid/images/b_jpg.rf.2.jpg", (), (Mark("bolt", 0.25, 0.25, 0.5, 0.5),), "val"),
        Labelled("valid/images/empty.jpg", (), (), "val"),
    ]
    assert reading.lost == {"polygons": 1}


def test_yolo_of_roboflow_for_darknet_has_its_names_in_each_part(tmp_path):
    names = "bolt\nnut\n"
    source = lay(
        tmp_path,
        ["train/a_jpg.rf.1.jpg", "valid/b_jpg.rf.2.jpg"],
        README__roboflow__txt="bolts - v1\n",
        train____darknet__labels=names,
        valid____darknet__labels=names,
        train___a_jpg__rf__1__txt="1 0.5 0.5 0.25 0.5",
    )
    first, second = known(source).pictures
    assert (first.marks, first.split) == ((Mark("nut", 0.375, 0.25, 0.25, 0.5),), "train")
    assert (second.marks, second.split) == ((), "valid")


def test_yolo_of_cvat_and_of_label_studio_have_their_names_in_lines(tmp_path):
    lay(
        tmp_path / "cvat",
        ["obj_train_data/a.png"],
        obj__data="classes = 1\ntrain = data/train.txt\nnames = data/obj.names\n",
        obj__names="bolt\n",
        train__txt="data/obj_train_data/a.png\n",
        obj_train_data___a__txt="0 0.500000 0.500000 0.500000 0.500000\n",
    )
    lay(
        tmp_path / "studio",
        ["images/1a2b3c4d-a.png"],
        classes__txt="bolt\n",
        notes__json='{"categories": [{"id": 0, "name": "bolt"}], "info": {"contributor": "Label Studio"}}',
        **{"labels___1a2b3c4d-a__txt": "0 0.5 0.5 0.5 0.5\n"},
    )
    for tool, part in (("cvat", "train"), ("studio", "")):
        (found,) = known(Source.at(tmp_path / tool)).pictures
        assert (found.marks, found.split) == ((Mark("bolt", 0.25, 0.25, 0.5, 0.5),), part)


def test_coco_of_roboflow_lies_in_a_folder_a_part(tmp_path):
    file = {
        "info": {"description": "", "year": "2026"},
        "categories": [{"id": 0, "name": "parts"}, {"id": 1, "name": "bolt", "supercategory": "parts"}],
        "images": [{"id": 0, "file_name": "a.jpg", "width": 64, "height": 48, "date_captured": ""}],
        "annotations": [
            {"id": 0, "image_id": 0, "category_id": 1, "bbox": [16, 12, 32.0, 24], "segmentation": [[1, 2, 3, 4, 5, 6]]}
        ],
    }
    source = lay(tmp_path, ["valid/a.jpg"], valid____annotations__coco__json=json.dumps(file))
    reading = known(source)
    assert reading.pictures == [Labelled("valid/a.jpg", (), (Mark("bolt", 0.25, 0.25, 0.5, 0.5),), "valid", (64, 48))]
    assert reading.lost == {"masks, whose boxes are kept": 1}


def test_tasks_of_label_studio_name_uploads_and_local_files(tmp_path):
    def box(rotation=0, kind="rectanglelabels"):
        value = {"x": 25, "y": 50, "width": 50, "height": 25, "rotation": rotation, kind: ["bolt"]}
        return {"id": "r", "type": kind, "original_width": 64, "original_height": 48, "value": value}

    tasks = [
        {
            "id": 1,
            "data": {"image": "/data/upload/7/1a2b3c4d-bench.png"},
            "annotations": [{"id": 1, "result": [box(), box(12.5), box(kind="brushlabels")], "was_cancelled": False}],
            "predictions": [],
        },
        {"id": 2, "data": {"img": "/data/local-files/?d=shots/b%20c.png"}, "annotations": [{"result": []}]},
    ]
    source = lay(tmp_path, ["bench.png", "shots/b c.png"], project__json=json.dumps(tasks))
    reading = known(source)
    assert reading.pictures == [
        Labelled("bench.png", (), (Mark("bolt", 0.25, 0.5, 0.5, 0.25),), "", (64, 48)),
        Labelled("shots/b c.png"),
    ]
    assert reading.lost == {"rotated boxes": 1, "masks": 1}


def test_choices_of_label_studio_are_tags(tmp_path):
    choice = {"type": "choices", "value": {"choices": ["dent", "scratch"]}, "to_name": "image", "from_name": "c"}
    tasks = [{"data": {"image": "s3://bucket/a.png"}, "completions": [{"result": [choice]}]}]
    (found,) = known(lay(tmp_path, ["pictures/a.png"], tasks__json=json.dumps(tasks))).pictures
    assert found.tags == ("dent", "scratch")


CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><job><id>3</id><labels><label><name>bolt</name><attributes/></label></labels></job><dumped>now</dumped></meta>
  <image id="0" name="shots/a.png" subset="Train" task_id="9" width="64" height="48">
    <box label="bolt" source="manual" occluded="1" xtl="16.0" ytl="12.0" xbr="48.0" ybr="36.0" z_order="0">
      <attribute name="rusty">false</attribute>
    </box>
    <box label="bolt" source="manual" occluded="0" xtl="1" ytl="1" xbr="9" ybr="9" rotation="31.5" z_order="0"/>
    <polygon label="bolt" points="1,1;2,2;3,1" z_order="0"/>
  </image>
</annotations>"""


def test_a_job_of_cvat_tells_what_it_loses(tmp_path):
    reading = known(lay(tmp_path, ["images/shots/a.png"], annotations__xml=CVAT))
    assert reading.pictures == [
        Labelled("images/shots/a.png", (), (Mark("bolt", 0.25, 0.25, 0.5, 0.5),), "Train", (64, 48))
    ]
    assert reading.lost == {"attributes": 2, "rotated boxes": 1, "polygons": 1}


def test_a_task_of_cvat_for_videos_is_refused_with_what_to_do(tmp_path):
    box = '<box frame="0" outside="0" occluded="0" keyframe="1" xtl="1" ytl="1" xbr="9" ybr="9"/>'
    video = f'<annotations><version>1.1</version><meta/><track id="0" label="bolt">{box}</track></annotations>'
    with pytest.raises(DatasetError, match="tracks of a video, and no pictures; export it as `CVAT for images`"):
        known(lay(tmp_path, ["frame_000000.png"], annotations__xml=video))


def test_a_table_of_vott_has_quoted_heads(tmp_path):
    table = '"image","xmin","ymin","xmax","ymax","label"\n"a.png",16.0,12,48,36,"bolt"\n'
    (found,) = known(lay(tmp_path, ["a.png"], **{"bolts-export__csv": table})).pictures
    assert found.marks == (Mark("bolt", 0.25, 0.25, 0.5, 0.5),)


def test_frames_of_the_first_vott_are_refused_with_what_to_do(tmp_path):
    frame = {"x1": 1, "y1": 1, "x2": 9, "y2": 9, "width": 64, "height": 48, "type": "Rectangle", "tags": ["bolt"]}
    said = {"frames": {"a.png": [frame]}, "framerate": "1", "inputTags": "bolt", "scd": False}
    with pytest.raises(DatasetError, match=r"\(shots/a.json describes no pictures in a way that is known\)"):
        known(lay(tmp_path, ["shots/a.png"], shots___a__json=json.dumps(said)))


def test_assets_of_vott_lie_in_a_file_each_with_addresses_of_another_machine(tmp_path):
    asset = {"format": "png", "id": "5", "name": "b%20c.png", "path": "file:C:/Users/me/shots/b%20c.png"}
    size = {"width": 64, "height": 48}
    box = {"height": 24, "width": 32, "left": 16, "top": 12}
    region = {"id": "x", "type": "RECTANGLE", "tags": ["bolt", "rusty"], "boundingBox": box, "points": []}
    marked = {"asset": {**asset, "size": size, "state": 2, "type": 1}, "regions": [region], "version": "2.2.0"}
    (found,) = known(lay(tmp_path, ["b c.png"], **{"5-asset__json": json.dumps(marked)})).pictures
    assert [mark.tag for mark in found.marks] == ["bolt", "rusty"]
    assert found.marks[0] == Mark("bolt", 0.25, 0.25, 0.5, 0.5)


def test_rows_of_labelbox_have_answers_and_a_part(tmp_path):
    sides = {"top": 12.0, "left": 16.0, "height": 24.0, "width": 32.0}
    box = {"name": "bolt", "annotation_kind": "ImageBoundingBox", "bounding_box": sides}
    mask = {"name": "bolt", "annotation_kind": "ImageSegmentationMask", "mask": {"url": "https://example.com/m"}}
    answers = [{"name": "state", "radio_answer": {"name": "used"}}]
    row = {
        "data_row": {"id": "k", "global_key": "g", "external_id": "a.png", "row_data": "https://example.com/x?sig=1"},
        "media_attributes": {"height": 48, "width": 64, "mime_type": "image/png"},
        "metadata_fields": [{"schema_name": "split", "value": [{"schema_name": "train"}]}],
        "projects": {
            "p": {
                "labels": [
                    {
                        "annotations": {
                            "objects": [box | {"classifications": [{"name": "rusty"}]}, mask],
                            "classifications": answers,
                        }
                    }
                ]
            }
        },
    }
    reading = known(lay(tmp_path, ["a.png"], export__ndjson=json.dumps(row)))
    assert reading.pictures == [Labelled("a.png", ("used",), (Mark("bolt", 0.25, 0.25, 0.5, 0.5),), "train", (64, 48))]
    assert reading.lost == {"attributes": 1, "masks": 1}


def test_tables_have_a_row_a_box_or_a_column_a_tag(tmp_path):
    boxes = "filename,width,height,class,xmin,ymin,xmax,ymax\na.png,64,48,bolt,16,12,48,36\na.png,64,48,nut,0,0,64,48\n"
    (found,) = known(lay(tmp_path / "boxes", ["train/a.png"], train____annotations__csv=boxes)).pictures
    assert (found.split, [mark.tag for mark in found.marks]) == ("train", ["bolt", "nut"])
    columns = "filename, dent, scratch\na.png, 1, 0\nb.png, 1, 1\nc.png, 0, 0\n"
    pictures = known(lay(tmp_path / "tags", ["a.png", "b.png", "c.png"], _classes__csv=columns)).pictures
    assert [picture.tags for picture in pictures] == [("dent",), ("dent", "scratch"), ()]


def test_manifests_of_ground_truth_and_rekognition(tmp_path):
    about = {"class-map": {"4": "bolt"}, "type": "groundtruth/object-detection", "human-annotated": "yes"}
    boxes = {
        "image_size": [{"width": 64, "height": 48, "depth": 3}],
        "annotations": [{"class_id": 4, "top": 12, "left": 16, "height": 24, "width": 32}],
    }
    tagged = {"class-name": "used", "confidence": 1, "type": "groundtruth/image-classification"}
    line = {"source-ref": "s3://bucket/in/a.png", "job": boxes, "job-metadata": about, "state": 1}
    line["state-metadata"] = tagged
    reading = known(lay(tmp_path, ["in/a.png"], train__manifest=json.dumps(line)))
    assert reading.pictures == [
        Labelled("in/a.png", ("used",), (Mark("bolt", 0.25, 0.25, 0.5, 0.5),), "train", (64, 48))
    ]


def test_tables_of_vertex_may_lack_a_use(tmp_path):
    rows = "gs://b/in/a.png,bolt,0.25,0.25,,,0.75,0.75,,\nTEST,gs://b/in/c.png,dent,scratch\n"
    first, second = known(lay(tmp_path, ["in/a.png", "in/c.png"], import__csv=rows)).pictures
    assert first.marks == (Mark("bolt", 0.25, 0.25, 0.5, 0.5),)
    assert (second.tags, second.split) == (("dent", "scratch"), "test")


def test_our_own_regions_are_no_folders_of_tags(tmp_path):
    by_tag = {"regions": {"fork": {"a": [0.25, 0.25, 0.5, 0.5], "gone": [0, 0, 1, 1]}}}
    reading = known(lay(tmp_path, ["fork/a.png"], regions__json=json.dumps(by_tag)))
    assert reading.pictures == [Labelled("fork/a.png", (), (Mark("fork", 0.25, 0.25, 0.5, 0.5),))]
    assert reading.faults == ["fork/gone: no picture of that name is there, or several are"]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "no format is known"),
        ({"min__json": '[{"image": "/data/a.png", "label": [{"x": 1}], "id": 1}]'}, "no format is known"),
        ({"tasks__json": '[{"data": {"text": "words"}, "annotations": []}]'}, "tasks without a picture"),
        ({"labels__csv": "filename,label\nz.png,dent\n"}, "z.png: no picture of that name"),
        ({"labels__csv": "filename,label\n../../etc/a.png,dent\n../../../etc/passwd,x"}, "etc/passwd|read as csv"),
        ({"c__json": '{"images": 5, "annotations": [], "categories": []}'}, "c.json is not JSON as its format has it"),
        ({"c__json": '{"images": [], "annotations": ' + "[" * 5000}, "no format is known"),
        ({"data__yaml": "names: [a, *b]"}, "data.yaml is not YAML"),
        ({"data__yaml": "names: &a [*a, *a]"}, "data.yaml is not YAML"),
        ({"data__yaml": "names: [a]", "other__yml": "names: [b]"}, "Give the one that is meant"),
        ({"a__xml": "<annotation><filename>a.png"}, "a.xml is not XML"),
        ({"labels__csv": b"filename,label\n\xff\xfe,x"}, "not written in UTF-8"),
        ({"data__yaml": "names: [a]", "labels__csv": "filename,label\na.png,b\n"}, "any of yolo, csv"),
    ],
)
def test_what_is_no_data_set_is_refused_with_what_to_do(tmp_path, files, says):
    with pytest.raises(DatasetError, match=says):
        known(lay(tmp_path, [] if "passwd" in str(files) else ["a.png"], **files))


def test_a_picture_of_voc_is_found_by_the_name_of_its_xml(tmp_path):
    xml = "<annotation><filename>shots/IMG_1</filename><size><width>64</width><height>48</height></size><object>"
    xml += "<name>bolt</name><difficult>1</difficult><bndbox><xmin>16</xmin><ymin>12</ymin><xmax>48</xmax>"
    xml += "<ymax>36</ymax></bndbox></object></annotation>"
    reading = known(lay(tmp_path, ["JPEGImages/a.png"], Annotations___a__xml=xml))
    assert reading.pictures == [Labelled("JPEGImages/a.png", (), (Mark("bolt", 0.25, 0.25, 0.5, 0.5),), "", (64, 48))]
    assert reading.lost == {"attributes": 1}


def test_a_zip_that_is_cut_or_spoiled_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.yaml", "names: [bolt, nut, washer]\n" * 20)
        archive.writestr("../../a.png", b"x")
    data = bytearray((tmp_path / "set.zip").read_bytes())
    assert Source.at(tmp_path / "set.zip").pictures == []
    data[60:70] = bytes(10)
    (tmp_path / "spoiled.zip").write_bytes(data)
    with pytest.raises(DatasetError, match=r"data\.yaml can't be read"):
        known(Source.at(tmp_path / "spoiled.zip"))
    (tmp_path / "cut.zip").write_bytes(data.replace(b"PK\x01\x02", b"PK\x00\x00"))
    with pytest.raises(DatasetError, match="no whole zip"):
        known(Source.at(tmp_path / "cut.zip"))


def test_a_bomb_of_entities_is_refused(tmp_path):
    bomb = '<!DOCTYPE b [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><annotations><image name="&b;"/></annotations>'
    with pytest.raises(DatasetError, match="take its DOCTYPE out"):
        known(lay(tmp_path, ["a.png"], annotations__xml=bomb))


def test_nothing_leads_out_of_a_data_set(tmp_path):
    lay(tmp_path, ["secret.png"])
    source = lay(tmp_path / "set", ["a.png"], labels__csv="filename,label\n../secret.png,x\na.png,y\n")
    (tmp_path / "set" / "link.png").symlink_to(tmp_path / "secret.png")
    reading = known(type(source).at(tmp_path / "set"))
    assert [picture.file for picture in reading.pictures] == ["a.png"]
    assert reading.faults == ["../secret.png: no picture of that name is there, or several are"]
    assert reading.source.left_out == 1


def test_lines_that_are_no_boxes_are_named_and_the_rest_goes_on(tmp_path):
    label = "0 0.5 0.5 0.5 0.5\n9 0.5 0.5 0.5 0.5\nbolt\n0 nan 0.5 0.5 0.5\n0 2 2 0.5 0.5\n0 0.5 0.5 0.9 0.9 0.8\n"
    reading = known(lay(tmp_path, ["images/a.png"], data__yaml="names: [bolt]", labels___a__txt=label))
    assert len(reading.pictures[0].marks) == 2
    assert [fault[:22] for fault in reading.faults] == ["line 2 of labels/a.txt", "line 3 of labels/a.txt"]
    assert reading.lost == {
        "boxes without a tag, or of no numbers": 1,
        "boxes beside their picture, or empty": 1,
        "scores, whose boxes are kept": 1,
    }


def test_the_format_is_told_by_the_file_that_is_given(tmp_path):
    lay(tmp_path, ["a.png"], data__yaml="names: [a]", labels__csv="filename,label\na.png,b\n")
    source = lay(tmp_path)
    assert format_of(type(source).at(tmp_path / "labels.csv")).name == "csv"
