"""Training, iterations and their performance through the SDK."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from azure.cognitiveservices.vision.customvision.training.models import (
    CustomBaseModelInfo,
    ImageFileCreateBatch,
    ImageFileCreateEntry,
)

from tests.functions.flows import refused, train, upload
from tests.pictures import picture

COMPACT = "0732100f-1a38-4e49-a514-c9b44c697ab5"


def test_train_project_to_completed(training, trained):
    iteration = trained.iteration
    assert (iteration.name, iteration.status, iteration.training_type) == ("Iteration 1", "Completed", "Regular")
    assert iteration.classification_type == "Multiclass"
    assert iteration.trained_at >= iteration.created
    assert iteration.training_time_in_minutes >= 1
    assert (iteration.publish_name, iteration.training_error_details) == (None, None)
    assert [other.id for other in training.get_iterations(trained.project.id)] == [iteration.id]


def test_a_jobs_log_lies_with_the_services_data(service, trained):
    assert (service.data / "jobs" / f"{trained.iteration.id}.log").is_file()


def test_train_project_refuses_too_little(training, project):
    with refused("BadRequestMultiClassClassificationTrainingValidationFailed"):
        training.train_project(project.id)
    upload(training, project.id, "apple", range(5))
    with refused("BadRequestMultiClassClassificationTrainingValidationFailed", "two or more"):
        training.train_project(project.id)
    upload(training, project.id, "leaf", range(4))
    with refused("BadRequestMultiClassClassificationTrainingValidationFailed", "leaf"):
        training.train_project(project.id)
    assert training.get_iterations(project.id) == []


@pytest.fixture(scope="module")
def several(training):
    """A trained project of five images of each of two tags, and two of both."""
    project = training.create_project(f"several {uuid4()}", classification_type="Multiclass")
    tags = [upload(training, project.id, kind, range(5)) for kind in ("apple", "leaf")]
    entries = [ImageFileCreateEntry(name="both", contents=picture("apple", seed)) for seed in (98, 99)]
    batch = ImageFileCreateBatch(images=entries, tag_ids=[tag.id for tag in tags])
    made = training.create_images_from_files(project.id, batch)
    assert made.is_batch_successful
    return SimpleNamespace(project=project, both=made.images, iteration=train(training, project.id))


def test_train_project_takes_several_tags_an_image_in_multiclass(training, several):
    project, iteration = several.project, several.iteration
    counts = {tag.name: tag.image_count for tag in training.get_tags(project.id, iteration_id=iteration.id)}
    assert counts == {"apple": 7, "leaf": 7}
    judged = {each.id: each.predictions for each in training.get_image_performances(project.id, iteration.id)}
    for each in several.both:
        assert sum(prediction.probability for prediction in judged[each.image.id]) == pytest.approx(1)
    performance = training.get_iteration_performance(project.id, iteration.id, threshold=0)
    # Each of the 12 images is predicted once, and counts once as what is to be found.
    assert performance.precision == performance.recall
    assert performance.precision in [pytest.approx(right / 12) for right in range(13)]


def test_train_project_while_training_when_nothing_changed_and_after_deletions(training, project):
    for kind in ("apple", "leaf"):
        upload(training, project.id, kind, range(5))
    first = training.train_project(project.id)
    with refused("BadRequestTrainingAlreadyInProgress"):
        training.train_project(project.id, force_train=True)
    training.delete_iteration(project.id, first.id)
    assert training.get_iterations(project.id) == []
    # It was cancelled, so that the project can be trained anew; numbers go on.
    second = train(training, project.id)
    assert (second.name, second.status) == ("Iteration 2", "Completed")
    with refused("BadRequestTrainingNotNeeded", "Nothing changed since last training"):
        training.train_project(project.id)
    third = train(training, project.id, force_train=True)
    assert third.name == "Iteration 3"
    training.delete_iteration(project.id, third.id)
    with refused("NotFoundIteration"):
        training.get_iteration(project.id, third.id)
    upload(training, project.id, "sky", range(5))
    assert train(training, project.id).name == "Iteration 4"


def test_train_project_with_selected_tags_and_the_negative(training):
    project = training.create_project("multilabel")
    kept = [upload(training, project.id, kind, range(5)) for kind in ("apple", "leaf")]
    upload(training, project.id, "sky", range(2))
    none = training.create_tag(project.id, "none", type="Negative")
    entries = [ImageFileCreateEntry(name=str(seed), contents=picture("sky", 50 + seed)) for seed in range(5)]
    training.create_images_from_files(project.id, ImageFileCreateBatch(images=entries, tag_ids=[none.id]))
    iteration = train(training, project.id, selected_tags=[*(tag.id for tag in kept), none.id])
    result = training.quick_test_image(project.id, picture("sky", 77), iteration_id=iteration.id)
    assert {(item.tag_name, item.tag_type) for item in result.predictions} == {
        ("apple", "Regular"),
        ("leaf", "Regular"),
        ("none", "Negative"),
    }
    assert result.predictions[0].tag_name == "none"


def test_train_project_continues_from_another_iteration(training, trained, project):
    for kind in ("apple", "leaf"):
        upload(training, project.id, kind, range(50, 55))
    base = CustomBaseModelInfo(project_id=trained.project.id, iteration_id=trained.iteration.id)
    iteration = train(training, project.id, custom_base_model_info=base)
    assert iteration.custom_base_model_info.iteration_id == trained.iteration.id
    result = training.quick_test_image(project.id, picture("leaf", 77), iteration_id=iteration.id)
    assert result.predictions[0].tag_name == "leaf"
    with refused("BadRequestTrainingNotNeeded"):
        training.train_project(project.id, custom_base_model_info=base)


def test_train_project_tries_larger_networks(training):
    """In a compact domain, whose networks are the smallest: which there are in others the tests of the job try."""
    project = training.create_project(f"advanced {uuid4()}", domain_id=COMPACT, classification_type="Multiclass")
    for kind in ("apple", "leaf"):
        upload(training, project.id, kind, range(50, 55))
    advanced = train(training, project.id, training_type="Advanced", reserved_budget_in_hours=1)
    assert (advanced.status, advanced.training_type) == ("Completed", "Advanced")
    result = training.quick_test_image(project.id, picture("leaf", 77), iteration_id=advanced.id)
    assert result.predictions[0].tag_name == "leaf"


def test_train_project_refuses_bases_that_do_not_fit(training, trained):
    def base(iteration_id) -> CustomBaseModelInfo:
        return CustomBaseModelInfo(project_id=trained.project.id, iteration_id=iteration_id)

    with refused("NotFoundIteration"):
        training.train_project(trained.project.id, custom_base_model_info=base(uuid4()))
    other = training.create_project("other kind", classification_type="Multilabel")
    with refused("BadRequestCustomBaseModelDomainNotCompatible"):
        training.train_project(other.id, custom_base_model_info=base(trained.iteration.id))
    with refused("NotFoundTag"):
        training.train_project(trained.project.id, selected_tags=[str(uuid4())])


def test_train_project_refuses_what_it_can_not_do(training, trained):
    with refused("BadRequestInvalidEmailAddress"):
        training.train_project(trained.project.id, notification_email_address="nobody", force_train=True)
    with refused("NotFoundProject"):
        training.train_project(uuid4())


def test_update_iteration_renames(training, trained):
    renamed = training.update_iteration(trained.project.id, trained.iteration.id, "best")
    assert renamed.name == "best"
    training.update_iteration(trained.project.id, trained.iteration.id, "Iteration 1")
    with refused("BadRequestIterationName"):
        training.update_iteration(trained.project.id, trained.iteration.id, " ")


def test_images_of_an_iteration_outlive_their_deletion(training, several, web):
    project, iteration = several.project, several.iteration
    training.delete_images(project.id, image_ids=[image.id for image in training.get_images(project.id)])
    shown = training.get_image_performances(project.id, iteration.id)
    assert shown
    assert all(len(web.get(image.image_uri)) > 500 for image in shown)


def test_get_iteration_performance_at_any_threshold(training, trained):
    at_half = training.get_iteration_performance(trained.project.id, trained.iteration.id, threshold=0.5)
    assert {tag.name for tag in at_half.per_tag_performance} == {"apple", "leaf"}
    assert 0.5 <= at_half.precision <= 1
    assert 0.5 <= at_half.average_precision <= 1
    at_one = training.get_iteration_performance(trained.project.id, trained.iteration.id, threshold=1)
    assert at_one.recall <= at_half.recall
    assert training.get_iteration_performance(trained.project.id, trained.iteration.id).recall == at_half.recall
    with refused("BadRequest", "threshold"):
        training.get_iteration_performance(trained.project.id, trained.iteration.id, threshold=2)


def test_get_image_performances(training, trained):
    project_id, iteration_id = trained.project.id, trained.iteration.id
    images = training.get_image_performances(project_id, iteration_id)
    assert len(images) == training.get_image_performance_count(project_id, iteration_id) > 0
    assert all(len(image.predictions) == 2 and len(image.tags) == 1 for image in images)
    apple = trained.tags["apple"].id
    of_apple = training.get_image_performances(project_id, iteration_id, tag_ids=[apple])
    assert {mark.tag_id for image in of_apple for mark in image.tags} == {apple}
    assert len(training.get_image_performances(project_id, iteration_id, take=1, skip=1)) == 1


@pytest.mark.parametrize("operation", ["get_iteration", "get_iteration_performance", "get_image_performances"])
def test_unknown_iterations_are_refused(training, trained, operation):
    with refused("NotFoundIteration"):
        getattr(training, operation)(trained.project.id, uuid4())
