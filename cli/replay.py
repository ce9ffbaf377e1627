"""Sends rejected pictures of cameras through the pipeline again, on this machine or in Azure."""

from functools import partial
from typing import Annotated

import typer
from msgspec import Struct

from cli import naming
from cli.faults import CommandError
from cli.naming import NAME
from cli.output import AsJson, show
from cli.storage import opened_store
from shared.errors import ServiceError
from shared.events import Publisher
from shared.storage.workspace import projects


class Replayed(Struct, frozen=True):
    """How many pictures are on their way to their model again, and how many were rejected as before."""

    passed: int
    rejected: int


def replay(
    project: Annotated[str, typer.Option(metavar=NAME, help="Only pictures of this project.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Send rejected camera pictures that are still in `uploads` through the pipeline again.

    The environment says where: `. .local/ocellus.env` for ./run, STORAGE_ACCOUNT for Azure.
    """
    with opened_store() as (settings, store):
        # Imported here: it takes a tenth of a second, which no other command need wait for.
        from shared.operations.serving.camera import replay_rejected

        of = naming.project_id(project, partial(projects.list_all, store)) if project else None
        try:
            done = Replayed(*replay_rejected(store, Publisher.open(settings), settings.limits, of))
        except ServiceError as error:
            raise CommandError(f"not all could be replayed: {error} Run it again.") from error
    show(
        done,
        f"On their way to their model again: {done.passed}; `results` will say what came of each. "
        f"Rejected as before, each with its reason in `results`: {done.rejected}.",
        as_json=as_json,
    )
