"""GIF: extensions that a viewer skips do not decide over the first frame, and its own transparency counts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.errors import BadImageFormat
from shared.imaging.decode import check, decode
from shared.models.limits import Limits
from tests.pictures import encoded

WHOLE = encoded(Image.linear_gradient("L").resize((16, 12)).convert("P"), "GIF")
FRAME = WHOLE.rindex(b",\0\0\0\0\x10\0\x0c\0")
START, REST = WHOLE[: 13 + (3 << (WHOLE[10] & 7) + 1)], WHOLE[FRAME:]
SHOWN = np.asarray(decode(WHOLE))


def extension(label: int, *blocks: bytes) -> bytes:
    return bytes([0x21, label]) + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def control(transparent: int) -> bytes:
    return extension(0xF9, bytes([1, 0, 0, transparent]))


def shown(between: bytes) -> np.ndarray:
    data = START + between + REST
    assert check(data, Limits(), 1 << 20).content_type == "image/gif"
    return np.asarray(decode(data))


BESIDE = {
    "comment": extension(0xFE, b"a comment"),
    "many comments": extension(0xFE, b"a comment") * 300,
    "endless comment": extension(0xFE, *[b"0" * 255] * 2000),
    "empty comment": extension(0xFE),
    "program": extension(0xFF, b"NETSCAPE2.0", b"\1\0\0"),
    "program of no name": extension(0xFF, b"N", b"\1"),
    "empty program": extension(0xFF),
    "plain text": extension(0x01, bytes(12), b"text"),
    "unknown": extension(0x77, b",;!"),
    "short control": extension(0xF9, b"\1"),
    "empty control": extension(0xF9),
    "junk": b"\0\0\1",
}


@pytest.mark.parametrize("beside", BESIDE.values(), ids=BESIDE)
def test_what_lies_beside_the_frame_does_not_decide_over_it(beside: bytes) -> None:
    assert (shown(beside) == SHOWN).all()


@given(st.lists(st.tuples(st.integers(0, 255), st.lists(st.binary(min_size=1, max_size=255), max_size=4)), max_size=6))
@settings(max_examples=200, deadline=None)
def test_no_extension_but_one_changes_the_frame(extensions: list[tuple[int, list[bytes]]]) -> None:
    beside = b"".join(extension(label, *blocks) for label, blocks in extensions if label != 0xF9)
    assert (shown(beside) == SHOWN).all()


@pytest.mark.parametrize("before", [b"", BESIDE["comment"], BESIDE["short control"], control(5)])
@pytest.mark.parametrize("after", [b"", BESIDE["program"], BESIDE["short control"]])
def test_the_last_sound_control_says_what_is_transparent(before: bytes, after: bytes) -> None:
    picture = encoded(Image.new("P", (4, 4), 3), "GIF", transparency=3)
    at = picture.index(b"!\xf9")
    data = picture[:at] + before + picture[at : at + 8] + after + picture[at + 8 :]
    assert set(np.asarray(decode(data)).flat) == {255}


@pytest.mark.parametrize(
    "data", [START, START + BESIDE["comment"], START + b"!\xfe\xff" + REST[:20], START + b";" + REST]
)
def test_a_file_without_a_frame_is_refused(data: bytes) -> None:
    with pytest.raises(BadImageFormat):
        decode(data)


@pytest.mark.parametrize(
    "flood", [extension(0xFE) * 100_001, control(5) * 50_001, extension(0xFE, *[b"A"] * 100_000)], ids=len
)
def test_a_flood_of_extensions_is_refused(flood: bytes) -> None:
    with pytest.raises(BadImageFormat, match="more than 100,000 blocks before its first frame; save it again"):
        check(START + flood + REST, Limits(), 1 << 20)
