"""Sends rejected pictures of cameras through the pipeline again, on this machine or in Azure."""

from typing import Annotated
from uuid import UUID

import typer
from msgspec import Struct

from cli.faults import CommandError
from cli.output import AsJson, show
from cli.storage import opened_store
from shared.errors import ServiceError
from shared.events import Publisher
from shared.operations.serving.camera import replay_rejected


class Replayed(Struct, frozen=True):
    """How many pictures are on their way to their model again, and how many were rejected as before."""

    passed: int
    rejected: int


def replay(
    project: Annotated[UUID | None, typer.Option(help="Only pictures of this project.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Send rejected camera pictures that are still in `uploads` through the pipeline again.

    The environment says where: `. .local/ocellus.env` for ./run, STORAGE_ACCOUNT for Azure.
    """
    with opened_store() as (settings, store):
        try:
            done = Replayed(*replay_rejected(store, Publisher.open(settings), settings.limits, project))
        except ServiceError as error:
            raise CommandError(f"not all could be replayed: {error} Run it again.") from error
    show(
        done,
        f"On their way to their model again: {done.passed}; `results` will say what came of each. "
        f"Rejected as before, each with its reason in `results`: {done.rejected}.",
        as_json=as_json,
    )
