"""`python -m local.replay`: sends rejected camera pictures through the pipeline again, on this machine or in Azure."""

import argparse
import sys
from collections.abc import Sequence
from uuid import UUID

from shared.errors import ServiceError
from shared.events import Publisher
from shared.operations.serving.camera import replay_rejected
from shared.settings import Settings
from shared.storage.account.store import Store


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m local.replay",
        description="Send rejected camera pictures that are still in `uploads` through the pipeline again.",
        epilog="The environment says where: `. .local/ocellus.env` for ./run, STORAGE_ACCOUNT for Azure.",
    )
    parser.add_argument("--project", type=UUID, help="only pictures of this project")
    options = parser.parse_args(argv)
    settings = Settings.read()
    if not settings.storage_connection_string and not settings.storage_account:
        parser.error("set STORAGE_CONNECTION_STRING or STORAGE_ACCOUNT first, e.g. by `. .local/ocellus.env`")
    store = Store.open(settings)
    try:
        passed, refused = replay_rejected(store, Publisher.open(settings), settings.limits, options.project)
    except ServiceError as error:
        print(f"Not all could be replayed: {error} Run it again.", file=sys.stderr)
        return 1
    finally:
        store.close()
    print(f"Go through the pipeline again: {passed}. Rejected as before, each with its reason in `results`: {refused}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
