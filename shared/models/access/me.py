"""Who is calling, as the service sees it."""

from shared.models.access.roles import Role
from shared.models.limits import Limits
from shared.models.wire import Wire


class Me(Wire, frozen=True):
    """`actor` is the fingerprint of a key or the object id of a token, as in the audit trail.

    A key holds the role Contributor. `pictures` is the origin of the addresses of pictures.
    """

    actor: str
    roles: list[Role]
    limits: Limits
    pictures: str
