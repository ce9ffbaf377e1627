"""The orientation that EXIF tells, read from bytes that may be damaged or made to do harm."""

import struct

ORIENTATION = 0x0112
PREFIX = b"Exif\0\0"
BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
# TIFF's types of whole numbers, as `struct` names them.
INTEGERS = {3: "H", 4: "I", 8: "h", 9: "i"}


def orientation(exif: bytes) -> int | None:
    """None where it can't be read. Pillow's reader copies all that the table points at, which can be gigabytes."""
    tiff = exif.removeprefix(PREFIX)
    order = BYTE_ORDERS.get(tiff[:4])
    try:
        return _first(tiff, order) if order else None
    except struct.error:
        return None


def _first(tiff: bytes, order: str) -> int | None:
    (table,) = struct.unpack_from(f"{order}I", tiff, 4)
    (entries,) = struct.unpack_from(f"{order}H", tiff, table)
    entry = struct.Struct(f"{order}HHI")
    for at in range(table + 2, table + 2 + 12 * entries, 12):
        tag, kind, count = entry.unpack_from(tiff, at)
        if tag == ORIENTATION and kind in INTEGERS and count == 1:
            return int(struct.unpack_from(f"{order}{INTEGERS[kind]}", tiff, at + 8)[0])
    return None
