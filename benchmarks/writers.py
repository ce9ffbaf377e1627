"""Two processes of eight threads write to one project: does a recount agree with every count and index?

python -m benchmarks.writers
"""

import argparse
import sys
from contextlib import closing

from local import azurite
from shared.settings import Settings
from shared.storage.account.store import Store
from shared.storage.workspace import catalog, projects
from tests.storage.making import assert_consistent, new_project
from tests.storage.writers import write


def main(argv: list[str]) -> int:
    options = _arguments().parse_args(argv)
    with azurite.running() as connection_string:
        settings = Settings(storage_connection_string=connection_string, launcher="process")
        with closing(Store.open(settings)) as store:
            store.provision()
            project = new_project()
            projects.insert(store, project)
            done = write(connection_string, project.id, options.seconds)
            assert_consistent(store, project.id)
            number = catalog.read(store, project.id).images
    print(f"After {done.total()} operations a recount of {number} images agrees with all counts and indexes:")
    print(", ".join(f"{name} {times}" for name, times in done.most_common()))
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.writers", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
