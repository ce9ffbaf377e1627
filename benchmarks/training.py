"""How long training takes through the API, and how often the trained model is right on photographs it never saw.

python -m benchmarks.training
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import Iteration, Project
from rich.progress import Progress

from benchmarks import subjects
from cli import client
from local.demo import classification, report, session
from local.service import RESOURCE_ID, Service
from shared.formats.dataset import TaggedPicture

SAMPLE_TAGS = ("hemlock", "japanese_cherry")
SAMPLE_SECONDS, GROCERY_SECONDS, RETRAIN_SECONDS = 3.0, 15.0, 5.0
GROCERY_ACCURACY = 0.88
NEW_PICTURES = 5
ENDING_SECONDS = 2.0
PAGE = 256


def main(argv: list[str]) -> int:
    options = _arguments().parse_args(argv)
    sample = subjects.photographs(options.photos / "customvision-sample", SAMPLE_TAGS)
    groceries = options.photos / "grocery10"
    for number in range(options.rounds):
        # Each round on a service of its own: embeddings are cached by content, and would be there in the next.
        print(f"Round {number + 1} of {options.rounds}", flush=True)
        with subjects.fresh_service() as service:
            job = Job(service)
            measure_sample(job, sample, options.photos / "customvision-sample" / "test" / "test_image.jpg")
            measure_groceries(job, subjects.photographs(groceries / "train"), subjects.photographs(groceries / "test"))
    return 0


class Job:
    """Trains through the API and says how long it took, on the clock and of the machine's cores."""

    def __init__(self, service: Service) -> None:
        self.trainer, self.predictor = session.training_client(service), session.prediction_client(service)
        self._service = service

    def train(self, project: Project, what: str, goal: float) -> Iteration:
        before = self._used()
        iteration, seconds = client.train(self.trainer, project, session.POLL_SECONDS)
        # The process ends a little after it has said that the iteration is completed.
        time.sleep(ENDING_SECONDS)
        print(f"  {what}: {seconds:.2f} s from the train call to Completed (goal {goal:g} s)", end="; ")
        print(f"the job used {self._used() - before:.2f} s of CPU", flush=True)
        return iteration

    def _used(self) -> float:
        assert self._service.host_pid
        return subjects.ended_children_cpu_seconds(self._service.host_pid)


def measure_sample(job: Job, pictures: Sequence[TaggedPicture], test_image: Path) -> None:
    """The photographs of the service's own quickstart."""
    project = subjects.filled_project(job.trainer, pictures)
    iteration = job.train(project, f"{len(pictures)} sample photographs", SAMPLE_SECONDS)
    right, judged = _held_out(job.trainer, project, iteration)
    print(f"  evaluation: {right} of {judged} right, each by a model that never saw it")
    job.trainer.publish_iteration(project.id, iteration.id, session.PUBLISHED_NAME, RESOURCE_ID)
    reply = job.predictor.classify_image_with_no_store(project.id, session.PUBLISHED_NAME, test_image.read_bytes())
    best = reply.predictions[0]
    print(f"  {test_image.name}: {best.tag_name} ({best.probability:.1%})", flush=True)


def measure_groceries(job: Job, train: Sequence[TaggedPicture], test: Sequence[TaggedPicture]) -> None:
    """Ten kinds of groceries: a first training, its test accuracy, and a retrain after five new photographs."""
    project = subjects.filled_project(job.trainer, train)
    iteration = job.train(project, f"{len(train)} grocery photographs", GROCERY_SECONDS)
    right, judged = _held_out(job.trainer, project, iteration)
    print(f"  evaluation: {right} of {judged} right")
    job.trainer.publish_iteration(project.id, iteration.id, session.PUBLISHED_NAME, RESOURCE_ID)
    answers, refused = classification.predict(job.predictor, project, test, Progress(disable=True))
    figures = report.test_figures(answers, refused)
    print(
        f"  test accuracy {figures.accuracy:.3f} ({figures.correct} of {figures.answered}, goal {GROCERY_ACCURACY}), "
        f"{len(refused)} refused; the SDK's reply in {figures.latency_p50_ms:.0f} ms (p50)",
        flush=True,
    )
    mean = statistics.mean(answer.probability for answer in answers)
    print(f"  mean probability of the tags named {mean:.3f}: over the accuracy is overconfident, under it timid")
    new = [next(picture for picture in test if picture.tag == tag) for tag in sorted({one.tag for one in test})]
    _add(job.trainer, project, new[:NEW_PICTURES])
    job.train(project, f"retrain with {NEW_PICTURES} new photographs", RETRAIN_SECONDS)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    subjects.add_photos(parser)
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="how often to measure it all (1)")
    return parser


def _held_out(trainer: CustomVisionTrainingClient, project: Project, iteration: Iteration) -> tuple[int, int]:
    """How many of the training photographs the evaluation got right, and how many it judged."""
    right = judged = 0
    while page := trainer.get_image_performances(project.id, iteration.id, take=PAGE, skip=judged):
        for image in page:
            best = max(image.predictions, key=lambda prediction: prediction.probability)
            right += best.tag_id in {tag.tag_id for tag in image.tags}
        judged += len(page)
    return right, judged


def _add(trainer: CustomVisionTrainingClient, project: Project, pictures: Sequence[TaggedPicture]) -> None:
    tags = {tag.name: tag.id for tag in trainer.get_tags(project.id)}
    for picture in pictures:
        trainer.create_images_from_data(project.id, picture.path.read_bytes(), tag_ids=[tags[picture.tag]])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
