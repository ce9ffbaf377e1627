"""Projects with an iteration that tells colours, as a training would leave it, without the time that one takes."""

from collections.abc import Sequence
from types import SimpleNamespace
from uuid import UUID

from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import Project, Tag

from shared.models.training.iterations import Iteration
from shared.models.training.model_spec import ModelTag
from shared.models.workspace.images import ImageRecord
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.workspace import images
from tests.functions.flows import upload
from tests.functions.ocellus.judging import judged, put_judged
from tests.pictures import picture, rectangles
from tests.prediction.classifiers import put_classifier
from tests.prediction.detectors import put_detector
from tests.storage.looks import put_looks
from tests.storage.making import record

FRUIT = ("apple", "leaf", "sky")
COLOURS = ("red", "green", "blue")
# Of five images: two apples are right, one is surely taken for a leaf, one less so, and a leaf for an apple.
SAID = [[0.9, 0.1], [0.8, 0.2], [0.05, 0.95], [0.4, 0.6], [0.55, 0.45]]
BETTER = [[0.9, 0.1]] * 3 + [[0.4, 0.6], [0.1, 0.9]]


def tagged(training: CustomVisionTrainingClient, project: Project, names: Sequence[str]) -> list[Tag]:
    return [training.create_tag(project.id, name) for name in names]


def classifier(
    training: CustomVisionTrainingClient, store: Store, project: Project, name: str = "Iteration 1", scale: float = 1.0
) -> Iteration:
    """Apples are red, leaves green, skies blue. The project's tags of these names, made where they are not there."""
    tags = {tag.name: tag for tag in training.get_tags(project.id)}
    listed = [tags.get(each) or training.create_tag(project.id, each) for each in FRUIT]
    return put_classifier(store, UUID(project.id), [ModelTag(UUID(tag.id), tag.name) for tag in listed], name, scale)


def detector(training: CustomVisionTrainingClient, store: Store, project: Project) -> Iteration:
    tags = {tag.name: tag.id for tag in tagged(training, project, sorted(COLOURS))}
    return put_detector(store, UUID(project.id), [ModelTag(UUID(tags[name]), name) for name in COLOURS])


def untagged(training: CustomVisionTrainingClient, project: Project, kinds: Sequence[str]) -> list[str]:
    """Pictures of these kinds, one after the other, so that the last one is the newest; their ids."""
    ids = []
    for seed, kind in enumerate(kinds):
        [created] = training.create_images_from_data(project.id, picture(kind, seed)).images
        ids.append(created.image.id)
    return ids


def many(store: Store, project: Project, marks: Sequence[Sequence[UUID]], seen: int) -> None:
    """Images with these tags, the last one the newest. So many at both ends have thumbnails, as no others are seen."""
    made = [record(tag_ids) for tag_ids in marks]
    images.insert_many(store, UUID(project.id), made)
    data = picture("sky", 0, (64, 64))

    def put(image: ImageRecord) -> None:
        blobs.put_picture(store, UUID(project.id), image.id, "thumbnail", data, "image/jpeg")

    list(store.threads.map(put, [*made[:seen], *made[-seen:]]))


def scene(seed: int) -> bytes:
    """A red and a blue rectangle on white."""
    return rectangles({"red": (0.1 + seed / 100, 0.2, 0.25, 0.4), "blue": (0.6, 0.5 - seed / 100, 0.3, 0.3)})


def judged_fruit(training: CustomVisionTrainingClient, store: Store, project: Project) -> SimpleNamespace:
    """Five images, an iteration that was judged by them, and a newer one that did better."""
    apple, leaf = upload(training, project.id, "apple", range(4)), upload(training, project.id, "leaf", range(1))
    tags = [ModelTag(UUID(tag.id), tag.name) for tag in (apple, leaf)]
    ids = [UUID(image.id) for image in training.get_images(project.id, order_by="Oldest")]
    truths = [tags[0].id] * 4 + [tags[1].id]
    iterations = []
    for name, said in (("First", SAID), ("Second", BETTER)):
        shown = [judged(at, [truth], said[at], ids[at]) for at, truth in enumerate(truths)]
        iterations.append(str(put_judged(store, UUID(project.id), tags, shown)))
        training.update_iteration(project.id, iterations[-1], name)
    first, second = iterations
    return SimpleNamespace(id=project.id, first=first, second=second, tags=tags, images=[str(id) for id in ids])


def tags_of(training: CustomVisionTrainingClient, project_id: str) -> list[list[str]]:
    """Of each image, as the grid has them."""
    found = training.get_images(project_id, order_by="Newest", take=256)
    return [sorted(tag.tag_name for tag in image.tags or []) for image in found]


def looked_at(
    training: CustomVisionTrainingClient,
    store: Store,
    project: Project,
    kinds: Sequence[str],
    labelled: int,
    twins: int = 0,
    own: float = 0.5,
) -> SimpleNamespace:
    """Pictures of FRUIT, looked at as a backbone would, of which the first are labelled and the last look the same; by
    their ids what they are. Each looks so much like nothing but itself.
    """
    tags = {tag.name: tag.id for tag in tagged(training, project, FRUIT)}
    ids = untagged(training, project, kinds)
    by_id = {str(each.id): each for each in images.get_many(store, UUID(project.id), [UUID(id) for id in ids])}
    looks, single = [FRUIT.index(kind) for kind in kinds], len(ids) - twins
    put_looks(store, UUID(project.id), [by_id[id] for id in ids[:single]], looks[:single], own)
    put_looks(store, UUID(project.id), [by_id[id] for id in ids[single:]], looks[single:], own=0.01)
    truths = dict(zip(ids, kinds, strict=True))
    if labelled:
        entries = [{"imageId": id, "tagId": tags[truths[id]]} for id in ids[:labelled]]
        training.create_image_tags(project.id, entries)
    return SimpleNamespace(id=project.id, truths=truths, tags=tags, ids=ids)
