"""Where services are, as people say it."""

import re
from urllib.parse import urlsplit

from cli.faults import CommandError

# What clients put behind it themselves, and people copy with it.
BEHIND = re.compile(r"/(customvision|ocellus|portal)(/.*)?$", re.IGNORECASE)


def endpoint(text: str, variable: str) -> str:
    """It, without a slash at its end. Raises CommandError for what is none of a service."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CommandError(f"{variable} is a URL, such as https://vision.example.com, not '{text}'.")
    path = BEHIND.sub("", parts.path.rstrip("/"))
    if path != parts.path.rstrip("/") or parts.query or parts.fragment:
        raise CommandError(f"{variable} ends before the API's own path: {parts.scheme}://{parts.netloc}{path}")
    return text.rstrip("/")
