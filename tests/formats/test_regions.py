"""Data sets of pictures with boxes: both forms of a regions.json."""

from shared.formats import regions
from shared.formats.dataset import BoxedDataset, BoxedPicture, Mark
from tests.formats.making import LTWH, entry, write


def test_load_a_list(tmp_path):
    train, val = [entry("images/1.jpg", "cup", "bowl"), entry("images/2.jpg")], [entry("images/3.jpg", "cup")]
    dataset = regions.load(write(tmp_path, {"train": train, "val": val}))
    assert [(picture.path, picture.tags) for picture in dataset.train] == [
        (tmp_path / "images/1.jpg", ["bowl", "cup"]),
        (tmp_path / "images/2.jpg", []),
    ]
    assert dataset.train[0].marks[0] == Mark("cup", *LTWH)
    assert [picture.path.name for picture in dataset.test] == ["3.jpg"]


def test_load_a_folder_a_tag(tmp_path):
    (tmp_path / "fork").mkdir()
    (tmp_path / "fork" / "fork_1.PNG").touch()
    dataset = regions.load(write(tmp_path, {"format": "any", "regions": {"fork": {"fork_1": LTWH}}}))
    assert dataset == BoxedDataset([BoxedPicture(tmp_path / "fork" / "fork_1.PNG", [Mark("fork", *LTWH)])], [])


def test_load_reads_what_save_wrote(tmp_path):
    boxed = BoxedPicture(tmp_path / "images" / "1.jpg", [Mark("cup", *LTWH), Mark("bowl", *LTWH)])
    dataset = BoxedDataset([boxed, BoxedPicture(tmp_path / "2.jpg", [])], [BoxedPicture(tmp_path / "3.jpg", [])])
    regions.save(tmp_path, dataset)
    assert regions.load(tmp_path) == dataset
