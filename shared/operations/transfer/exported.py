"""An export as an import reads it: a stranger's words, fetched from its own host only and checked before use."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar
from urllib.parse import urljoin
from uuid import UUID

import msgspec
from msgspec.structs import replace

from shared import errors
from shared.fetch import Origin, fetch, origin
from shared.models.limits import Limits
from shared.models.texts import checked_description, checked_name
from shared.models.training.evaluations import EvaluatedImage, Evaluation
from shared.models.training.iterations import IterationRecord, IterationStatus
from shared.models.training.model_spec import ModelSpec, ModelTag
from shared.models.transfer import ExportInfo, IterationExport, PartHeader, PartImage
from shared.models.workspace.domains import DOMAINS, DomainType
from shared.models.workspace.images import ImageRecord, RegionMark
from shared.models.workspace.tags import Tag, TagType
from shared.operations.transfer.project_export import FILES
from shared.operations.workspace import projects
from shared.settings import Settings
from shared.storage.account.store import Store
from shared.storage.workspace import transfers

T = TypeVar("T")
INFO_BYTES = 16 * 1024 * 1024
PART_BYTES = 64 * 1024 * 1024
MODEL_BYTES = 256 * 1024 * 1024
SPEC_BYTES = 1024 * 1024
IMAGES_PER_PART = 1_000
# As many as the judged images of the largest project have probabilities. Values of two bytes would take fifty times
# their file's memory.
VALUES = 12_000_000
DETAILS = 4_096
# What an iteration can't be exported to: names, and their letters.
PLATFORMS, PLATFORM = 20, 40
# Digits of what a model was imported from.
DIGEST = 64
# So many boxes of a detector are far beyond what any picture shows.
BOXES_PER_IMAGE = 1_000
# A model's input in pixels; every picture that it sees is resized to that.
INPUT_SIDE = 4_096
SHA256 = re.compile(r"[0-9a-f]{64}")
GONE = {401, 403, 404, 410}
NOT_FOUND = 404


class Unreachable(Exception):
    """What is asked for is not there yet, or its host does not answer now."""


class ExportSource(NamedTuple):
    """Where an export is read."""

    store: Store
    settings: Settings
    token: str

    def get(self, url: str, limit: int, seconds: float = 30.0) -> bytes | None:
        """None where there is nothing. Raises InvalidImportToken, Unreachable."""
        url = self._resolved(url)
        try:
            own = origin(self.token)
            if not _is_at(url, own):
                raise errors.InvalidImportToken("Invalid Token: the export names addresses of other hosts.")
            # Our own storage is where we may go, wherever it is.
            allow_private = self.settings.allow_private_urls or own == origin(transfers.endpoint(self.store))
            return fetch(url, limit=limit, allow_private=allow_private, seconds=seconds, redirects=0)
        except errors.BadImageSize:
            raise errors.InvalidImportToken(f"Invalid Token: a file of the export has over {limit:,} bytes.") from None
        except errors.BadImageUrl as error:
            if error.answered == NOT_FOUND:
                return None
            if error.answered in GONE:
                raise errors.InvalidImportToken(
                    "Invalid Token: it has expired; export the project again and import the new token."
                ) from None
            raise Unreachable from error

    def _resolved(self, url: str) -> str:
        """What an export names goes on from where its container lies. Raises InvalidImportToken."""
        try:
            return urljoin(self.token.rpartition("/exports/")[0] + "/", url)
        except ValueError:
            raise errors.InvalidImportToken("Invalid Token: the export names an address that can't be read.") from None

    def require(self) -> None:
        """Raises InvalidImportToken where the export is gone, as it goes with its project; Unreachable."""
        if self.get(self.token, INFO_BYTES) is None:
            raise errors.InvalidImportToken("The exported project was deleted before all of it was read.")


def _is_at(url: str, host: Origin) -> bool:
    try:
        return origin(url) == host
    except errors.BadImageUrl:
        return False


def read_info(source: ExportSource) -> ExportInfo:
    """What a token leads to. Raises InvalidImportToken, and what of it does not fit into this installation."""
    try:
        data = source.get(source.token, INFO_BYTES)
    except Unreachable:
        raise errors.InvalidImportToken(
            "Invalid Token: it is no address that can be read from here; give the whole token, as it was made in the "
            "last 24 hours (programs encode it for URLs), and see that this service reaches its host and trusts its "
            "certificate."
        ) from None
    if data is None:
        raise errors.InvalidImportToken(
            "Invalid Token: its export is not there any more; export the project again and import the new token."
        )
    info = _decoded(data, ExportInfo)
    return _checked_info(source.settings.limits, info)


def read_part(source: ExportSource, url: str) -> tuple[PartHeader, list[PartImage]]:
    """Raises Unreachable while the part is not written, InvalidImportToken."""
    data = source.get(url, PART_BYTES)
    if data is None:
        source.require()
        raise Unreachable
    first, *lines = data.rstrip(b"\n").split(b"\n", IMAGES_PER_PART + 1)
    header, images = _decoded(first, PartHeader), [_decoded(line, PartImage) for line in lines]
    if len(images) > IMAGES_PER_PART or (header.next and not images):
        raise errors.InvalidImportToken("Invalid Token: a part of the export is too long, or empty and not the last.")
    return header, images


def read_model(source: ExportSource, exported: IterationExport, limits: Limits) -> tuple[bytes, ModelSpec, Evaluation]:
    """The files of a trained iteration: its graph, what is said of it, and how well it did."""
    graph = _file(source, exported, "model.onnx", MODEL_BYTES, 120.0)
    spec = _decoded(_file(source, exported, "model.json", SPEC_BYTES, 20.0), ModelSpec)
    evaluation = _decoded(_file(source, exported, "performance.json", MODEL_BYTES, 60.0), Evaluation)
    size = spec.preprocessing
    if not (
        0 < size.width <= INPUT_SIDE and 0 < size.height <= INPUT_SIDE and len(spec.tags) <= limits.tags_per_project
    ):
        raise errors.InvalidImportToken("Invalid Token: a model has an input or tags beyond measure.")
    for tag in spec.tags:
        # A label that breaks its line would be two in an exported package.
        checked_name(tag.name, "A tag's", errors.BadTagName)
    kind = DOMAINS[exported.record.iteration.domain_id].type
    if not all(_fits(image, evaluation.tags, kind) for image in evaluation.images):
        raise errors.InvalidImportToken("Invalid Token: a model's performance does not fit its tags.")
    return graph, spec, evaluation


def _fits(image: EvaluatedImage, tags: Sequence[ModelTag], kind: DomainType) -> bool:
    probabilities = len(tags) if kind == DomainType.CLASSIFICATION else 0
    return (
        len(image.probabilities) == probabilities
        and len(image.boxes) <= BOXES_PER_IMAGE
        and all(0 <= box.tag < len(tags) for box in image.boxes)
        and {tag.id for tag in tags}.issuperset([*image.tags, *(region.tag_id for region in image.regions)])
    )


def check_images(limits: Limits, images: list[ImageRecord], tags: Mapping[UUID, Tag]) -> None:
    """Raises what an upload of such images would, or InvalidImportToken."""
    _require_distinct([image.id for image in images])
    _require_distinct([image.sha256 for image in images])
    for image in images:
        _check_image(limits, image, tags)


def _check_image(limits: Limits, image: ImageRecord, tags: Mapping[UUID, Tag]) -> None:
    marked, regions = [mark.tag_id for mark in image.tags], image.regions
    if len(marked) > limits.tags_per_image:
        raise errors.TagsPerImageExceeded(f"Image {image.id} has more than {limits.tags_per_image} tags.")
    if len(regions) > limits.regions_per_image:
        raise errors.RegionsPerImageExceeded(f"Image {image.id} has more than {limits.regions_per_image} regions.")
    if not (
        SHA256.fullmatch(image.sha256)
        and len(set(marked)) == len(marked)
        and tags.keys() >= set(marked) >= {region.tag_id for region in regions}
        and (len(marked) < 2 or all(tags[tag_id].type != TagType.NEGATIVE for tag_id in marked))
        and all(_lies_on(region, image) for region in regions)
        and _is_metadata(limits, image.metadata)
    ):
        raise errors.InvalidImportToken(f"Invalid Token: what the export says of image {image.id} can't be.")


def iteration(exported: IterationExport, project_id: UUID, ids: Mapping[UUID, UUID], revision: int) -> IterationRecord:
    """The iteration as the imported project has it: what it was trained to, but not where it is published."""
    record = renamed(exported.record, ids)
    details, refused = record.iteration.training_error_details, record.iteration.not_exportable_to
    origin = record.iteration.imported_from
    mine = replace(
        record.iteration,
        project_id=project_id,
        exportable_to=None,
        publish_name=None,
        original_publish_resource_id=None,
        training_error_details=details and details[:DETAILS],
        not_exportable_to=refused and [name[:PLATFORM] for name in refused[:PLATFORMS]],
        imported_from=origin
        and replace(origin, sha256=origin.sha256[:DIGEST], platform=origin.platform and origin.platform[:PLATFORM]),
    )
    run = replace(record.run, revision=revision, notification_email_address=None, execution=None, logs=None, message="")
    return IterationRecord(mine, run)


def renamed(value: T, ids: Mapping[UUID, UUID]) -> T:
    """The value with every id replaced that has a new one, and its times in UTC; texts stay, whatever they read.

    Raises InvalidImportToken.
    """

    def change(part: object) -> object:
        if isinstance(part, UUID):
            return ids.get(part, part)
        if isinstance(part, datetime):
            return _in_utc(part)
        if isinstance(part, dict):
            return {key: change(item) for key, item in part.items()}
        return [change(item) for item in part] if isinstance(part, list) else part

    plain = msgspec.to_builtins(value, builtin_types=(UUID, datetime))
    return msgspec.convert(change(plain), type(value))


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except OverflowError:
        raise errors.InvalidImportToken(f"Invalid Token: the export has a time that can't be, {time}.") from None


def _checked_info(limits: Limits, info: ExportInfo) -> ExportInfo:
    _check_room(limits, info)
    project = info.project
    settings = projects.checked_settings(project.settings)
    detects = DOMAINS[settings.domain_id].type == DomainType.OBJECT_DETECTION
    if detects and any(tag.type == TagType.NEGATIVE for tag in info.tags):
        raise errors.BadTagType("Invalid Token: object detection has no Negative tag.")
    _require_distinct([tag.id for tag in info.tags])
    _require_distinct([exported.record.iteration.id for exported in info.iterations])
    for exported in info.iterations:
        _check_iteration(limits, exported)
    name = checked_name(project.name, "A project's", errors.BadProjectName)
    description = checked_description(project.description, "A project's", errors.BadProjectDescription)
    tags = [
        Tag(
            tag.id,
            checked_name(tag.name, "A tag's", errors.BadTagName),
            checked_description(tag.description, "A tag's", errors.BadTagDescription),
            tag.type,
        )
        for tag in info.tags
    ]
    return replace(info, project=replace(project, name=name, description=description, settings=settings), tags=tags)


def _check_room(limits: Limits, info: ExportInfo) -> None:
    """Raises what says that the project is too large for this installation."""
    if len(info.tags) > limits.tags_per_project:
        raise errors.TagLimitExceeded(
            f"The exported project has {len(info.tags)} tags; {limits.tags_per_project} are allowed here."
        )
    if info.image_count > limits.images_per_project:
        raise errors.ImageLimitExceeded(
            f"The exported project has {info.image_count} images; {limits.images_per_project} are allowed here."
        )
    if len(info.iterations) > limits.iterations_per_project:
        raise errors.IterationLimitExceeded(
            f"The exported project has {len(info.iterations)} iterations; {limits.iterations_per_project} are allowed "
            "here: delete some before you export it."
        )


def _check_iteration(limits: Limits, exported: IterationExport) -> None:
    iteration, run = exported.record.iteration, exported.record.run
    checked_name(iteration.name, "An iteration's", errors.BadIterationName)
    complete = iteration.status == IterationStatus.COMPLETED
    if (
        iteration.status == IterationStatus.TRAINING
        or iteration.domain_id not in DOMAINS
        or len(run.selected_tags) > limits.tags_per_project
        or complete != bool(exported.images)
        or set(exported.files) != (set(FILES) if complete else set())
    ):
        raise errors.InvalidImportToken(f"Invalid Token: what the export says of iteration {iteration.id} can't be.")


def _require_distinct(ids: Sequence[object]) -> None:
    if len(set(ids)) != len(ids):
        raise errors.InvalidImportToken("Invalid Token: the export has the same thing twice.")


def _file(source: ExportSource, exported: IterationExport, name: str, limit: int, seconds: float) -> bytes:
    data = source.get(exported.files[name], limit, seconds)
    if data is None:
        source.require()
        raise errors.InvalidImportToken(
            f"Invalid Token: {name} of '{exported.record.iteration.name}' is not there any more; export again."
        )
    return data


def _lies_on(region: RegionMark, image: ImageRecord) -> bool:
    sides = (region.left, region.top, region.width, region.height)
    return region.region_id.int >> 64 == image.id.int >> 64 and all(0 <= side <= 1 for side in sides)


def _is_metadata(limits: Limits, metadata: Mapping[str, str]) -> bool:
    return len(metadata) <= limits.metadata_pairs and all(
        0 < len(key) <= limits.metadata_key_length and len(value) <= limits.metadata_value_length
        for key, value in metadata.items()
    )


def _decoded(data: bytes, kind: type[T]) -> T:
    try:
        if data.count(b",") > VALUES:
            raise msgspec.ValidationError
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise errors.InvalidImportToken(
            "Invalid Token: what it leads to is no export of a project; send the whole token of an export_project."
        ) from None
