"""Each format, out and in again: equal tags, boxes to a ten-thousandth, parts; and as labelformat reads it."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from labelformat.formats import (
    COCOObjectDetectionInput,
    CVATObjectDetectionInput,
    KittiObjectDetectionInput,
    LabelboxObjectDetectionInput,
    PascalVOCObjectDetectionInput,
    YOLOv8ObjectDetectionInput,
)

from shared.formats import predicted
from shared.formats.catalogue import FORMATS, Carries, Format, format_of
from shared.formats.dataset import Labelled, LabelledSet, Mark
from shared.formats.predicted import Said
from shared.formats.source import Source
from tests.formats.labelled import BOXED, CLASSIFIED, SIZE, TAGS, draw, known, write

BOXING = [format for format in FORMATS.values() if Carries.BOXES in format.carries]
TAGGING = [format for format in FORMATS.values() if Carries.TAGS in format.carries]
# Of one tag a picture, or of a folder for each.
SINGLE = {"folders"}
NO_PARTS = {"vott"}


def named(format: Format) -> str:
    return format.name


def say(folder: Path, format: Format, pictures: Sequence[Labelled]) -> Path:
    """With what a model says beside: other tags and boxes than the pictures have, which are no labels."""
    detects = any(picture.marks for picture in pictures)
    answers = [[Said(TAGS[0], 0.5, Mark(TAGS[0], 0, 0, 1, 1) if detects else None)]] * len(pictures)
    written = LabelledSet(list(pictures), TAGS)
    for name, data in predicted.described(written, format, answers, detects=detects).items():
        (folder / name).write_bytes(data)
    return folder


def read_back(folder: Path, format: Format) -> dict[str, Labelled]:
    source = Source.at(folder)
    assert format_of(source) is format
    reading = known(source)
    assert (reading.faults, dict(reading.lost)) == ([], {})
    return {Path(picture.file).name: picture for picture in reading.pictures}


def boxes(picture: Labelled) -> list[tuple[str, tuple[float, ...]]]:
    return [(mark.tag, (mark.left, mark.top, mark.width, mark.height)) for mark in picture.marks]


@pytest.mark.parametrize("format", BOXING, ids=named)
def test_boxes_come_back_to_a_ten_thousandth(format, tmp_path):
    found = read_back(say(write(tmp_path, format, BOXED), format, BOXED), format)
    assert found.keys() == {picture.file for picture in BOXED}
    for picture in BOXED:
        again = found[picture.file]
        assert [tag for tag, _ in boxes(again)] == [tag for tag, _ in boxes(picture)]
        for (_, given), (_, told) in zip(boxes(picture), boxes(again), strict=True):
            assert told == pytest.approx(given, abs=1e-4)
        assert again.split == ("" if format.name in NO_PARTS else picture.split)
        assert again.size in (None, SIZE)


@pytest.mark.parametrize("format", TAGGING, ids=named)
def test_tags_come_back(format, tmp_path):
    given = CLASSIFIED
    if format.name not in SINGLE:
        given = [
            *CLASSIFIED,
            Labelled("two.png", (TAGS[2], TAGS[0]), (), "test", SIZE),
            Labelled("none.png", size=SIZE),
        ]
    else:
        # No folder can be called so.
        given = [each for each in CLASSIFIED if each.tags != (TAGS[1],)]
    found = read_back(say(write(tmp_path, format, given), format, given), format)
    assert {name: (set(each.tags), each.split) for name, each in found.items()} == {
        each.file: (set(each.tags), each.split) for each in given
    }


def test_a_zip_is_read_as_its_folder_is(tmp_path):
    write(tmp_path / "set", FORMATS["yolo"], BOXED)
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "set")
    found, unpacked = known(Source.at(Path(archive))), known(Source.at(tmp_path / "set"))
    assert found.pictures == unpacked.pictures
    assert len(found.pictures) == len(BOXED)


INPUTS = {
    "coco": lambda folder: COCOObjectDetectionInput(folder / "annotations" / "instances_train.json"),
    "voc": lambda folder: PascalVOCObjectDetectionInput(folder / "Annotations", ",".join(TAGS)),
    "yolo": lambda folder: YOLOv8ObjectDetectionInput(folder / "data.yaml", "train"),
    "cvat": lambda folder: CVATObjectDetectionInput(folder / "annotations.xml"),
    "labelbox": lambda folder: LabelboxObjectDetectionInput(folder / "export.ndjson", ",".join(TAGS)),
}


@pytest.mark.parametrize("name", INPUTS)
def test_labelformat_reads_what_is_written(name, tmp_path):
    folder = write(tmp_path, FORMATS[name], BOXED)
    given = {each.file: each for each in BOXED if each.split == "train" or name in ("voc", "cvat", "labelbox")}
    found = {label.image.filename: label for label in INPUTS[name](folder).get_labels()}
    assert found.keys() == given.keys()
    for file, label in found.items():
        told = [
            (each.category.name, (each.box.xmin, each.box.ymin, each.box.xmax, each.box.ymax)) for each in label.objects
        ]
        wanted = [
            (mark.tag, (mark.left * 64, mark.top * 48, (mark.left + mark.width) * 64, (mark.top + mark.height) * 48))
            for mark in given[file].marks
        ]
        assert [tag for tag, _ in told] == [tag for tag, _ in wanted]
        for (_, told_box), (_, wanted_box) in zip(told, wanted, strict=True):
            assert told_box == pytest.approx(wanted_box, abs=0.005)


def test_labelformat_reads_kitti(tmp_path):
    one_word = [BOXED[0]._replace(marks=BOXED[0].marks[:1])]
    write(tmp_path, FORMATS["kitti"], one_word)
    label = tmp_path / "label_2" / "a.txt"
    label.write_text(label.read_text().replace(TAGS[0], "nut"))
    draw(tmp_path / "image_2" / "a.png")
    (found,) = KittiObjectDetectionInput(tmp_path / "label_2", "nut", "../image_2").get_labels()
    assert [each.category.name for each in found.objects] == ["nut"]
    assert found.objects[0].box.xmin == pytest.approx(6.4)
