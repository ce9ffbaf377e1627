"""Names and descriptions that clients give."""

import unicodedata

from shared.errors import ServiceError

NAME_LENGTH, DESCRIPTION_LENGTH = 128, 4_096
# Controls, lone surrogates, characters that are none, breaks of lines and paragraphs.
UNREADABLE = {"Cc", "Cs", "Cn", "Zl", "Zp"}
# These turn the reading direction of what follows, and so can make one name look like another.
TURNING = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_readable(name: str) -> bool:
    """Whether people can read the name as it is; Persian, Hindi and emoji need joiners, which don't show."""
    return not TURNING & set(name) and not any(unicodedata.category(each) in UNREADABLE for each in name)


def checked_name(name: str, of_what: str, refusal: type[ServiceError]) -> str:
    if not name.strip() or len(name) > NAME_LENGTH or not is_readable(name):
        raise refusal(f"{of_what} name has 1 to {NAME_LENGTH} printable characters.")
    return name


def checked_description(description: str | None, of_what: str, refusal: type[ServiceError]) -> str | None:
    """An empty one counts as none."""
    if description and len(description) > DESCRIPTION_LENGTH:
        raise refusal(f"{of_what} description has at most {DESCRIPTION_LENGTH} characters.")
    return description or None
