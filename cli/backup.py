"""`ocellus backup` and `ocellus restore`: projects in a place of one's own, and back, with all of their ids."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from cli import naming
from cli.faults import FAILED, CommandError
from cli.naming import NAME
from cli.output import AsJson, progress_of, show
from cli.storage import opened_store
from shared.errors import BackupError, ProjectNotFound
from shared.models.workspace.projects import Project
from shared.operations.backup import restoring, taking
from shared.operations.backup.vault import NAMED, SUFFIX, Copy, DamagedCopy, Vault
from shared.storage.account import shelves
from shared.storage.workspace import projects

FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
Place = Annotated[
    str,
    typer.Argument(
        metavar="FOLDER|ADDRESS", help="A folder, or the address of a container: by your identity, or with a signature."
    ),
]


def backup(
    place: Place,
    project: Annotated[list[str] | None, typer.Option(metavar=NAME, help="Only this project.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Copy projects away: images, tags, models, published names, predictions. Again, it copies what is new.

    The environment says where: `. .local/ocellus.env` for ./run, STORAGE_ACCOUNT for Azure.
    """
    with opened_store() as (settings, store), shelves.opened(settings, place) as shelf:
        for each in _chosen(projects.list_all(store), project):
            try:
                with _told(each.name) as report:
                    copied = taking.take(store, Vault(shelf), each, report)
            except ProjectNotFound:
                typer.echo(f"{each.name} was deleted meanwhile.", err=True)
                continue
            show(copied, _copied(copied), as_json=as_json)


def restore(
    place: Place,
    project: Annotated[list[str] | None, typer.Option(metavar=NAME, help="Only this project.")] = None,
    at: Annotated[
        datetime | None, typer.Option(formats=FORMATS, help="As it was then (UTC), or before.", show_default="the last")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Clear away first what is left of the project.")] = False,
    *,
    as_json: AsJson = False,
) -> None:
    """Bring projects back from such a place, with all of their ids, into an installation that has them not.

    The environment says where: `. .local/ocellus.env` for ./run, STORAGE_ACCOUNT for Azure. Ends with 2 where one of
    them could not be brought back.
    """
    with opened_store() as (settings, store), shelves.opened(settings, place) as shelf:
        vault = Vault(shelf)
        copies = [_copy_of(vault, each, at) for each in _ids(vault, project)]
        if not copies:
            raise CommandError(f"{vault.place} has no copy of a project; `ocellus backup` makes one. Is it the place?")
        store.provision()
        failed = False
        for copy in copies:
            try:
                with _told(vault.header(copy).project.name) as report:
                    restored = restoring.restore(store, vault, copy, report, force=force)
            except BackupError as fault:
                # The others come back all the same.
                older = _older(vault, copy) if isinstance(fault, DamagedCopy) else ""
                typer.echo(f"ocellus: {fault}{older}", err=True)
                failed = True
                continue
            show(restored, _restored(restored), as_json=as_json)
    if failed:
        raise typer.Exit(FAILED)


def _chosen(there: Sequence[Project], wanted: Sequence[str] | None) -> list[Project]:
    """Each once. Raises CommandError for what is not there."""
    if not wanted:
        return list(there)
    return list({each.id: each for each in (naming.require(there, name, "project") for name in wanted)}.values())


def _ids(vault: Vault, wanted: Sequence[str] | None) -> list[UUID]:
    """Of all that there are copies of, or of those; each is called what its last copy calls it."""

    def named() -> Iterator[Project]:
        return (vault.header(vault.copies(each)[-1]).project for each in vault.projects())

    return [naming.project_id(name, named) for name in wanted] if wanted else vault.projects()


def _copy_of(vault: Vault, project_id: UUID, at: datetime | None) -> Copy:
    copies = vault.copies(project_id)
    found = [copy for copy in copies if at is None or copy.name <= at.strftime(NAMED) + "~"]
    if not found:
        first = f" The first is {copies[0].name}." if copies else ""
        raise CommandError(f"{vault.place} has no copy of {project_id} of that time.{first}")
    return found[-1]


def _older(vault: Vault, damaged: Copy) -> str:
    """How to have the copy before that one."""
    before = [copy for copy in vault.copies(damaged.project_id) if copy < damaged]
    taken = before and datetime.strptime(before[-1].name, f"{NAMED}{SUFFIX}")
    return f" The copy before: --project {damaged.project_id} --at {taken:%Y-%m-%dT%H:%M:%S}" if taken else ""


@contextmanager
def _told(name: str) -> Iterator[Callable[[int], None]]:
    """Tells how many blobs are done."""
    with progress_of(Console(stderr=True)) as progress:
        task = progress.add_task(name, total=None)
        yield lambda count: progress.update(task, description=f"{name}: {count} blobs")


def _copied(copied: taking.Copied) -> str:
    return (
        f"{copied.name}: {copied.images} images, {copied.tags} tags, {copied.iterations} iterations; "
        f"{copied.new} of {copied.blobs} blobs are new."
    )


def _restored(restored: restoring.Restored) -> str:
    lacking = f" Without {len(restored.missing)} images that went while it was copied." if restored.missing else ""
    return (
        f"{restored.name}: {restored.images} images, {restored.tags} tags, {restored.iterations} iterations are back."
        f"{lacking}"
    )
