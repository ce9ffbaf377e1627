"""Videos predicted frame by frame; the tests make them."""

import struct
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageColor

from cli import parallel
from cli.faults import CommandError
from cli.predict import videos
from cli.predict.videos import Frame, VideoError
from tests.cli.predict.films import SIZE, film

# 90 degrees clockwise, as a telephone that is held upright writes it into the head of its track.
UPRIGHT = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, SIZE[1] << 16, 0, 1 << 30)
MATRIX_AT = 40


def taken(path: Path, every: float | None, known: tuple[float, ...] = ()) -> Iterator[Frame]:
    return videos.frames(path, every, known.__contains__)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return film(tmp_path / "clip.mp4", ["red", "red", "blue"])


@pytest.mark.parametrize(
    ("every", "seconds"), [(1.0, [0, 1, 2]), (0.5, [0, 0.5, 1, 1.5, 2, 2.5]), (60, [0]), (None, [0, 2])]
)
def test_frames_are_taken_by_time_or_by_scene(clip, every, seconds):
    frames = list(taken(clip, every))
    assert [frame.seconds for frame in frames] == seconds
    assert {(frame.width, frame.height) for frame in frames} == {SIZE}


def test_a_frame_that_is_known_is_not_taken_again(clip):
    assert [frame.seconds for frame in taken(clip, 1.0, known=(0.0, 1.0))] == [2]


def test_a_frame_is_turned_as_it_was_held(clip):
    data = bytearray(clip.read_bytes())
    place = data.index(b"tkhd") + 4 + MATRIX_AT
    data[place : place + len(UPRIGHT)] = UPRIGHT
    clip.write_bytes(data)
    frame = next(taken(clip, 1.0))
    assert (frame.width, frame.height) == SIZE[::-1]
    with Image.open(BytesIO(frame.data)) as picture:
        pixels = np.asarray(picture).astype(int)
    # What was on the left is above.
    assert pixels[5].min() > 200
    assert np.abs(pixels[-5] - ImageColor.getrgb("red")).max() < 60


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("empty.mp4", b"", "is empty"),
        ("noise.avi", bytes(range(256)) * 40, "is no video that can be read"),
        ("list.mp4", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n", "is no video that can be read"),
        ("files.mp4", b"ffconcat version 1.0\nfile clip.mp4\n", "is no video that can be read"),
    ],
)
def test_what_is_no_video_is_refused(tmp_path, name, data, says):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(VideoError, match=says):
        next(taken(path, 1.0))


def test_a_video_that_is_cut_off_gives_what_it_has(tmp_path):
    path = film(tmp_path / "long.mkv", ["red", "blue"] * 4)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    seconds: list[float] = []
    frames = taken(path, 1.0)
    with pytest.raises(VideoError, match=r"is cut off: it is 8\.\d s long, and its frames end at [234]\.\d s"):
        seconds.extend(frame.seconds for frame in frames)
    assert seconds[:3] == [0, 1, 2]
    headless = film(tmp_path / "headless.mp4", ["red"])
    headless.write_bytes(headless.read_bytes()[:200])
    with pytest.raises(VideoError, match="is no video that can be read"):
        next(taken(headless, 1.0))


def test_frames_of_too_many_pixels_are_refused(clip, monkeypatch):
    monkeypatch.setattr(videos, "MOST_PIXELS", 1_000)
    with pytest.raises(VideoError, match="frames of more than 1,000 pixels"):
        next(taken(clip, 1.0))


def test_sound_alone_is_no_video(tmp_path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48_000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1_024), np.float32), "fltp", "mono")
        sound.sample_rate = 48_000
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    with pytest.raises(VideoError, match="has no pictures"):
        next(taken(path, 1.0))


@pytest.mark.parametrize(("text", "seconds"), [("1s", 1), ("500ms", 0.5), ("2m", 120), ("0.25", 0.25)])
def test_times_are_read(text, seconds):
    assert videos.read_span(text) == seconds


@pytest.mark.parametrize("text", ["0", "soon", "-1s", "1 day"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(CommandError, match="is no time between frames"):
        videos.read_span(text)


def test_no_more_is_taken_than_is_under_way():
    """However long a video is, few of its frames are in memory."""
    begun: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(1_000):
            begun.append(number)
            yield number

    answers = parallel.done(str, numbers(), 2)
    assert [next(answers), next(answers)] == ["0", "1"]
    assert len(begun) <= 2 * parallel.AHEAD + 2
