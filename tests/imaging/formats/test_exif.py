"""Orientation: sound EXIF tells it, damaged EXIF tells nothing, and none of it takes time or memory."""

import struct
import tracemalloc
from random import Random

import pytest

from shared.imaging.formats.exif import orientation

TAG = 0x0112


def exif(order: str, *entries: tuple[int, int, int, bytes]) -> bytes:
    """Entries are of a tag, a type, a count and four bytes."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    table = b"".join(struct.pack(f"{order}HHI", *entry[:3]) + entry[3].ljust(4, b"\0") for entry in entries)
    return mark + struct.pack(f"{order}IH", 8, len(entries)) + table + bytes(4)


OTHER = (0x0110, 2, 4, b"abc")


@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("kind", "code"), [(3, "H"), (4, "I"), (8, "h"), (9, "i")])
def test_orientation_is_read_in_both_byte_orders_and_every_whole_number(
    prefix: bytes, order: str, kind: int, code: str
) -> None:
    data = prefix + exif(order, OTHER, (TAG, kind, 1, struct.pack(order + code, 6)), OTHER)
    assert orientation(data) == 6


SOUND = exif("<", OTHER, (TAG, 3, 1, b"\x08"), OTHER)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Exif\0\0",
        b"II*\0",
        SOUND[:20],
        b"II*\0\xff\xff\xff\xff" + bytes(40),
        exif("<", OTHER),
        exif("<", (TAG, 2, 1, b"\x08")),
        exif("<", (TAG, 3, 2, b"\x08")),
        b"XX" + SOUND[2:],
    ],
)
def test_damaged_exif_tells_nothing(data: bytes) -> None:
    assert orientation(data) is None


def test_what_can_be_read_before_the_damage_counts() -> None:
    assert orientation(SOUND[:-10]) == 8


def test_any_bytes_tell_a_number_or_nothing() -> None:
    chance = Random(1)
    for _ in range(3000):
        data = bytearray(SOUND)
        for _ in range(chance.choice([1, 3])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        assert isinstance(orientation(bytes(data[: chance.randrange(len(data) + 1)])), int | None)


def test_a_table_whose_entries_all_point_at_megabytes_is_not_followed() -> None:
    entries = [(tag, 7, 4_000_000, b"\x08") for tag in range(60_000) if tag != TAG]
    data = exif("<", *entries) + bytes(4_000_000)
    tracemalloc.start()
    assert orientation(data) is None
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
