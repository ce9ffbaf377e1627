"""BMP: every layout of the pixels is read, or refused for what it is."""

import struct

import numpy as np
import pytest

from shared.errors import BadImageFormat
from shared.imaging.decode import check, decode
from shared.models.limits import Limits

MASKS, ALPHA_MASKS = 3, 6
RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)


def bmp(
    size: tuple[int, int],
    bits: int,
    pixels: bytes,
    compression: int = 0,
    colours: bytes = b"",
    masks: tuple[int, ...] = (),
    header: int = 40,
    used: int = 0,
) -> bytes:
    """Masks stand in the header where it has room for them, else they follow it."""
    fields = struct.pack("<IiiHHIIiiII", header, *size, 1, bits, compression, len(pixels), 0, 0, used, 0)
    told = (fields + struct.pack(f"<{len(masks)}I", *masks)).ljust(header, b"\0") + colours
    return b"BM" + struct.pack("<IHHI", 14 + len(told) + len(pixels), 0, 0, 14 + len(told)) + told + pixels


def shown(data: bytes) -> list[list[tuple[int, ...]]]:
    header = check(data, Limits(), 1 << 20)
    picture = np.asarray(decode(data))
    assert (header.width, header.height) == picture.shape[1::-1]
    return [[tuple(pixel) for pixel in row] for row in picture.tolist()]


FULL = [(0xFF0000, 0xFF00, 0xFF), (0xFF, 0xFF00, 0xFF0000), (0xFF000000, 0xFF0000, 0xFF00), (0xFF00, 0xFF, 0xFF0000)]
TEN_BITS = (0x3FF00000, 0xFFC00, 0x3FF)


@pytest.mark.parametrize("header", [40, 52, 56, 108, 124])
@pytest.mark.parametrize("masks", [*FULL, TEN_BITS, (0xF, 0xF0, 0x7F00), (0x80000000, 1, 2)])
def test_32_bits_of_any_masks(header: int, masks: tuple[int, ...]) -> None:
    pixels = struct.pack("<4I", *masks, sum(masks))
    assert shown(bmp((4, -1), 32, pixels, MASKS, masks=masks, header=header)) == [[RED, GREEN, BLUE, WHITE]]


@pytest.mark.parametrize("header", [40, 56, 124])
@pytest.mark.parametrize(
    "masks", [(0x7C00, 0x3E0, 0x1F), (0xF800, 0x7E0, 0x1F), (0xF00, 0xF0, 0xF), (0x1F, 0x7E0, 0xF800), (0xE0, 0x1C, 3)]
)
def test_16_bits_of_any_masks(header: int, masks: tuple[int, ...]) -> None:
    pixels = struct.pack("<4H", *masks, 0)
    assert shown(bmp((4, 1), 16, pixels, MASKS, masks=masks, header=header)) == [[RED, GREEN, BLUE, BLACK]]


def test_24_bits_of_other_masks() -> None:
    assert shown(bmp((1, 1), 24, b"\1\2\3\0", MASKS, masks=(0xFF, 0xFF00, 0xFF0000))) == [[(1, 2, 3)]]


def test_a_mask_of_few_bits_spans_black_to_white() -> None:
    pixels = struct.pack("<4H", 0x0, 0x5 << 8, 0xA << 8, 0xF << 8)
    levels = [pixel[0] for pixel in shown(bmp((4, 1), 16, pixels, MASKS, masks=(0xF00, 0xF0, 0xF)))[0]]
    assert levels == [0, 0x55, 0xAA, 0xFF]


@pytest.mark.parametrize(
    ("bits", "masks"),
    [(32, (0xFF0000, 0xFF00, 0xFF, 0xFF000000)), (16, (0xF00, 0xF0, 0xF, 0xF000)), (32, (0, 0, 0, 0))],
)
@pytest.mark.parametrize(("header", "compression"), [(56, MASKS), (108, MASKS), (124, MASKS), (40, ALPHA_MASKS)])
def test_alpha_of_0_everywhere_is_none(bits: int, masks: tuple[int, ...], header: int, compression: int) -> None:
    red = masks[0] or 0xFF0000
    code = {16: "<2H", 32: "<2I"}[bits]
    whole = bmp((2, 1), bits, struct.pack(code, red, 0), compression, masks=masks, header=header)
    assert shown(whole) == [[RED, BLACK]]
    opaque = masks[3] or 0xFF000000
    half = bmp((2, 1), bits, struct.pack(code, red, opaque), compression, masks=masks, header=header)
    assert shown(half) == [[WHITE, BLACK]]


def test_alpha_is_none_where_no_mask_names_it() -> None:
    pixels = struct.pack("<2I", 0xFF0000, 0x800000FF)
    assert shown(bmp((2, 1), 32, pixels)) == [[RED, BLUE]]
    assert shown(bmp((2, 1), 32, pixels, MASKS, masks=FULL[0])) == [[RED, BLUE]]


COLOURS = b"".join(bytes([*colour[::-1], 0]) for colour in (BLACK, RED, GREEN, BLUE))


@pytest.mark.parametrize(("bits", "row"), [(1, b"\x60"), (2, b"\x1b"), (4, b"\x01\x23"), (8, b"\0\1\2\3")])
def test_palettes_of_every_depth(bits: int, row: bytes) -> None:
    expected = [BLACK, RED, RED, BLACK] if bits == 1 else [BLACK, RED, GREEN, BLUE]
    data = bmp((4, 2), bits, row.ljust(4, b"\0") + bytes(4), colours=COLOURS, used=4)
    assert shown(data) == [[BLACK] * 4, expected]


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("colours", [[0, 255], [255, 0], list(range(16)), [7]])
def test_palettes_of_greys(bits: int, colours: list[int]) -> None:
    palette = b"".join(bytes([grey, grey, grey, 0]) for grey in colours)
    data = bmp((2, 1), bits, (b"\x01" if bits == 4 else b"\0\1").ljust(4, b"\0"), colours=palette, used=len(colours))
    assert [pixel[0] for pixel in shown(data)[0]] == [*colours, 0][:2]


def test_palettes_of_more_colours_than_numbers() -> None:
    palette = b"".join(bytes([i % 256, 0, 0, 0]) for i in range(300))
    assert shown(bmp((2, 1), 8, b"\2\xff\0\0", colours=palette, used=300)) == [[(0, 0, 2), (0, 0, 255)]]


def test_the_first_windows_and_os2() -> None:
    fields = struct.pack("<IHHHH", 12, 2, 1, 1, 8) + b"".join(COLOURS[i : i + 3] for i in range(0, 16, 4)) + bytes(756)
    data = b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + len(fields)) + fields + b"\1\3\0\0"
    assert shown(data) == [[RED, BLUE]]


# Runs, from the bottom row upwards: 0 0 ends a row, 0 1 the picture, 0 2 jumps, 0 n is n pixels as they are.
@pytest.mark.parametrize(
    ("bits", "runs", "expected"),
    [
        (8, "03 01 00 00 00 03 01 02 03 00 00 01", ["RGB", "RRR"]),
        (8, "03 01 03 02 00 01", ["...", "RRR"]),
        (8, "01 01 00 00 02 02 00 01", ["GG.", "R.."]),
        (8, "01 01 00 02 01 01 01 02 00 01", ["..G", "R.."]),
        (8, "00 02 00 01 03 01", ["RRR", "..."]),
        (8, "00 01", ["...", "..."]),
        (8, "09 01 00 00 00 04 01 02 03 02 00 01", ["RGB", "RRR"]),
        (8, "03 01 00 00 00 02 00 09 01 01", ["...", "RRR"]),
        (8, "03 01 00 00 03 02", ["GGG", "RRR"]),
        (4, "03 12 00 00 00 03 12 30 00 01", ["RGB", "RGR"]),
        (4, "02 12 00 02 01 01 00 01", ["...", "RG."]),
    ],
)
def test_runs_with_jumps_and_early_ends(bits: int, runs: str, expected: list[str]) -> None:
    names = {".": BLACK, "R": RED, "G": GREEN, "B": BLUE}
    data = bmp((3, 2), bits, bytes.fromhex(runs), {8: 1, 4: 2}[bits], colours=COLOURS, used=4)
    assert shown(data) == [[names[name] for name in row] for row in expected]


@pytest.mark.parametrize("runs", ["03 01 00 00", "03 01 00 00 00 03 01", "03 01 00 00 00 02 01", "03", ""])
def test_runs_that_are_cut_off_are_refused(runs: str) -> None:
    data = bmp((3, 2), 8, bytes.fromhex(runs), 1, colours=COLOURS, used=4)
    with pytest.raises(BadImageFormat, match="send the whole file"):
        decode(data)


@pytest.mark.parametrize(("bits", "masks"), [(32, FULL[1]), (16, (0xF00, 0xF0, 0xF))])
def test_masked_pixels_that_are_cut_off_are_refused(bits: int, masks: tuple[int, ...]) -> None:
    data = bmp((4, 4), bits, bytes(bits * 2), MASKS, masks=masks)
    decode(data)
    with pytest.raises(BadImageFormat, match="send the whole file"):
        decode(data[:-1])


@pytest.mark.parametrize(
    ("bits", "compression", "header"),
    [(0, 4, 40), (24, 4, 40), (0, 5, 124), (64, 0, 40), (8, 2, 40), (4, 1, 40), (8, 3, 40), (24, 6, 64), (3, 0, 40)],
)
def test_layouts_that_are_not_read_are_named(bits: int, compression: int, header: int) -> None:
    with pytest.raises(BadImageFormat, match=f"A BMP of {bits} bits a pixel in compression {compression} is not read"):
        check(bmp((1, 1), bits, bytes(8), compression, header=header), Limits(), 1000)


def test_a_header_of_no_version_is_named() -> None:
    with pytest.raises(BadImageFormat, match="a header of 41 bytes"):
        check(bmp((1, 1), 24, bytes(4), header=41), Limits(), 1000)


@pytest.mark.parametrize(("bits", "compression"), [(8, 1), (4, 2)])
@pytest.mark.parametrize("shape", [(300, 400), (3, 2)])
def test_pixels_in_runs_of_one_or_as_they_are(bits: int, compression: int, shape: tuple[int, int]) -> None:
    numbers = np.random.default_rng(3).integers(0, 4, shape, np.uint8)
    width, factor = shape[1], 1 if bits == 8 else 16
    runs = b"".join(bytes([1, number * factor]) for number in numbers[0].tolist()) + b"\0\0"
    for row in numbers[1:].tolist():
        for at in range(0, width - 3, 4):
            four = row[at : at + 4]
            packed = bytes(four) if bits == 8 else bytes([four[0] * 16 + four[1], four[2] * 16 + four[3]])
            runs += b"\0\4" + packed
        runs += b"".join(bytes([1, number * factor]) for number in row[width // 4 * 4 :]) + b"\0\0"
    data = bmp((width, shape[0]), bits, runs, compression, colours=COLOURS, used=4)
    colours = np.array([BLACK, RED, GREEN, BLUE], np.uint8)
    check(data, Limits(), 1 << 20)
    assert (np.asarray(decode(data)) == colours[numbers[::-1]]).all()


@pytest.mark.parametrize("code", ["ff 01", "00 02 00 00", "00 03 01 02 03 00"])
def test_codes_beyond_the_row_draw_nothing_however_many(code: str) -> None:
    runs = bytes.fromhex("03 01 " + code * 100_000 + "00 00 03 02")
    if code.startswith("00 02"):
        runs = bytes.fromhex(code * 100_000) + bytes.fromhex("03 01 00 00 03 02")
    assert shown(bmp((3, 2), 8, runs, 1, colours=COLOURS, used=4)) == [[GREEN] * 3, [RED] * 3]
    with pytest.raises(BadImageFormat, match="send the whole file"):
        decode(bmp((3, 2), 8, runs[:-4], 1, colours=COLOURS, used=4))


@pytest.mark.parametrize(
    "runs", ["03 01 00 00 00 03 01 02 03", "03 01 00 00 02 01 00 02 01", "03 01 00 00 00 04 01 02 03"]
)
def test_of_a_file_cut_off_only_a_filler_may_lack(runs: str) -> None:
    data = bmp((3, 2), 8, bytes.fromhex(runs), 1, colours=COLOURS, used=4)
    if runs.endswith("00 03 01 02 03"):
        assert shown(data)[0] == [RED, GREEN, BLUE]
    else:
        with pytest.raises(BadImageFormat, match="send the whole file"):
            decode(data)


def test_a_flood_of_runs_is_refused() -> None:
    data = bmp((10, 10), 8, bytes.fromhex("ff 01") * 2_073_601, 1, colours=COLOURS, used=4)
    with pytest.raises(BadImageFormat, match="more than 2,073,600 runs of pixels; save it again"):
        decode(data)
