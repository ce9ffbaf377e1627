"""What a detector is trained on: every tag's boxes, and the background; and what is refused."""

from functools import partial
from uuid import UUID

import pytest
from msgspec.structs import replace

from shared import errors
from shared.models.limits import Limits
from shared.models.training.iterations import CustomBaseModelInfo, IterationRecord, IterationStatus, TrainingType
from shared.models.wire import now
from shared.models.workspace.domains import PRODUCTS_ON_SHELVES
from shared.models.workspace.images import ImageRecord, OrderBy, TaggingStatus, TagMark
from shared.models.workspace.projects import ProjectSettingsUpdate, ProjectUpdate
from shared.models.workspace.tags import Tag, TagType
from shared.operations.training import checks, ending, train
from shared.operations.workspace import images, projects, tags
from shared.storage.training import datasets
from shared.storage.training import iterations as stored_iterations
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import tags as stored_tags
from tests.operations.making import DETECTION, frozen_images, image_with, stored_record, tag_of, train_project, with_box
from tests.storage.making import delete_image


@pytest.fixture
def detector_id(create_project):
    return create_project(DETECTION).id


@pytest.fixture
def boxed(store, detector_id) -> list[Tag]:
    """Two tags with a box on fifteen images each."""
    made = [tag_of(store, detector_id, name) for name in ("fork", "scissors")]
    for tag in made:
        for _ in range(15):
            add_boxes(store, detector_id, tag.id)
    return made


def add_boxes(store, project_id, *tag_ids) -> ImageRecord:
    """A new image with a box of each tag."""
    record = image_with(store, project_id)
    return stored_images.update(store, project_id, record.id, partial(with_box, tag_ids))


def add_background(store, project_id, text="true", key="background") -> ImageRecord:
    record = image_with(store, project_id)
    return stored_images.update(store, project_id, record.id, partial(replace, metadata={key: text}))


def test_every_image_with_a_box_is_frozen(store, settings, detector_id, boxed, launches):
    both = add_boxes(store, detector_id, *(tag.id for tag in boxed))
    iteration = train_project(store, settings, detector_id)
    assert (launches.launched, iteration.classification_type) == ([iteration.id], None)
    found = {image.id: image for image in frozen_images(store, iteration)}
    assert len(found) == 31
    assert found[both.id].regions == both.regions


@pytest.mark.parametrize("large", [False, True])
def test_every_tag_needs_boxes_on_fifteen_images(store, settings, detector_id, boxed, launches, large, monkeypatch):
    if large:
        monkeypatch.setattr(train, "FROZEN_AT_ONCE", 3)
    spoon = tag_of(store, detector_id, "spoon")
    for _ in range(14):
        add_boxes(store, detector_id, spoon.id)
    with pytest.raises(errors.DetectionTrainingValidationFailed, match=r"^Not enough images per tag.* spoon has .* 15"):
        train_project(store, settings, detector_id)
    # An image that carries the tag without a box of it shows nothing to learn.
    image_with(store, detector_id, spoon.id)
    reason = "spoon has fewer than 15"
    if large:
        iteration = train_project(store, settings, detector_id)
        train.prepare(store, settings, launches.tasks[0])
        ended = stored_record(store, iteration).iteration
        assert ended.status == IterationStatus.FAILED
        assert reason in (ended.training_error_details or "")
    else:
        with pytest.raises(errors.DetectionTrainingValidationFailed, match=reason):
            train_project(store, settings, detector_id)
    assert launches.launched == []


def test_a_tag_without_images_is_refused(store, settings, detector_id, boxed, launches):
    tag_of(store, detector_id, "spoon")
    with pytest.raises(errors.DetectionTrainingValidationFailed, match="spoon has fewer than 15"):
        train_project(store, settings, detector_id)


def test_the_limit_is_a_setting(store, settings, detector_id, boxed, launches):
    settings = replace(settings, limits=Limits(images_per_tag_detection=16))
    with pytest.raises(errors.DetectionTrainingValidationFailed, match="fork, scissors has fewer than 16"):
        train_project(store, settings, detector_id)


def test_a_project_without_tags_is_refused(store, settings, detector_id, launches):
    with pytest.raises(errors.DetectionTrainingValidationFailed, match="Not enough tags"):
        train_project(store, settings, detector_id)


def test_one_tag_is_enough(store, settings, detector_id, boxed, launches):
    tags.delete_tag(store, detector_id, boxed[0].id)
    iteration = train_project(store, settings, detector_id)
    assert len(frozen_images(store, iteration)) == 15


def test_selected_tags_are_trained_alone(store, settings, detector_id, boxed, launches):
    tag_of(store, detector_id, "spoon")
    add_boxes(store, detector_id, *(tag.id for tag in boxed))
    # Its object is no background of forks: nobody said that it shows none of them.
    image_with(store, detector_id, boxed[1].id)
    fork = boxed[0]
    iteration = train_project(store, settings, detector_id, [fork.id])
    dataset = datasets.read(store, detector_id, iteration.id)
    assert dataset
    assert [tag.id for tag in dataset.header.tags] == [fork.id]
    assert len(dataset.images) == 16
    assert {mark.tag_id for image in dataset.images for mark in image.tags} == {fork.id}
    assert {mark.tag_id for image in dataset.images for mark in image.regions} == {fork.id}


def test_a_tag_that_has_no_box_on_an_image_is_left_out_there(store, settings, detector_id, boxed, launches):
    image = add_boxes(store, detector_id, boxed[0].id)

    def change(record: ImageRecord) -> ImageRecord:
        return replace(record, tags=[*record.tags, TagMark(boxed[1].id, now())])

    stored_images.update(store, detector_id, image.id, change)
    found = {image.id: image for image in frozen_images(store, train_project(store, settings, detector_id))}
    assert found[image.id].tag_ids == {boxed[0].id}


def test_images_marked_as_background_come_last(store, settings, detector_id, boxed, launches):
    backgrounds = [add_background(store, detector_id, text) for text in ("true", "True")]
    for text, key in (("false", "background"), ("", "background"), ("true", "Background")):
        add_background(store, detector_id, text, key)
    iteration = train_project(store, settings, detector_id)
    dataset = frozen_images(store, iteration)
    assert [image.id for image in dataset[30:]] == [image.id for image in reversed(backgrounds)]
    assert all(image.regions for image in dataset[:30])


def test_an_image_with_a_tag_is_no_background(store, settings, detector_id, boxed, launches):
    image = add_boxes(store, detector_id, boxed[0].id)
    stored_images.update(store, detector_id, image.id, partial(replace, metadata={"background": "true"}))
    assert all(image.regions for image in frozen_images(store, train_project(store, settings, detector_id)))


def test_an_iteration_shows_its_background(store, settings, detector_id, boxed, launches):
    background = add_background(store, detector_id)
    iteration = train_project(store, settings, detector_id)
    delete_image(store, detector_id, background.id)

    def shown(status, tag_ids=()) -> list[UUID]:
        page = images.get_images(
            store, detector_id, iteration_id=iteration.id,
            status=status, tag_ids=list(tag_ids), order=OrderBy.NEWEST, take=50, skip=0,
        )  # fmt: skip
        return [image.id for image in page]

    assert shown(TaggingStatus.UNTAGGED) == [background.id]
    assert len(shown(TaggingStatus.TAGGED)) == 30
    assert len(shown(TaggingStatus.TAGGED, [boxed[0].id])) == 15
    assert shown(TaggingStatus.ALL)[0] == background.id


def test_a_negative_tag_is_refused(store, settings, detector_id, boxed, launches):
    stored_tags.update(store, detector_id, boxed[0].id, partial(replace, type=TagType.NEGATIVE))
    with pytest.raises(errors.DetectionTrainingNotAllowNegativeTag, match="delete fork"):
        train_project(store, settings, detector_id)


def test_a_general_product_is_trained_on_shelves_only(store, settings, create_project, launches):
    project = create_project(PRODUCTS_ON_SHELVES)
    product = tags.create_tag(store, Limits(), project.id, name="product", description=None, kind="GeneralProduct")
    for _ in range(15):
        add_boxes(store, project.id, product.id)
    assert len(frozen_images(store, train_project(store, settings, project.id))) == 15
    general = projects.update_project(
        store, project.id, ProjectUpdate(settings=ProjectSettingsUpdate(domain_id=DETECTION))
    )
    with pytest.raises(errors.DetectionTrainingValidationFailed, match="make product Regular"):
        checks.check_tags(general, [product])


def test_a_base_is_refused(store, settings, detector_id, boxed, launches):
    first = train_project(store, settings, detector_id)
    with pytest.raises(errors.CustomBaseModelNotCompatible):
        train_project(store, settings, detector_id, base=CustomBaseModelInfo(detector_id, first.id))


@pytest.mark.parametrize("hours", [0, 1, 24])
def test_an_advanced_training_keeps_its_kind_and_its_budget(store, settings, detector_id, boxed, launches, hours):
    iteration = train_project(store, settings, detector_id, kind=TrainingType.ADVANCED, hours=hours)
    assert (iteration.training_type, iteration.reserved_budget_in_hours) == (TrainingType.ADVANCED, hours)
    assert launches.launched == [iteration.id]


def test_a_training_of_another_kind_or_budget_is_needed(store, settings, detector_id, boxed, launches):
    def refused(kind, hours) -> None:
        with pytest.raises(errors.TrainingNotNeeded):
            train_project(store, settings, detector_id, kind=kind, hours=hours)

    completed(store, train_project(store, settings, detector_id))
    # Only an advanced training has a budget, of an hour unless it is named.
    refused(TrainingType.REGULAR, 5)
    completed(store, train_project(store, settings, detector_id, kind=TrainingType.ADVANCED))
    refused(TrainingType.ADVANCED, 0)
    refused(TrainingType.ADVANCED, 1)
    completed(store, train_project(store, settings, detector_id, kind=TrainingType.ADVANCED, hours=2))
    refused(TrainingType.ADVANCED, 2)
    completed(store, train_project(store, settings, detector_id, kind=TrainingType.ADVANCED, hours=2, force=True))


def completed(store, iteration) -> None:
    """As its job would leave it."""

    def change(record: IterationRecord) -> IterationRecord:
        return replace(record, iteration=replace(record.iteration, status=IterationStatus.COMPLETED))

    ending.end_training(store, stored_iterations.update(store, iteration.project_id, iteration.id, change))
