"""docs/catalog.md names every kind of row that a project has, and no other."""

import re
from uuid import UUID, uuid4

from msgspec import structs

from shared.models.labelling.suggestions import SuggestedTagAndRegion, Suggestion
from shared.models.serving.predictions import ImagePrediction, Prediction, StoredPrediction
from shared.models.training.exports import ExportRecord
from shared.models.training.iterations import Iteration, IterationRecord, IterationStatus, TrainingRun, TrainingType
from shared.models.wire import now
from shared.models.workspace.domains import GENERAL
from shared.models.workspace.tags import TagType
from shared.settings import ROOT
from shared.storage.account import rows
from shared.storage.account.store import Store
from shared.storage.serving import feedback, predictions, results
from shared.storage.training import exports, iterations
from shared.storage.workspace import images, suggestions
from tests.storage.making import add_images, add_tag

DOCUMENT = (ROOT / "docs" / "catalog.md").read_text()


def shape(key: str) -> str:
    """With {} for all that varies. What a key begins with does not, nor does the time's name within another key."""
    first, *rest = key.split(":")
    return ":".join([first, *(part if part in ("", "at") else "{}" for part in rest)])


def named() -> set[str]:
    """The shapes of the keys that the document names in its text and tables, but for those of former versions."""
    text = DOCUMENT[: DOCUMENT.index("## Old projects")]
    alone = re.findall(r"^\| `(\w+)`(?:, `(\w+)`)? \|", text, re.MULTILINE)
    composed = re.findall(r"`([a-z]+:(?:[a-z]+:|\{\w+\}:?)*)`", text)
    return {shape(key) for key in [*composed, *(key for keys in alone for key in keys if key)]}


def fill(store: Store, project_id: UUID) -> None:
    """Everything that a project can have a row for."""
    tag = add_tag(store, project_id, type=TagType.NEGATIVE)
    add_tag(store, project_id, type=TagType.GENERAL_PRODUCT)
    image, other = add_images(store, project_id, 2)
    add_images(store, project_id, 1, [tag.id])
    images.change_many(store, project_id, [add_images(store, project_id, 1)[0].id], lambda _: None, trash=True)
    iteration = Iteration(
        uuid4(),
        "first",
        IterationStatus.COMPLETED,
        now(),
        now(),
        project_id,
        domain_id=GENERAL,
        classification_type=None,
        training_type=TrainingType.REGULAR,
    )
    iterations.insert(store, IterationRecord(iteration, TrainingRun(revision=0)))
    iterations.take_number(store, project_id)
    exports.start(store, ExportRecord(uuid4(), project_id, iteration.id, "ONNX", "ONNX12"))
    predicted = [Prediction(0.5, tag.id, tag.name)]
    made = SuggestedTagAndRegion(image.id, project_id, iteration.id, now(), predicted, 0.5)
    suggestions.put(store, project_id, iteration.id, [Suggestion(made, GENERAL, 640, 480)])
    stored = ImagePrediction(uuid4(), project_id, iteration.id, now(), predicted)
    predictions.put(store, StoredPrediction(stored, GENERAL))
    results.write_frame(store, f"{project_id}/frame", b"a picture")
    of_camera = StoredPrediction(structs.replace(stored, id=uuid4()), GENERAL, published_name="gate")
    assert feedback.put(store, of_camera, f"{project_id}/frame", per_day=1)
    assert suggestions.numbers(store, project_id, iteration.id, 0) == {tag.id: 1}
    # Another one since then, for the log.
    suggestions.put(
        store, project_id, iteration.id, [Suggestion(structs.replace(made, id=other.id), GENERAL, 640, 480)]
    )


def test_the_document_names_all_kinds_of_rows(store: Store, project_id: UUID) -> None:
    fill(store, project_id)
    tables = (store.catalog, store.predictions)
    found = {row.key for table in tables for row in rows.scan(table, str(project_id), " ", "~", keys_only=True)}
    assert {shape(key) for key in found} == named()
