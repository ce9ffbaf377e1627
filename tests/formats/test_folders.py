"""Data sets of one folder a tag."""

from shared.formats import folders
from tests.formats.making import fill


def test_load_orders_by_tag_and_name_and_leaves_other_files_out(tmp_path):
    fill(tmp_path, {"b": 2, "a": 1, ".hidden": 1})
    (tmp_path / "a" / "notes.txt").touch()
    (tmp_path / "loose.jpg").touch()
    assert [(picture.tag, picture.path.name) for picture in folders.load(tmp_path)] == [
        ("a", "00.jpg"),
        ("b", "00.jpg"),
        ("b", "01.jpg"),
    ]
