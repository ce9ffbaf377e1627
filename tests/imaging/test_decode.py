"""Decoding: every format, mode and orientation, and files that were made to do harm."""

import random
import struct
import zlib
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from shared.errors import BadImageAspectRatio, BadImageDimensions, BadImageFormat, BadImageSize, ServiceError
from shared.imaging.decode import check, decode
from shared.models.limits import Limits

LIMITS = Limits()
MEGABYTE = 1 << 20
ORIENTATION = 274


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def quarters() -> Image.Image:
    """64 x 48 px: red and green above, blue and white below."""
    image = Image.new("RGB", (64, 48), "red")
    image.paste("lime", (32, 0, 64, 24))
    image.paste("blue", (0, 24, 32, 48))
    image.paste("white", (32, 24, 64, 48))
    return image


def corners(image: Image.Image) -> str:
    """The colours of the four quarters, row by row, as letters."""
    names: dict[tuple[int, ...], str] = {(1, 0, 0): "R", (0, 1, 0): "G", (0, 0, 1): "B", (1, 1, 1): "W", (0, 0, 0): "K"}
    width, height = image.size
    places = [(width // 4, height // 4), (3 * width // 4, height // 4)]
    places += [(x, 3 * height // 4) for x, _ in places]
    pixels = np.asarray(image)
    return "".join(names[tuple((pixels[y, x] > 127).astype(int).tolist())] for x, y in places)


def with_orientation(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("orientation", "size", "expected"),
    [
        (1, (64, 48), "RGBW"),
        (2, (64, 48), "GRWB"),
        (3, (64, 48), "WBGR"),
        (4, (64, 48), "BWRG"),
        (5, (48, 64), "RBGW"),
        (6, (48, 64), "BRWG"),
        (7, (48, 64), "WGBR"),
        (8, (48, 64), "GWRB"),
        (9, (64, 48), "RGBW"),
    ],
)
def test_orientation_is_applied(format: str, orientation: int, size: tuple[int, int], expected: str) -> None:
    data = encoded(quarters(), format, exif=with_orientation(orientation))
    image, header = decode(data), check(data, LIMITS, MEGABYTE)
    assert image.size == size == (header.width, header.height)
    assert corners(image) == expected


@pytest.mark.parametrize(
    ("mode", "format", "content_type"),
    [
        ("RGB", "JPEG", "image/jpeg"),
        ("CMYK", "JPEG", "image/jpeg"),
        ("RGB", "PNG", "image/png"),
        ("RGBA", "PNG", "image/png"),
        ("P", "PNG", "image/png"),
        ("RGB", "BMP", "image/bmp"),
        ("P", "BMP", "image/bmp"),
        ("P", "GIF", "image/gif"),
    ],
)
def test_every_colour_mode_becomes_rgb(mode: str, format: str, content_type: str) -> None:
    data = encoded(quarters().convert(mode), format)
    image = decode(data)
    assert check(data, LIMITS, MEGABYTE).content_type == content_type
    assert (image.mode, image.size, corners(image)) == ("RGB", (64, 48), "RGBW")


@pytest.mark.parametrize(("mode", "format"), [("L", "JPEG"), ("L", "PNG"), ("1", "PNG"), ("1", "BMP"), ("L", "GIF")])
def test_grey_becomes_rgb(mode: str, format: str) -> None:
    image = Image.new("L", (64, 48), 0)
    image.paste(255, (32, 0, 64, 48))
    assert corners(decode(encoded(image.convert(mode), format))) == "KWKW"


def test_16_bit_grey_is_scaled_and_not_clipped() -> None:
    ramp = np.array([[0, 0x4000, 0x8000, 0xFFFF]], np.uint16)
    image = decode(encoded(Image.fromarray(ramp), "PNG"))
    assert np.asarray(image)[0, :, 0].tolist() == [0, 0x40, 0x80, 0xFF]


@pytest.mark.parametrize("make", [lambda: Image.new("RGBA", (9, 9), (255, 0, 0, 0)), lambda: Image.new("LA", (9, 9))])
def test_transparency_lies_on_white(make: Callable[[], Image.Image]) -> None:
    assert set(np.asarray(decode(encoded(make(), "PNG"))).flat) == {255}


def test_transparent_colour_of_a_palette_lies_on_white() -> None:
    data = encoded(Image.new("P", (9, 9), 3), "GIF", transparency=3)
    assert set(np.asarray(decode(data)).flat) == {255}


def test_an_animation_is_its_first_frame() -> None:
    data = encoded(quarters(), "GIF", save_all=True, append_images=[Image.new("RGB", (64, 48), "black")])
    assert corners(decode(data)) == "RGBW"


@pytest.mark.parametrize(
    ("orientation", "at_least", "size"),
    [
        (1, (400, 300), (400, 300)),
        (1, (401, 300), (800, 600)),
        (1, (100, 100), (200, 150)),
        (6, (300, 400), (300, 400)),
        (6, (400, 300), (600, 800)),
    ],
)
def test_a_jpeg_is_decoded_smaller_but_never_below_what_is_asked(
    orientation: int, at_least: tuple[int, int], size: tuple[int, int]
) -> None:
    data = encoded(quarters().resize((1600, 1200)), "JPEG", exif=with_orientation(orientation))
    assert decode(data, at_least).size == size
    assert corners(decode(data, at_least)) == corners(decode(data))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "LA", "I;16"])
@pytest.mark.parametrize(
    ("size", "at_least", "expected"),
    [((2400, 1302), (300, 200), (800, 434)), ((1199, 4000), (300, 1), (1199, 4000)), ((7, 5), (9, 9), (7, 5))],
)
def test_a_large_picture_is_reduced_but_never_below_twice_what_is_asked(
    mode: str, size: tuple[int, int], at_least: tuple[int, int], expected: tuple[int, int]
) -> None:
    grey = np.linspace(0, 255, size[0] * size[1]).astype(np.uint8).reshape(size[::-1])
    image = Image.fromarray(grey)
    if mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) << 8)
    elif mode == "LA":
        image.putalpha(Image.fromarray(grey.T.reshape(size[::-1])))
    else:
        image = image.convert(mode)
    data = encoded(image, "PNG", compress_level=1)
    small = decode(data, at_least)
    whole = decode(data).resize(expected, Image.Resampling.BOX)
    assert (small.mode, small.size) == ("RGB", expected)
    assert np.abs(np.asarray(small, np.int16) - np.asarray(whole, np.int16)).max() <= 2


# Files that were made to do harm


def png(width: int, height: int, body: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


JPEG = encoded(quarters(), "JPEG")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 1000,
        b"no picture at all",
        b"\xff\xd8\xff",
        b"BM",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        encoded(quarters(), "WEBP"),
        encoded(quarters(), "TIFF"),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
    ids=["empty", "zeros", "text", "jpeg", "bmp", "gif", "png", "webp", "tiff", "svg"],
)
def test_what_is_no_picture_of_the_four_formats_is_refused_by_its_header(data: bytes) -> None:
    with pytest.raises(BadImageFormat):
        check(data, LIMITS, MEGABYTE)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "BMP", "GIF"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_truncated_file_is_refused_when_decoded(format: str, share: float) -> None:
    noise = Image.effect_noise((64, 48), 90).convert("P" if format == "GIF" else "RGB")
    data = encoded(noise, format)
    with pytest.raises(BadImageFormat, match="send the whole file"):
        decode(data[: int(len(data) * share)], (16, 16))


@pytest.mark.parametrize(
    ("width", "height", "error"),
    [
        (10_241, 10_000, BadImageDimensions),
        (1, 65_000, BadImageDimensions),
        (8000, 5001, BadImageDimensions),
        (0, 5, ServiceError),
        (2600, 100, BadImageAspectRatio),
        (100, 2600, BadImageAspectRatio),
    ],
)
def test_a_bomb_is_refused_by_its_header(width: int, height: int, error: type[ServiceError]) -> None:
    with pytest.raises(error):
        check(png(width, height, bytes(1000)), LIMITS, MEGABYTE)


@pytest.mark.parametrize(("width", "height"), [(2500, 100), (100, 2500), (1, 1), (8000, 5000)])
def test_the_limits_themselves_are_allowed(width: int, height: int) -> None:
    header = check(png(width, height), LIMITS, MEGABYTE)
    assert (header.width, header.height) == (width, height)


def sized(data: bytes, width: int, height: int) -> bytes:
    """A JPEG that claims to be of that size."""
    at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2")) + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def scan_a_channel() -> bytes:
    """8 x 8 grey pixels; not progressive, but each channel comes in a scan of its own."""
    data = encoded(Image.new("RGB", (8, 8), (128, 128, 128)), "JPEG", subsampling=0)
    head = data[: data.index(b"\xff\xda")]
    # One block of zeros each, in the code of the luma or the chroma table.
    scans = [(b"\x01\x00", b"\x2b"), (b"\x02\x11", b"\x0f"), (b"\x03\x11", b"\x0f")]
    return head + b"".join(b"\xff\xda\0\x08\x01" + at + b"\0\x3f\0" + block for at, block in scans) + b"\xff\xd9"


def test_a_jpeg_of_several_scans_has_the_limits_of_what_comes_whole_into_memory() -> None:
    progressive = encoded(quarters(), "JPEG", progressive=True)
    assert np.unique(np.asarray(decode(scan_a_channel()))).tolist() == [128]
    assert check(sized(JPEG, 10_240, 10_240), LIMITS, MEGABYTE).width == 10_240
    for data in (progressive, scan_a_channel()):
        assert check(sized(data, 8000, 5000), LIMITS, MEGABYTE).width == 8000
        with pytest.raises(BadImageDimensions, match="send at most 40,000,000, or a JPEG that is not progressive"):
            check(sized(data, 8000, 5001), LIMITS, MEGABYTE)


def test_a_jpeg_of_too_many_scans_is_refused() -> None:
    progressive = encoded(quarters(), "JPEG", progressive=True)
    last = progressive[progressive.rindex(b"\xff\xda") :]
    for scans in (progressive[:-2] + last * 101, scan_a_channel() + last * 101):
        with pytest.raises(BadImageFormat, match="more than 100 passes"):
            check(scans, LIMITS, MEGABYTE)
    # The decoder never gets to see what follows the only scan.
    assert check(JPEG + last * 101, LIMITS, MEGABYTE).width == 64


def test_more_bytes_than_allowed_are_refused() -> None:
    assert check(JPEG, LIMITS, len(JPEG))
    with pytest.raises(BadImageSize, match="send at most"):
        check(JPEG, LIMITS, len(JPEG) - 1)


def test_a_png_that_claims_more_pixels_than_it_holds_is_refused() -> None:
    with pytest.raises(BadImageFormat):
        decode(png(500, 500, bytes(100)))


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_broken_metadata_do_not_spoil_a_picture() -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0" + b"\xff" * 40
    data = encoded(quarters(), "JPEG", exif=exif)
    assert check(data, LIMITS, MEGABYTE).width == 64
    assert corners(decode(data)) == "RGBW"


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("format", ["JPEG", "PNG", "BMP", "GIF"])
def test_damaged_files_end_in_a_picture_or_in_a_service_error(format: str) -> None:
    chance = random.Random(format)
    whole = encoded(quarters().convert("P") if format == "GIF" else quarters(), format)
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 2, 8])):
            data[chance.randrange(chance.choice([60, len(data)]))] = chance.randrange(256)
        try:
            check(bytes(data), LIMITS, MEGABYTE)
            assert decode(bytes(data), (16, 16)).mode == "RGB"
        except ServiceError as error:
            assert error.message.endswith(".")  # noqa: PT017


def test_a_palette_png_without_a_palette_is_a_picture_all_the_same() -> None:
    data = bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000300000002808030000008f5989430000001749444154789c63601805a360148c8251300a46"
        "c160050007a800012430f4de0000000049454e44ae426082"
    )
    assert (decode(data).mode, decode(data).size) == ("RGB", (48, 40))
