"""Which of the images that a model was judged by lie in a cell of the table of what was taken for what."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np

from shared import errors
from shared.metrics.confusion import Outcomes
from shared.models.training.model_spec import ModelTag
from shared.storage.columns.ids import Flags, Positions

NOTHING = "none"
SHOWN = 80


class Cell(NamedTuple):
    """`truth` and `said` are the id of a tag, or `none`; where one is not given it may be anything."""

    truth: str | None = None
    said: str | None = None
    wrong: bool = False
    threshold: float = 0.5
    overlap_threshold: float = 0.3

    @property
    def holds_all(self) -> bool:
        return not (self.truth or self.said or self.wrong)

    def images(self, tags: Sequence[ModelTag], outcomes: Outcomes) -> Positions:
        """The positions of its images, those first that the model was the surest of. Raises InvalidIds, TagNotFound."""
        pairs = outcomes.at(self.threshold)
        chosen: Flags = pairs.wrong if self.wrong else np.ones(len(pairs.images), bool)
        for name, given, found in (("truth", self.truth, pairs.truths), ("said", self.said, pairs.said)):
            if given:
                chosen = chosen & (found == _position(name, given, tags))
        surest = np.flatnonzero(chosen)[np.argsort(-pairs.sureness[chosen], kind="stable")]
        images = pairs.images[surest]
        # An image counts by the surest of its pairs.
        first = np.unique(images, return_index=True)[1]
        return images[np.sort(first)]


EVERYWHERE = Cell()


def require_judged(tags: Sequence[ModelTag], tag_ids: Iterable[UUID]) -> None:
    """Raises TagNotFound."""
    unknown = set(tag_ids) - {tag.id for tag in tags}
    if unknown:
        raise errors.TagNotFound(f"The iteration was not trained on tag {min(unknown)}; get_tags lists the project's.")


def _position(name: str, given: str, tags: Sequence[ModelTag]) -> int:
    if given.lower() == NOTHING:
        return len(tags)
    try:
        tag_id = UUID(given)
    except ValueError:
        raise errors.InvalidIds(f"'{name}' must be the id of a tag, or {NOTHING}, not '{given[:SHOWN]}'.") from None
    require_judged(tags, [tag_id])
    return next(position for position, tag in enumerate(tags) if tag.id == tag_id)
