"""A data set is listed once, packed share by share, and closed by what describes it. A step may be done twice: each
packs into blocks of its own, and the first that says which they are is the one that counts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID, uuid4

import msgspec
from msgspec.structs import replace

from shared import errors
from shared.formats import carrying, catalogue, names, packing, predicted
from shared.formats.dataset import Labelled, LabelledSet, Mark
from shared.formats.packing import Entry
from shared.formats.predicted import Said
from shared.models.messages.tasks import ExportDataset
from shared.models.wire import Wire
from shared.models.workspace.bulk import TaskStatus
from shared.models.workspace.domains import DOMAINS, DomainType
from shared.models.workspace.exchange import DatasetExport, DatasetTask, DatasetWork
from shared.models.workspace.images import ImageRecord, TaggingStatus
from shared.models.workspace.tags import Tag
from shared.operations.transfer import dataset_tasks
from shared.operations.workspace import projects
from shared.prediction.model import Model
from shared.prediction.sessions import model_of
from shared.settings import Settings
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.training import datasets
from shared.storage.workspace import exchanges
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import tags as stored_tags

# So many pictures are packed by a step, so many side by side, and so many bytes make a block, of which a blob has
# 50,000 at most.
SHARE, AT_ONCE, BLOCK_BYTES = 256, 16, 16 * 1024**2


class ToPack(NamedTuple):
    """An image to pack, as its picture is described, and how many pairs of its metadata no format has."""

    image_id: UUID
    picture: Labelled
    left_behind: int


class Listing(NamedTuple):
    """All that goes into a data set."""

    tags: list[str]
    lines: list[ToPack]


class PackedShare(Wire, frozen=True):
    """A share that lies in blocks: its files, its pictures as they are called now, and what of it is not there; and
    under which name lies what is said of these pictures, where somebody asked."""

    blocks: list[str]
    entries: list[Entry]
    pictures: list[Labelled]
    gone: list[str]
    placeless: int
    said: str = ""


def step(store: Store, settings: Settings, task: ExportDataset) -> ExportDataset | None:
    """List it, pack a share of it, or close it; returns the next."""
    project_id, dataset_id = task.project_id, task.dataset_id
    found = dataset_tasks.running(store, project_id, dataset_id, DatasetExport)
    if found is None:
        return None
    state, work = found
    try:
        if task.share == 0:
            if not state.shares:
                _list(store, project_id, state, work)
            return replace(task, share=1)
        if task.share <= state.shares - 1:
            model = model_of(store, settings, project_id, work.predicted_by) if work.predicted_by else None
            _pack(store, project_id, state, work, task.share, model)
            return replace(task, share=task.share + 1)
        _close(store, project_id, state, work)
    except (errors.ServiceUnavailable, errors.Conflict):
        raise
    except errors.ServiceError as fault:
        dataset_tasks.fail(store, project_id, dataset_id, fault.message)
    return None


def _list(store: Store, project_id: UUID, state: DatasetWork, work: DatasetExport) -> None:
    dataset_id, listing, run = state.task.id, _listing(store, project_id, work), uuid4().hex
    shares = [listing.lines[start : start + SHARE] for start in range(0, len(listing.lines), SHARE)]
    for number, share in enumerate(shares, 1):
        data = msgspec.json.Encoder().encode_lines(share)
        exchanges.put_share(store, project_id, dataset_id, _listed(run, number), data)
    lost = {"values of metadata": sum(line.left_behind for line in listing.lines)}

    def known(found: DatasetWork) -> DatasetWork:
        if found.shares:
            return found
        task = replace(found.task, total=len(listing.lines), lost=dict(+Counter(lost)))
        # The last share is what describes all others.
        return replace(found, task=task, work=replace(work, tags=listing.tags), shares=len(shares) + 1, listed_by=run)

    exchanges.update(store, project_id, dataset_id, known)


def _listing(store: Store, project_id: UUID, work: DatasetExport) -> Listing:
    """The oldest image first. Raises NotFound where the iteration was deleted meanwhile."""
    tags, records = (
        _of_iteration(store, project_id, work.iteration_id) if work.iteration_id else _now(store, project_id)
    )
    files = names.named({str(record.id): record.metadata.get(carrying.FILENAME, "") for record in records})
    called = {tag_id: tag.name for tag_id, tag in tags.items()}
    lines = [
        ToPack(record.id, _labelled(record, files[str(record.id)], called), carrying.left_behind(record.metadata))
        for record in records
    ]
    return Listing(sorted(called.values()), lines)


def _now(store: Store, project_id: UUID) -> tuple[dict[UUID, Tag], list[ImageRecord]]:
    records = list(stored_images.each(store, project_id, TaggingStatus.ALL))[::-1]
    return stored_tags.names(store, project_id), records


def _of_iteration(store: Store, project_id: UUID, iteration_id: UUID) -> tuple[dict[UUID, Tag], list[ImageRecord]]:
    index = datasets.index(store, project_id, iteration_id)
    if index is None:
        raise errors.NotFound("The iteration was deleted meanwhile.")
    records = datasets.records(store, index, range(index.columns.size))[::-1]
    return {tag.id: tag for tag in index.header.tags}, records


def _labelled(record: ImageRecord, file: str, tags: dict[UUID, str]) -> Labelled:
    """Without tags that were deleted while it was listed."""
    marks = [
        Mark(tags[each.tag_id], each.left, each.top, each.width, each.height)
        for each in record.regions
        if each.tag_id in tags
    ]
    names = [tags[mark.tag_id] for mark in record.tags if mark.tag_id in tags]
    return carrying.labelled(file, names, marks, record.metadata, (record.width, record.height))


def _pack(
    store: Store, project_id: UUID, state: DatasetWork, work: DatasetExport, number: int, model: Model | None
) -> None:
    data = exchanges.share(store, project_id, state.task.id, _listed(state.listed_by, number))
    lines = msgspec.json.Decoder(ToPack).decode_lines(data)
    packed = _packed(store, project_id, state.task.id, work, lines, model)
    exchanges.put_share(store, project_id, state.task.id, _done(number), msgspec.json.encode(packed))
    end = (number - 1) * SHARE + len(lines)
    dataset_tasks.change(store, project_id, state.task.id, lambda task: replace(task, done=max(task.done, end)))


def _packed(
    store: Store,
    project_id: UUID,
    dataset_id: UUID,
    work: DatasetExport,
    lines: Sequence[ToPack],
    model: Model | None,
) -> PackedShare:
    format, packed = catalogue.FORMATS[work.format], PackedShare([], [], [], [], 0)
    placeless, held, said = 0, bytearray(), list[list[Said]]()
    for line, data in _pictures(store, project_id, lines):
        if data is None:
            packed.gone.append(f"{line.picture.file} was deleted meanwhile")
            continue
        picture = line.picture._replace(file=names.whole(line.picture.file, data))
        places = format.places(picture)
        placeless += not places
        for place in places:
            entry, file = packing.packed(place, data)
            packed.entries.append(entry)
            held += file
        if places:
            packed.pictures.append(picture)
            said.extend([predicted.said(model.predict(data))] if model else [])
        if len(held) >= BLOCK_BYTES:
            packed.blocks.append(_stage(store, project_id, dataset_id, held))
            held.clear()
    if held:
        packed.blocks.append(_stage(store, project_id, dataset_id, held))
    packed = replace(packed, placeless=placeless)
    if model is None:
        return packed
    # Under a name of its own: this share may be packed twice, with other pictures, and the first time counts.
    name = f"{uuid4().hex}.said.json"
    exchanges.put_share(store, project_id, dataset_id, name, msgspec.json.encode(said))
    return replace(packed, said=name)


def _pictures(store: Store, project_id: UUID, lines: Sequence[ToPack]) -> Iterator[tuple[ToPack, bytes | None]]:
    """Each line with the original, as far as there is one; some are read side by side."""

    def read(line: ToPack) -> bytes | None:
        blob = blobs.read(store, "images", blobs.picture_name(project_id, line.image_id, "original"))
        return blob and blob.data

    for start in range(0, len(lines), AT_ONCE):
        part = lines[start : start + AT_ONCE]
        yield from zip(part, store.threads.map(read, part), strict=True)


def _stage(store: Store, project_id: UUID, dataset_id: UUID, data: bytes | bytearray) -> str:
    block = uuid4().hex
    exchanges.put_piece(store, project_id, dataset_id, block, bytes(data))
    return block


def _close(store: Store, project_id: UUID, state: DatasetWork, work: DatasetExport) -> None:
    """Write what describes the pictures, and the zip's directory."""
    dataset_id, decoder = state.task.id, msgspec.json.Decoder(PackedShare)
    project = projects.get_project(store, project_id)
    shares = [
        decoder.decode(exchanges.share(store, project_id, dataset_id, _done(number)))
        for number in range(1, state.shares)
    ]
    pictures = [picture for share in shares for picture in share.pictures]
    written = LabelledSet(pictures, work.tags)
    format = catalogue.FORMATS[work.format]
    described = format.write(written)
    if work.predicted_by:
        answers = _answers(store, project_id, dataset_id, shares)
        detects = DOMAINS[project.settings.domain_id].type == DomainType.OBJECT_DETECTION
        described |= predicted.described(written, format, answers, detects=detects)
    files = [packing.packed(name, data, deflate=True) for name, data in described.items()]
    entries = [*(entry for share in shares for entry in share.entries), *(entry for entry, _ in files)]
    last = b"".join([*(data for _, data in files), packing.directory(entries)])
    blocks = [*(block for share in shares for block in share.blocks), _stage(store, project_id, dataset_id, last)]
    file = f"{project.name} {work.format}.zip"
    try:
        exchanges.join(store, project_id, dataset_id, blocks, file)
    except errors.NotFound:
        raise errors.BadRequest("It took longer than its pieces are kept; export it again.") from None
    gone, placeless = [each for share in shares for each in share.gone], sum(share.placeless for share in shares)

    def ended(task: DatasetTask) -> DatasetTask:
        return replace(
            task,
            status=TaskStatus.COMPLETED,
            new=len(pictures),
            lost=dict(+Counter({**task.lost, "pictures without a tag": placeless})),
            left_out=len(gone),
            reasons=dataset_tasks.named(task, gone),
        )

    dataset_tasks.change(store, project_id, dataset_id, ended)
    exchanges.clear(store, project_id, dataset_id, keep_zip=True)


def _answers(store: Store, project_id: UUID, dataset_id: UUID, shares: Sequence[PackedShare]) -> Iterator[list[Said]]:
    """What was said of each picture; one share at a time is in memory."""
    decoder = msgspec.json.Decoder(list[list[Said]])
    for share in shares:
        yield from decoder.decode(exchanges.share(store, project_id, dataset_id, share.said))


def _listed(run: str, number: int) -> str:
    return f"{run}/{number:05}.jsonl"


def _done(number: int) -> str:
    return f"{number:05}.packed.json"
