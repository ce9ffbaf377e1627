"""Data sets in a folder, and what a detector may find on their pictures."""

from pathlib import Path

import msgspec

from shared.formats.dataset import Mark
from shared.models.serving.predictions import BoundingBox, Prediction
from shared.models.training.model_spec import ModelTag

LTWH = (0.1, 0.2, 0.3, 0.4)


def fill(folder: Path, counts: dict[str, int]) -> Path:
    """One folder a tag, with so many files in each whose content nobody reads."""
    for tag, count in counts.items():
        (folder / tag).mkdir(parents=True)
        for number in range(count):
            (folder / tag / f"{number:02}.jpg").touch()
    return folder


def write(folder: Path, regions: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "regions.json").write_bytes(msgspec.json.encode(regions))
    return folder


def entry(name: str, *tags: str) -> dict[str, object]:
    return {"image": name, "regions": [msgspec.to_builtins(Mark(tag, *LTWH)) for tag in tags]}


def found(tag: ModelTag, probability: float, *box_ltwh: float) -> Prediction:
    return Prediction(probability, tag.id, tag.name, bounding_box=BoundingBox(*box_ltwh))
