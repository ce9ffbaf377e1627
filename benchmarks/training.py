"""How long training takes through the API, and how often the trained model is right on photographs it never saw.

python -m benchmarks.training
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import Iteration, Project
from rich.progress import Progress

from benchmarks import subjects
from local.demo import report, walkthrough
from local.demo.pictures import Picture
from local.service import RESOURCE_ID

SAMPLE_TAGS = ("hemlock", "japanese_cherry")
SAMPLE_SECONDS, GROCERY_SECONDS, RETRAIN_SECONDS = 6.0, 30.0, 5.0
GROCERY_ACCURACY = 0.88
NEW_PICTURES = 5
PAGE = 256


def main(argv: list[str]) -> int:
    options = _arguments().parse_args(argv)
    sample = subjects.photographs(options.photos / "customvision-sample", SAMPLE_TAGS)
    groceries = options.photos / "grocery10"
    for number in range(options.rounds):
        # Each round on a service of its own: embeddings are cached by content, and would be there in the next.
        print(f"Round {number + 1} of {options.rounds}", flush=True)
        with subjects.fresh_service() as service:
            trainer, predictor = walkthrough.training_client(service), walkthrough.prediction_client(service)
            measure_sample(
                trainer, predictor, sample, options.photos / "customvision-sample" / "test" / "test_image.jpg"
            )
            measure_groceries(
                trainer, predictor, subjects.photographs(groceries / "train"), subjects.photographs(groceries / "test")
            )
    return 0


def measure_sample(
    trainer: CustomVisionTrainingClient,
    predictor: CustomVisionPredictionClient,
    pictures: Sequence[Picture],
    test_image: Path,
) -> None:
    """The photographs of the service's own quickstart."""
    project = subjects.filled_project(trainer, pictures)
    iteration, seconds = walkthrough.train(trainer, project)
    _line(f"{len(pictures)} sample photographs", seconds, SAMPLE_SECONDS)
    right, judged = _held_out(trainer, project, iteration)
    print(f"  evaluation: {right} of {judged} right, each by a model that never saw it")
    trainer.publish_iteration(project.id, iteration.id, walkthrough.PUBLISHED_NAME, RESOURCE_ID)
    reply = predictor.classify_image_with_no_store(project.id, walkthrough.PUBLISHED_NAME, test_image.read_bytes())
    best = reply.predictions[0]
    print(f"  {test_image.name}: {best.tag_name} ({best.probability:.1%})", flush=True)


def measure_groceries(
    trainer: CustomVisionTrainingClient,
    predictor: CustomVisionPredictionClient,
    train: Sequence[Picture],
    test: Sequence[Picture],
) -> None:
    """Ten kinds of groceries: a first training, its test accuracy, and a retrain after five new photographs."""
    project = subjects.filled_project(trainer, train)
    iteration, seconds = walkthrough.train(trainer, project)
    _line(f"{len(train)} grocery photographs", seconds, GROCERY_SECONDS)
    right, judged = _held_out(trainer, project, iteration)
    print(f"  evaluation: {right} of {judged} right")
    trainer.publish_iteration(project.id, iteration.id, walkthrough.PUBLISHED_NAME, RESOURCE_ID)
    answers, refused = walkthrough.predict(predictor, project, test, Progress(disable=True))
    figures = report.test_figures(answers, refused)
    print(
        f"  test accuracy {figures.accuracy:.3f} ({figures.correct} of {figures.answered}, goal {GROCERY_ACCURACY}), "
        f"{len(refused)} refused; the SDK's reply in {figures.latency_p50_ms:.0f} ms (p50)",
        flush=True,
    )
    print(f"  mean probability of the named tag {statistics.mean(answer.probability for answer in answers):.3f}")
    new = [next(picture for picture in test if picture.tag == tag) for tag in sorted({one.tag for one in test})]
    _add(trainer, project, new[:NEW_PICTURES])
    _, seconds = walkthrough.train(trainer, project)
    _line(f"retrain with {NEW_PICTURES} new photographs", seconds, RETRAIN_SECONDS)


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


def _add(trainer: CustomVisionTrainingClient, project: Project, pictures: Sequence[Picture]) -> None:
    tags = {tag.name: tag.id for tag in trainer.get_tags(project.id)}
    for picture in pictures:
        trainer.create_images_from_data(project.id, picture.path.read_bytes(), tag_ids=[tags[picture.tag]])


def _line(what: str, seconds: float, goal: float) -> None:
    print(f"  {what}: {seconds:.2f} s from the train call to Completed (goal {goal:.0f} s)", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
