"""How many parts of a file are walked: a few bytes each, they could take seconds."""

from collections.abc import Iterator

from shared.errors import BadImageFormat


def turns(most: int, name: str, parts: str) -> Iterator[int]:
    """To be asked for the next at each part. Raises BadImageFormat once there are more."""
    yield from range(most)
    raise BadImageFormat(f"The {name} has more than {most:,} {parts}; save it again.")
