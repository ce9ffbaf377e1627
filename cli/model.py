"""`ocellus model`: models that were trained elsewhere."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any
from zipfile import ZIP_DEFLATED, ZipFile, is_zipfile

import typer
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import CustomVisionErrorException

from cli import client
from cli.dataset import project as projects
from cli.faults import CommandError
from cli.naming import NAME
from cli.output import AsJson, show
from shared.models.limits import BODY_BYTES
from shared.models.training.importing import Order, Range, Scoring
from shared.models.training.preprocessing import Fit
from shared.settings import ClientSettings

app = typer.Typer(help="Bring models in.", no_args_is_help=True, rich_markup_mode="markdown")


@app.callback()
def model() -> None:
    """Bring models in that were trained elsewhere."""


@app.command("import")
def import_model(
    project: Annotated[str, typer.Argument(metavar=NAME, help="The project.")],
    package: Annotated[Path, typer.Argument(help="The zip of an ONNX export, or an .onnx file.")],
    labels: Annotated[Path | None, typer.Option(help="The labels.txt of an .onnx file, a tag a line.")] = None,
    name: Annotated[str | None, typer.Option(help="What to call the iteration.")] = None,
    order: Annotated[Order | None, typer.Option(help="Which colour the model sees first.")] = None,
    value_range: Annotated[Range | None, typer.Option("--range", help="The values that it has pixels in.")] = None,
    mean: Annotated[str, typer.Option(help="Of each channel, in that range: 0.485,0.456,0.406.")] = "",
    std: Annotated[str, typer.Option(help="Of each channel, in that range.")] = "",
    size: Annotated[int | None, typer.Option(help="Pixels a side, for a model that takes any.")] = None,
    fit: Annotated[Fit | None, typer.Option(help="How pictures come to that size.")] = None,
    scores: Annotated[Scoring | None, typer.Option(help="What makes probabilities of a classifier's answers.")] = None,
    anchors: Annotated[str, typer.Option(help="Of a raw grid: width,height in cells, and so on.")] = "",
    overlap: Annotated[float | None, typer.Option(min=0, max=1, help="From where on boxes are the same.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make an iteration of a model that was trained elsewhere, such as Custom Vision exports it to ONNX.

    A package of Custom Vision tells all that the options say. The environment says where the service is:
    VISION_TRAINING_ENDPOINT, with VISION_TRAINING_KEY or VISION_TRAINING_TOKEN. May be run again.
    """
    trainer = client.connect(ClientSettings.read())
    options = {
        "name": name, "order": order, "range": value_range, "mean": mean, "std": std, "size": size, "fit": fit,
        "scores": scores, "anchors": anchors, "overlap": overlap,
    }  # fmt: skip
    made = import_package(trainer, projects.require(trainer, project).id, _package(package, labels), options)
    kept = ", ".join(made["exportableTo"] or ["nothing"])
    show(made, f"{made['name']} ({made['id']}) can be published, and exported to {kept}.", as_json=as_json)


def import_package(
    trainer: CustomVisionTrainingClient, project_id: str, package: bytes, options: Mapping[str, object]
) -> dict[str, Any]:
    """The iteration as the service tells it. Raises CustomVisionErrorException."""
    query = {key: str(value) for key, value in options.items() if value not in (None, "")}
    path = f"{trainer.config.endpoint.rstrip('/')}/ocellus/v1/projects/{project_id}/iterations/import"
    # The SDK's own pipeline: keys, tokens and faults are as in all its calls.
    sender = trainer._client
    request = sender.post(path, query, {"Content-Type": "application/octet-stream"})
    request.add_content(None)
    request.data = package
    answer = sender.send(request, stream=False)
    if answer.status_code != 200:
        raise CustomVisionErrorException(trainer._deserialize, answer)
    found: dict[str, Any] = answer.json()
    return found


def _package(path: Path, labels: Path | None) -> bytes:
    """The zip to send. Raises CommandError."""
    try:
        data = path.read_bytes()
        listed = labels.read_bytes() if labels else None
    except OSError as fault:
        raise CommandError(f"{fault.filename} can't be read: {fault.strerror}.") from fault
    if not is_zipfile(BytesIO(data)):
        data = _zipped(data, listed)
    if advice := too_large(data):
        raise CommandError(f"{path} can't be taken: {advice}")
    return data


def too_large(package: bytes) -> str:
    """What is wrong with a package that no call takes; "" where it fits."""
    if len(package) <= BODY_BYTES:
        return ""
    return (
        f"it has {len(package):,} bytes as a zip, and {BODY_BYTES:,} are the most. Bring its weights to float16, or "
        "take a smaller network."
    )


def _zipped(graph: bytes, labels: bytes | None) -> bytes:
    if labels is None:
        raise CommandError("an .onnx file needs --labels: a file with a tag a line, in the order of its outputs.")
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as package:
        package.writestr("model.onnx", graph)
        package.writestr("labels.txt", labels)
    return buffer.getvalue()
