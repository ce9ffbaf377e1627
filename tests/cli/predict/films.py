"""Videos that tests make."""

from pathlib import Path

import av
from PIL import Image

RATE, SIZE = 10, (160, 96)


def film(path: Path, colours: list[str]) -> Path:
    """A second of each colour, whose left quarter is white."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for colour in colours:
            picture = Image.new("RGB", SIZE, colour)
            picture.paste("white", (0, 0, SIZE[0] // 4, SIZE[1]))
            for _ in range(RATE):
                container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    return path
