"""Text whose encoding is not told."""

ENCODINGS = ("utf-8", "cp1252", "latin-1")


def text(data: bytes) -> str:
    """As UTF-8 or, what is none, as Windows writes Western European: of other encodings it is garbled, but text."""
    for encoding in ENCODINGS[:-1]:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode(ENCODINGS[-1])
