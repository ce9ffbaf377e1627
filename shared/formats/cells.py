"""Tables of text as programs write them: with commas, semicolons or tabs, and lines that end as their system has it."""

import csv
import io
from collections.abc import Iterator

from shared.formats.dataset import DatasetError
from shared.formats.source import Source

# So much tells whether a table is one of pictures.
HEAD_BYTES = 1_000_000
# A side of a picture has fewer digits.
MOST_DIGITS = 9


def head(source: Source, name: str, between: str = ",") -> list[str]:
    """The cells of the first line; none where it is no table."""
    try:
        return next(csv.reader(_lines(source.start(name, HEAD_BYTES)), delimiter=between), [])
    except csv.Error:
        return []


def rows(source: Source, name: str, between: str = ",") -> Iterator[tuple[int, list[str]]]:
    """With the numbers of their lines. Raises DatasetError."""
    found = csv.reader(_lines(source.text(name)), delimiter=between)
    try:
        for row in found:
            yield found.line_num, row
    except csv.Error as fault:
        raise DatasetError(f"line {found.line_num} of {name} is no CSV: {fault}.") from fault


def number(text: str) -> float:
    """NaN of what is none. In half of the world's tables the fraction comes after a comma."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return float("nan")


def whole(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) <= MOST_DIGITS else None


def _lines(text: str) -> io.StringIO:
    return io.StringIO(text, newline=None)
