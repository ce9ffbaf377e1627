"""The probabilities of all that an iteration suggests, by columns, so that counting reads no suggestion."""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple, Self
from uuid import UUID

import msgspec
import numpy as np
from numpy.typing import NDArray

from shared.models.serving.predictions import Prediction
from shared.storage.columns import arrays
from shared.storage.columns.ids import ID, Flags, Ids, Merge, ids_of

# Where a tag is not suggested.
NONE = -1

# By tag, the highest probability that it is suggested for an image with.
Highest = Mapping[UUID, float]


class Scores(NamedTuple):
    """`probabilities` has a row for each of the ids and a column for each of the tags."""

    ids: Ids = np.empty(0, ID)
    tag_ids: Sequence[UUID] = ()
    probabilities: NDArray[np.float32] = np.empty((0, 0), np.float32)

    @property
    def size(self) -> int:
        return len(self.ids)

    @property
    def length(self) -> int:
        """About how many bytes they take in memory."""
        return self.ids.nbytes + self.probabilities.nbytes

    @classmethod
    def decode(cls, data: bytes) -> Self:
        return arrays.decode(data, cls)

    def encode(self) -> bytes:
        return arrays.encode(self)

    def numbers(self, threshold: float, among: Flags) -> dict[UUID, int]:
        """By tag: of these images, how many it is suggested for with that probability or more."""
        return dict(zip(self.tag_ids, self._reached(threshold)[among].sum(axis=0).tolist(), strict=True))

    def likely(self, tag_ids: Set[UUID], threshold: float) -> Flags:
        """The images that one of the tags is suggested for with that probability or more."""
        columns = [at for at, tag_id in enumerate(self.tag_ids) if tag_id in tag_ids]
        return np.asarray(self._reached(threshold)[:, columns].any(axis=1), np.bool_)

    def with_changes(self, changes: Mapping[UUID, Highest | None]) -> Self:
        """Others for some images, or none where a suggestion went."""
        come = {image_id: highest for image_id, highest in changes.items() if highest is not None}
        merge = Merge.of(self.ids, ids_of(changes), ids_of(come))
        tag_ids = list(dict.fromkeys([*self.tag_ids, *(tag_id for highest in come.values() for tag_id in highest)]))
        column = {tag_id: at for at, tag_id in enumerate(tag_ids)}
        probabilities = np.full((len(merge.ids), len(tag_ids)), NONE, np.float32)
        stays = merge.moved[: int(merge.stays.sum())]
        probabilities[stays, : len(self.tag_ids)] = self.probabilities[merge.stays]
        for at, highest in zip(merge.came, come.values(), strict=True):
            probabilities[at, [column[tag_id] for tag_id in highest]] = list(highest.values())
        return type(self)(merge.ids, tag_ids, probabilities)

    def with_log(self, log: Mapping[UUID, str]) -> Self:
        decode = msgspec.json.Decoder(dict[UUID, float]).decode
        return self.with_changes({image_id: decode(doc) if doc else None for image_id, doc in log.items()})

    def _reached(self, threshold: float) -> Flags:
        # The least float32 that is no less.
        least = np.float32(threshold)
        return self.probabilities >= (np.nextafter(least, np.float32(2)) if float(least) < threshold else least)


def highest_of(predictions: Iterable[Prediction]) -> Highest:
    highest = dict[UUID, float]()
    for each in predictions:
        highest[each.tag_id] = max(each.probability, highest.get(each.tag_id, NONE))
    return highest
