"""A tally of images by their exact tags and metadata, and how it becomes smaller where those are too many.

First it no longer counts the key of metadata with the most values, such as a file name, or counts tags and metadata
apart; at last it sums up the tags: how many images are tagged, and how many have each tag.
"""

from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Set
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple, Self

import msgspec
from msgspec import Struct

from shared.models.images import ImageRecord
from shared.storage.account import rows

# Names of what is counted besides images, regions and changes.
KIND = "kind:"
TAG = "tag:"
TAGGED = "tagged"
# Ledgers had it before metadata was counted: images by their tags alone.
SET = "set:"
# Not counted: the image that the change turned, and what into.
TURNED = "turned:"
# Bytes of the digests of a key and a value. Who needs two texts with the same digest has to try 2^48.
DIGEST = 12
# So many unpacked bases, of some 3 MB at most, stay in memory.
REMEMBERED = 8

# What images have in common: the ids of their tags, and their pairs of metadata. Of kinds whose tags are counted apart,
# TAGGED stands for the tags.
Parts = frozenset[str]
NOTHING: Parts = frozenset()


class Tally:
    """`sets` counts tagged images by their tags, `kinds` all images by tags and metadata.

    Images that were counted before there were kinds are in none: then the kinds are fewer than the images.
    `folded` is how many changes the base has, `folds` how many the last bases had.
    """

    def __init__(self, *, uncounted: Iterable[str] = (), apart: bool = False, summed: bool = False) -> None:
        self.sums = Counter[str]({TAGGED: 0} if summed else {})
        self.sets, self.kinds = Counter[Parts](), Counter[Parts]()
        self.uncounted, self.apart = set(uncounted), apart
        self.folded, self.folds = 0, list[int]()

    @classmethod
    def read(cls, docs: Iterable[str]) -> Self:
        """What a base, if there is one, and deltas add up to."""
        tally, names = cls(), Counter[str]()
        for doc in docs:
            if doc.startswith("["):
                _unpacked(doc).fill(tally)
            else:
                names.update(msgspec.json.decode(doc, type=dict[str, int]))
        tally.add(names)
        return tally

    @property
    def summed(self) -> bool:
        """Whether the sets have become sums; that stays known when these have come down to nothing."""
        return TAGGED in self.sums

    def add(self, names: Mapping[str, int]) -> None:
        plain = {name: value for name, value in names.items() if not name.startswith((KIND, SET, TURNED))}
        self.sums.update(plain)
        if self.summed and not self.apart:
            self.apart = True
            self._settle()
        for name in (each for each in names if each.startswith((KIND, SET))):
            parts = frozenset(name.partition(":")[2].split("+")) - {""}
            self._add_set(frozenset(filter(_is_tag, parts)), names[name])
            if name.startswith(KIND):
                self._add_kind(parts, names[name])

    def encode(self, length: int) -> str:
        """As a base of so many characters, or a few more where nothing is left to give up."""
        doc = _Base.of(self)
        while len(doc) > length and self._shrink():
            doc = _Base.of(self)
        return doc

    def _add_set(self, tag_ids: Parts, value: int) -> None:
        if self.summed and tag_ids:
            self.sums.update({TAGGED: value, **{TAG + tag_id: value for tag_id in tag_ids}})
        elif tag_ids:
            self.sets[tag_ids] += value

    def _add_kind(self, parts: Parts, value: int) -> None:
        counted = frozenset(part for part in parts if key_of(part) not in self.uncounted)
        tag_ids = frozenset(filter(_is_tag, counted)) if self.apart else NOTHING
        self.kinds[counted - tag_ids | {TAGGED} if tag_ids else counted] += value

    def _shrink(self) -> bool:
        """Give up one detail; whether there was any."""
        pairs = NOTHING.union(*_present(self.kinds))
        (key, values), *_ = [*Counter(key_of(part) for part in pairs if is_pair(part)).most_common(1), ("", 0)]
        widest = values >= len(self.sets) or (self.apart and len(self.kinds) >= len(self.sets))
        if key and widest:
            self.uncounted.add(key)
        elif not self.apart:
            self.apart = True
        elif not self.summed:
            self.sums[TAGGED] += 0
        else:
            return False
        self._settle()
        return True

    def _settle(self) -> None:
        """Count again what was counted in more detail."""
        sets, self.sets, kinds, self.kinds = self.sets, Counter(), self.kinds, Counter()
        for tag_ids, value in sets.items():
            self._add_set(tag_ids, value)
        for parts, value in kinds.items():
            self._add_kind(parts, value)


class _Base(Struct, frozen=True, array_like=True):
    """A tally in few characters. Of `sets` and `kinds`, each has its number, then the places of its parts."""

    sums: dict[str, int]
    parts: list[str]
    sets: list[list[int]]
    kinds: list[list[int]]
    uncounted: list[str]
    apart: bool
    folds: list[int] = []

    @classmethod
    def of(cls, tally: Tally) -> str:
        sums = {name: value for name, value in tally.sums.items() if value or name == TAGGED}
        parts = sorted(NOTHING.union(*_present(tally.sets), *_present(tally.kinds)))
        place = {part: at for at, part in enumerate(parts)}
        sets, kinds = (
            [[value, *map(place.__getitem__, some)] for some, value in counter.items() if value]
            for counter in (tally.sets, tally.kinds)
        )
        return rows.encode(cls(sums, parts, sets, kinds, sorted(tally.uncounted), tally.apart, tally.folds))


class _Unpacked(NamedTuple):
    base: _Base
    sets: dict[Parts, int]
    kinds: dict[Parts, int]

    def fill(self, tally: Tally) -> None:
        tally.sums.update(self.base.sums)
        tally.sets.update(self.sets)
        tally.kinds.update(self.kinds)
        tally.uncounted, tally.apart = set(self.base.uncounted), self.base.apart
        tally.folded, tally.folds = self.base.sums.get("changes", 0), list(self.base.folds)


# A base is replaced once in many writes, and read by every count.
@lru_cache(REMEMBERED)
def _unpacked(doc: str) -> _Unpacked:
    base = msgspec.json.decode(doc, type=_Base)
    sets, kinds = (
        {frozenset(map(base.parts.__getitem__, places)): value for value, *places in coded}
        for coded in (base.sets, base.kinds)
    )
    return _Unpacked(base, sets, kinds)


def weight(record: ImageRecord | None) -> dict[str, int]:
    """What one image adds to a tally."""
    if record is None:
        return {}
    parts = [*map(str, record.tag_ids), *(pair(*item) for item in record.metadata.items())]
    return {"images": 1, "regions": len(record.regions), KIND + "+".join(sorted(parts)): 1}


def without(names: Mapping[str, int], uncounted: Set[str]) -> dict[str, int]:
    """What adds the same to a tally that doesn't count those keys."""
    total = Counter[str]()
    for name, value in names.items():
        if name.startswith(KIND):
            parts = name.removeprefix(KIND).split("+")
            name = KIND + "+".join(part for part in parts if key_of(part) not in uncounted)
        total[name] += value
    return {name: value for name, value in total.items() if value}


def pair(key: str, value: str) -> str:
    """A pair of metadata as a part of a kind, and of a row's key."""
    return f"{digest(key)}:{digest(value)}"


def is_pair(part: str) -> bool:
    return ":" in part


def key_of(part: str) -> str:
    """The digest of a pair's key."""
    return part.partition(":")[0]


def digest(text: str) -> str:
    return urlsafe_b64encode(sha256(text.encode()).digest()[:DIGEST]).decode()


def _is_tag(part: str) -> bool:
    return not is_pair(part) and part != TAGGED


def _present(counter: Mapping[Parts, int]) -> Iterable[Parts]:
    return (parts for parts, value in counter.items() if value)
