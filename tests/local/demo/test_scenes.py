"""Rendered pictures: the same for a seed, different between seeds, and labelled by their folder."""

import numpy as np
import pytest
from PIL import Image

from local.demo import rendering, scenes


def test_render_is_the_same_for_the_same_tag_and_seed():
    first, second = (np.asarray(scenes.render("cracked", 7)) for _ in range(2))
    assert np.array_equal(first, second)


def test_render_differs_between_seeds_and_between_tags():
    pictures = [scenes.render("good", 1), scenes.render("good", 2), scenes.render("rusty", 1)]
    assert len({picture.tobytes() for picture in pictures}) == 3


@pytest.mark.parametrize("tag", scenes.TAGS)
def test_draw_says_where_the_part_is(tag):
    left, top, width, height = scenes.draw(tag, 3).box_ltwh
    assert left >= 0
    assert top >= 0
    assert left + width <= 1
    assert top + height <= 1
    assert width > 0.2
    assert height > 0.4


def test_write_folder_makes_one_folder_a_tag(tmp_path):
    scenes.write_folder(tmp_path, per_tag=2, seed=0)
    assert {folder.name: len(list(folder.iterdir())) for folder in tmp_path.iterdir()} == dict.fromkeys(scenes.TAGS, 2)
    with Image.open(tmp_path / "rusty" / "rusty-001.jpg") as picture:
        assert (picture.format, picture.size) == ("JPEG", rendering.SIZE_WH)


def test_write_folder_makes_other_pictures_of_another_seed(tmp_path):
    for seed in (0, 1):
        scenes.write_folder(tmp_path / str(seed), per_tag=1, seed=seed)
    contents = {path.read_bytes() for path in tmp_path.rglob("*.jpg")}
    assert len(contents) == 2 * len(scenes.TAGS)
