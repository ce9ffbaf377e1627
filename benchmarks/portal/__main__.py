"""How fast the portal is in Chromium at a project of 100,000 images: each figure beside its budget.

python -m benchmarks.portal
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks import subjects
from benchmarks.portal import filling, looking
from benchmarks.portal.desk import Figure, seated
from benchmarks.rig import Rig
from shared.settings import ROOT

SIZE, LEAST = 100_000, 2_000


def main(argv: list[str]) -> int:
    options = arguments().parse_args(argv)
    if options.images < LEAST:
        sys.exit(f"Somebody scrolls over more than {options.images} images; let --images be {LEAST} or more.")
    subprocess.run(["sh", "-c", "root=$PWD; . local/setup.sh; build_portal"], cwd=ROOT, check=True)
    with subjects.fresh_service() as service, seated(service) as desk:
        rig = Rig(service, options.images, 1)
        projects = filling.fill(rig)
        for step in looking.STEPS:
            print(step.__name__.replace("_", " "), flush=True)
            step(desk, projects)
        rig.store.close()
    show(options.images, desk.figures)
    return 0


def show(size: int, figures: Sequence[Figure]) -> None:
    table = Table("", "p50", "p95", "most, or once", "budget", title=f"the portal at {size:,} images")
    for figure in figures:
        table.add_row(figure.name, *figure.cells, style=None if figure.fits else "red")
    Console(highlight=False).print(table)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.portal", description=__doc__)
    parser.add_argument("--images", type=int, default=SIZE, metavar="N", help="of the project")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
