"""The audit trail of some days."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial
from typing import Annotated

import msgspec
import typer

from cli import naming
from cli.faults import CommandError
from cli.naming import NAME
from cli.output import AsJson, show
from cli.storage import opened_store
from shared.models.audit import AuditRecord
from shared.models.wire import now
from shared.storage.account import audit as trail
from shared.storage.account.store import Store
from shared.storage.workspace import projects


def audit(
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], show_default="today")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], show_default="today")] = None,
    project: Annotated[str, typer.Option(metavar=NAME, help="Only what concerns this project.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Print the audit trail from one day (UTC) to another, a line for each record; with --json as it is stored.

    The environment says where: `. .local/ocellus.env` for ./run, STORAGE_ACCOUNT for Azure.
    """
    today = now().date()
    start, end = first.date() if first else today, last.date() if last else today
    if start > end:
        raise CommandError(f"{start} is after {end}; --from names the earlier day.")
    with opened_store() as (_, store):
        of = naming.project_id(project, partial(projects.list_all, store)) if project else None
        for record in _records(store, start, end):
            if of is None or record.subject.get("projectId") == str(of):
                show(record, _line(record), as_json=as_json)


def _records(store: Store, first: date, last: date) -> Iterator[AuditRecord]:
    for number in range((last - first).days + 1):
        yield from trail.read(store, first + timedelta(days=number))


def _line(record: AuditRecord) -> str:
    ended = f"{record.stage} ({record.code})" if record.code else record.stage
    subject = msgspec.json.encode(record.subject).decode()
    return f"{record.time:%Y-%m-%d %H:%M:%S} {record.operation} {ended} by {record.actor}: {subject}"
