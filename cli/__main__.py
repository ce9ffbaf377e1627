"""`./ocellus`, and `ocellus` where it is installed."""

import signal
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process. What can't be done is said in a line on stderr."""
    try:
        # Imported here: it takes a second or more, in which people press Ctrl-C, too.
        from cli.commands import run
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    run(arguments)


if __name__ == "__main__":
    main()
