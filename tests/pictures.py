"""Small pictures that the tests make themselves, and where photographs lie."""

from io import BytesIO
from random import Random

from PIL import Image, ImageDraw

from shared.settings import ROOT

PHOTOS = ROOT.parent / "shared" / "data"
KINDS = {"apple": (200, 40, 30), "leaf": (40, 150, 60), "sky": (60, 110, 210)}


def picture(kind: str, seed: int, size: tuple[int, int] = (320, 240), format: str = "JPEG") -> bytes:
    """A noisy scene of that kind; every seed gives other bytes. Size is width, height in pixels."""
    random = Random(f"{kind}{seed}")
    shade = tuple(max(0, min(255, level + random.randint(-25, 25))) for level in KINDS[kind])
    image = Image.new("RGB", size, tuple(random.randint(200, 250) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, r = random.randint(0, size[0]), random.randint(0, size[1]), random.randint(12, 60)
        if kind == "apple":
            draw.ellipse((x - r, y - r, x + r, y + r), fill=shade)
        elif kind == "leaf":
            draw.polygon([(x, y - 2 * r), (x + r // 2, y), (x, y + 2 * r), (x - r // 2, y)], fill=shade)
        else:
            draw.rectangle((x - 2 * r, y - r // 3, x + 2 * r, y + r // 3), fill=shade)
    return encoded(image, format)


def rectangles(
    boxes_ltwh: dict[str, tuple[float, float, float, float]], size: tuple[int, int] = (640, 320), orientation: int = 1
) -> bytes:
    """A white JPEG with rectangles in these colours; boxes are fractions of the picture as it is stored."""
    image = Image.new("RGB", size, "white")
    for colour, (left, top, width, height) in boxes_ltwh.items():
        corners = [left * size[0], top * size[1], (left + width) * size[0] - 1, (top + height) * size[1] - 1]
        ImageDraw.Draw(image).rectangle(corners, fill=colour)
    exif = Image.Exif()
    exif[274] = orientation
    return encoded(image, quality=95, subsampling=0, exif=exif)


def encoded(image: Image.Image, format: str = "JPEG", **options: object) -> bytes:
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()
