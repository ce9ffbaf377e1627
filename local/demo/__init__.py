"""`./run demo`: the main job from a folder of pictures to a camera's results, through the official SDK."""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cli.faults import CommandError
from local.demo.splitting import split, split_boxes
from shared.formats import folders, regions
from shared.formats.dataset import DatasetError

if TYPE_CHECKING:
    from local.demo.report import ClassificationReport, DetectionReport

ROOT = Path(__file__).resolve().parent.parent.parent
RENDERED_PER_TAG = 30


def main(argv: list[str]) -> int:
    """Returns the exit code: 0, or 1 after a line on stderr that says why."""
    options = _arguments().parse_args(argv)
    try:
        if options.folder:
            _run(options, options.folder)
        else:
            with tempfile.TemporaryDirectory(prefix="ocellus-parts-") as folder:
                _render(Path(folder), options.per_tag, options.detect)
                _run(options, Path(folder))
    except (CommandError, DatasetError) as fault:
        print(f"The demo can't go on: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./run demo",
        description="Train a classifier, or with --detect a detector, on labelled pictures, publish it, call it, and "
        "let a camera use it.",
        epilog="Without FOLDER it renders pictures of machined parts and uses those.",
    )
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        metavar="FOLDER",
        help="holds one folder of pictures a tag; with --detect, pictures and their boxes in a regions.json",
    )
    parser.add_argument("--detect", action="store_true", help="find objects and draw boxes around them")
    parser.add_argument(
        "--test",
        type=Path,
        metavar="FOLDER",
        help="pictures to test with, in the same form; without it a fifth of FOLDER is held out",
    )
    parser.add_argument("--port", type=int, help="port of the endpoint (a free one)")
    parser.add_argument(
        "--data", type=Path, default=ROOT / ".local", metavar="FOLDER", help="where all is kept (.local)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was measured to this file, too")
    parser.add_argument(
        "--per-tag", type=int, default=RENDERED_PER_TAG, metavar="N", help=f"pictures to render ({RENDERED_PER_TAG})"
    )
    return parser


def _render(folder: Path, per_tag: int, detect: bool) -> None:
    from local.demo import benches, scenes

    if detect:
        print(f"Rendering benches with {', '.join(benches.TAGS)} on {per_tag} pictures each ...", flush=True)
        benches.write_folder(folder, per_tag, seed=1)
    else:
        print(f"Rendering {per_tag} pictures each of machined parts that are {', '.join(scenes.TAGS)} ...", flush=True)
        scenes.write_folder(folder, per_tag, seed=1)


def _run(options: argparse.Namespace, folder: Path) -> None:
    report = (_detect if options.detect else _classify)(options, folder)
    if options.json:
        import msgspec

        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


# Bad input is named before anything is started, and before what takes long to import.


def _classify(options: argparse.Namespace, folder: Path) -> "ClassificationReport":
    dataset = split(folders.load(folder), options.test and folders.load(options.test))
    from local.demo import classification

    return classification.run(dataset, options.data, options.port)


def _detect(options: argparse.Namespace, folder: Path) -> "DetectionReport":
    dataset = split_boxes(regions.load(folder), options.test and regions.load(options.test))
    from local.demo import detection

    return detection.run(dataset, options.data, options.port)
