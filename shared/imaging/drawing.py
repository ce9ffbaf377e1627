"""Boxes drawn on a picture for people to see, each with its tag and probability."""

from collections.abc import Iterable
from functools import lru_cache
from uuid import UUID

import fontpkg_noto_sans
from PIL import Image, ImageColor, ImageDraw, ImageFont

from shared.models.serving.predictions import BoundingBox, Prediction

# What Custom Vision's portal shows unless it is told otherwise.
DRAWN_PROBABILITY = 0.5
# Latin, Greek and Cyrillic with all their marks, Vietnamese and Devanagari; Pillow's own font has little but ASCII.
TYPEFACE = fontpkg_noto_sans.ROOT / "files" / "NotoSans[wdth,wght].ttf"
# Parts of the picture's long side.
FONT, LINE = 1 / 45, 1 / 300
LEAST_FONT = 12


def draw_predictions(picture: Image.Image, predictions: Iterable[Prediction]) -> Image.Image:
    """A copy with the boxes of at least `DRAWN_PROBABILITY`, the most probable on top."""
    copy = picture.copy()
    for each in sorted(predictions, key=lambda each: each.probability):
        if isinstance(each.bounding_box, BoundingBox) and each.probability >= DRAWN_PROBABILITY:
            draw_box(copy, each.bounding_box, f"{each.tag_name} {each.probability:.0%}", colour_of(each.tag_id))
    return copy


def draw_box(picture: Image.Image, box: BoundingBox, label: str, colour_rgb: tuple[int, ...]) -> None:
    """Draw on the picture itself. The label stands above the box, or where there is no room within it."""
    pen, side = ImageDraw.Draw(picture), max(picture.size)
    font = _font(max(LEAST_FONT, round(side * FONT)))
    line = max(2, round(side * LINE))
    left, top = box.left * picture.width, box.top * picture.height
    right, bottom = left + max(1, box.width * picture.width), top + max(1, box.height * picture.height)
    pen.rectangle((left, top, right, bottom), outline=colour_rgb, width=line)
    room_right, room_bottom = (round(edge) + 2 * line for edge in pen.textbbox((0, 0), label, font)[2:])
    x = max(0.0, min(left, picture.width - room_right))
    y = top - room_bottom if top >= room_bottom else min(top, picture.height - room_bottom)
    pen.rectangle((x, y, x + room_right, y + room_bottom), fill=colour_rgb)
    pen.text((x + line, y + line), label, fill=_ink(colour_rgb), font=font)


def colour_of(tag_id: UUID) -> tuple[int, ...]:
    """Always the same for a tag."""
    return ImageColor.getrgb(f"hsl({tag_id.int % 360}, 90%, 45%)")


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Kept, as reading it takes longer than drawing a label."""
    return ImageFont.truetype(TYPEFACE, size)


def _ink(colour_rgb: tuple[int, ...]) -> str:
    """Black or white, whichever stands out against the colour: by its luma (ITU-R BT.601)."""
    red, green, blue = colour_rgb
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 128 else "white"
