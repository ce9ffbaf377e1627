"""The detector's demo: regions files of both forms, what is refused of them, and the page of what was found."""

from pathlib import Path
from uuid import UUID

import msgspec
import numpy as np
import pytest

from local import demo
from local.demo import benches, page
from local.demo.splitting import LEAST_BOXED, split_boxes
from shared.formats import regions
from shared.formats.dataset import BoxedDataset, BoxedPicture, DatasetError, Mark
from shared.models.training.model_spec import ModelTag
from tests.formats.making import LTWH, entry, found, write
from tests.pictures import rectangles


def boxed(folder: Path, count: int, *tags: str, start: int = 0) -> list[BoxedPicture]:
    """So many pictures with a box of each tag."""
    paths = [folder / f"{'-'.join(tags)}-{number:02}.jpg" for number in range(start, start + count)]
    for path in paths:
        path.touch()
    return [BoxedPicture(path, [Mark(tag, *LTWH) for tag in tags]) for path in paths]


@pytest.mark.parametrize(
    "listed",
    [[], {}, {"train": [{"regions": []}]}, {"train": [entry("1.jpg") | {"regions": [{"tag": "cup"}]}]},
     {"regions": {"fork": {"fork_1": [0, 0, 1]}}}],
)  # fmt: skip
def test_demo_says_what_is_wrong_with_a_regions_file(tmp_path, capsys, listed):
    folder = write(tmp_path / "pictures", listed)
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
    pictures = boxed(tmp_path, LEAST_BOXED, "cup")
    for given, beside in ((BoxedDataset(pictures, pictures[:2]), None), (BoxedDataset(pictures, []), pictures[:2])):
        dataset = split_boxes(given, BoxedDataset(beside, []) if beside else None)
        assert (len(dataset.train), len(dataset.test)) == (LEAST_BOXED, 2)


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
    with pytest.raises(DatasetError, match=says):
        split_boxes(dataset, None)


def test_split_boxes_refuses_what_can_not_be_tested(tmp_path):
    pictures = boxed(tmp_path, LEAST_BOXED, "cup")
    with pytest.raises(DatasetError, match="not trained: bowl"):
        split_boxes(BoxedDataset(pictures, boxed(tmp_path, 1, "bowl")), None)
    with pytest.raises(DatasetError, match=r"not there, as .*gone\.jpg"):
        split_boxes(BoxedDataset([*pictures, BoxedPicture(tmp_path / "gone.jpg", [])], pictures), None)
    with pytest.raises(DatasetError, match="no picture to train on has a box"):
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
    dataset = regions.load(tmp_path)
    pictures = [*dataset.train, *dataset.test]
    assert len({picture.path.read_bytes() for picture in pictures}) == len(pictures)
    assert all(sum(tag in picture.tags for picture in dataset.train) >= 5 for tag in benches.TAGS)
    assert len(dataset.test) == len(dataset.train) // 4
    assert [number for number, picture in enumerate(pictures) if not picture.marks] == list(range(9, len(pictures), 10))


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
    """Takes as long as a small detector is trained, until it finds something."""
    monkeypatch.setenv("JOB_SHRUNKEN", "true")
    folder, figures = tmp_path / "pictures", tmp_path / "figures.json"
    benches.write_folder(folder, per_tag=LEAST_BOXED, seed=5)
    pictures = regions.load(folder)
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
