"""Who is calling."""

from urllib.parse import urlsplit

from functions.edge.call import Call
from functions.edge.decorators import ocellus
from shared.models.access.me import Me
from shared.models.access.roles import EVERYBODY
from shared.storage.account import signing


@ocellus("GET", "me", EVERYBODY)
def get_me(call: Call) -> Me:
    """Who is calling, in which roles, within which limits, and where pictures lie."""
    pictures = urlsplit(signing.root(call.store))
    return Me(call.actor, sorted(call.roles), call.limits, f"{pictures.scheme}://{pictures.netloc}")
