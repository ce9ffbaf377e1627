"""Which images there are, by columns: their ids, tags, metadata and numbers of regions.

A count is a sum over columns, a page a part of their positions: neither reads an image.
"""

from collections.abc import Iterable, Mapping, Set
from operator import attrgetter
from typing import NamedTuple, Self
from uuid import UUID

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from shared.models.workspace.filters import Beginning, Condition, Pair
from shared.models.workspace.images import ImageRecord, TaggingStatus
from shared.storage.columns import arrays
from shared.storage.columns.ids import ID, Flags, Ids, Merge, ids_of
from shared.storage.columns.terms import NO_CODES, Terms

# A name in a dictionary takes about so many bytes.
NAME = 250
# What a log says of a tag.
NEW_TAG, DELETED_TAG = "new", "deleted"


class Entry(Struct, frozen=True, array_like=True):
    """What the columns keep of an image."""

    tag_ids: list[UUID] = []
    metadata: dict[str, str] = {}
    regions: int = 0

    @classmethod
    def of(cls, image: ImageRecord) -> Self:
        return cls(sorted(image.tag_ids), image.metadata, len(image.regions))


class Columns(NamedTuple):
    """Positions count from the newest image.

    Images may still have tags that were deleted. Those stay named when no image is seen with them: a log that is read
    while others write may hold the end of a tag, and not yet an image that took the tag before.
    """

    ids: Ids = np.empty(0, ID)
    regions: NDArray[np.uint32] = NO_CODES
    tags: Terms[UUID] = Terms({}, NO_CODES, NO_CODES)
    pairs: Terms[Pair] = Terms({}, NO_CODES, NO_CODES)
    deleted: frozenset[UUID] = frozenset()

    @property
    def size(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        """About how many bytes they take in memory."""
        numbers = (self.ids, self.regions, *self.tags[1:], *self.pairs[1:])
        return sum(each.nbytes for each in numbers) + NAME * (len(self.tags.code_of) + len(self.pairs.code_of))

    @classmethod
    def of(cls, entries: Mapping[UUID, Entry]) -> Self:
        ids = sorted(entries, key=attrgetter("bytes"))
        ordered = [entries[image_id] for image_id in ids]
        return cls(
            ids_of(ids),
            np.array([entry.regions for entry in ordered], np.uint32),
            Terms.of(entry.tag_ids for entry in ordered),
            Terms.of(entry.metadata.items() for entry in ordered),
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        return arrays.decode(data, cls)

    def encode(self) -> bytes:
        tags, pairs = self.tags.dense(), self.pairs.dense()
        return arrays.encode(self._replace(tags=tags, pairs=pairs))

    def having(
        self, status: TaggingStatus, tag_ids: Set[UUID] = frozenset(), condition: Condition | None = None
    ) -> Flags:
        """Which images have any of the tags (with none given: all of that status) and meet the condition.

        An image with none but deleted tags is untagged.
        """
        if tag_ids:
            untagged = status is TaggingStatus.UNTAGGED
            found = np.zeros(self.size, bool) if untagged else self.tags.having(tag_ids, self.size)
        elif status is TaggingStatus.ALL:
            found = np.ones(self.size, bool)
        else:
            present = self.tags.code_of.keys() - self.deleted
            found = self.tags.having(present, self.size) == (status is TaggingStatus.TAGGED)
        return found & condition.over(self._described) if condition else found

    def _described(self, wanted: Pair | Beginning) -> Flags:
        """Which images have the pair, or one that begins so."""
        pairs = filter(wanted.covers, self.pairs.code_of) if isinstance(wanted, Beginning) else [wanted]
        return self.pairs.having(pairs, self.size)

    def with_changes(self, changes: Mapping[UUID, Entry | None]) -> Self:
        """Other entries for some images, or none where they went."""
        come = type(self).of({image_id: entry for image_id, entry in changes.items() if entry is not None})
        merge = Merge.of(self.ids, ids_of(changes), come.ids)
        regions = np.empty(len(merge.ids), np.uint32)
        regions[merge.moved] = np.concatenate([self.regions[merge.stays], come.regions])
        tags, pairs = self.tags.merged(merge, come.tags), self.pairs.merged(merge, come.pairs)
        return self._replace(ids=merge.ids, regions=regions, tags=tags, pairs=pairs)

    def with_log(self, log: Mapping[UUID, str]) -> Self:
        """The document of an image is its entry as JSON, or empty where it went. That of a tag is one of two words."""
        decode = msgspec.json.Decoder(Entry).decode
        tags = {tag_id: doc == DELETED_TAG for tag_id, doc in log.items() if doc in (NEW_TAG, DELETED_TAG)}
        images = {each: decode(doc) if doc else None for each, doc in log.items() if each not in tags}
        deleted = (self.deleted - tags.keys()) | {tag_id for tag_id, gone in tags.items() if gone}
        return self.with_changes(images)._replace(deleted=deleted)

    def without(self, image_ids: Iterable[UUID]) -> Self:
        return self.with_changes(dict.fromkeys(image_ids))
