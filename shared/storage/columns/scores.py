"""All that an iteration suggests, by columns: how sure it is of each image, and how probable each tag is."""

from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple, Self
from uuid import UUID

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from shared.models.labelling.suggestions import SuggestedTagAndRegion
from shared.storage.columns import arrays
from shared.storage.columns.ids import ID, Flags, Ids, Merge, Positions, ids_of, uuids

# The probability of a tag that is not suggested.
NOT_SUGGESTED = -1
# Uncertainties are kept in parts of so many.
UNSURE = 10**9


class Score(Struct, frozen=True, array_like=True):
    """What is kept of a suggestion: its uncertainty, and by tag the highest probability that it is suggested with."""

    unsure: int
    highest: dict[UUID, float]

    @classmethod
    def of(cls, suggested: SuggestedTagAndRegion) -> Self:
        highest = dict[UUID, float]()
        for each in suggested.predictions:
            highest[each.tag_id] = max(each.probability, highest.get(each.tag_id, NOT_SUGGESTED))
        return cls(round(suggested.prediction_uncertainty * UNSURE), highest)


def name(unsure: int, image_id: UUID) -> str:
    """A suggestion's name sorts by its uncertainty, and then by its image."""
    return f"{unsure:010}:{image_id}"


class Scores(NamedTuple):
    """`probabilities` has a row for each of the ids and a column for each of the tags."""

    ids: Ids = np.empty(0, ID)
    unsure: NDArray[np.uint32] = np.empty(0, np.uint32)
    tag_ids: Sequence[UUID] = ()
    probabilities: NDArray[np.float32] = np.empty((0, 0), np.float32)

    @property
    def size(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        """About how many bytes they take in memory."""
        return self.ids.nbytes + self.unsure.nbytes + self.probabilities.nbytes

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

    def by_uncertainty(self) -> Positions:
        """All positions, in the order of their names."""
        return np.argsort(self.unsure, kind="stable")

    def name(self, position: int) -> str:
        (image_id,) = uuids(self.ids[position : position + 1])
        return name(int(self.unsure[position]), image_id)

    def with_changes(self, changes: Mapping[UUID, Score | None]) -> Self:
        """Others for some images, or none where a suggestion went."""
        come = {image_id: score for image_id, score in changes.items() if score is not None}
        merge = Merge.of(self.ids, ids_of(changes), ids_of(come))
        tag_ids = list(dict.fromkeys([*self.tag_ids, *(tag_id for score in come.values() for tag_id in score.highest)]))
        column = {tag_id: at for at, tag_id in enumerate(tag_ids)}
        unsure = np.empty(len(merge.ids), np.uint32)
        new = np.array([score.unsure for score in come.values()], np.uint32)
        unsure[merge.moved] = np.concatenate([self.unsure[merge.stays], new])
        probabilities = np.full((len(merge.ids), len(tag_ids)), NOT_SUGGESTED, np.float32)
        probabilities[merge.moved[: int(merge.stays.sum())], : len(self.tag_ids)] = self.probabilities[merge.stays]
        for at, score in zip(merge.came, come.values(), strict=True):
            probabilities[at, [column[tag_id] for tag_id in score.highest]] = list(score.highest.values())
        return type(self)(merge.ids, unsure, tag_ids, probabilities)

    def with_log(self, log: Mapping[UUID, str]) -> Self:
        decode = msgspec.json.Decoder(Score).decode
        return self.with_changes({image_id: decode(doc) if doc else None for image_id, doc in log.items()})

    def _reached(self, threshold: float) -> Flags:
        # The least float32 that is no less.
        least = np.float32(threshold)
        return self.probabilities >= (np.nextafter(least, np.float32(2)) if float(least) < threshold else least)
