"""PNG: only what the pixels need decides over a picture, and one colour can be transparent at any depth."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.errors import BadImageFormat
from shared.imaging.decode import check, decode
from shared.models.limits import Limits

MAGIC = b"\x89PNG\r\n\x1a\n"
GREY, COLOURED, PALETTE = 0, 2, 3
SIDEWAYS = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width: int, height: int, depth: int, kind: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))


def pixels(*rows: bytes) -> bytes:
    return chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))


HEAD, BODY, END = (
    header(3, 2, 8, COLOURED),
    pixels(bytes(range(0, 90, 10)), bytes(range(90, 180, 10))),
    chunk(b"IEND", b""),
)
SHOWN = [[[0, 10, 20], [30, 40, 50], [60, 70, 80]], [[90, 100, 110], [120, 130, 140], [150, 160, 170]]]


def png(before: bytes = b"", after: bytes = b"") -> bytes:
    return MAGIC + HEAD + before + BODY + after + END


def shown(data: bytes) -> list[object]:
    check(data, Limits(), 1 << 22)
    return np.asarray(decode(data)).tolist()


def damaged(whole: bytes) -> bytes:
    """With a checksum that is wrong."""
    return whole[:-1] + bytes([whole[-1] ^ 1])


def lying(whole: bytes, length: int) -> bytes:
    return struct.pack(">I", length) + whole[4:]


ZEROS = zlib.compress(bytes(3 << 20))
BESIDE = {
    "large text": chunk(b"zTXt", b"Comment\0\0" + ZEROS),
    "large unicode text": chunk(b"iTXt", b"Comment\0\1\0\0\0" + ZEROS),
    "large profile": chunk(b"iCCP", b"profile\0\0" + ZEROS),
    "unknown compression of a profile": chunk(b"iCCP", b"profile\0\7" + ZEROS),
    "profile of nothing": chunk(b"iCCP", b""),
    "unknown compression of text": chunk(b"zTXt", b"Comment\0\7" + ZEROS),
    "short gamma": chunk(b"gAMA", b"\0"),
    "short chromaticities": chunk(b"cHRM", b"\0"),
    "short density": chunk(b"pHYs", b"\0\0"),
    "empty intent": chunk(b"sRGB", b""),
    "short transparency": chunk(b"tRNS", b"\0"),
    "long transparency": chunk(b"tRNS", bytes(7)),
    "wrong checksum": damaged(chunk(b"tEXt", b"Title\0house")),
    "transparency of a wrong checksum": damaged(chunk(b"tRNS", struct.pack(">HHH", 0, 10, 20))),
    "EXIF of a wrong checksum": damaged(chunk(b"eXIf", SIDEWAYS)),
    "broken EXIF": chunk(b"eXIf", b"II*\0\xff\xff\xff\xff" + bytes(9)),
    "unknown": chunk(b"abCd", b"?"),
    "unknown and broken": damaged(chunk(b"abCd", b"?")),
    "no letters": chunk(b"\0\1\2\3", b"?"),
    "short animation": chunk(b"acTL", b"\0"),
    "frame of another size": chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 900, 900, 0, 0, 1, 1, 0, 0)),
    "length too short": lying(chunk(b"tEXt", b"Title\0" + bytes(range(200))), 30),
    "length too long": lying(chunk(b"tEXt", b"Title\0" + bytes(range(200))), 1 << 30),
    "many": chunk(b"tEXt", b"Title\0house") * 3000,
}


@pytest.mark.parametrize("beside", BESIDE.values(), ids=BESIDE)
def test_what_lies_beside_the_pixels_does_not_decide_over_them(beside: bytes) -> None:
    assert shown(png(before=beside)) == SHOWN
    assert shown(png(after=beside)) == SHOWN
    assert shown(png(before=beside, after=beside)) == SHOWN


@pytest.mark.parametrize("rest", [b"", END[:-1], END[:6], damaged(END), END + b"more", BESIDE["large text"][:-9]])
def test_the_end_of_the_file_does_not_matter_once_the_pixels_are_there(rest: bytes) -> None:
    assert shown(MAGIC + HEAD + BODY + rest) == SHOWN


@given(st.lists(st.sampled_from([*BESIDE.values(), chunk(b"tEXt", b"Title\0house")]), max_size=4), st.data())
@settings(max_examples=200, deadline=None)
def test_no_damage_to_what_lies_beside_the_pixels_changes_them(beside: list[bytes], data: st.DataObject) -> None:
    """Contents, checksums and the end of a kind's name, which does not make it another one that counts."""
    mangled = []
    for each in (
        bytearray(each[:4000]) if len(each) < 4000 else bytearray(chunk(b"tEXt", each[:99])) for each in beside
    ):
        for at in data.draw(st.lists(st.integers(8, len(each) - 1), max_size=5)):
            each[at] = data.draw(st.integers(0, 255))
        mangled.append(bytes(each) if each[4:8] != b"tRNS" or len(each) != 18 else b"")
    assert shown(png(b"".join(mangled))) == SHOWN


@pytest.mark.parametrize(
    "data",
    [
        MAGIC + damaged(HEAD) + BODY + END,
        MAGIC + BODY + END,
        MAGIC + HEAD + END,
        MAGIC + HEAD + BODY[:-20],
        MAGIC + header(3, 2, 8, PALETTE) + damaged(chunk(b"PLTE", bytes(6))) + pixels(bytes(3), bytes(3)) + END,
        MAGIC + HEAD + chunk(b"IDAT", bytes(BODY[8:-4][:8]) + b"????????????") + END,
    ],
    ids=["header", "no header", "no pixels", "cut off", "palette", "pixels"],
)
def test_what_the_pixels_need_stays_strict(data: bytes) -> None:
    with pytest.raises(BadImageFormat):
        shown(data)


@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_orientation_is_read_before_and_after_the_pixels(prefix: bytes) -> None:
    turned = np.rot90(np.asarray(SHOWN), -1).tolist()
    exif = chunk(b"eXIf", prefix + SIDEWAYS)
    assert shown(png(before=BESIDE["large text"] + exif)) == turned
    assert shown(png(after=exif + BESIDE["wrong checksum"])) == turned


@pytest.mark.parametrize(
    ("depth", "row", "key", "expected"),
    [
        (1, b"\x40", 0, [255, 255, 255]),
        (1, b"\x40", 1, [0, 255, 0]),
        (1, b"\x40", 2, [255, 255, 255]),
        (2, b"\x1b", 1, [0, 255, 170]),
        (2, b"\x1b", 85, [0, 255, 170]),
        (4, b"\x35\x60", 5, [51, 255, 102]),
        (4, b"\x35\x60", 3, [255, 85, 102]),
        (8, b"\x35\x36\x37", 0x36, [0x35, 255, 0x37]),
        (8, b"\x35\x36\x37", 0x136, [0x35, 255, 0x37]),
        (16, b"\x35\x36\x35\x37\x36\x36", 0x3536, [255, 0x35, 0x36]),
        (16, b"\x35\x36\x35\x37\x36\x36", 0x35, [0x35, 0x35, 0x36]),
    ],
)
def test_a_grey_is_transparent_where_the_sample_equals_the_key(
    depth: int, row: bytes, key: int, expected: list[int]
) -> None:
    data = MAGIC + header(3, 1, depth, GREY) + chunk(b"tRNS", struct.pack(">H", key)) + pixels(row) + END
    assert np.asarray(decode(data))[0].tolist() == [[level] * 3 for level in expected]


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_16_bit_colours_are_compared_by_all_their_bits(place: int, interlaced: bool) -> None:
    key = [0x1234, 0x5678, 0x9ABC]
    near = [sample + (i == place) for i, sample in enumerate(key)]
    far = [sample + 256 * (i == place) for i, sample in enumerate(key)]
    one = [struct.pack(">3H", *colour) for colour in (key, near, far)]
    # Interlaced, a row of three is of three passes: the first pixel, then the third, then the second.
    rows = [b"".join(one)] if not interlaced else [one[0], one[2], one[1]]
    head = bytearray(header(3, 1, 16, COLOURED)[8:-4])
    head[-1] = interlaced
    data = MAGIC + chunk(b"IHDR", bytes(head)) + chunk(b"tRNS", struct.pack(">3H", *key)) + pixels(*rows) + END
    expected = [[255] * 3, *([sample >> 8 for sample in colour] for colour in (near, far))]
    assert np.asarray(decode(data))[0].tolist() == expected


def test_colours_are_compared_by_the_bits_that_they_have() -> None:
    key = chunk(b"tRNS", struct.pack(">HHH", 30, 0xFF28, 50))
    assert shown(png(before=key))[0] == [[0, 10, 20], [255, 255, 255], [60, 70, 80]]


@pytest.mark.parametrize(("alphas", "expected"), [(b"\0", [255, 20]), (b"\xff\0", [10, 255]), (bytes(300), [10, 20])])
def test_the_alphas_of_a_palette_stand_for_its_first_colours(alphas: bytes, expected: list[int]) -> None:
    colours = chunk(b"PLTE", bytes([10, 10, 10, 20, 20, 20]))
    data = MAGIC + header(2, 1, 8, PALETTE) + colours + chunk(b"tRNS", alphas) + pixels(b"\0\1") + END
    assert np.asarray(decode(data))[0, :, 0].tolist() == expected


def test_an_animated_png_is_the_picture_that_every_viewer_shows() -> None:
    out = BytesIO()
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    assert set(map(tuple, np.asarray(decode(out.getvalue())).reshape(-1, 3).tolist())) == {(255, 0, 0)}


FLOODS = [
    *(chunk(kind, b"") for kind in (b"PLTE", b"tRNS", b"eXIf", b"IDAT", b"tEXt")),
    lying(chunk(b"tRNS", b""), 0xFF000000),
]


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_of_chunks_is_refused(flood: bytes) -> None:
    for data in (png(before=flood * 50_000), png(after=flood * 50_000)):
        with pytest.raises(BadImageFormat, match="more than 50,000 chunks; save it again"):
            check(data, Limits(), 1 << 20)


def test_pixels_in_thousands_of_chunks_are_one_picture() -> None:
    levels = np.random.default_rng(3).integers(0, 256, (200, 300, 3), np.uint8)
    packed = zlib.compress(b"".join(b"\0" + row.tobytes() for row in levels))
    size = len(packed) // 5000
    pieces = [chunk(b"IDAT", packed[at : at + size]) for at in range(0, len(packed), size)]
    assert len(pieces) >= 5000
    assert shown(MAGIC + header(300, 200, 8, COLOURED) + b"".join(pieces) + END) == levels.tolist()
