"""Names as they are compared: without regard to case, letter by letter, so that Maße and Masse are two."""

import unicodedata


def folded(name: str) -> str:
    """Unicode's simple case folding: what folds to several letters, as ß does, keeps to its lower case."""
    return unicodedata.normalize("NFC", "".join(map(_folded, name)))


def _folded(letter: str) -> str:
    one = letter.casefold()
    return one if len(one) == 1 else letter.lower()
