"""Boxes on pictures: where they are, what they say, and that the picture itself stays as it is."""

from uuid import UUID

import numpy as np
import pytest
from PIL import Image

from shared.imaging.drawing import LEAST_FONT, colour_of, draw_box, draw_predictions
from shared.models.serving.predictions import BoundingBox, Prediction

TAG = UUID(int=120)
WHITE = Image.new("RGB", (640, 480), "white")


def prediction(probability: float, *box_ltwh: float) -> Prediction:
    return Prediction(probability, TAG, "fork", bounding_box=BoundingBox(*box_ltwh))


def changed(drawn: Image.Image) -> np.ndarray:
    """Which pixels are not white, (H, W)."""
    return (np.asarray(drawn) != 255).any(axis=2)


@pytest.mark.parametrize("predictions", [[], [prediction(0.49, 0.2, 0.2, 0.5, 0.5)], [Prediction(0.9, TAG, "fork")]])
def test_draw_predictions_leaves_out_the_unlikely_and_what_has_no_box(predictions: list[Prediction]) -> None:
    assert not changed(draw_predictions(WHITE, predictions)).any()


def test_draw_predictions_draws_on_a_copy() -> None:
    drawn = changed(draw_predictions(WHITE, [prediction(0.9, 0.25, 0.25, 0.5, 0.5)]))
    assert not changed(WHITE).any()
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    assert (columns[0], columns[-1], rows[-1]) == (160, 480, 360)
    # Within the box all is as it was, and the label stands above it.
    assert not drawn[125:355, 165:475].any()
    assert rows[0] < 120


@pytest.mark.parametrize(
    "box", [(0, 0, 1, 1), (0, 0, 0.01, 0.01), (0.98, 0.97, 0.02, 0.03), (0.9, 0, 0.1, 0.5), (0.5, 0.5, 1e-9, 1e-9)]
)
def test_a_label_lies_within_the_picture(box: tuple[float, ...]) -> None:
    labelled, bare = WHITE.copy(), WHITE.copy()
    draw_box(labelled, BoundingBox(*box), "a tag with a rather long name 87%", colour_of(TAG))
    draw_box(bare, BoundingBox(*box), "", colour_of(TAG))
    assert changed(labelled).sum() - changed(bare).sum() > LEAST_FONT * 150


@pytest.mark.parametrize("size", [(16, 16), (10_000, 20), (20, 4000)])
def test_pictures_of_any_shape_can_be_drawn_on(size: tuple[int, int]) -> None:
    drawn = draw_predictions(Image.new("RGB", size, "white"), [prediction(1.0, 0.1, 0.1, 0.5, 0.5)])
    assert drawn.size == size
    assert changed(drawn).any()


def test_a_tag_has_one_colour() -> None:
    assert colour_of(TAG) == colour_of(TAG) != colour_of(UUID(int=240))


NOWHERE = "\U0010fffd"


def drawn(letter: str) -> bytes:
    """The label itself, on a box of its own."""
    labelled = WHITE.copy()
    draw_box(labelled, BoundingBox(0.2, 0.5, 0.5, 0.4), letter, (255, 255, 255))
    return labelled.tobytes()


@pytest.mark.parametrize(
    "letters",
    ["azAZ09%&-_", "éüßñÅøæ", "łőšžçğİıșțĦŋ", "ộẤữđ", "αβγΩΆώς", "жяЇєґЂџқңӘ", "हिन्दी"],
    ids=["ASCII", "Western Europe", "Central Europe", "Vietnamese", "Greek", "Cyrillic", "Devanagari"],
)
def test_letters_are_drawn_as_themselves(letters: str) -> None:
    pictures = [drawn(letter) for letter in letters]
    assert drawn(NOWHERE) not in pictures
    assert WHITE.tobytes() not in pictures
    assert len(set(pictures)) == len(set(letters))


def test_a_letter_with_its_marks_apart_is_drawn_as_one() -> None:
    assert drawn("e\u0301") == drawn("é")
