"""Parts of a large blob in `models`, read without the rest."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from shared.storage.account import blobs
from shared.storage.account.store import Store

# Bytes between two parts that are sooner read along than asked for apart.
GAP = 256 * 1024


def read(store: Store, name: str, places: Sequence[tuple[int, int]], etag: str | None = None) -> list[memoryview]:
    """The parts at these places, start and end of each, in their order.

    Raises NotFound, and BlobChanged where an `etag` is given that the blob no longer has.
    """
    spans = _spans(places)

    def contents(span: tuple[int, int]) -> memoryview:
        return memoryview(blobs.read_range(store, "models", name, *span, etag=etag))

    read, firsts = list(store.threads.map(contents, spans)), [first for first, _ in spans]

    def part(start: int, end: int) -> memoryview:
        span = bisect_right(firsts, start) - 1
        return read[span][start - firsts[span] : end - firsts[span]]

    return [part(*place) for place in places]


def _spans(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The places, joined where they lie close together; in order."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if spans and start - spans[-1][1] <= GAP:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans
