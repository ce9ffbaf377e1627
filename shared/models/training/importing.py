"""Models of others: what they want to see, what they answer, and where they came from."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import UNSET, UnsetType

from shared.models.training.performance import IterationPerformance
from shared.models.training.preprocessing import Fit
from shared.models.wire import Wire


class Order(StrEnum):
    """Which colour a model sees first."""

    RGB = "Rgb"
    BGR = "Bgr"


class Range(StrEnum):
    """The values that a model has pixels in."""

    BYTES = "0-255"
    UNIT = "0-1"


class Scoring(StrEnum):
    """What a classifier's graph answers, and by which probabilities are made of it."""

    PROBABILITIES = "Probabilities"
    SOFTMAX = "Softmax"
    SIGMOID = "Sigmoid"


class Layout(StrEnum):
    """PROBABILITIES of a classifier, one a tag. BOXES as [S1] detectors answer them, of which none overlaps a better
    one. GRID is that of YOLO version 2, as compact detectors before [S1] answer it. YOLO has a row for each box, of
    its middle, its size in pixels, and a score a tag.
    """

    PROBABILITIES = "Probabilities"
    BOXES = "Boxes"
    GRID = "Grid"
    YOLO = "Yolo"


class ImportOptions(Wire, frozen=True):
    """What is said of a model that its package does not tell, or tells otherwise.

    `mean` and `std` are of values in `range` and in `order`. `size` is of a side in pixels. `anchors` are the width and
    the height in cells of each box that a cell of a grid has. `overlap` is from which on a box is the same as a better
    one of its tag.
    """

    order: Order | None = None
    range: Range | None = None
    mean: list[float] = []
    std: list[float] = []
    size: int | None = None
    fit: Fit | None = None
    scores: Scoring | None = None
    anchors: list[float] = []
    overlap: float | None = None


class ModelOrigin(Wire, frozen=True):
    """How an imported graph was before it was brought to what the service runs: RGB in 0..255, probabilities or boxes.

    `anchors` are pairs of width and height in cells; these, `overlap` and `least`, the least score, are of detectors.
    """

    layout: Layout
    order: Order
    range: Range
    mean: list[float]
    std: list[float]
    scores: Scoring | None
    anchors: list[tuple[float, float]]
    overlap: float | None
    least: float | None


class ImportedFrom(Wire, frozen=True):
    """Where an iteration's model came from: which iteration it was there and when it was exported, as far as its
    package tells. `sha256` is of the package and the options.
    """

    layout: Layout
    sha256: str
    iteration_id: UUID | None = None
    exported: datetime | None = None
    platform: str | None = None


class PastPerformance(Wire, frozen=True):
    """How an iteration did before the project moved here. The id is the one that it had there."""

    name: str
    performance: IterationPerformance
    trained_at: datetime | None = None
    publish_name: str | None = None
    id: UUID | UnsetType = UNSET
