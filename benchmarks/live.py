"""How soon a label is in what the live model suggests: over HTTP, in a project of 20,000 images.

python -m benchmarks.live
python -m benchmarks.live --images 1000
python -m benchmarks.live --suite --sets food,trash

With --suite labelling is simulated instead, without a service.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from uuid import UUID

import msgspec
import numpy as np
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from benchmarks import accuracy, pages, simulated
from benchmarks.rig import TAGS, Client, Figure, Memory, Rig
from benchmarks.subjects import add_photos
from local.service import Service, running
from shared.arrays import Floats
from shared.models.wire import now
from shared.models.workspace.images import ImageRecord, TagMark, new_image_id
from shared.operations.labelling.embedding import View
from shared.storage.training import embeddings
from shared.storage.workspace import images, projects

SIZE, LABELLED = 20_000, 500
# As wide as those of EfficientNet-Lite2; so many are put together, as an upload or a step of catching up does.
WIDTH, BATCH = 4_120, 64
# Seconds from the call that sets a label to the answer that knows it, warm; and the first answer of a process.
SHOWN_GOAL, FIRST_GOAL = 0.5, 5.0
HOST_GOAL = 900
OCELLUS = "/ocellus/v1"


class Answer(Struct, rename="camel"):
    state: str
    embedded: int
    labelled: int


def filled(rig: Rig, labelled: int) -> None:
    """Images that look like their tag and something of their own, of which some have it."""
    chance = np.random.default_rng(7)
    middles: Floats = np.abs(chance.normal(size=(TAGS, WIDTH))).astype(np.float32)
    rig.images = [new_image_id() for _ in range(rig.size)]
    kind = chance.integers(0, TAGS, rig.size)
    records = [
        ImageRecord(
            image_id, now(), 640, 480, f"{at:064}", [TagMark(rig.tags[kind[at]], now())] if at < labelled else []
        )
        for at, image_id in enumerate(rig.images)
    ]
    images.insert_many(rig.store, rig.project, records)
    view = View.of(projects.get(rig.store, rig.project).settings)
    assert view
    for start in range(0, rig.size, BATCH):
        of = kind[start : start + BATCH]
        noise = np.abs(chance.normal(size=(len(of), WIDTH))).astype(np.float32)
        vectors = middles[of] + 2 * noise
        vectors *= np.sqrt(3) / np.linalg.norm(vectors, axis=1, keepdims=True)
        part = {record.sha256: row for record, row in zip(records[start : start + BATCH], vectors, strict=False)}
        embeddings.put(rig.store, rig.project, view.space, {key: row.astype(np.float16) for key, row in part.items()})


def asked(rig: Rig, client: Client, labelled: int, **query: object) -> None:
    """Ends the program where an answer does not know all labels that were acknowledged before."""
    answer = msgspec.json.decode(client.post(f"{rig.path}/live", query), type=Answer)
    if (answer.state, answer.embedded, answer.labelled) != ("Ready", rig.size, labelled):
        sys.exit(f"{answer} of {rig.size} images with {labelled} labels")


def ready(rig: Rig, client: Client) -> bool:
    return msgspec.json.decode(client.post(f"{rig.path}/live", {}), type=Answer).embedded == rig.size


def label(rig: Rig, image_id: UUID) -> None:
    entry = {"imageId": str(image_id), "tagId": str(rig.tags[0])}
    rig.client.post(f"{rig.path}/images/tags", {"tags": [entry]})


def labelled_and_shown(rig: Rig, client: Client, order: str, start: int) -> None:
    def act(at: int) -> None:
        label(rig, rig.images[at])
        asked(rig, client, at + 1, order=order)

    rig.each(f"a label, and {order} knows it", SHOWN_GOAL, [partial(act, start + at) for at in range(rig.rounds)])


def measure(rig: Rig, labelled: int) -> int:
    """How many are labelled in the end."""
    client, rounds = Client(rig.service, OCELLUS), rig.rounds
    rig.until("all that was embedded is read", time.perf_counter(), partial(ready, rig, client))
    rig.each("the same again", None, [partial(asked, rig, client, labelled)] * rounds)
    labelled_and_shown(rig, client, "Sure", labelled)
    labelled_and_shown(rig, client, "Unsure", labelled + rounds)
    labelled += 2 * rounds
    path = f"{rig.path}/images/{rig.images[-1]}/similar"
    rig.each("similar images", None, [partial(client.get, path)] * rounds)
    rig.each("labels in doubt", None, [partial(client.get, f"{rig.path}/live/doubts")] * rounds)
    rig.once("near-duplicates", partial(client.get, f"{rig.path}/live/duplicates"))
    return labelled


def main(argv: list[str]) -> int:
    options = _arguments().parse_args(argv)
    if options.suite:
        pages.run(simulated.run(options.photos, options.sets, options.draws), options.draws)
        return 0
    with tempfile.TemporaryDirectory(prefix="ocellus-benchmark-") as folder:
        with running(Path(folder)) as service:
            rig = Rig(service, options.images, options.rounds, classificationType=options.kind)
            filled(rig, options.labelled)
            memory = Memory({"host": lambda: service.host_pid})
            labelled = measure(rig, options.labelled)
            memory.stop()
        with running(Path(folder)) as service:
            _again(rig, service, labelled)
    show(options.images, rig.figures, memory.most["host"])
    return 0


def _again(rig: Rig, service: Service, labelled: int) -> None:
    client = Client(service, OCELLUS)
    rig.once("the first answer of a process", partial(asked, rig, client, labelled), FIRST_GOAL)


def show(size: int, figures: Sequence[Figure], memory: int) -> None:
    table = Table("", "p50", "p95, or once", "longest", "goal", title=f"{size} images")
    for figure in figures:
        style = "red" if figure.goal and figure.p95 > figure.goal else None
        table.add_row(figure.name, *figure.cells, style=style)
    table.add_row("memory of host", "", f"{memory} MB", "", f"{HOST_GOAL} MB", style="red" * (memory > HOST_GOAL))
    Console(highlight=False).print(table)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    parser.add_argument("--images", type=int, default=SIZE, metavar="N", help="of the project")
    parser.add_argument("--labelled", type=int, default=LABELLED, metavar="N", help="of them at first")
    parser.add_argument("--kind", default="Multiclass", choices=["Multiclass", "Multilabel"])
    parser.add_argument("--rounds", type=int, default=20, metavar="N", help="calls of each kind")
    parser.add_argument("--suite", action="store_true", help="labels of the suite's sets in several orders")
    parser.add_argument("--sets", type=accuracy.words(*accuracy.SETS), default=accuracy.SETS, metavar="NAME,...")
    parser.add_argument("--draws", type=int, default=3, help="of labels, with --suite")
    add_photos(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
