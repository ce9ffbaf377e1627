"""Memory: what the largest allowed pictures take, decoded by many threads at once, and how it is shared out."""

import struct
import subprocess
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

import pytest
from PIL import Image

from shared.imaging.memory import MemoryBudget
from shared.settings import ROOT

WIDTH, HEIGHT = 8000, 5000
GREY, COLOURED, PALETTE, WITH_ALPHA = 0, 2, 3, 6
# Each picture goes twice through `check` and `copies`, eight of them at a time; prints the most memory in MB.
DECODE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shared.imaging.decode import check
from shared.imaging.resize import copies
from shared.models.limits import Limits

def made(path):
    data = Path(path).read_bytes()
    return check(data, Limits(), 20_000_000).width, len(copies(data).resized)

with ThreadPoolExecutor(8) as pool:
    assert all(width == 8000 and size for width, size in pool.map(made, sys.argv[1:] * 2))
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(int(peak.split()[1]) // 1024)
"""


def png(kind: int, depth: int, channels: int) -> bytes:
    """40 million zero pixels in a few kB."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer = zlib.compressobj(1)
    row = bytes(1 + WIDTH * channels * depth // 8)
    pixels = b"".join(packer.compress(row) for _ in range(HEIGHT)) + packer.flush()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, kind, 0, 0, 0))
    colours = chunk(b"PLTE", bytes(6)) + chunk(b"tRNS", b"\0") if kind == PALETTE else b""
    return b"\x89PNG\r\n\x1a\n" + header + colours + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_pixel_bombs_in_many_threads_take_bounded_memory(tmp_path: Path) -> None:
    kinds = {"palette": (PALETTE, 8, 1), "alpha": (WITH_ALPHA, 8, 4), "deep": (GREY, 16, 1), "rgb": (COLOURED, 8, 3)}
    for name, kind in kinds.items():
        (tmp_path / name).write_bytes(png(*kind))
    Image.new("RGB", (WIDTH, HEIGHT)).save(tmp_path / "progressive", "JPEG", progressive=True, subsampling=0)
    command = [sys.executable, "-c", DECODE, *map(str, sorted(tmp_path.iterdir()))]
    peak = int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert peak < 600


def test_a_budget_is_never_exceeded() -> None:
    budget, held, most = MemoryBudget(10, 0), [], []

    def work(amount: int) -> None:
        with budget.held(amount):
            held.append(amount)
            most.append(sum(held))
            time.sleep(0.002)
            held.remove(amount)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [1, 4, 6, 3, 10] * 10))
    assert 4 < max(most) <= 10


def test_more_than_the_budget_passes_alone_and_little_passes_at_once() -> None:
    budget, inside, leave = MemoryBudget(10, 2), Event(), Event()

    def hold() -> None:
        with budget.held(1000):
            inside.set()
            leave.wait(20)

    large = Thread(target=hold)
    large.start()
    assert inside.wait(20)
    with budget.held(2):
        assert large.is_alive()
    leave.set()
    large.join()
    with budget.held(10):
        pass


def test_a_failure_gives_back_what_it_held() -> None:
    budget = MemoryBudget(10, 0)
    with pytest.raises(ZeroDivisionError), budget.held(10):
        _ = 1 / 0
    with budget.held(10):
        pass
