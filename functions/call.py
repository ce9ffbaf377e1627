"""One request to the API, as typed values for the handlers."""

import re
from functools import cached_property
from typing import TypeVar
from uuid import UUID, uuid4

import azure.functions as func
from msgspec import Struct

from functions import body
from functions.runtime import Runtime
from shared import errors
from shared.fetch import fetch
from shared.models.images import ImageUrl
from shared.models.limits import Limits
from shared.models.wire import E, enum_named
from shared.storage.store import Store

S = TypeVar("S", bound=Struct)


class Call:
    """Query names match in any case; a repeated parameter and a comma list are the same thing."""

    def __init__(self, request: func.HttpRequest, runtime: Runtime) -> None:
        self.request = request
        self.runtime = runtime
        self.id = uuid4()

    @property
    def store(self) -> Store:
        return self.runtime.store

    @property
    def limits(self) -> Limits:
        return self.runtime.settings.limits

    @cached_property
    def _query(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.request.params.items()}

    def optional(self, name: str) -> str | None:
        """The query parameter, or None where it is absent or empty."""
        return self._query.get(name.lower()) or None

    def query(self, name: str) -> str:
        """A query parameter that must be there. Raises MissingParameter."""
        value = self.optional(name)
        if value is None:
            raise errors.MissingParameter(f"The query parameter '{name}' is required.")
        return value

    def integer(self, name: str, default: int) -> int:
        value = self.optional(name)
        if value is None:
            return default
        if not re.fullmatch(r"[+-]?\d{1,9}", value.strip(), re.ASCII):
            raise errors.BadRequest(f"'{name}' must be a whole number of at most 9 digits, not '{value[:80]}'.")
        return int(value)

    def fraction(self, name: str, default: float) -> float:
        """A number from 0 to 1."""
        value = self.optional(name) or str(default)
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not 0 <= number <= 1:
            raise errors.BadRequest(f"'{name}' must be a number from 0 to 1, not '{value[:80]}'.")
        return number

    def flag(self, name: str, default: bool) -> bool:
        value = (self.optional(name) or str(default)).lower()
        if value not in ("true", "false"):
            raise errors.BadRequest(f"'{name}' must be true or false, not '{value[:80]}'.")
        return value == "true"

    def choice(self, name: str, default: E) -> E:
        value = self.optional(name)
        if value is None:
            return default
        member = enum_named(type(default), value)
        if member is None:
            names = ", ".join(type(default))
            raise errors.BadRequest(f"'{name}' must be one of {names}, not '{value[:80]}'.")
        return member

    def names(self, name: str) -> list[str]:
        """The values of a comma list."""
        return [text.strip() for text in (self.optional(name) or "").split(",") if text.strip()]

    def ids(self, name: str, limit: int) -> list[UUID]:
        """A comma list of ids, without repeats. Raises InvalidIds, ExceededBatchSize."""
        ids = list(dict.fromkeys(parse_id(name, text) for text in self.names(name)))
        if len(ids) > limit:
            raise errors.ExceededBatchSize(f"'{name}' has {len(ids)} ids; send at most {limit} in one call.")
        return ids

    def require_workspace(self) -> None:
        """Raises OperationNotSupported for a read that asks for an iteration's images, or for a filter by metadata."""
        for name in ("iterationId", "$filter"):
            if self.optional(name):
                raise errors.OperationNotSupported(f"Leave out {name}: this version reads the whole workspace only.")

    def json(self, kind: type[S]) -> S:
        """The body as `kind`; an empty body counts as {}. Raises BadRequest, UnsupportedMediaType."""
        return body.read_json(self._content_type, self.request.get_body(), kind)

    def files(self) -> list[body.File]:
        """The pictures of a multipart or raw body. Raises BadImageBatch, UnsupportedMediaType."""
        return body.read_files(self._content_type, self.request.get_body())

    def picture(self, limit: int) -> bytes:
        """The one picture of the body, of at most `limit` bytes. Raises BadImageBatch, BadImageSize."""
        files = self.files()
        if len(files) != 1:
            raise errors.BadImageBatch(f"Send exactly one picture in the body, not {len(files)}.")
        size = len(files[0].contents)
        if size > limit:
            raise errors.BadImageSize(f"The picture has {size:,} bytes; at most {limit:,} are allowed.")
        return files[0].contents

    def fetched_picture(self, limit: int) -> bytes:
        """The picture that the body's url names. Raises BadImageUrl, BadImageSize."""
        allow_private = self.runtime.settings.allow_private_urls
        return fetch(self.json(ImageUrl).url, limit=limit, allow_private=allow_private)

    @property
    def _content_type(self) -> str:
        return str(self.request.headers.get("Content-Type") or "")


def parse_id(name: str, text: str) -> UUID:
    try:
        return UUID(text.strip())
    except ValueError:
        raise errors.InvalidIds(f"'{name}' must be a GUID, not '{text[:80]}'.") from None
