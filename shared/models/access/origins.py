"""Where pages come from that may call the API from a browser: the setting CORS_ORIGINS."""

import re

ANY = "*"
ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?", re.ASCII)
DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def read_origins(text: str) -> frozenset[str]:
    """The origins of a comma list, as a browser writes them in `Origin`. Raises ValueError for what is none."""
    origins = frozenset(_origin(part.strip()) for part in text.split(",") if part.strip())
    if ANY in origins and len(origins) > 1:
        raise ValueError(f"CORS_ORIGINS lists others beside '{ANY}', which means every origin; give one or the other.")
    return origins


def _origin(text: str) -> str:
    if text == ANY:
        return ANY
    found = ORIGIN.fullmatch(text.lower())
    if found is None or found[3] == DEFAULT_PORTS.get(found[1], ""):
        raise ValueError(
            f"CORS_ORIGINS has '{text}', which no browser sends: an origin is scheme and host, and a port that is not "
            "the scheme's own, with no path or slash, such as https://shop.example or http://localhost:3000; "
            f"'{ANY}' alone means every origin."
        )
    return text.lower()
