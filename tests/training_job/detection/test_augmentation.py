"""What a view shows of a picture, and where its boxes are in it."""

import numpy as np
import pytest
from PIL import Image

from shared.imaging.resize import preprocess
from shared.models.training.preprocessing import Preprocessing
from training_job.detection import augmentation
from training_job.detection.augmentation import Augmentation, mirrored, through, varied
from training_job.tuning import windows as random_windows
from training_job.tuning.windows import looked_at, random_window, relit

SPEC = Preprocessing(64, 64)


def boxes(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def picture(box_xyxy: tuple[float, ...], size: tuple[int, int] = (128, 64)) -> Image.Image:
    """White, with a black box."""
    pixels = np.full((size[1], size[0], 3), 255, np.uint8)
    left, top, right, bottom = (round(part * side) for part, side in zip(box_xyxy, size * 2, strict=True))
    pixels[top:bottom, left:right] = 0
    return Image.fromarray(pixels)


def dark_box(pixels: np.ndarray) -> np.ndarray:
    """Around what is black in (1, 3, H, W), in 0..1."""
    rows, columns = np.nonzero(pixels[0].max(0) < 40)
    height, width = pixels.shape[2:]
    return np.array(
        [columns.min() / width, rows.min() / height, (columns.max() + 1) / width, (rows.max() + 1) / height]
    )


@pytest.mark.parametrize(
    ("window", "box", "seen"),
    [
        ((0, 0, 1, 1), (0.25, 0.5, 0.5, 1), (0.25, 0.5, 0.5, 1)),
        ((0.25, 0.5, 0.75, 1), (0.25, 0.5, 0.5, 1), (0, 0, 0.5, 1)),
        ((0.25, 0, 0.75, 1), (0, 0.25, 0.5, 0.5), (0, 0.25, 0.5, 0.5)),
        ((-0.5, -0.5, 1.5, 1.5), (0, 0, 1, 1), (0.25, 0.25, 0.75, 0.75)),
    ],
    ids=["whole", "a quarter", "cut off at the edge", "from further off"],
)
def test_through_a_window_boxes_are_moved_and_cut(window, box, seen):
    found, left = through(np.array(window, np.float32), boxes(box))
    assert found == pytest.approx(boxes(seen))
    assert left.tolist() == [True]


def test_through_a_window_without_boxes():
    found, left = through(np.array([0, 0, 0.5, 0.5], np.float32), boxes())
    assert (found.shape, left.shape) == ((0, 4), (0,))


def test_a_box_of_which_little_is_left_is_gone():
    found, left = through(np.array([0.4, 0, 1, 1], np.float32), boxes((0, 0, 0.5, 1), (0.5, 0, 1, 1), (0, 0, 0.3, 0.3)))
    assert left.tolist() == [False, True, False]
    assert len(found) == 1


@pytest.mark.parametrize("window", [(0, 0, 1, 1), (0.25, 0.125, 0.875, 0.875), (-0.25, -0.5, 1.25, 1.25)])
def test_what_shows_in_a_window_lies_where_its_box_does(window):
    box = (0.375, 0.25, 0.625, 0.75)
    window = np.array(window, np.float32)
    (seen,), _ = through(window, boxes(box))
    assert dark_box(looked_at(picture(box), window, SPEC)) == pytest.approx(seen, abs=1.5 / 64)


def test_the_whole_window_is_the_picture_as_it_is_served():
    image = picture((0.2, 0.3, 0.6, 0.7))
    whole = looked_at(image, np.array([0, 0, 1, 1], np.float32), SPEC)
    assert np.array_equal(whole, preprocess(image, SPEC))


def test_a_mirrored_view_has_mirrored_boxes():
    pixels = np.arange(12, dtype=np.float32).reshape(1, 3, 2, 2)
    turned, moved = mirrored(pixels, boxes((0.1, 0.2, 0.4, 0.6)))
    assert turned[0, 0].tolist() == [[1, 0], [3, 2]]
    assert moved == pytest.approx(boxes((0.6, 0.2, 0.9, 0.6)))
    assert mirrored(pixels, boxes())[1].shape == (0, 4)


def test_random_windows_show_most_of_the_picture_or_all_of_it():
    random = np.random.default_rng(0)
    windows = np.stack([random_window(random) for _ in range(500)])
    sizes = windows[:, 2:] - windows[:, :2]
    areas = sizes.prod(axis=1)
    assert random_windows.SMALLEST - 1e-3 <= areas.min() < 0.5 < 1.3 < areas.max() <= random_windows.LARGEST + 1e-3
    # In each direction a window lies within the picture, or the picture within it.
    inside, around = ((windows.clip(0, 1) == windows).reshape(-1, 2, 2), sizes >= 1)
    assert (inside.all(axis=1) | around).all()


def test_zoomed_in_a_window_shows_a_part_of_the_picture_with_an_object():
    corners = boxes((0, 0, 0.1, 0.1), (0.9, 0.4, 1, 0.5))
    windows = np.stack([random_window(np.random.default_rng(seed), 2, corners) for seed in range(100)])
    plain = np.stack([random_window(np.random.default_rng(seed), 1, corners) for seed in range(100)])
    assert windows[:, 2:] - windows[:, :2] == pytest.approx((plain[:, 2:] - plain[:, :2]) / 2, abs=1e-6)
    assert (windows.clip(0, 1) == windows).all()
    shown = np.array([[len(through(window, corner[None])[0]) for corner in corners] for window in windows])
    assert (shown.sum(axis=1) >= 1).all()
    assert (shown.sum(axis=0) > 20).all()
    empty = random_window(np.random.default_rng(0), 2, boxes())
    assert (empty.clip(0, 1) == empty).all()


def test_no_view_is_mirrored_where_that_would_change_the_object():
    image, box = picture((0, 0, 0.2, 1)), boxes((0, 0, 0.2, 1))
    for turned in (True, False):
        views = [
            varied(image, box, np.array([0]), Augmentation(SPEC, mirrored=turned), np.random.default_rng(seed)).boxes
            for seed in range(30)
        ]
        assert any(len(each) and each[0, 0] > 0.5 for each in views) == turned


def test_other_light_leaves_the_picture_recognisable():
    pixels = np.random.default_rng(0).uniform(60, 200, (1, 3, 32, 32)).astype(np.float32)
    lit = [relit(pixels, np.random.default_rng(seed)) for seed in range(20)]
    assert all(each.min() >= 0 and each.max() <= 255 for each in lit)
    assert all(np.corrcoef(each.ravel(), pixels.ravel())[0, 1] > 0.6 for each in lit)
    assert np.std([each.mean() for each in lit]) > 5


def test_a_varied_view_keeps_the_box_on_its_object(monkeypatch):
    image, box = picture((0.4, 0.3, 0.6, 0.7), (320, 320)), boxes((0.4, 0.3, 0.6, 0.7))
    # In other light black would be grey.
    monkeypatch.setattr(augmentation, "relit", lambda pixels, random: pixels)
    for seed in range(20):
        view = varied(image, box, np.array([1]), Augmentation(SPEC), np.random.default_rng(seed))
        assert view.pixels.shape == (1, 3, 64, 64)
        for seen, tag in zip(view.boxes, view.tags, strict=True):
            assert dark_box(view.pixels) == pytest.approx(seen, abs=2 / 64)
            assert tag == 1
