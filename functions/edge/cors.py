"""What browsers let pages of other origins do, by the setting CORS_ORIGINS.

On Azure the Functions host answers the question before a request by itself, from the same origins (`siteConfig.cors`).
"""

from functools import cache

import azure.functions as func

from shared.models.access.origins import ANY, read_origins
from shared.settings import Settings

READABLE = "Allow, apim-request-id, Request-Id, Retry-After"
# The longest that browsers keep an answer to their question.
QUESTION_SECONDS = 7200

_origins = cache(read_origins)


def sharing(request: func.HttpRequest, settings: Settings) -> dict[str, str]:
    """The headers that let the page which asks read the answer, of whatever status it is."""
    origins = _origins(settings.cors_origins)
    if not origins:
        return {}
    origin = request.headers.get("Origin") or ""
    if ANY in origins:
        return {"Access-Control-Allow-Origin": ANY, "Access-Control-Expose-Headers": READABLE}
    if origin.lower() not in origins:
        return {"Vary": "Origin"}
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": READABLE, "Vary": "Origin"}


def permission(request: func.HttpRequest, settings: Settings) -> dict[str, str]:
    """The answer to the question before a request; empty where none is asked, or by an origin that may not."""
    asked = request.headers
    method = asked.get("Access-Control-Request-Method")
    shared = sharing(request, settings)
    if not method or "Access-Control-Allow-Origin" not in shared:
        return {}
    given = {"Access-Control-Allow-Methods": method, "Access-Control-Max-Age": str(QUESTION_SECONDS), **shared}
    if names := asked.get("Access-Control-Request-Headers"):
        given["Access-Control-Allow-Headers"] = names
    if asked.get("Access-Control-Request-Private-Network") == "true":
        given["Access-Control-Allow-Private-Network"] = "true"
    return given
