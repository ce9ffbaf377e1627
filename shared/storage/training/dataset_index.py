"""Which images an iteration's dataset has, and where each lies: small enough to stay in memory."""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from functools import cache, lru_cache
from hashlib import sha256
from typing import Literal, NamedTuple, Self
from uuid import UUID

import msgspec
from msgspec import Struct, structs

from shared.models.filters import Condition
from shared.models.images import ImageRecord, TaggingStatus
from shared.models.tags import Tag
from shared.models.training import DatasetHeader

ID = 16


class Index(Struct, frozen=True):
    """Integers are packed. Positions count from the newest image."""

    header: DatasetHeader
    ids: bytes
    starts: bytes
    sizes: bytes
    tagged: dict[UUID, bytes]
    untagged: bytes
    pairs: bytes | None = None
    """The digests of all images' pairs of metadata, in their order; older indexes have none."""
    described: bytes = b""
    """The position of the image that has each of the pairs."""

    def __len__(self) -> int:
        return len(self.ids) // ID

    @property
    def tags(self) -> dict[UUID, Tag]:
        """As they were called then, with the number of images that each had."""
        sizes = {tag_id: len(numbers(positions)) for tag_id, positions in self.tagged.items()}
        return {tag.id: structs.replace(tag, image_count=sizes.get(tag.id, 0)) for tag in self.header.tags}

    def find(self, image_id: UUID) -> int | None:
        """Its position."""
        wanted = image_id.bytes
        at = bisect_left(range(len(self)), wanted, key=lambda at: self.ids[at * ID : at * ID + ID])
        return at if self.ids[at * ID : at * ID + ID] == wanted else None

    def positions(self, status: TaggingStatus, tag_ids: Sequence[UUID]) -> Sequence[int]:
        """Those of the images with any of the tags (with none given: all of that status)."""
        if tag_ids and status is not TaggingStatus.UNTAGGED:
            found = [numbers(self.tagged.get(tag_id, b"")) for tag_id in set(tag_ids)]
            return found[0] if len(found) == 1 else sorted(set[int]().union(*found))
        if status is TaggingStatus.ALL:
            return range(len(self))
        untagged = numbers(self.untagged)
        if status is TaggingStatus.UNTAGGED:
            return [] if tag_ids else untagged
        return sorted(set(range(len(self))) - set(untagged)) if untagged else range(len(self))

    def kept(self, keep: Condition, positions: Sequence[int]) -> Sequence[int]:
        """Those of the positions that the filter holds for. Only for an index with metadata."""
        mentioned, held = sorted(keep.pairs), defaultdict[int, int](int)
        for bit, (key, value) in enumerate(mentioned):
            for at in self._having(key, value):
                held[at] |= 1 << bit

        @cache
        def holds(bits: int) -> bool:
            return keep.holds(dict(pair for bit, pair in enumerate(mentioned) if bits >> bit & 1))

        return [at for at in positions if holds(held.get(at, 0))]

    def _having(self, key: str, value: str) -> Sequence[int]:
        digests, wanted = numbers(self.pairs or b"", "Q"), digest(key, value)
        return numbers(self.described)[bisect_left(digests, wanted) : bisect_right(digests, wanted)]

    def without(self, gone: Set[int]) -> Self:
        left = [at for at in range(len(self)) if at not in gone]
        moved = {at: position for position, at in enumerate(left)}

        def renumbered(positions: bytes) -> bytes:
            return packed(moved[at] for at in numbers(positions) if at in moved)

        starts, sizes = numbers(self.starts, "Q"), numbers(self.sizes)
        pairs = zip(numbers(self.pairs or b"", "Q"), numbers(self.described), strict=True)
        digests = [each for each, at in pairs if at in moved]
        return structs.replace(
            self,
            pairs=None if self.pairs is None else packed(digests, "Q"),
            described=renumbered(self.described),
            ids=b"".join(self.ids[at * ID : at * ID + ID] for at in left),
            starts=packed((starts[at] for at in left), "Q"),
            sizes=packed(sizes[at] for at in left),
            tagged={tag_id: renumbered(positions) for tag_id, positions in self.tagged.items()},
            untagged=renumbered(self.untagged),
        )


class Line(NamedTuple):
    """Where one image lies in a dataset, in bytes."""

    image_id: bytes
    start: int
    size: int
    tag_ids: tuple[UUID, ...]
    pairs: tuple[int, ...]

    @classmethod
    def of(cls, image: ImageRecord, start: int, size: int) -> Self:
        pairs = tuple(digest(*item) for item in image.metadata.items())
        return cls(image.id.bytes, start, size, tuple(image.tag_ids), pairs)


def build(header: DatasetHeader, lines: list[Line]) -> Index:
    lines.sort(key=lambda line: line.image_id)
    tagged: dict[UUID, list[int]] = defaultdict(list)
    for position, line in enumerate(lines):
        for tag_id in line.tag_ids:
            tagged[tag_id].append(position)
    pairs = sorted((pair, position) for position, line in enumerate(lines) for pair in line.pairs)
    return Index(
        header,
        b"".join(line.image_id for line in lines),
        packed((line.start for line in lines), "Q"),
        packed(line.size for line in lines),
        {tag_id: packed(positions) for tag_id, positions in tagged.items()},
        packed(position for position, line in enumerate(lines) if not line.tag_ids),
        packed((pair for pair, _ in pairs), "Q"),
        packed(position for _, position in pairs),
    )


@lru_cache(10_000)
def digest(key: str, value: str) -> int:
    """Of a pair of metadata: 64 bits, of which no two among a million pairs are likely to be the same."""
    return int.from_bytes(sha256(msgspec.json.encode((key, value))).digest()[:8], "big")


def packed(numbers: Iterable[int], code: str = "I") -> bytes:
    return array(code, numbers).tobytes()


def numbers(packed: bytes, code: Literal["I", "Q"] = "I") -> Sequence[int]:
    return memoryview(packed).cast(code)
