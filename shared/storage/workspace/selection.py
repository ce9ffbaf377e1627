"""Which images a page or a count asks for, and how many of them the kept counts know."""

from collections.abc import Iterable, Set
from functools import cache
from typing import TypeVar
from uuid import UUID

from msgspec import Struct

from shared.models.filters import Condition, Pair
from shared.models.images import ImageRecord, TaggingStatus
from shared.storage.workspace.counts import Counts, Kinds
from shared.storage.workspace.ranges import Keep
from shared.storage.workspace.tally import Parts, digest, is_pair, pair

T = TypeVar("T", UUID, str)


class Selection(Struct, frozen=True):
    """Images with any of the tags (with none given: all of that status) that `keep` holds for.

    Images with none but `dead` tags, deleted ones that are not swept yet, are untagged.
    """

    status: TaggingStatus
    tag_ids: frozenset[UUID] = frozenset()
    keep: Keep | None = None
    dead: frozenset[UUID] = frozenset()

    def __call__(self, image: ImageRecord) -> bool:
        return self._has(image.tag_ids) and (self.keep is None or self.keep(image))

    def number(self, counted: Counts) -> int | None:
        """How many images that is, if the counts tell; metadata that they don't count is taken to be on none."""
        if self.keep is None:
            return self._by_tags(counted)
        if counted.kinds is None or not isinstance(self.keep, Condition):
            return None
        needs_tags = self.tag_ids or (self.dead and self.status is not TaggingStatus.ALL)
        return None if needs_tags and counted.kinds.apart else self._of_kinds(self.keep, counted.kinds)

    def uncounted(self, counted: Counts) -> list[Pair]:
        """The pairs that `keep` compares with and `number` knows nothing of."""
        if counted.kinds is None or not isinstance(self.keep, Condition):
            return []
        return sorted(each for each in self.keep.pairs if digest(each[0]) in counted.kinds.uncounted)

    def gained(self, images: Iterable[ImageRecord], pairs: Iterable[Pair]) -> dict[UUID, int]:
        """Those of the images that the pairs make a difference for: 1 where they bring them in, -1 where out."""
        gained, without = dict[UUID, int](), set(pairs)
        for image in images:
            if self._has(image.tag_ids) and isinstance(self.keep, Condition):
                bare = dict(image.metadata.items() - without)
                if difference := self.keep.holds(image.metadata) - self.keep.holds(bare):
                    gained[image.id] = difference
        return gained

    def anchor(self, counted: Counts) -> frozenset[Pair] | None:
        """Pairs of which all these images have at least one, where that narrows them down more than their tags do."""
        if counted.kinds is None or not isinstance(self.keep, Condition):
            return None
        sizes = {anchor: counted.kinds.having(anchor) for anchor in self.keep.anchors}
        best = min(sizes, key=lambda anchor: (sizes[anchor], len(anchor)), default=None)
        bare = Selection(self.status, self.tag_ids, None, self.dead)._by_tags(counted)
        return best if best and sizes[best] < (counted.images if bare is None else bare) else None

    def _has(self, tag_ids: Set[UUID]) -> bool:
        return _has(self.status, tag_ids, self.tag_ids, self.dead)

    def _by_tags(self, counted: Counts) -> int | None:
        if self.tag_ids:
            return counted.with_any(self.tag_ids) if self.status is not TaggingStatus.UNTAGGED else 0
        if self.status is TaggingStatus.ALL:
            return counted.images
        tagged = counted.with_any(counted.per_tag.keys() - self.dead) if self.dead else counted.tagged
        return tagged if tagged is None or self.status is TaggingStatus.TAGGED else counted.images - tagged

    def _of_kinds(self, keep: Condition, kinds: Kinds) -> int:
        mentioned = {pair(*each): each for each in keep.pairs}
        tag_ids, dead = frozenset(map(str, self.tag_ids)), frozenset(map(str, self.dead))
        by_status = not tag_ids and self.status is not TaggingStatus.ALL

        @cache
        def holds(held: Parts) -> bool:
            return keep.holds(dict(mentioned[part] for part in held))

        def has(parts: Parts) -> bool:
            held = {part for part in parts if not is_pair(part)} if by_status else parts
            return _has(self.status, held, tag_ids, dead)

        compared = frozenset(mentioned)
        return sum(number for parts, number in kinds.numbers.items() if has(parts) and holds(parts & compared))


def _has(status: TaggingStatus, held: Set[T], wanted: Set[T], dead: Set[T]) -> bool:
    if wanted:
        return status is not TaggingStatus.UNTAGGED and not wanted.isdisjoint(held)
    return status is TaggingStatus.ALL or bool(held - dead) == (status is TaggingStatus.TAGGED)
