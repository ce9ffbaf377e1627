"""The audit trail: who did what that others depend on, when, and from where."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.models.wire import Wire

# The operations that are recorded: what is served, what is gone for good, and what leaves or enters the account.
AUDITED = frozenset(
    {
        "publish_iteration", "unpublish_iteration", "delete_project", "delete_iteration", "delete_tag", "delete_images",
        "delete_prediction", "export_project", "export_iteration", "import_project",
        # Version 2 publishes by it.
        "update_iteration",
    }
)  # fmt: skip
# Their arguments that are recorded. The token of an import is left out: it opens the export.
SUBJECTS = frozenset(
    {
        "project_id", "iteration_id", "tag_id", "image_ids", "all_images", "all_iterations", "ids", "publish_name",
        "prediction_id", "overwrite", "platform", "flavor", "name", "is_default",
    }
)  # fmt: skip


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
