"""What may lie in Blob Storage in place of a picture, whoever left it there."""

from shared.errors import BadImageFormat

# How compressed data begins. Some uploaders compress what they send, and a label that says so is not looked at.
COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"PK\x03\x04": "zip",
}


def require_uncompressed(data: bytes) -> None:
    """Raises BadImageFormat."""
    if compressed := next((name for magic, name in COMPRESSED.items() if data.startswith(magic)), None):
        raise BadImageFormat(f"The picture is compressed by {compressed}; upload it as it is.")
