"""Tokens of queries that come in pages: the session says which query it is, the continuation where a page begins."""

import base64
import binascii
import re
from hashlib import blake2b

import msgspec

from shared import errors
from shared.models.limits import Limits

PLACE = re.compile(r"[a-z0-9:-]+")
DIGEST = 8


class Session:
    """One query: every page of it has the same session, and another query has another."""

    def __init__(self, *query: object) -> None:
        digest = blake2b(msgspec.json.encode(query), digest_size=4).digest()
        self.name = f"2:{int.from_bytes(digest)}"

    def continuation(self, place: str | None) -> str | None:
        """The token that leads to a place; None to None."""
        if place is None:
            return None
        return base64.urlsafe_b64encode(self._digest(place) + place.encode()).decode()

    def place(self, session: str | None, continuation: str | None) -> str:
        """The place that a client's tokens lead to, "" for the first page. Raises InvalidQueryParameters."""
        if not continuation:
            return ""
        try:
            given = base64.urlsafe_b64decode(continuation)
            place = given[DIGEST:].decode("ascii")
        except (binascii.Error, ValueError):
            given, place = b"", ""
        if session != self.name or not PLACE.fullmatch(place) or given[:DIGEST] != self._digest(place):
            raise errors.InvalidQueryParameters(
                "'session' and 'continuation' are not of this query: send both as the last answer's token has them, "
                "with the rest of the query unchanged, or leave them out to begin anew."
            )
        return place

    def _digest(self, place: str) -> bytes:
        return blake2b(f"{self.name} {place}".encode(), digest_size=DIGEST).digest()


def page_size(limits: Limits, max_count: int | None) -> int:
    """How many results a query asks for; 0 leaves it to us.

    Raises PredictionResultsExceeded, InvalidQueryParameters.
    """
    size = max_count or limits.page_size
    if size < 0:
        raise errors.InvalidQueryParameters(f"'maxCount' is 0 to {limits.page_size}, not {size}.")
    if size > limits.page_size:
        raise errors.PredictionResultsExceeded(
            f"'maxCount' is {size}; ask for at most {limits.page_size}, and for the rest by the continuation."
        )
    return size
