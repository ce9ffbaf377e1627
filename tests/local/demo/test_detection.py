"""The detector's demo: regions files of both forms, what is refused of them, and the page of what was found."""

from pathlib import Path
from uuid import UUID

import msgspec
import numpy as np
import pytest

from local import demo
from local.demo import benches, page
from local.demo.boxes import MINIMUM, BoxedDataset, BoxedPicture, Mark, read_boxes, split_boxes
from local.demo.detection import Answer, judge
from local.demo.pictures import DemoError
from shared.models.predictions import BoundingBox, Prediction
from shared.models.training import ModelTag
from tests.pictures import rectangles

LTWH = (0.1, 0.2, 0.3, 0.4)


def write(folder: Path, regions: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "regions.json").write_bytes(msgspec.json.encode(regions))
    return folder


def entry(name: str, *tags: str) -> dict[str, object]:
    return {"image": name, "regions": [msgspec.to_builtins(Mark(tag, *LTWH)) for tag in tags]}


def boxed(folder: Path, count: int, *tags: str, start: int = 0) -> list[BoxedPicture]:
    """So many pictures with a box of each tag."""
    paths = [folder / f"{'-'.join(tags)}-{number:02}.jpg" for number in range(start, start + count)]
    for path in paths:
        path.touch()
    return [BoxedPicture(path, [Mark(tag, *LTWH) for tag in tags]) for path in paths]


def test_read_boxes_of_a_list(tmp_path):
    train, val = [entry("images/1.jpg", "cup", "bowl"), entry("images/2.jpg")], [entry("images/3.jpg", "cup")]
    dataset = read_boxes(write(tmp_path, {"train": train, "val": val}))
    assert [(picture.path, picture.tags) for picture in dataset.train] == [
        (tmp_path / "images/1.jpg", ["bowl", "cup"]),
        (tmp_path / "images/2.jpg", []),
    ]
    assert dataset.train[0].marks[0] == Mark("cup", *LTWH)
    assert [picture.path.name for picture in dataset.test] == ["3.jpg"]


def test_read_boxes_of_a_folder_a_tag(tmp_path):
    (tmp_path / "fork").mkdir()
    (tmp_path / "fork" / "fork_1.PNG").touch()
    dataset = read_boxes(write(tmp_path, {"format": "any", "regions": {"fork": {"fork_1": LTWH}}}))
    assert dataset == BoxedDataset([BoxedPicture(tmp_path / "fork" / "fork_1.PNG", [Mark("fork", *LTWH)])], [])


@pytest.mark.parametrize(
    "regions",
    [[], {}, {"train": [{"regions": []}]}, {"train": [entry("1.jpg") | {"regions": [{"tag": "cup"}]}]},
     {"regions": {"fork": {"fork_1": [0, 0, 1]}}}],
)  # fmt: skip
def test_demo_says_what_is_wrong_with_a_regions_file(tmp_path, capsys, regions):
    folder = write(tmp_path / "pictures", regions)
    assert demo.main(["--detect", str(folder), "--data", str(tmp_path / "data")]) == 1
    assert "regions.json says something else than it should" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_demo_names_a_regions_file_that_is_not_there(tmp_path, capsys):
    assert demo.main(["--detect", str(tmp_path)]) == 1
    assert f"{tmp_path / 'regions.json'} can't be read" in capsys.readouterr().err


def test_split_boxes_holds_out_the_last_fifth_of_those_with_the_same_tags(tmp_path):
    pictures = [*boxed(tmp_path, 20, "cup"), *boxed(tmp_path, 10, "bowl", "cup"), *boxed(tmp_path, 10, "bowl"),
                *boxed(tmp_path, 3)]  # fmt: skip
    dataset = split_boxes(BoxedDataset(pictures[::-1], []), None)
    assert sorted(picture.path.name for picture in dataset.test) == [
        "bowl-08.jpg", "bowl-09.jpg", "bowl-cup-08.jpg", "bowl-cup-09.jpg",
        "cup-16.jpg", "cup-17.jpg", "cup-18.jpg", "cup-19.jpg",
    ]  # fmt: skip
    assert len(dataset.train) == 35


def test_split_boxes_keeps_all_for_training_when_there_are_test_pictures(tmp_path):
    pictures = boxed(tmp_path, MINIMUM, "cup")
    for given, beside in ((BoxedDataset(pictures, pictures[:2]), None), (BoxedDataset(pictures, []), pictures[:2])):
        dataset = split_boxes(given, BoxedDataset(beside, []) if beside else None)
        assert (len(dataset.train), len(dataset.test)) == (MINIMUM, 2)


@pytest.mark.parametrize(
    ("cups", "bowls", "test", "says"),
    [
        (0, 0, 0, "too few pictures to hold some out"),
        (4, 0, 0, "too few pictures to hold some out"),
        (20, 17, 0, "too few: bowl \\(14\\)"),
        (14, 0, 1, "too few: cup \\(14\\)"),
    ],
)
def test_split_boxes_refuses_too_few(tmp_path, cups, bowls, test, says):
    dataset = BoxedDataset([*boxed(tmp_path, cups, "cup"), *boxed(tmp_path, bowls, "bowl")],
                           boxed(tmp_path, test, "cup", start=90))  # fmt: skip
    with pytest.raises(DemoError, match=says):
        split_boxes(dataset, None)


def test_split_boxes_refuses_what_can_not_be_tested(tmp_path):
    pictures = boxed(tmp_path, MINIMUM, "cup")
    with pytest.raises(DemoError, match="not trained: bowl"):
        split_boxes(BoxedDataset(pictures, boxed(tmp_path, 1, "bowl")), None)
    with pytest.raises(DemoError, match=r"not there, as .*gone\.jpg"):
        split_boxes(BoxedDataset([*pictures, BoxedPicture(tmp_path / "gone.jpg", [])], pictures), None)
    with pytest.raises(DemoError, match="no picture to train on has a box"):
        split_boxes(BoxedDataset(boxed(tmp_path, 10), []), None)


def test_benches_are_the_same_for_the_same_seed_and_differ_between_seeds():
    first, second, other = (benches.draw(seed) for seed in (1, 1, 2))
    assert np.array_equal(np.asarray(first.image), np.asarray(second.image))
    assert first.parts == second.parts
    assert first.image.tobytes() != other.image.tobytes()


def test_benches_say_where_their_parts_are():
    parts = [part for seed in range(10) for part in benches.draw(seed).parts]
    assert {part.tag for part in parts} == set(benches.TAGS)
    for part in parts:
        assert min(part.left, part.top) >= 0
        assert max(part.left + part.width, part.top + part.height) <= 1
        assert min(part.width, part.height) > 0.1
    assert benches.draw(3, empty=True).parts == []


def test_benches_write_what_the_demo_reads(tmp_path):
    benches.write_folder(tmp_path, per_tag=5, seed=3)
    dataset = read_boxes(tmp_path)
    pictures = [*dataset.train, *dataset.test]
    assert len({picture.path.read_bytes() for picture in pictures}) == len(pictures)
    assert all(sum(tag in picture.tags for picture in dataset.train) >= 5 for tag in benches.TAGS)
    assert len(dataset.test) == len(dataset.train) // 4
    assert [number for number, picture in enumerate(pictures) if not picture.marks] == list(range(9, len(pictures), 10))


def found(tag: ModelTag, probability: float, *box_ltwh: float) -> Prediction:
    return Prediction(probability, tag.id, tag.name, bounding_box=BoundingBox(*box_ltwh))


def test_judge_counts_boxes_of_all_pictures(tmp_path):
    cup, bowl = ModelTag(UUID(int=1), "cup"), ModelTag(UUID(int=2), "bowl")
    answers = [
        Answer(BoxedPicture(tmp_path, [Mark("cup", *LTWH)]), [found(cup, 0.9, *LTWH), found(bowl, 0.2, *LTWH)], 0.1),
        Answer(BoxedPicture(tmp_path, [Mark("bowl", *LTWH)]), [], 0.1),
        Answer(BoxedPicture(tmp_path, []), [found(cup, 0.6, *LTWH)], 0.1),
    ]
    result = judge(answers, [cup, bowl])
    assert (result.precision, result.recall, result.average_precision) == pytest.approx((1 / 2, 1 / 2, 1 / 2))


def test_the_page_shows_every_picture_and_marks_the_wrong(tmp_path):
    picture = tmp_path / "a<b>.jpg"
    picture.write_bytes(rectangles({"red": LTWH}))
    tag = ModelTag(UUID(int=1), "red & round")
    page.write(
        tmp_path / "page.html",
        [(picture, ["red & round"], [found(tag, 0.9, *LTWH), found(tag, 0.3, *LTWH)]), (picture, ["red & round"], [])],
    )
    text = (tmp_path / "page.html").read_text()
    assert text.count("data:image/jpeg;base64,") == 2
    assert "a&lt;b&gt;.jpg: red &amp; round</figcaption>" in text
    assert '<span class="wrong">nothing; is red &amp; round</span>' in text


def test_demo_runs_from_boxes_to_a_cameras_results(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("JOB_SHRUNKEN", "true")
    folder, figures = tmp_path / "pictures", tmp_path / "figures.json"
    benches.write_folder(folder, per_tag=MINIMUM, seed=5)
    pictures = read_boxes(folder)
    code = demo.main(["--detect", str(folder), "--data", str(tmp_path / "data"), "--json", str(figures)])
    output = capsys.readouterr()
    assert code == 0, output.err
    report = msgspec.json.decode(figures.read_bytes())
    upload, test, camera = report["upload"], report["test"], report["camera"]
    assert (report["tags"], upload["accepted"], upload["refused"]) == (3, len(pictures.train), [])
    assert test["pictures"] == len(pictures.test)
    # A detector that has learned nothing is far below.
    assert test["mean_average_precision"] > 0.3
    assert (camera["results"], camera["rejections"]) == (len(pictures.test), 1)
    assert camera["drawn"] in output.out.replace("\n", "")
    assert Path(test["page"]).read_text().count("<figure>") == len(pictures.test)
