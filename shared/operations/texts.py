"""Names and descriptions that clients give."""

from shared.errors import ServiceError

NAME_LENGTH, DESCRIPTION_LENGTH = 128, 4_096


def checked_name(name: str, of_what: str, refusal: type[ServiceError]) -> str:
    if not name.strip() or len(name) > NAME_LENGTH or not name.isprintable():
        raise refusal(f"{of_what} name has 1 to {NAME_LENGTH} printable characters.")
    return name


def checked_description(description: str | None, of_what: str, refusal: type[ServiceError]) -> str | None:
    """An empty one counts as none."""
    if description and len(description) > DESCRIPTION_LENGTH:
        raise refusal(f"{of_what} description has at most {DESCRIPTION_LENGTH} characters.")
    return description or None
