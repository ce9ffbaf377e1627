"""`python -m local.gate`: trains a project, judges the iteration on a gold set, and publishes it if it is good enough.

It speaks to any installation through the official SDK, so a pipeline can run it against Azure.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from uuid import UUID

import msgspec
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import ImagePrediction, Iteration, Project
from msgspec import Struct
from msrest.authentication import ApiKeyCredentials, BasicTokenAuthentication
from msrest.exceptions import ClientException, HttpOperationError

from local.demo.boxes import read_boxes
from local.demo.detection import Answer, judge, prediction_of
from local.demo.pictures import DemoError, read_folder
from local.demo.session import said, train
from shared.models.training import ModelTag
from shared.settings import child_environment

POLL_SECONDS = 5.0
PUBLISHED, NOT_GOOD_ENOUGH, FAILED = 0, 1, 2


class Verdict(Struct, frozen=True):
    """`score` is the accuracy of a classifier, or a detector's mean average precision at an overlap of a half."""

    project: str
    iteration: str
    measure: Literal["accuracy", "mAP@0.5"]
    score: float
    threshold: float
    pictures: int
    published_as: str | None


def main(argv: Sequence[str] | None = None) -> int:
    """0 when the iteration was published or none was needed, 1 when it is not good enough, 2 when it can't be told."""
    options = _arguments().parse_args(argv)
    try:
        return _run(options, _client())
    except DemoError as fault:
        reason = str(fault)
    except HttpOperationError as fault:
        if getattr(fault.error, "code", None) == "BadRequestTrainingNotNeeded":
            print("Nothing has changed since the last training; what is published stays.")
            return PUBLISHED
        reason = f"the service said: {said(fault)}"
    except ClientException as fault:
        reason = f"the service did not answer as it should: {fault}"
    print(f"Nothing was published: {reason}", file=sys.stderr)
    return FAILED


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.gate",
        description="Train a project, judge the iteration on a gold set, and publish it if it is good enough.",
        epilog="The environment says where: VISION_TRAINING_ENDPOINT, with VISION_TRAINING_KEY or (an access token of "
        "Entra ID) VISION_TRAINING_TOKEN, and VISION_PREDICTION_RESOURCE_ID.",
    )
    parser.add_argument("project", type=UUID)
    parser.add_argument(
        "--gold", type=Path, required=True, help="one folder of pictures a tag; for detectors with a regions.json"
    )
    parser.add_argument("--threshold", type=float, required=True, help="the least score to publish, 0 to 1")
    parser.add_argument("--name", required=True, help="the name to publish under, in place of what it serves now")
    parser.add_argument("--iteration", type=UUID, help="judge this one, and train none")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdict to this file, too")
    return parser


def _client() -> CustomVisionTrainingClient:
    environment = child_environment()
    endpoint, token = environment.get("VISION_TRAINING_ENDPOINT"), environment.get("VISION_TRAINING_TOKEN")
    key = environment.get("VISION_TRAINING_KEY")
    if not endpoint or not (token or key):
        raise DemoError("set VISION_TRAINING_ENDPOINT, and VISION_TRAINING_KEY or VISION_TRAINING_TOKEN.")
    credentials = (
        BasicTokenAuthentication({"access_token": token})
        if token
        else ApiKeyCredentials(in_headers={"Training-Key": key})
    )
    return CustomVisionTrainingClient(endpoint, credentials)


def _run(options: argparse.Namespace, trainer: CustomVisionTrainingClient) -> int:
    project = trainer.get_project(str(options.project))
    judge_one = _judge_detector if _detects(trainer, project) else _judge_classifier
    if options.iteration:
        iteration = trainer.get_iteration(project.id, str(options.iteration))
    else:
        iteration, _ = train(trainer, project, POLL_SECONDS)
    verdict = judge_one(trainer, project, iteration, options)
    if verdict.score >= options.threshold:
        resource = child_environment().get("VISION_PREDICTION_RESOURCE_ID", "")
        trainer.publish_iteration(project.id, iteration.id, options.name, resource, overwrite=True)
        verdict = msgspec.structs.replace(verdict, published_as=options.name)
    _show(verdict, iteration)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(verdict), indent=2) + b"\n")
    return PUBLISHED if verdict.published_as else NOT_GOOD_ENOUGH


def _detects(trainer: CustomVisionTrainingClient, project: Project) -> bool:
    return bool(trainer.get_domain(project.settings.domain_id).type == "ObjectDetection")


def _judge_classifier(
    trainer: CustomVisionTrainingClient, project: Project, iteration: Iteration, options: argparse.Namespace
) -> Verdict:
    """A picture is right when its most probable tag is its folder's name; one that is refused is wrong."""
    gold = read_folder(options.gold)
    known = {tag.name for tag in trainer.get_tags(project.id)}
    _require_known({picture.tag for picture in gold}, known)
    right = 0
    for picture in gold:
        answer = _predict(trainer, project, iteration, picture.path)
        right += bool(answer and answer.predictions[0].tag_name == picture.tag)
    return Verdict(project.id, iteration.id, "accuracy", right / len(gold), options.threshold, len(gold), None)


def _judge_detector(
    trainer: CustomVisionTrainingClient, project: Project, iteration: Iteration, options: argparse.Namespace
) -> Verdict:
    """Judged as the service judges; a picture that is refused shows nothing."""
    listed = read_boxes(options.gold)
    gold = [*listed.train, *listed.test]
    tags = [ModelTag(UUID(tag.id), tag.name) for tag in trainer.get_tags(project.id)]
    _require_known({tag for picture in gold for tag in picture.tags}, {tag.name for tag in tags})
    answers = []
    for picture in gold:
        answer = _predict(trainer, project, iteration, picture.path)
        found = [prediction_of(each) for each in answer.predictions] if answer else []
        answers.append(Answer(picture, found, 0.0))
    score = judge(answers, tags).average_precision or 0.0
    return Verdict(project.id, iteration.id, "mAP@0.5", score, options.threshold, len(gold), None)


def _require_known(wanted: set[str], known: set[str]) -> None:
    if not wanted:
        raise DemoError("the gold set holds nothing to judge by.")
    if strangers := sorted(wanted - known):
        raise DemoError(f"the gold set has tags that the project has not: {', '.join(strangers)}.")


def _predict(
    trainer: CustomVisionTrainingClient, project: Project, iteration: Iteration, path: Path
) -> ImagePrediction | None:
    """None where the picture itself is refused; what is wrong otherwise is raised."""
    try:
        return trainer.quick_test_image(project.id, path.read_bytes(), iteration_id=iteration.id, store=False)
    except HttpOperationError as fault:
        if not str(getattr(fault.error, "code", "")).startswith("BadRequestImage"):
            raise
        print(f"{path} counts as wrong: {said(fault)}", file=sys.stderr)
        return None


def _show(verdict: Verdict, iteration: Iteration) -> None:
    ending = f"published as {verdict.published_as}" if verdict.published_as else "not published"
    print(
        f"{iteration.name}: {verdict.measure} {verdict.score:.3f} on {verdict.pictures} pictures, "
        f"{verdict.threshold:.3f} needed; {ending}"
    )


if __name__ == "__main__":
    sys.exit(main())
