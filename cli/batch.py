"""`ocellus batch`: archives in Blob Storage, predicted by the service itself."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn

from cli import naming
from cli.faults import NO, Away, CommandError, left
from cli.migrate.service import OWN, Service
from cli.naming import NAME
from cli.output import AsJson, progress_of, show
from cli.storage import opened_store
from shared.models.serving.batches import Batch, BatchRequest, BatchStatus
from shared.settings import ClientSettings
from shared.storage.account import blobs

POLL_SECONDS = 1.0

app = typer.Typer(help="Have archives in Blob Storage predicted.", no_args_is_help=True, rich_markup_mode="markdown")
OfProject = Annotated[str, typer.Option("--project", metavar=NAME, help="The project's name or id.")]
OfBatch = Annotated[UUID, typer.Argument(metavar="BATCH", help="The batch's id.")]
Leave = Annotated[bool, typer.Option("--leave", help="Do not wait for its end.")]


@app.callback()
def batch() -> None:
    """Have archives in Blob Storage predicted by the service itself, while nobody has to wait.

    The environment says where: VISION_TRAINING_ENDPOINT, with VISION_TRAINING_KEY or VISION_TRAINING_TOKEN.
    """


@app.command()
def start(
    archive: Annotated[str, typer.Argument(help="A container and how its blobs' names begin: archives/2025/.")],
    project: OfProject,
    name: Annotated[str, typer.Option(help="The name that the model is published under.")],
    output: Annotated[str, typer.Option(help="Begins the folder of the results.")] = "",
    *,
    manifest: Annotated[bool, typer.Option(help="ARCHIVE is a blob with the name of a blob a line.")] = False,
    leave: Leave = False,
    as_json: AsJson = False,
) -> None:
    """Begin a batch, and wait for its end. Ends with 1 where some blobs could not be predicted."""
    container, _, rest = archive.partition("/")
    request = BatchRequest(name, container, "" if manifest else rest, rest if manifest else None, output, uuid4())
    service = _service()
    path = ("projects", naming.project_id(project, service.projects, naming.LISTED), "batches")
    try:
        begun = service.send(Batch, "POST", *path, body=request, base=OWN)
    except (Away, KeyboardInterrupt) as fault:
        raise left(f"The batch may have begun; {_look(request.id, path[1])} tells.", fault) from None
    _tell(begun if leave else _ended(service, begun), as_json=as_json)


@app.command()
def status(
    batch_id: OfBatch,
    project: OfProject,
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the rows there, as JSON lines.")] = None,
    *,
    leave: Leave = False,
    as_json: AsJson = False,
) -> None:
    """Wait for a batch's end, and tell how it was. `--to` reads storage, as `replay` does."""
    service = _service()
    found = service.get(Batch, *_path(service, project, batch_id), base=OWN)
    found = found if leave else _ended(service, found)
    if to:
        _write(found, to)
    _tell(found, as_json=as_json)


@app.command()
def cancel(batch_id: OfBatch, project: OfProject, *, as_json: AsJson = False) -> None:
    """End a batch that is under way; what is predicted by then stays."""
    service = _service()
    found = service.send(Batch, "POST", *_path(service, project, batch_id), "cancel", base=OWN)
    show(found, "\n".join(_lines(found)), as_json=as_json)


def _service() -> Service:
    """Raises CommandError where the environment does not say where it is."""
    given = ClientSettings.read()
    key, token = given.vision_training_key, given.vision_training_token
    if not given.vision_training_endpoint or not (key or token):
        raise CommandError("set VISION_TRAINING_ENDPOINT, and VISION_TRAINING_KEY or VISION_TRAINING_TOKEN.")
    return Service("the service", given.vision_training_endpoint, key, token)


def _path(service: Service, project: str, batch_id: UUID) -> tuple[object, ...]:
    return "projects", naming.project_id(project, service.projects, naming.LISTED), "batches", batch_id


def _ended(service: Service, batch: Batch) -> Batch:
    """As it is at its end. Raises CommandError where nobody waits so long; it goes on all the same."""
    with progress_of(Console(stderr=True), MofNCompleteColumn()) as progress:
        bar = progress.add_task("Predicting", total=None)
        try:
            while batch.is_under_way:
                progress.update(bar, completed=batch.done, total=batch.total if batch.listed else None)
                time.sleep(POLL_SECONDS)
                batch = service.get(Batch, *_path(service, str(batch.project_id), batch.id), base=OWN)
        except (Away, KeyboardInterrupt) as fault:
            look = _look(batch.id, batch.project_id)
            raise left(f"The batch goes on; {look} waits for it, and `cancel` ends it.", fault) from None
    return batch


def _look(batch_id: UUID | None, project_id: UUID) -> str:
    return f"`ocellus batch status {batch_id} --project {project_id}`"


def _write(batch: Batch, path: Path) -> None:
    """The rows that there are. Raises CommandError where they can't be written."""
    try:
        with opened_store() as (_, store), path.open("wb") as out:
            for name in blobs.names(store, "results", batch.results):
                part = blobs.read(store, "results", name)
                out.write(part.data if part else b"")
    except OSError as fault:
        raise CommandError(f"{path} can't be written: {fault.strerror}.") from fault


def _tell(batch: Batch, *, as_json: bool) -> None:
    show(batch, "\n".join(_lines(batch)), as_json=as_json)
    if batch.failed or batch.status in (BatchStatus.FAILED, BatchStatus.CANCELLED):
        raise typer.Exit(NO)


def _lines(batch: Batch) -> Iterator[str]:
    """What people read of it."""
    yield f"{batch.id}: {batch.status}, {batch.done:,} of {batch.total:,} blobs, rows in results/{batch.results}"
    if batch.message:
        yield f"  {batch.message}"
    if batch.failed:
        yield f"Not predicted ({batch.failed:,}):"
        yield from (f"  {row.blob}: {row.code}: {row.reason}" for row in batch.failures)
        if batch.failed > len(batch.failures):
            yield f"  and {batch.failed - len(batch.failures):,} more, which the rows name"
