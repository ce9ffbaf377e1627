"""Protocol Buffers' wire format, as far as TensorFlow's files need it: a message is a list of fields by number."""

from collections.abc import Iterable, Mapping

WHOLE, BYTES = 0, 2
# Of what is below zero, as 64 bits.
WRAP = 1 << 64
Field = tuple[int, "int | bytes | str"]


def message(*fields: Field) -> bytes:
    return b"".join(_field(*field) for field in fields)


def packed(values: Iterable[int]) -> bytes:
    """Of a repeated number."""
    return b"".join(map(_varint, values))


def entries(number: int, values: Mapping[str, bytes]) -> list[Field]:
    """Of a map from names to messages."""
    return [(number, message((1, key), (2, value))) for key, value in values.items()]


def _field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3 | WHOLE) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | BYTES) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    value %= WRAP
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)
