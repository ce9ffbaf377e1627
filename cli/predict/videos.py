"""Frames of a video: one every so many seconds, or one whenever the scene has changed."""

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from PIL import Image

from cli.faults import CommandError

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ogv", ".ts", ".webm", ".wmv"})
# Containers that hold pictures themselves; of others some name files and addresses that are to be read.
FORMATS = "asf,avi,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mpeg,mpegts,ogg"
# As many as the service takes of a PNG; 8K has 33 million.
MOST_PIXELS = 40_000_000
# What is sent of a frame: no model looks at more.
LONGEST_SIDE = 2_048
QUALITY = 92
# Side of the grey copy by which scenes are told apart, and how far its pixels (0..1) are from those of the frame that
# was taken last, on average, when the scene is another one.
GREY_SIDE = 32
CHANGED = 0.1
# A video counts as cut off that ends so much before its length; sound may go on a little.
MISSING_SECONDS, MISSING_PART = 2.0, 0.05
UNITS = {"": 1.0, "s": 1.0, "ms": 0.001, "m": 60.0, "h": 3_600.0}
SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|)")


class Frame(Struct, frozen=True):
    """A frame as it is sent: `seconds` from the first one, a JPEG, and the size of the upright frame."""

    seconds: float
    data: bytes
    width: int
    height: int


class VideoError(Exception):
    """The video can't be read, or not to its end; the message says why."""


def read_span(text: str) -> float:
    """Seconds of a time such as 1s, 500ms or 2m. Raises CommandError."""
    found = SPAN.fullmatch(text.strip().lower())
    seconds = float(found[1]) * UNITS[found[2]] if found else 0
    if not seconds:
        raise CommandError(f"'{text}' is no time between frames; give one such as 1s, 500ms or 2m.")
    return seconds


def frames(path: Path, every: float | None, known: Callable[[float], bool]) -> Iterator[Frame]:
    """Every so many seconds, or with None whenever the scene changes; without those that are known.

    One frame at a time is in memory. Raises VideoError, at its end also for what could not be read of it.
    """
    # Imported here: it takes a tenth of a second that pictures need not wait for.
    import av

    try:
        if not path.stat().st_size:
            raise VideoError("is empty")
        with path.open("rb") as file, av.open(file, "r", options={"format_whitelist": FORMATS}) as container:
            yield from _frames(container, every, known)
    except av.FFmpegError as fault:
        raise VideoError(f"is no video that can be read: {fault.strerror}") from fault
    except OSError as fault:
        raise VideoError(f"can't be read: {fault.strerror}") from fault


def _frames(container: "InputContainer", every: float | None, known: Callable[[float], bool]) -> Iterator[Frame]:
    if not container.streams.video:
        raise VideoError("has no pictures")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
    interval, scenes = _Interval(every) if every else None, _Scenes()
    seen = _Seen(container, stream)
    for seconds, frame in seen.decoded():
        taken = interval.takes(seconds) if interval else scenes.takes(frame)
        if taken and not known(seconds):
            yield _frame(frame, seconds)
    if fault := seen.fault():
        raise VideoError(fault)


class _Seen:
    """Decodes, and keeps account of what can't be decoded."""

    def __init__(self, container: "InputContainer", stream: "VideoStream") -> None:
        self._container, self._stream = container, stream
        self._frames = self._damaged = 0
        self._last = 0.0

    def decoded(self) -> "Iterator[tuple[float, VideoFrame]]":
        """Each frame with its seconds from the first one."""
        import av

        first: float | None = None
        for packet in self._container.demux(self._stream):
            try:
                found = packet.decode()
            except av.FFmpegError:
                self._damaged += 1
                continue
            for frame in found:
                time = self._last if frame.time is None else frame.time
                first = time if first is None else first
                self._last, self._frames = max(time - first, 0.0), self._frames + 1
                yield round(self._last, 3), frame

    def fault(self) -> str:
        """What is missing of it; "" where nothing is."""
        if not self._frames:
            return f"has no frame that can be decoded, or frames of more than {MOST_PIXELS:,} pixels"
        length = self._length()
        if length - self._last > max(MISSING_SECONDS, MISSING_PART * length):
            return f"is cut off: it is {length:.1f} s long, and its frames end at {self._last:.1f} s"
        return f"has {self._damaged} damaged packets, whose frames are missing" if self._damaged else ""

    def _length(self) -> float:
        """In seconds, as its head says; 0 where it says nothing."""
        if self._stream.duration and self._stream.time_base:
            return float(self._stream.duration * self._stream.time_base)
        return (self._container.duration or 0) / 1_000_000


class _Interval:
    """Takes the first frame of each span of so many seconds."""

    def __init__(self, every: float) -> None:
        self._every, self._due = every, 0

    def takes(self, seconds: float) -> bool:
        # A thousandth off, as times are rounded.
        span = int((seconds + 0.001) / self._every)
        taken = span >= self._due
        self._due = span + 1 if taken else self._due
        return taken


class _Scenes:
    """Takes the first frame, and then each that differs from the one that was taken last."""

    def __init__(self) -> None:
        self._last: npt.NDArray[np.float32] | None = None

    def takes(self, frame: "VideoFrame") -> bool:
        grey = frame.reformat(GREY_SIDE, GREY_SIDE, "gray").to_ndarray().astype(np.float32) / np.float32(255)
        taken = self._last is None or float(np.abs(grey - self._last).mean()) > CHANGED
        self._last = grey if taken else self._last
        return taken


def _frame(frame: "VideoFrame", seconds: float) -> Frame:
    # What the file says of how it was held, counterclockwise, as Pillow turns.
    picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    if frame.rotation:
        picture = picture.rotate(frame.rotation, expand=True)
    width, height = picture.size
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BICUBIC)
    out = BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return Frame(seconds, out.getvalue(), width, height)
