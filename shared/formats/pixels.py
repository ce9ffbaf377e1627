"""Boxes in pixels, to a thousandth of one, of a picture of some width and height."""

from shared.formats.dataset import Mark

DIGITS = 3


def ltrb(mark: Mark, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    width, height = size
    left, top = mark.left * width, mark.top * height
    right, bottom = left + mark.width * width, top + mark.height * height
    return round(left, DIGITS), round(top, DIGITS), round(right, DIGITS), round(bottom, DIGITS)


def ltwh(mark: Mark, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Left, top, width, height."""
    left, top, right, bottom = ltrb(mark, size)
    return left, top, round(right - left, DIGITS), round(bottom - top, DIGITS)
