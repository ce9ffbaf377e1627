"""The audit trail: who did what that others depend on, when, and from where."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.models.wire import Wire


class Stage(StrEnum):
    """Every call is recorded twice, before its work and after: a Begun that stays alone was cut off in the middle."""

    BEGUN = "Begun"
    DONE = "Done"
    REFUSED = "Refused"
    FAILED = "Failed"
    NOTICED = "Noticed"


class AuditRecord(Wire, frozen=True):
    """A line of the trail. `id` is the request's; with `stage` it tells a line that was written twice.

    `actor` is the fingerprint of a key or the object id of a token, `origin` what X-Forwarded-For says.
    """

    id: UUID
    time: datetime
    stage: Stage
    operation: str
    actor: str
    origin: str
    subject: dict[str, object]
    code: str | None = None
