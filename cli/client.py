"""What a program does with the service through the official SDK: reach it, upload, train."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import requests
from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageCreateResult,
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    Iteration,
    Project,
)
from msrest.authentication import ApiKeyCredentials, BasicTokenAuthentication
from msrest.universal_http import ClientRequest
from rich.progress import Progress

from cli import addresses
from cli.faults import CommandError
from cli.patience import Patience, Watch
from shared.formats.dataset import BoxedPicture, TaggedPicture
from shared.settings import ClientSettings

BATCH_PICTURES = 64
BATCH_BYTES = 32 * 1024 * 1024
UPLOADS_AT_ONCE = 2
ENDED = ("Completed", "Failed")

P = TypeVar("P", TaggedPicture, BoxedPicture)
T = TypeVar("T")


class DescribedFile(ImageFileCreateEntry):  # type: ignore[misc]  # the SDK has no hints
    """An entry of a batch with metadata of its own, which this service takes and Custom Vision does not."""

    _attribute_map = {**ImageFileCreateEntry._attribute_map, "metadata": {"key": "metadata", "type": "{str}"}}

    def __init__(self, *, metadata: dict[str, str], **fields: object) -> None:
        super().__init__(**fields)
        self.metadata = metadata


def connect(given: ClientSettings) -> CustomVisionTrainingClient:
    """Raises CommandError where the environment does not say where the service is, and by what it lets us in."""
    endpoint, key, token = given.vision_training_endpoint, given.vision_training_key, given.vision_training_token
    if not endpoint or not (key or token):
        raise CommandError("set VISION_TRAINING_ENDPOINT, and VISION_TRAINING_KEY or VISION_TRAINING_TOKEN.")
    endpoint = addresses.endpoint(endpoint, "VISION_TRAINING_ENDPOINT")
    if token:
        return watched(CustomVisionTrainingClient(endpoint, BasicTokenAuthentication({"access_token": token})))
    return watched(training_client(endpoint, key))


def training_client(endpoint: str, key: str) -> CustomVisionTrainingClient:
    return CustomVisionTrainingClient(endpoint, ApiKeyCredentials(in_headers={"Training-Key": key}))


def watched(trainer: CustomVisionTrainingClient) -> CustomVisionTrainingClient:
    """The client, as one that waits for a service that is busy or away, and says so. It has not been used yet."""
    watch, send = Watch(), trainer._client.send
    policy = Patience.of(watch, twice=False)
    trainer.config.retry_policy = lambda: policy
    # Sessions take the policy as they are made, and that of this thread is made with the client.
    trainer.config.pipeline._sender.driver.session = requests.Session()

    def watched_send(request: ClientRequest, *arguments: object, **options: object) -> object:
        with watch.asking(request.url):
            return send(request, *arguments, **options)

    trainer._client.send = watched_send
    return trainer


def patient(trainer: CustomVisionTrainingClient) -> CustomVisionTrainingClient:
    """A watched client, from now on for calls that may be sent twice: it repeats each of them."""
    # In place: sessions hold this very object.
    trainer.config.retry_policy().allowed_methods = None
    return trainer


def prediction_client(endpoint: str, key: str) -> CustomVisionPredictionClient:
    return CustomVisionPredictionClient(endpoint, ApiKeyCredentials(in_headers={"Prediction-Key": key}))


def train(trainer: CustomVisionTrainingClient, project: Project, poll_seconds: float) -> tuple[Iteration, float]:
    """The completed iteration, and the seconds from the call to `Completed`. Raises CommandError where it fails."""
    started = time.monotonic()
    iteration = completed(trainer, trainer.train_project(project.id), poll_seconds)
    return iteration, time.monotonic() - started


def completed(trainer: CustomVisionTrainingClient, iteration: Iteration, poll_seconds: float) -> Iteration:
    """The iteration at the end of its training. Raises CommandError where that fails."""
    while iteration.status not in ENDED:
        time.sleep(poll_seconds)
        iteration = trainer.get_iteration(iteration.project_id, iteration.id)
    if iteration.status == "Failed":
        raise CommandError(f"training failed: {iteration.training_error_details}")
    return iteration


def upload(
    trainer: CustomVisionTrainingClient,
    project: Project,
    pictures: Sequence[P],
    entry_of: Callable[[P], ImageFileCreateEntry],
    progress: Progress,
    metadata: dict[str, str] | None = None,
) -> list[ImageCreateResult]:
    """Upload the pictures in batches, some at once; what became of each."""
    bar = progress.add_task("Uploading", total=len(pictures))

    def send(batch: list[P]) -> list[ImageCreateResult]:
        entries = [entry_of(picture) for picture in batch]
        body = ImageFileCreateBatch(images=entries, metadata=metadata)
        images: list[ImageCreateResult] = trainer.create_images_from_files(project.id, body).images
        progress.advance(bar, len(batch))
        return images

    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        sent = batches(pictures, lambda picture: picture.path.stat().st_size)
        return [image for images in pool.map(send, sent) for image in images]


def batches(pictures: Iterable[T], size_of: Callable[[T], int]) -> Iterator[list[T]]:
    """As many at a time as the API takes, and no more bytes than make a request of a sensible size."""
    batch: list[T] = []
    size = 0
    for picture in pictures:
        bytes_more = size_of(picture)
        if batch and (len(batch) == BATCH_PICTURES or size + bytes_more > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(picture)
        size += bytes_more
    if batch:
        yield batch
