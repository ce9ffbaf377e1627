"""Resizing: one preprocessing for training, serving and export, and the copies of a training image."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from shared.errors import BadImageFormat, BadImageSize
from shared.imaging.decode import decode
from shared.imaging.resize import Placement, copies, frame, jpeg, model_input, placement, preprocess, shrink
from shared.models.limits import Limits
from shared.models.training.preprocessing import Fit, Interpolation, Preprocessing


def gradient(width: int, height: int) -> Image.Image:
    """Red grows to the right, green downwards."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = np.linspace(0, 255, width)
    pixels[..., 1] = np.linspace(0, 255, height)[:, None]
    return Image.fromarray(pixels)


@pytest.mark.parametrize("interpolation", list(Interpolation))
@pytest.mark.parametrize("size", [(20, 10), (300, 200), (64, 64)])
def test_preprocess_squashes_to_planes_of_rgb_levels(size: tuple[int, int], interpolation: Interpolation) -> None:
    planes = preprocess(gradient(*size), Preprocessing(64, 48, interpolation))
    assert planes.shape == (1, 3, 48, 64)
    assert planes.dtype == np.float32
    assert planes.flags.c_contiguous
    red, green, blue = planes[0]
    assert red[:, :3].mean() < 16
    assert red[:, -3:].mean() > 239
    assert green[:3].mean() < 26
    assert green[-3:].mean() > 229
    assert blue.max() == 0


def test_preprocess_of_a_picture_that_fits_changes_nothing() -> None:
    image = gradient(64, 48)
    assert np.array_equal(preprocess(image, Preprocessing(64, 48))[0], np.asarray(image).transpose(2, 0, 1))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((640, 320), Placement(0, 16, 64, 32)),
        ((320, 640), Placement(16, 0, 32, 64)),
        ((50, 50), Placement(0, 0, 64, 64)),
        ((64, 63), Placement(0, 0, 64, 63)),
        ((1000, 40), Placement(0, 30, 64, 3)),
        ((10_000, 1), Placement(0, 31, 64, 1)),
    ],
)
def test_a_letterbox_keeps_proportions_in_the_middle(size: tuple[int, int], expected: Placement) -> None:
    assert placement(size, Preprocessing(64, 64, fit=Fit.LETTERBOX)) == expected
    assert placement(size, Preprocessing(64, 48)) == Placement(0, 0, 64, 48)


def test_preprocess_letterboxes_on_grey() -> None:
    planes = preprocess(gradient(200, 100), Preprocessing(64, 64, fit=Fit.LETTERBOX))
    assert planes.shape == (1, 3, 64, 64)
    assert np.all(planes[..., :16, :] == 127)
    assert np.all(planes[..., 48:, :] == 127)
    assert np.array_equal(planes[..., 16:48, :], preprocess(gradient(200, 100), Preprocessing(64, 32)))


def test_model_input_of_a_file_is_the_preprocessing_of_its_picture() -> None:
    data, spec = jpeg(gradient(700, 500)), Preprocessing(300, 300)
    assert np.array_equal(model_input(data, spec), preprocess(decode(data), spec))


def test_model_input_of_a_large_jpeg_decoded_small_is_nearly_the_same() -> None:
    data, spec = jpeg(gradient(3200, 2400)), Preprocessing(300, 300)
    assert np.abs(model_input(data, spec) - preprocess(decode(data), spec)).mean() < 1


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [
        ((2000, 1000), 1000, (1000, 500)),
        ((1000, 2000), 1000, (500, 1000)),
        ((100, 50), 1000, (100, 50)),
        ((2500, 100), 256, (256, 10)),
        ((5000, 1), 256, (256, 1)),
    ],
)
def test_shrink_keeps_proportions_and_never_enlarges(
    size: tuple[int, int], side: int, expected: tuple[int, int]
) -> None:
    assert shrink(Image.new("RGB", size), side).size == expected


def test_copies_are_upright_jpegs() -> None:
    exif = Image.Exif()
    exif[274] = 6
    buffer = BytesIO()
    gradient(1600, 1200).save(buffer, "JPEG", exif=exif)
    made = [Image.open(BytesIO(copy)) for copy in copies(buffer.getvalue())]
    assert [(copy.format, copy.size) for copy in made] == [("JPEG", (768, 1024)), ("JPEG", (192, 256))]
    assert all(274 not in copy.getexif() for copy in made)


def test_a_thumbnail_is_compressed_more() -> None:
    image = Image.effect_noise((600, 400), 60).convert("RGB")
    tables = [JpegImageFile(BytesIO(copy)).quantization for copy in copies(jpeg(image))]
    assert tables == [JpegImageFile(BytesIO(jpeg(image, quality))).quantization for quality in (90, 75)]


def test_copies_of_a_small_picture_keep_its_size() -> None:
    buffer = BytesIO()
    gradient(30, 20).save(buffer, "PNG")
    assert [Image.open(BytesIO(copy)).size for copy in copies(buffer.getvalue())] == [(30, 20), (30, 20)]


def test_a_frame_is_checked_and_small() -> None:
    limits = Limits(camera_image_bytes=200_000)
    assert Image.open(BytesIO(frame(jpeg(gradient(2000, 1500)), limits))).size == (1024, 768)
    with pytest.raises(BadImageFormat):
        frame(jpeg(gradient(200, 150))[:-500], limits)
    with pytest.raises(BadImageSize):
        frame(bytes(200_001), limits)


def test_preprocess_crops_the_middle() -> None:
    spec = Preprocessing(64, 64, fit=Fit.CROP)
    assert placement((200, 100), spec) == Placement(-32, 0, 128, 64)
    whole = preprocess(gradient(200, 100), Preprocessing(128, 64))
    assert np.abs(preprocess(gradient(200, 100), spec) - whole[..., 32:96]).max() <= 1
    # As long as pictures may be, and no larger in memory than the input.
    assert preprocess(gradient(2000, 80), Preprocessing(512, 512, fit=Fit.CROP)).shape == (1, 3, 512, 512)
