"""The command line in this process."""

import pytest

from cli.__main__ import main


def ocellus(*arguments: str) -> int:
    """The exit code of a command. What it prints is the test's to capture."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)
