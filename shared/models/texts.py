"""Names and descriptions: which ones clients may give, and how names are compared."""

import re
import unicodedata

from shared.errors import ServiceError

NAME_LENGTH, DESCRIPTION_LENGTH = 128, 4_096
# Controls, lone surrogates, breaks of lines and paragraphs: sets that no version of Unicode adds to. What this
# Python's tables don't know is a newer character.
UNREADABLE = {"Cc", "Cs", "Zl", "Zp"}
# These turn the reading direction of what follows, and so can make one name look like another.
TURNING = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
NO_CHARACTERS = range(0xFDD0, 0xFDF0)
# Beside blanks and formats, what shows nothing by itself: joiners, fillers, selectors of variants.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff]"
)


def is_readable(name: str) -> bool:
    """Whether people can read the name as it is; Persian, Hindi and emoji need joiners, which don't show."""
    return not TURNING & set(name) and not any(map(_is_unreadable, name)) and any(map(_is_visible, name))


def _is_unreadable(each: str) -> bool:
    point = ord(each)
    return unicodedata.category(each) in UNREADABLE or point & 0xFFFE == 0xFFFE or point in NO_CHARACTERS


def _is_visible(each: str) -> bool:
    return unicodedata.category(each) not in {"Cf", "Zs"} and not INVISIBLE.match(each)


def checked_name(name: str, of_what: str, refusal: type[ServiceError]) -> str:
    if len(name) > NAME_LENGTH or not is_readable(name):
        raise refusal(f"{of_what} name has 1 to {NAME_LENGTH} printable characters.")
    return name


def checked_description(description: str | None, of_what: str, refusal: type[ServiceError]) -> str | None:
    """An empty one counts as none."""
    if description and len(description) > DESCRIPTION_LENGTH:
        raise refusal(f"{of_what} description has at most {DESCRIPTION_LENGTH} characters.")
    return description or None


def folded(name: str) -> str:
    """A name as names are compared: without regard to case, letter by letter, so that Maße and Masse are two.

    Unicode's simple case folding: what folds to several letters, as ß does, keeps to its lower case.
    """
    return unicodedata.normalize("NFC", "".join(map(_folded, name)))


def _folded(letter: str) -> str:
    one = letter.casefold()
    return one if len(one) == 1 else letter.lower()
