"""JPEG: segments that a viewer skips, files without their end marker, and files that lost more than that."""

import re
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.errors import BadImageFormat
from shared.imaging.decode import check, decode
from shared.models.limits import Limits
from tests.pictures import encoded

END = b"\xff\xd9"
SIDEWAYS = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    levels = np.random.default_rng(3).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), np.uint8)
    return Image.fromarray(levels).resize((width, height), Image.Resampling.BICUBIC).convert(mode)


KINDS: dict[str, tuple[str, dict[str, object]]] = {
    "baseline": ("RGB", {}),
    "fine": ("RGB", {"quality": 100, "subsampling": 0}),
    "grey": ("L", {}),
    "CMYK": ("CMYK", {}),
    "restarts in rows": ("RGB", {"restart_marker_rows": 1}),
    "restarts in blocks": ("L", {"restart_marker_blocks": 3}),
    "progressive": ("RGB", {"progressive": True}),
    "progressive grey": ("L", {"progressive": True}),
    "progressive with restarts": ("RGB", {"progressive": True, "restart_marker_blocks": 4}),
}
WITHOUT_END = {
    name: encoded(noise(131, 97, mode), "JPEG", **options).removesuffix(END) for name, (mode, options) in KINDS.items()
}
WHOLE = WITHOUT_END["baseline"] + END


def shown(data: bytes) -> np.ndarray:
    check(data, Limits(), 1 << 22)
    return np.asarray(decode(data))


@pytest.mark.parametrize("rest", [b"", b"\xff", b"\xff\xff\xff", bytes(100), b"\xff\xff\xd9", b"\0\0\xff"])
@pytest.mark.parametrize("start", WITHOUT_END.values(), ids=WITHOUT_END)
def test_a_file_that_lacks_its_end_marker_alone_is_whole(start: bytes, rest: bytes) -> None:
    assert (shown(start + rest) == shown(start + END)).all()
    assert (np.asarray(decode(start + rest, (30, 20))) == np.asarray(decode(start + END, (30, 20)))).all()


@pytest.mark.parametrize("rest", [b"", b"\xff"])
@pytest.mark.parametrize("start", WITHOUT_END.values(), ids=WITHOUT_END)
def test_a_file_that_lost_scan_data_is_refused(start: bytes, rest: bytes) -> None:
    first = start.index(b"\xff\xda")
    places = {len(start) - lost for lost in (2, 3, 5, 8, 13, 21, 34, 55)}
    places |= {first + (len(start) - first) * part // 10 for part in range(10)}
    # Right before and after the last restart markers and scans.
    places |= {place + side for place in markers(start, rb"\xff[\xd0-\xd7]")[-9:] for side in (0, 2)}
    places |= {place + side for place in markers(start, rb"\xff\xda") for side in (0, 2, 14)}
    for place in places - {len(start)}:
        for at_least in (None, (16, 12)):
            with pytest.raises(BadImageFormat):
                decode(start[:place] + rest, at_least)


def markers(data: bytes, pattern: bytes) -> list[int]:
    return [found.start() for found in re.finditer(pattern, data)]


def test_scans_count_several_times_where_the_end_has_to_be_found() -> None:
    start = WITHOUT_END["progressive grey"]
    scans = start + 15 * start[start.rindex(b"\xff\xda") :]
    assert check(scans + END, Limits(), 1 << 20).width == 131
    with pytest.raises(BadImageFormat, match="more than 100 passes"):
        check(scans, Limits(), 1 << 20)


def test_a_scan_of_one_channel_that_is_missing_is_missed() -> None:
    """8 x 8 grey pixels, of which each channel comes in a scan of its own."""
    data = encoded(Image.new("RGB", (8, 8), (128, 128, 128)), "JPEG", subsampling=0)
    scans = [(b"\x01\x00", b"\x2b"), (b"\x02\x11", b"\x0f"), (b"\x03\x11", b"\x0f")]
    head = data[: data.index(b"\xff\xda")]
    parts = [b"\xff\xda\0\x08\x01" + channel + b"\0\x3f\0" + block for channel, block in scans]
    assert np.unique(shown(head + b"".join(parts))).tolist() == [128]
    with pytest.raises(BadImageFormat):
        decode(head + b"".join(parts[:2]))


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(data)) + data


BESIDE = {
    "short JFIF": segment(0xE0, b"JFIF\0"),
    "short Adobe": segment(0xEE, b"Adobe"),
    "short profile": segment(0xE2, b"ICC_PROFILE\0"),
    "profile of missing parts": segment(0xE2, b"ICC_PROFILE\0\3\7" + bytes(99)),
    "short pictures": segment(0xE2, b"MPF\0"),
    "Photoshop without a name": segment(0xED, b"Photoshop 3.0\x008BIM\x03\xed"),
    "Photoshop that ends early": segment(0xED, b"Photoshop 3.0\x008BIM\x03\xed\0\0\0\0\0\x10"),
    "EXIF without a table": segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff"),
    "EXIF of nothing": segment(0xE1, b"Exif\0\0"),
    "no EXIF": segment(0xE1, b"Exif\0\0" + bytes(range(200))),
    "resolution of 0": segment(0xE1, b"Exif\0\0MM\0*" + struct.pack(">IHHHIIIII", 8, 1, 0x011A, 5, 1, 26, 0, 0, 0)),
    "XMP": segment(0xE1, b"http://ns.adobe.com/xap/1.0/"),
    "comment": segment(0xFE, b"\xff\xd8\xff\xda"),
    "empty comment": segment(0xFE, b""),
    "no length": b"\xff\xfe\0\0",
    "of no length": b"\xff\xe5\0\1",
    "fill": b"\xff\xff\xff",
    "junk": b"\0\1\2",
    "TEM": b"\xff\x01",
    "many": segment(0xE7, b"") * 2000,
}


@pytest.mark.parametrize("beside", BESIDE.values(), ids=BESIDE)
def test_segments_that_a_viewer_skips_do_not_decide_over_the_picture(beside: bytes) -> None:
    assert (shown(WHOLE[:20] + beside + WHOLE[20:]) == shown(WHOLE)).all()
    scan = WHOLE.index(b"\xff\xda")
    assert (shown(WHOLE[:scan] + beside + WHOLE[scan:]) == shown(WHOLE)).all()


KINDS_OF_METADATA = st.sampled_from([*range(0xE0, 0xEE), 0xEF, 0xFE])
NAMES = st.sampled_from(
    [b"", b"JFIF\0", b"Exif\0\0", b"Exif\0\0II*\0", b"ICC_PROFILE\0", b"Photoshop 3.0\x008BIM", b"MPF\0", b"FPXR\0"]
)


@given(st.lists(st.tuples(KINDS_OF_METADATA, NAMES, st.binary(max_size=60)), max_size=5))
@settings(max_examples=200, deadline=None)
def test_no_metadata_change_the_pixels(metadata: list[tuple[int, bytes, bytes]]) -> None:
    beside = b"".join(segment(marker, name + rest) for marker, name, rest in metadata)
    # Whatever way up.
    assert (np.sort(shown(WHOLE[:2] + beside + WHOLE[2:]), axis=None) == np.sort(shown(WHOLE), axis=None)).all()


@pytest.mark.parametrize("before", [b"", BESIDE["EXIF without a table"], BESIDE["short profile"]])
def test_orientation_is_that_of_the_first_exif_that_has_one(before: bytes) -> None:
    upright = segment(0xE1, SIDEWAYS[:-3].replace(b"\0\6", b"\0\1").ljust(len(SIDEWAYS), b"\0"))
    data = WHOLE[:2] + before + segment(0xE1, SIDEWAYS) + upright + WHOLE[2:]
    assert (shown(data) == np.rot90(shown(WHOLE), -1)).all()


@pytest.mark.parametrize(("marker", "offset"), [(b"\xff\xc0", 4), (b"\xff\xdb", 4), (b"\xff\xc4", 4), (b"\xff\xda", 4)])
def test_what_the_pixels_need_stays_strict(marker: bytes, offset: int) -> None:
    at = WHOLE.index(marker) + offset
    with pytest.raises(BadImageFormat):
        shown(WHOLE[:at] + b"\xee" + WHOLE[at + 1 :])


@pytest.mark.parametrize("place", [2, 20, WHOLE.index(b"\xff\xda")])
@pytest.mark.parametrize(
    "flood", [segment(0xFE, b""), segment(0xDD, b"\0\0"), segment(0xE1, b"Exif\0\0"), b"\xff\xfe\0\0"]
)
def test_a_flood_of_segments_is_refused(flood: bytes, place: int) -> None:
    with pytest.raises(BadImageFormat, match="more than 10,000 segments; save it again"):
        check(WHOLE[:place] + flood * 10_001 + WHOLE[place:], Limits(), 1 << 20)


def test_a_flood_of_segments_for_want_of_an_end_is_refused() -> None:
    with pytest.raises(BadImageFormat, match="more than 10,000 segments; save it again"):
        decode(WITHOUT_END["baseline"] + segment(0xFE, b"") * 10_001)


@pytest.mark.parametrize("marker", [b"\xff\x01", b"\xff\xd0", b"\xff\xd7", b"\xff\xd8", b"\xff"])
def test_markers_of_no_length_are_passed_over_however_many(marker: bytes) -> None:
    scan = WHOLE.index(b"\xff\xda")
    # libjpeg takes no second start.
    many = marker * 200_000
    assert check(WHOLE[:scan] + many + WHOLE[scan:], Limits(), 1 << 20).width == 131
    if marker != b"\xff\xd8":
        assert (shown(WHOLE[:scan] + many + WHOLE[scan:]) == shown(WHOLE)).all()


@pytest.mark.parametrize("end", [END, b""])
def test_a_restart_at_each_block_is_no_segment(end: bytes) -> None:
    picture = noise(1000, 1000, "L")
    restarted = encoded(picture, "JPEG", restart_marker_blocks=1)
    assert len(markers(restarted, rb"\xff[\xd0-\xd7]")) > 10_000
    assert (shown(restarted.removesuffix(END) + end) == shown(encoded(picture, "JPEG"))).all()
