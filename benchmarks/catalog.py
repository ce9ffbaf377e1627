"""How fast a project of 100,000 images answers, changes and goes, over HTTP, and what memory the host takes for it.

python -m benchmarks.catalog
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from itertools import islice
from threading import Thread
from uuid import UUID, uuid4

from msgspec import structs
from rich.console import Console
from rich.table import Table

from benchmarks import subjects
from benchmarks.rig import TAGS, Client, Figure, Memory, Query, Rig
from shared.models.labelling.suggestions import SuggestedTagAndRegion, Suggestion
from shared.models.serving.predictions import Prediction
from shared.models.training.evaluations import EvaluatedBox, EvaluatedImage, Evaluation
from shared.models.training.iterations import Iteration, IterationRecord, IterationStatus, TrainingRun, TrainingType
from shared.models.training.model_spec import ModelTag
from shared.models.wire import now
from shared.models.workspace.domains import GENERAL, PRODUCTS_ON_SHELVES
from shared.models.workspace.images import ImageRecord, RegionMark, TaggingStatus, TagMark, new_image_id, new_region_id
from shared.models.workspace.projects import ClassificationType
from shared.storage.account import rows
from shared.storage.training import datasets, evaluations, iterations
from shared.storage.workspace import catalog, images, suggestions
from tests.storage.making import recount

SIZE = 100_000
PAGE = 256
PAGE_GOAL = 0.200
# At rest, and while or after others change the project.
COUNT_GOAL, CHANGED_GOAL = 0.060, 0.100
ALL_PAGES_GOAL, VISIBLE_GOAL, SWEPT_GOAL = 150.0, 1.0, 300.0
# Megabytes, of a project of 100,000 images.
HOST_GOAL, AZURITE_GOAL = 450, 1_300
FILTER = "camera eq 'north' and shift ne 'night'"
# By keys of few values, by the name of a file, which few images share, and by both.
FILTERS = {
    "eq": "camera eq 'north'",
    "ne": "shift ne 'night'",
    "and, or": "(camera eq 'north' or camera eq 'east') and shift ne 'night'",
    "file eq": "file eq 'p777.jpg'",
    "file ne": "file ne 'p777.jpg' and camera eq 'north'",
    "10 files": " or ".join(f"file eq 'p{number}.jpg'" for number in range(100, 110)),
}
# So many images have a file of the same name.
SAME_FILE = 2
# So many names of files fit in a filter.
SCATTERED = 70
# So many images, and boxes of each, a training judges at most.
JUDGED, JUDGED_BOXES = 2_000, 100
CALLERS = 8
# So many images are suggested tags for, and labelled, by one call at most.
BATCH = 64
# The job finds no pictures, which takes it a while at low priority; what is measured next begins without it.
JOB_SECONDS = 300.0
NOT_FOUND = 404


def records(size: int, tags: Sequence[UUID], chance: random.Random) -> Iterator[ImageRecord]:
    """The first tag is on half of them, a tenth has none, and of the others a third has two or three."""
    for number in range(size):
        time_now = now()
        few = [] if number % 10 == 9 else [tags[0] if number % 2 == 0 else chance.choice(tags[1:])]
        more = chance.sample(tags[1:], chance.choice([1, 2])) if few and number % 3 == 0 else []
        yield ImageRecord(
            id=new_image_id(),
            created=time_now,
            width=640,
            height=480,
            sha256=sha256(str(number).encode()).hexdigest(),
            tags=[TagMark(tag, time_now) for tag in dict.fromkeys([*few, *more])],
            metadata={
                "camera": chance.choice(["north", "east", "south", "west"]),
                "shift": chance.choice(["day", "night"]),
                "file": f"p{number // SAME_FILE}.jpg",
            },
        )


def build(rig: Rig) -> None:
    made = list(records(rig.size, rig.tags, rig.chance))
    rig.images = [record.id for record in made]
    rig.once("build the project", lambda: images.insert_many(rig.store, rig.project, made))

    def again() -> None:
        rig.service.kill_azurite()
        rig.service.start_azurite()

    rig.once("Azurite killed and started again", again)
    kept, found = catalog.read(rig.store, rig.project), recount(rig.store, rig.project)
    if kept.per_tag != found.per_tag or found.images != rig.size:
        sys.exit(f"Of {rig.size} images {found.images} are there, and {kept.images} are counted.")


def all_pages(rig: Rig) -> None:
    """Each skip is another, as a place that was reached before is known."""
    end = rig.size - PAGE
    places = {
        "start": [0] * rig.rounds,
        "middle": [rig.size // 2 + number for number in range(rig.rounds)],
        "end": [end - number for number in range(rig.rounds)],
        "jumps": [rig.chance.randrange(end) for _ in range(rig.rounds)],
    }
    for order in ("Newest", "Oldest"):
        for place, skips in places.items():
            view(rig, f"page, {order}, {place}", skips, orderBy=order)
    for number in (1, 5):
        total = int(rig.client.get(f"{rig.path}/images/count", tagIds=rig.any_of(number)))
        for order in ("Newest", "Oldest"):
            skips = [rig.chance.randrange(max(1, total - PAGE)) for _ in range(rig.rounds)]
            view(rig, f"page of {number} tags, {order}, jumps", skips, orderBy=order, tagIds=rig.any_of(number))
    for name, text in {
        FILTER: FILTER,
        FILTERS["file eq"]: FILTERS["file eq"],
        f"{SCATTERED} files": scattered(rig),
    }.items():
        view(rig, f"page of {name}, start", [0] * rig.rounds, **{"$filter": text})
    every = [{"take": PAGE, "skip": skip} for skip in range(0, rig.size, PAGE)]

    def read_all() -> None:
        for query in every:
            rig.client.get(f"{rig.path}/images", **query)

    rig.once(f"all {len(every)} pages", read_all, ALL_PAGES_GOAL)


def scattered(rig: Rig) -> str:
    """A filter whose images lie far from each other, so that they are read one by one."""
    some = rig.chance.sample(range(rig.size // SAME_FILE), SCATTERED)
    return " or ".join(f"file eq 'p{number}.jpg'" for number in some)


def view(rig: Rig, name: str, skips: Sequence[int], **query: object) -> None:
    rig.calls(name, "images", PAGE_GOAL, *({"take": PAGE, "skip": skip, **query} for skip in skips))


def all_counts(rig: Rig) -> None:
    views: dict[str, Query] = {
        "all": {},
        "tagged": {"taggingStatus": "Tagged"},
        "untagged": {"taggingStatus": "Untagged"},
        "1 tag": {"tagIds": rig.any_of(1)},
        "5 tags": {"tagIds": rig.any_of(5)},
        "20 tags": {"tagIds": rig.any_of(20)},
    }
    for name, query in views.items():
        rig.calls(f"count, {name}", "images/count", COUNT_GOAL, *[query] * rig.rounds)
    for name, query in filtered(rig).items():
        rig.calls(f"count, {name}", "images/count", COUNT_GOAL, *[query] * rig.rounds)


def filtered(rig: Rig) -> dict[str, Query]:
    """By metadata alone, and with tags and a status."""
    alone: dict[str, Query] = {f"$filter, {name}": {"$filter": text} for name, text in FILTERS.items()}
    return {
        **alone,
        "$filter and 5 tags": {"$filter": FILTER, "tagIds": rig.any_of(5)},
        "$filter and untagged": {"$filter": FILTER, "taggingStatus": "Untagged"},
        "$filter, file ne, and 5 tags": {"$filter": FILTERS["file ne"], "tagIds": rig.any_of(5)},
    }


def after_changes(rig: Rig) -> None:
    """The same when an image was labelled since: what is remembered of the project is outdated."""
    tag_ids, skip = rig.any_of(5), rig.size // 4

    def changed(name: str, path: str, goal: float, query: Query) -> None:
        rig.calls(f"{name}, changed since", path, goal, *[query] * rig.rounds, before=partial(label, rig, 1))

    changed("count, 5 tags", "images/count", CHANGED_GOAL, {"tagIds": tag_ids})
    for name, query in filtered(rig).items():
        changed(f"count, {name}", "images/count", CHANGED_GOAL, query)
    changed("page, Newest, jump", "images", PAGE_GOAL, {"take": PAGE, "skip": skip})
    changed("page, Oldest, jump", "images", PAGE_GOAL, {"take": PAGE, "skip": skip, "orderBy": "Oldest"})
    changed("page of 5 tags, jump", "images", PAGE_GOAL, {"take": PAGE, "skip": skip, "tagIds": tag_ids})


def label(rig: Rig, number: int) -> None:
    """Any images, with the second tag alone."""
    marks, some = [TagMark(rig.tags[1], now())], rig.chance.sample(rig.images, number)
    images.change_many(rig.store, rig.project, some, lambda image: structs.replace(image, tags=marks))


def train(rig: Rig) -> None:
    started = time.perf_counter()
    trained: list[UUID] = []
    rig.once("train call", lambda: trained.append(rig.client.make(f"{rig.path}/train")))
    (iteration,) = trained
    rig.until("until the dataset is frozen", started, lambda: datasets.frozen(rig.store, rig.project, iteration))
    wait_for_job(rig, f"{rig.path}/iterations/{iteration}")
    tagged = int(rig.client.get(f"{rig.path}/images/count", iterationId=iteration))
    skips = [rig.chance.randrange(max(1, tagged - PAGE)) for _ in range(rig.rounds)]
    view(rig, "page of the iteration, jumps", skips, iterationId=iteration)
    view(rig, "page of the iteration and 5 tags, start", [0] * rig.rounds, iterationId=iteration, tagIds=rig.any_of(5))
    scoped: dict[str, Query] = {"5 tags": {"tagIds": rig.any_of(5)}, **filtered(rig)}
    for name, query in scoped.items():
        count = {"iterationId": iteration, **query}
        rig.calls(f"count of the iteration, {name}", "images/count", COUNT_GOAL, *[count] * rig.rounds)


def wait_for_job(rig: Rig, path: str) -> None:
    deadline = time.monotonic() + JOB_SECONDS
    while b'"Training"' in rig.client.get(path) and time.monotonic() < deadline:
        time.sleep(1)


def performance(rig: Rig) -> None:
    for kind, domain, boxes in (("a classifier", GENERAL, 0), ("a detector", PRODUCTS_ON_SHELVES, JUDGED_BOXES)):
        all_judged(rig, kind, f"iterations/{judged(rig, domain, boxes)}/performance")


def all_judged(rig: Rig, kind: str, path: str) -> None:
    """The longest call of each kind is the first."""
    for number, of in ((0, ""), (1, " and 1 tag"), (5, " and 5 tags")):
        name = f"judged by {kind}{of}"
        tags: Query = {"tagIds": rig.any_of(number)} if number else {}
        rig.calls(f"count {name}", f"{path}/images/count", COUNT_GOAL, *[tags] * rig.rounds)
        total = int(rig.client.get(f"{rig.path}/{path}/images/count", **tags))
        for order in ("Newest", "Oldest"):
            skips = [rig.chance.randrange(max(1, total - PAGE)) for _ in range(rig.rounds)]
            views: list[Query] = [{"take": PAGE, "skip": skip, "orderBy": order, **tags} for skip in skips]
            rig.calls(f"page {name}, {order}", f"{path}/images", PAGE_GOAL, *views)
    thresholds: list[Query] = [{"threshold": at / rig.rounds} for at in range(rig.rounds)]
    rig.calls(f"performance of {kind} at any threshold", path, None, *thresholds)

    def page(number: int) -> None:
        Client(rig.service).get(f"{rig.path}/{path}/images", take=PAGE, skip=number)

    with ThreadPoolExecutor(CALLERS) as pool:
        rig.once(f"{4 * CALLERS} pages by {CALLERS} callers", lambda: list(pool.map(page, range(4 * CALLERS))))


def judged(rig: Rig, domain: UUID, boxes: int) -> UUID:
    """An iteration as a training leaves it that judges as many images and boxes as one does at most."""
    time_now, chance = now(), rig.chance
    iteration = completed(rig, domain)

    def image(record: ImageRecord) -> EvaluatedImage:
        tags = sorted(record.tag_ids)
        regions = [RegionMark(new_region_id(record.id), tag, time_now, *box(chance)) for tag in tags if boxes]
        found = [EvaluatedBox(chance.randrange(TAGS), chance.random(), *box(chance)) for _ in range(boxes)]
        answers = [] if boxes else [chance.random() for _ in rig.tags]
        return EvaluatedImage(record.id, record.created, 640, 480, tags, answers, regions, found)

    tags = [ModelTag(tag, f"tag {number}") for number, tag in enumerate(rig.tags)]
    evaluation = Evaluation(
        tags, iteration.classification_type, [image(record) for record in records(JUDGED, rig.tags, chance)]
    )
    evaluations.write(rig.store, rig.project, iteration.id, evaluation)
    return iteration.id


def completed(rig: Rig, domain: UUID) -> Iteration:
    """An iteration without a model."""
    iteration = Iteration(
        uuid4(),
        "completed",
        IterationStatus.COMPLETED,
        now(),
        now(),
        rig.project,
        domain_id=domain,
        classification_type=ClassificationType.MULTILABEL if domain == GENERAL else None,
        training_type=TrainingType.REGULAR,
    )
    iterations.insert(rig.store, IterationRecord(iteration, TrainingRun(revision=0)))
    return iteration


def box(chance: random.Random) -> list[float]:
    return [chance.random() / 2 for _ in range(4)]


def delete_tag(rig: Rig) -> None:
    """The call takes the tag off some images before it answers; others look on over a connection of their own."""
    tag, started = rig.tags[0], time.perf_counter()
    call = Thread(target=Client(rig.service).delete, args=[f"{rig.path}/tags/{tag}"])
    call.start()

    def invisible() -> bool:
        gone = rig.client.send("GET", f"{rig.path}/tags/{tag}")[0] == NOT_FOUND
        return gone and str(tag).encode() not in rig.client.get(f"{rig.path}/images", take=PAGE)

    rig.until("tag on half of them deleted, until it is seen nowhere", started, invisible, VISIBLE_GOAL)
    rig.until("until the call answers", started, lambda: not call.is_alive())
    view(rig, "page meanwhile, jumps", [rig.chance.randrange(rig.size) for _ in range(rig.rounds)])
    count: Query = {"taggingStatus": "Untagged"}
    rig.calls("count meanwhile", "images/count", CHANGED_GOAL, *[count] * rig.rounds)
    left = images.with_tag
    rig.until("until no row has it", started, lambda: not any(left(rig.store, rig.project, tag)), SWEPT_GOAL)


def suggest(rig: Rig) -> None:
    """Every tag for each untagged image: about half of all, as a tag on half of them is gone by now."""
    iteration, chance = completed(rig, GENERAL).id, rig.chance
    untagged = images.each(rig.store, rig.project, TaggingStatus.UNTAGGED)

    def suggested(image: UUID) -> Suggestion:
        answers = [Prediction(chance.random(), tag, f"tag {number}") for number, tag in enumerate(rig.tags)]
        made = SuggestedTagAndRegion(image, rig.project, iteration, now(), answers, chance.random())
        return Suggestion(made, GENERAL, 640, 480)

    def write() -> None:
        while batch := [suggested(record.id) for record in islice(untagged, BATCH)]:
            suggestions.put(rig.store, rig.project, iteration, batch)

    def count() -> None:
        rig.client.post(f"{rig.path}/images/suggested/count", {"threshold": chance.random()}, iterationId=iteration)

    def page() -> None:
        query = {"maxCount": PAGE, "threshold": 0.5}
        rig.client.post(f"{rig.path}/images/suggested", query, iterationId=iteration)

    rig.once("suggestions written", write)
    rig.each("count of suggestions", COUNT_GOAL, [count] * rig.rounds)
    for number in (1, BATCH):
        name = f"count of suggestions, {number} labelled since"
        rig.each(name, CHANGED_GOAL, [count] * rig.rounds, before=partial(label, rig, number))
    rig.each("page of suggestions, start", PAGE_GOAL, [page] * rig.rounds)


def delete_project(rig: Rig) -> None:
    started = time.perf_counter()
    rig.once("delete the project", lambda: rig.client.delete(rig.path))
    rig.until("until it is gone", started, lambda: rig.client.send("GET", rig.path)[0] == NOT_FOUND, VISIBLE_GOAL)

    def purged() -> bool:
        left = rows.scan(rig.store.catalog, str(rig.project), " ", "~", keys_only=True, page=1)
        return next(left, None) is None

    rig.until("until no row of it is left", started, purged, SWEPT_GOAL)


STEPS = (build, all_pages, all_counts, after_changes, train, performance, delete_tag, suggest, delete_project)


def main(argv: list[str]) -> int:
    options = _arguments().parse_args(argv)
    with subjects.fresh_service() as service:
        memory = Memory({"host": lambda: service.host_pid, "Azurite": lambda: service.azurite.pid})
        rig = Rig(service, options.images, options.rounds)
        for step in STEPS:
            print(step.__name__.replace("_", " "), flush=True)
            step(rig)
            print(f"  most memory so far: {memory.most}", flush=True)
        memory.stop()
        rig.store.close()
    show(options.images, rig.figures, memory.most)
    return 0


def show(size: int, figures: Sequence[Figure], memory: dict[str, int]) -> None:
    table = Table("", "p50", "p95, or once", "longest", "goal", title=f"{size} images")
    for figure in figures:
        style = "red" if figure.goal and figure.p95 > figure.goal else None
        table.add_row(figure.name, *figure.cells, style=style)
    for name, goal in (("host", HOST_GOAL), ("Azurite", AZURITE_GOAL)):
        style = "red" if size == SIZE and memory[name] > goal else None
        table.add_row(f"memory of {name}", "", f"{memory[name]} MB", "", f"{goal} MB" * (size == SIZE), style=style)
    Console(highlight=False).print(table)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalog", description=__doc__)
    parser.add_argument("--images", type=int, default=SIZE, metavar="N", help="of the project")
    parser.add_argument("--rounds", type=int, default=20, metavar="N", help="calls of each kind")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
